"""What can go wrong with the memory of the box, and what to do about it.

StorageError
+-- StorageFull      the disk has no room for this fact; nothing of it was written
+-- InvalidRecord    the record contradicts its type or the history: a mistake in the calling program
+-- StorageClosed    the store was closed, or was opened for reading only
+-- SecretsError     the key files cannot be trusted: their mode, size or place is wrong
+-- StorageInUse     another process works with this database: it is the box, this one is not

A plain `StorageError` says that the database cannot be opened, read or written; its text names the file and the mend.
"""

from __future__ import annotations


class StorageError(Exception):
    """Base of everything that `storage` raises on purpose."""


class StorageFull(StorageError, OSError):
    """No room on the disk. Nothing was written. Make room, or shorten the archive of audio."""


class InvalidRecord(StorageError, ValueError):
    """A record that does not fit its type or the history. Nothing of its commit was written."""


class StorageClosed(StorageError, RuntimeError):
    """The store takes no commits any more, or never did (opened for reading only)."""


class SecretsError(StorageError, PermissionError):
    """A key file has the wrong owner, mode or size. The text names the file and the command that mends it."""


class StorageInUse(StorageError, BlockingIOError):
    """Another process has the database open. Nothing is wrong with it; a second box must not begin."""
