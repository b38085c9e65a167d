"""The two secrets of a box: the key of its journal and the pepper of its PINs.

Each is 32 random bytes in a file of its own, mode 0600, made at the first start. They are no part of the database, so a
stolen copy of the database gives neither: without the pepper, no PIN can be guessed from its hash, however short it is;
without the device key, no history can be forged. Someone who can read the files can do both.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from storage.atomicfile import sync_directory
from storage.errors import SecretsError

SIZE = 32
"""Bytes of each secret."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Both secrets; never shown by `repr`."""

    device_key: bytes = field(repr=False)
    pepper: bytes = field(repr=False)

    @classmethod
    def load_or_create(cls, directory: str | os.PathLike[str]) -> Secrets:
        """Read `device.key` and `pepper.key` of a directory; make the ones that are not there.

        Raises `SecretsError` where a file is open to others, has another size than 32 bytes, belongs to someone else,
        or cannot be read or made.
        """
        directory = Path(directory)
        try:
            if not directory.exists():
                directory.mkdir(parents=True, mode=0o700)
                sync_directory(directory.parent)  # a database elsewhere may outlive a directory that was never synced
            return cls(_secret(directory / "device.key"), _secret(directory / "pepper.key"))
        except SecretsError:
            raise
        except OSError as error:
            raise SecretsError(f"{directory}: the key files cannot be read or made: {error}") from error


def _secret(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        _create(path)
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise SecretsError(f"{path}: not a regular file; remove it, or put the key file back from its backup")
        if status.st_uid != os.geteuid():
            raise SecretsError(f"{path}: belongs to user {status.st_uid}; chown it to user {os.geteuid()}")
        if status.st_mode & 0o077:
            raise SecretsError(f"{path}: mode {status.st_mode & 0o777:04o} lets others in; run: chmod 600 {path}")
        data = file.read(SIZE + 1)
    if len(data) != SIZE:
        raise SecretsError(f"{path}: {status.st_size} bytes instead of {SIZE}; put it back from its backup")
    return data


def _create(path: Path) -> None:
    """Whole or not at all: written beside, synced, and linked to its name, which another process may win."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "wb") as file:
            file.write(os.urandom(SIZE))
            file.flush()
            os.fsync(descriptor)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
    finally:
        draft.unlink(missing_ok=True)
    sync_directory(path.parent)
