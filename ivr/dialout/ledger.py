"""Commits of a running campaign, which must go on when the store cannot: calling comes first, writing follows.

What cannot be written stays in memory and is written, in order, as soon as the store takes it again. Lost with it: should
the box stop meanwhile, calls made in that time are not known after the restart (a team may be called more often than
allowed, one that acknowledged may be called again), and late facts carry the time of their writing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from storage import Store
from storage.errors import InvalidRecord, StorageError
from storage.journal import Envelope
from storage.records import Record

log = logging.getLogger(__name__)

PATIENCE_S = 10.0
"""Seconds that a call waits for the card. A commit that takes longer goes on behind its back."""
RETRY_S = 15.0


class Ledger:
    """`Store.commit` that never raises a `StorageError`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.on_trouble: Callable[[str], None] = log.critical
        """Called with a sentence when facts begin to pile up in memory."""
        self.on_recovery: Callable[[str], None] = log.warning
        """Called with a sentence when all of them have been written."""
        self._unwritten: list[tuple[Record, ...]] = []
        self._late = 0
        self._flushing = False

    @property
    def unwritten(self) -> int:
        """Commits that are in memory only."""
        return len(self._unwritten)

    async def commit(self, *records: Record) -> bool:
        """True when the records are durable; False where they are to be written later, or contradict the history."""
        if not records:
            return True
        if self._unwritten:
            self._unwritten.append(records)
            return False
        writing = asyncio.ensure_future(self.store.commit(*records))
        done, _ = await asyncio.wait([writing], timeout=PATIENCE_S)
        if not done:
            self._keep_trouble(f"the card has not taken {records[0].kind} for {PATIENCE_S:.0f} s")
            writing.add_done_callback(lambda task: self._settled(task, records))
            return False
        return self._settled(writing, records)

    async def run(self) -> None:
        """Write what is left over, for ever."""
        while True:
            await asyncio.sleep(RETRY_S)
            await self.flush()

    async def flush(self) -> bool:
        """Try to write what is left over; True when nothing is."""
        if self._flushing:
            return False
        self._flushing = True
        try:
            while self._unwritten:
                records = self._unwritten[0]
                try:
                    await self.store.commit(*records)
                except InvalidRecord as error:
                    log.error("dropped, it contradicts the history: %s", error)
                except StorageError:
                    return False
                self._unwritten.pop(0)
                self._late += 1
        finally:
            self._flushing = False
        if self._late:
            self.on_recovery(f"{self._late} commits were written late, their times are those of the writing")
            self._late = 0
        return True

    def _settled(self, writing: asyncio.Future[tuple[Envelope, ...]], records: tuple[Record, ...]) -> bool:
        if writing.cancelled():
            return False
        error = writing.exception()
        if error is None:
            return True
        if isinstance(error, InvalidRecord) or not isinstance(error, StorageError):
            log.error("not written: %s", error, exc_info=error)
            return False
        self._unwritten.append(records)
        self._keep_trouble(str(error))
        return False

    def _keep_trouble(self, why: str) -> None:
        self.on_trouble(f"calling goes on, but what happens is kept in memory only: {why}")
