/* Records what a process does to the files of one directory: every write, sync, truncation and change of names, in order.
 *
 *     LD_PRELOAD=shim.so POWERCUT_DIR=/the/directory POWERCUT_LOG=/elsewhere/log program
 *
 * One mutex is held around each operation and its entry in the log, so the log has one order, and no write slips in while a
 * sync is under way: a sync covers exactly the writes logged before it.  Syncs are not passed on to the kernel: the log is all
 * that counts.  Memory-mapped writes are not seen (SQLite's -shm, which no recovery relies on); the reader of the log proves
 * that nothing else was missed by comparing its replay with the files.
 *
 * Entry: op (1 byte), path length, second path length (4 bytes each), inode, offset, length (8 bytes each), paths, data.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))real(#name))

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char directory[PATH_MAX];
static size_t directory_length;
static int log_file = -1;

static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}

__attribute__((constructor)) static void start(void)
{
    const char *watch = getenv("POWERCUT_DIR"), *path = getenv("POWERCUT_LOG");
    if (!watch || !path || !realpath(watch, directory))
        return;
    directory_length = strlen(directory);
    int (*open_)(const char *, int, ...) = (int (*)(const char *, int, ...))real("open");
    log_file = open_(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void all(const void *data, size_t length)
{
    ssize_t (*write_)(int, const void *, size_t) = REAL(write);
    for (const char *at = data; length;) {
        ssize_t done = write_(log_file, at, length);
        if (done < 0)
            abort();
        at += done;
        length -= (size_t)done;
    }
}

static void entry(char op, const char *path, const char *second, uint64_t inode, uint64_t offset, uint64_t length,
                  const void *data)
{
    char head[33];
    uint32_t sizes[2] = {(uint32_t)strlen(path), (uint32_t)strlen(second)};
    uint64_t numbers[3] = {inode, offset, length};
    head[0] = op;
    memcpy(head + 1, sizes, 8);
    memcpy(head + 9, numbers, 24);
    all(head, sizeof head);
    all(path, sizes[0]);
    all(second, sizes[1]);
    if (data)
        all(data, length);
}

/* The name below the directory, or NULL if it lies elsewhere. */
static const char *below(const char *path, char *buffer)
{
    char parent[PATH_MAX], whole[PATH_MAX];
    if (log_file < 0 || strlen(path) >= PATH_MAX)
        return NULL;
    strcpy(parent, path);
    char *slash = strrchr(parent, '/');
    const char *name = slash ? path + (slash - parent) + 1 : path;
    if (slash == parent)
        slash++;
    if (slash)
        *slash = 0;
    if (!realpath(slash ? parent : ".", whole))
        return NULL;
    if (strncmp(whole, directory, directory_length) || (whole[directory_length] && whole[directory_length] != '/'))
        return NULL;
    snprintf(buffer, PATH_MAX, "%s%s%s", whole[directory_length] ? whole + directory_length + 1 : "",
             whole[directory_length] ? "/" : "", name);
    return buffer;
}

/* The same for a descriptor: by what the kernel says that it is. */
static const char *of(int fd, char *buffer, struct stat *status)
{
    char link[64], path[PATH_MAX];
    int before = errno;
    if (log_file < 0 || fd == log_file)
        return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = before;
    if (length <= 0 || path[0] != '/' || fstat(fd, status))
        return NULL;
    path[length] = 0;
    if (strncmp(path, directory, directory_length) || (path[directory_length] && path[directory_length] != '/'))
        return NULL;
    strcpy(buffer, path[directory_length] ? path + directory_length + 1 : "");
    return buffer;
}

#define BEGIN pthread_mutex_lock(&mutex)
#define END pthread_mutex_unlock(&mutex)

/* --- opening ----------------------------------------------------------------------------------------------------------- */

static int opened(int (*open_)(const char *, int, ...), const char *path, int flags, mode_t mode)
{
    char buffer[PATH_MAX];
    struct stat status;
    BEGIN;
    const char *name = below(path, buffer);
    int fresh = name && (flags & O_CREAT) && access(path, F_OK);
    int fd = open_(path, flags, mode);
    if (fd >= 0 && name && !fstat(fd, &status) && S_ISREG(status.st_mode)) {
        if (fresh)
            entry('c', name, "", status.st_ino, 0, 0, NULL);
        else if (flags & O_TRUNC)
            entry('t', name, "", status.st_ino, 0, 0, NULL);
    }
    END;
    return fd;
}

#define OPEN(name)                                                                                                        \
    int name(const char *path, int flags, ...)                                                                            \
    {                                                                                                                     \
        va_list list;                                                                                                     \
        va_start(list, flags);                                                                                            \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;                                           \
        va_end(list);                                                                                                     \
        return opened((int (*)(const char *, int, ...))real("open"), path, flags, mode);                                  \
    }
OPEN(open)
OPEN(open64)
int __open_2(const char *path, int flags) { return open(path, flags); }
int __open64_2(const char *path, int flags) { return open(path, flags); }

static int openat_(int at, const char *path, int flags, mode_t mode)
{
    int (*real_)(int, const char *, int, ...) = (int (*)(int, const char *, int, ...))real("openat");
    return at == AT_FDCWD || path[0] == '/' ? open(path, flags, mode) : real_(at, path, flags, mode);
}

#define OPENAT(name)                                                                                                      \
    int name(int at, const char *path, int flags, ...)                                                                    \
    {                                                                                                                     \
        va_list list;                                                                                                     \
        va_start(list, flags);                                                                                            \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;                                           \
        va_end(list);                                                                                                     \
        return openat_(at, path, flags, mode);                                                                            \
    }
OPENAT(openat)
OPENAT(openat64)

/* --- contents ---------------------------------------------------------------------------------------------------------- */

static ssize_t written(int fd, const void *data, size_t length, off_t offset, int positioned)
{
    char buffer[PATH_MAX];
    struct stat status;
    BEGIN;
    const char *name = of(fd, buffer, &status);
    if (name && !positioned)
        offset = fcntl(fd, F_GETFL) & O_APPEND ? status.st_size : lseek(fd, 0, SEEK_CUR);
    ssize_t done = positioned ? REAL(pwrite)(fd, data, length, offset) : REAL(write)(fd, data, length);
    if (name && done > 0)
        entry('w', name, "", status.st_ino, (uint64_t)offset, (uint64_t)done, data);
    END;
    return done;
}

ssize_t write(int fd, const void *data, size_t length) { return written(fd, data, length, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return written(fd, data, length, offset, 1); }
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) { return written(fd, data, length, offset, 1); }

static ssize_t gathered(int fd, const struct iovec *parts, int count, off_t offset, int positioned)
{
    ssize_t total = 0;
    for (int i = 0; i < count; i++) {
        ssize_t done = written(fd, parts[i].iov_base, parts[i].iov_len, offset + total, positioned);
        if (done < 0)
            return total ? total : done;
        total += done;
        if ((size_t)done < parts[i].iov_len)
            break;
    }
    return total;
}

ssize_t writev(int fd, const struct iovec *parts, int count) { return gathered(fd, parts, count, 0, 0); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return gathered(fd, parts, count, at, 1); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { return gathered(fd, parts, count, at, 1); }

int ftruncate(int fd, off_t length)
{
    char buffer[PATH_MAX];
    struct stat status;
    BEGIN;
    const char *name = of(fd, buffer, &status);
    int result = REAL(ftruncate)(fd, length);
    if (name && !result)
        entry('t', name, "", status.st_ino, (uint64_t)length, 0, NULL);
    END;
    return result;
}

int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

int posix_fallocate(int fd, off_t offset, off_t length)
{
    char buffer[PATH_MAX];
    struct stat status;
    BEGIN;
    const char *name = of(fd, buffer, &status);
    int result = REAL(posix_fallocate)(fd, offset, length);
    if (name && !result && status.st_size < offset + length)
        entry('t', name, "", status.st_ino, (uint64_t)(offset + length), 0, NULL);
    END;
    return result;
}

int posix_fallocate64(int fd, off64_t offset, off64_t length) { return posix_fallocate(fd, offset, length); }

/* --- syncs ------------------------------------------------------------------------------------------------------------- */

static int synced(int fd, const char *how)
{
    char buffer[PATH_MAX];
    struct stat status;
    int result = 0;
    BEGIN;
    const char *name = of(fd, buffer, &status);
    if (name)
        entry(S_ISDIR(status.st_mode) ? 'd' : 's', name, "", status.st_ino, 0, 0, NULL);
    else
        result = ((int (*)(int))real(how))(fd);
    END;
    return result;
}

int fsync(int fd) { return synced(fd, "fsync"); }
int fdatasync(int fd) { return synced(fd, "fdatasync"); }

/* --- names ------------------------------------------------------------------------------------------------------------- */

int rename(const char *from, const char *to)
{
    char one[PATH_MAX], two[PATH_MAX];
    BEGIN;
    const char *old = below(from, one), *new = below(to, two);
    int result = REAL(rename)(from, to);
    if (!result && old && new)
        entry('r', old, new, 0, 0, 0, NULL);
    END;
    return result;
}

int link(const char *from, const char *to)
{
    char one[PATH_MAX], two[PATH_MAX];
    BEGIN;
    const char *old = below(from, one), *new = below(to, two);
    int result = REAL(link)(from, to);
    if (!result && old && new)
        entry('l', old, new, 0, 0, 0, NULL);
    END;
    return result;
}

int linkat(int at, const char *from, int to_at, const char *to, int flags)
{
    if ((at == AT_FDCWD || from[0] == '/') && (to_at == AT_FDCWD || to[0] == '/'))
        return link(from, to);
    return REAL(linkat)(at, from, to_at, to, flags);
}

int unlink(const char *path)
{
    char buffer[PATH_MAX];
    BEGIN;
    const char *name = below(path, buffer);
    int result = REAL(unlink)(path);
    if (!result && name)
        entry('u', name, "", 0, 0, 0, NULL);
    END;
    return result;
}

int mkdir(const char *path, mode_t mode)
{
    char buffer[PATH_MAX];
    BEGIN;
    const char *name = below(path, buffer);
    int result = REAL(mkdir)(path, mode);
    if (!result && name)
        entry('m', name, "", 0, 0, 0, NULL);
    END;
    return result;
}
