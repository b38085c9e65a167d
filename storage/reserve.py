"""Space kept for one alert, so that a full disk cannot silence the box.

A preallocated file beside the database. When a commit that matters finds the disk full, a slice of the file is given back
to the file system and the commit is tried again; slices are small, so that little lies open to whoever filled the disk.
The file is made whole again as soon as there is room for it and some more.

Who may draw on it: the records of an alert and its calls down to the last byte; calls in and logins down to half of it, so
that a flood of callers cannot use up what the running alert needs; everything else (rosters, PINs, settings) not at all.
"""

from __future__ import annotations

import enum
import os
import time
from collections.abc import Iterable
from pathlib import Path

from storage import records as r
from storage.records import Record

SIZE = 32 * 1024 * 1024
"""Bytes. A campaign of 2000 teams with three calls and one short message each, and a two-minute recording, draws 13 MB."""
SLICE = 1024 * 1024
"""Bytes given back at a time, at least."""
TIGHT = 4 * SLICE
"""Bytes free that are left to alerts once the reserve has been drawn on."""
RETRY_S = 30.0
"""Seconds between two attempts to make the reserve whole again."""


class Claim(enum.IntEnum):
    """How far a commit may draw on the reserve."""

    NONE = 0
    CALLER = 1
    ALERT = 2


_CALLER = (r.CallStarted, r.LoginTried)
_NONE = (r.RosterLoaded, r.PinSet, r.SpokenNameRecorded, r.SettingChanged, r.LineChanged, r.BoxStarted)


def claim(records: Iterable[Record]) -> Claim:
    """What the most important record of a commit is entitled to."""
    best = Claim.NONE
    for record in records:
        if isinstance(record, _NONE):
            continue
        caller = isinstance(record, _CALLER) and getattr(record, "direction", "in") == "in"
        best = max(best, Claim.CALLER if caller else Claim.ALERT)
    return best


class Reserve:
    """The file. All methods block: writer thread only."""

    def __init__(self, path: Path, size: int = SIZE) -> None:
        self.path = path
        self.size = size
        self.left = 0
        """Bytes that are still reserved."""
        self._file: int | None = None
        self._tried = -RETRY_S

    @property
    def drawn(self) -> bool:
        """Part of it has been given away, or could not be had: the disk is full, or nearly."""
        return self.left < self.size

    def free(self) -> int:
        """Bytes that this process could still write to the file system, the reserve not counted."""
        if self._file is None:
            return 0
        space = os.fstatvfs(self._file)
        return space.f_bavail * space.f_frsize

    def tight(self) -> bool:
        """Nothing that has no claim may be written now: part of the reserve is gone, and little else is free."""
        return self.drawn and not self.refill() and self.free() < TIGHT

    def open(self) -> None:
        """Find or make the file. A disk that is full already is no error here: `drawn` tells."""
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        status = os.fstat(self._file)
        self.left = min(status.st_size, status.st_blocks * 512, self.size)
        if status.st_size > self.left:
            os.ftruncate(self._file, self.left)
        self.refill()

    def give(self, bytes_wanted: int, to: Claim) -> bool:
        """Return a slice to the file system. False where the claim has nothing left to draw on."""
        floor = {Claim.NONE: self.size, Claim.CALLER: self.size // 2, Claim.ALERT: 0}[to]
        if self._file is None or self.left <= floor:
            return False
        self.left = max(floor, self.left - max(SLICE, bytes_wanted))
        os.ftruncate(self._file, self.left)
        return True

    def refill(self) -> bool:
        """Make it whole if there is room for it and a quarter more; True if it is whole. Tries every 30 s at most."""
        if not self.drawn:
            return True
        now = time.monotonic()
        if self._file is None or now < self._tried + RETRY_S:
            return False
        self._tried = now
        if self.free() < self.size - self.left + self.size // 4:
            return False
        try:
            os.posix_fallocate(self._file, 0, self.size)
        except OSError:
            os.ftruncate(self._file, self.left)
            return False
        self.left = self.size
        return True

    def close(self) -> None:
        """The file stays; it is as much needed while the box is down."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
