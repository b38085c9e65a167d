"""One SQLite file, two threads: one writes, one reads. Nothing else touches the connections, and the loop never waits.

WAL with `synchronous=FULL`: one fsync a transaction, and what was committed survives a power cut
(https://www.sqlite.org/pragma.html#pragma_synchronous). For the sake of an SD card, checkpoints are rare: pages that change
often (the open campaign, the end of the journal) are then written home once instead of at every commit, and the WAL keeps its
length, so that a commit overwrites blocks that are there instead of growing the file.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database as Tables

from storage import schema
from storage.atomicfile import sync_directory
from storage.errors import StorageClosed, StorageError, StorageInUse
from storage.reserve import Claim, Reserve

T = TypeVar("T")

PAGE = 4096
"""Bytes: what SD cards and ext4 write at least."""
BACKSTOP = 4096
"""Pages in the WAL at which a commit checkpoints by itself, however busy the box is (16 MiB)."""
SYNCHRONOUS = "FULL"
"""FULL: the fsync before `commit` returns. Anything less loses acknowledged facts; the power-cut test shows it."""

_WRITE_ERRORS = {sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_FSYNC}
_LOW = 64 * 1024
"""Bytes free below which a failed write is taken for a full disk."""


class Database:
    """The file, its threads and its connections."""

    def __init__(self, path: Path, reserve: Reserve, *, read_only: bool = False) -> None:
        self.path = path
        self.reserve = reserve
        self.read_only = read_only
        self._loop = asyncio.get_running_loop()
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="storage-write")
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="storage-read")
        self._writer: Tables | None = None
        self._reader: Tables | None = None
        self._lock: int | None = None
        self._closed = False

    async def open(self) -> None:
        """Create or check the file, migrate it, and connect. Raises `StorageError` naming the file and the mend."""
        try:
            if not self.read_only:
                await self._loop.run_in_executor(self._writing, self._open_writer)
            await self._loop.run_in_executor(self._reading, self._open_reader)
        except BaseException as error:
            await self.close()
            if isinstance(error, (sqlite3.Error, OSError)) and not isinstance(error, StorageError):
                raise StorageError(
                    f"{self.path}: the database cannot be opened ({error}); "
                    "move it away and restore a backup, or start with a new one"
                ) from error
            raise

    async def read(self, work: Callable[[Tables], T]) -> T:
        """Run `work` on the reading thread. It sees everything that was committed before this call."""
        self._check_open()
        return await self._loop.run_in_executor(self._reading, self._with_reader, work)

    async def read_at_length(self, work: Callable[[Tables], T]) -> T:
        """Run `work`, which may take minutes, on a connection and a thread of its own."""
        self._check_open()
        return await self._loop.run_in_executor(None, self._with_another_reader, work)

    async def write(self, work: Callable[[Tables], T]) -> T:
        """Run `work` on the writing thread, between transactions."""
        self._check_open()
        return await self._loop.run_in_executor(self._writing, self._with_writer, work)

    async def close(self) -> None:
        """Finish what was begun, fold the WAL into the file, let go. More than once is harmless."""
        if self._closed:
            return
        self._closed = True
        for executor, close in ((self._reading, self._close_reader), (self._writing, self._close_writer)):
            await self._loop.run_in_executor(executor, close)
            executor.shutdown(wait=False)

    def _check_open(self) -> None:
        if self._closed:
            raise StorageClosed(f"{self.path} is closed")

    # --- on the threads ------------------------------------------------------------------------------------------------

    def _with_reader(self, work: Callable[[Tables], T]) -> T:
        return self._guard(work, self._reader)

    def _with_another_reader(self, work: Callable[[Tables], T]) -> T:
        with contextlib.closing(_connect(self.path, read_only=True)) as db:
            return self._guard(work, db)

    def _with_writer(self, work: Callable[[Tables], T]) -> T:
        return self._guard(work, self._writer)

    def _guard(self, work: Callable[[Tables], T], db: Tables | None) -> T:
        if db is None:
            raise StorageClosed(f"{self.path} is open for reading only")
        try:
            return work(db)
        except sqlite3.Error as error:
            raise StorageError(f"{self.path}: {error}; check the card with: alertbox check") from error

    def is_full(self, error: sqlite3.Error) -> bool:
        """The disk has no room (and SQLite may have had to guess why a write failed)."""
        code = getattr(error, "sqlite_errorcode", None)
        return code == sqlite3.SQLITE_FULL or (code in _WRITE_ERRORS and self.reserve.free() < _LOW)

    def _open_writer(self) -> None:
        """Opening writes a little: the WAL is made anew. On a full disk the reserve gives room for that."""
        self._take_lock()
        self.reserve.open()
        while True:
            try:
                self._set_up()
                return
            except sqlite3.Error as error:
                if self._writer is not None:
                    self._writer.close()
                    self._writer = None
                if not self.is_full(error) or not self.reserve.give(0, Claim.ALERT):
                    raise

    def _set_up(self) -> None:
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._writer = db = _connect(self.path)
        _check_file(db, self.path)
        db.execute(f"pragma page_size = {PAGE}")
        db.enable_wal()
        if db.journal_mode != "wal":
            raise StorageError(f"{self.path}: this file system cannot hold a WAL; put the database on a local disk")
        db.execute(f"pragma synchronous = {SYNCHRONOUS}")
        db.execute(f"pragma wal_autocheckpoint = {BACKSTOP}")
        if db.execute("pragma application_id").fetchone()[0] == 0:
            db.execute(f"pragma application_id = {schema.APPLICATION_ID}")
        schema.migrations.apply(db)
        sync_directory(self.path.parent)

    def _open_reader(self) -> None:
        self._reader = db = _connect(self.path, read_only=self.read_only)
        db.execute("pragma query_only = on")
        _check_file(db, self.path)
        _check_pages(db, self.path)

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _close_writer(self) -> None:
        if self._writer is not None:
            with contextlib.suppress(sqlite3.Error):  # what is in the WAL is safe there
                self._writer.execute("pragma wal_checkpoint(truncate)").fetchall()
            self._writer.close()
            self._writer = None
        self.reserve.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _take_lock(self) -> None:
        """Two boxes on one database would write two chains: the second is refused."""
        lock = self.path.with_name(self.path.name + ".lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise StorageInUse(f"{self.path}: in use by another process; stop that one first") from error
        self._lock = descriptor


def _connect(path: Path, *, read_only: bool = False) -> Tables:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}", uri=True, timeout=10, isolation_level=None
    )
    db = Tables(connection, execute_plugins=False)
    db.execute("pragma trusted_schema = off")
    db.execute("pragma cell_size_check = on")
    db.execute("pragma mmap_size = 0")  # a card's read error is then an error, not a SIGBUS
    db.execute("pragma temp_store = memory")
    return db


def _check_file(db: Tables, path: Path) -> None:
    application = db.execute("pragma application_id").fetchone()[0]
    if application not in (0, schema.APPLICATION_ID) or (application == 0 and db.table_names()):
        raise StorageError(f"{path}: not a database of the alert box; give another path")
    if newer := schema.from_the_future(db):
        raise StorageError(
            f"{path}: written by a newer program (migration {min(newer)}); install that program again, or restore a backup"
        )


def _check_pages(db: Tables, path: Path) -> None:
    """`quick_check` of every table but the audio, whose sounds carry digests: the time to start grows with facts, not sounds."""
    for table in db.table_names():
        if table == "audio":
            continue
        findings = [row[0] for row in db.execute(f"pragma quick_check([{table}])").fetchall()]
        if findings != ["ok"]:
            raise StorageError(
                f"{path}: table {table} is damaged ({findings[0]}); move the file away and restore a backup"
            )
