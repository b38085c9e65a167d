"""The call detail record of a call in: one line of history for every call, whatever becomes of it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from hal.line import IncomingCall
from ivr.house import House
from storage.errors import StorageError
from storage.records import CallAnswered, CallEnded, CallStarted, Record

log = logging.getLogger(__name__)

ACCOUNT = "alert-in"
"""Account code of calls in."""


@dataclass
class CallDetail:
    """Written beside the call, never before it: a card that stalls lets no caller wait. `begin` and `end` frame it."""

    call_id: int
    house: House
    started: CallStarted
    outcome: str = "interrupted"
    """As in `CallEnded.outcome`; what it says until somebody knows better."""
    detail: str = ""
    _seized: float = 0.0
    _answered: float | None = None
    _unwritten: list[Record] = field(default_factory=list)
    _writing: asyncio.Task[None] | None = None

    @classmethod
    def begin(cls, incoming: IncomingCall, house: House) -> CallDetail:
        """On seizure."""
        call_id = house.store.new_id("call")
        originator = f"caller:{incoming.caller or 'no number'}"
        started = CallStarted(call_id, "in", incoming.line.name, incoming.caller, incoming.called, originator, ACCOUNT)
        cdr = cls(call_id, house, started, _seized=house.clock.monotonic())
        cdr._write(started)
        return cdr

    def answered(self) -> None:
        """The call is up."""
        self._answered = self.house.clock.monotonic()
        self._write(CallAnswered(self.call_id))

    async def end(self) -> None:
        """On release: commit the end with everything that is not yet written. Never raises but for cancellation."""
        now = self.house.clock.monotonic()
        talk_s = now - self._answered if self._answered is not None else 0.0
        self._write(CallEnded(self.call_id, self.outcome, self.detail, now - self._seized, talk_s))
        if self._writing is not None:
            await asyncio.shield(self._writing)

    def _write(self, record: Record) -> None:
        self._unwritten.append(record)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._commit())

    async def _commit(self) -> None:
        """In order, each record once; what could not be written goes with the next try."""
        while self._unwritten:
            records = tuple(self._unwritten)
            try:
                await self.house.store.commit(*records)
            except StorageError as error:
                log.error("call %d: the record %s was not written: %s", self.call_id, records[-1].kind, error)
                if len(self._unwritten) == len(records):
                    return
            else:
                del self._unwritten[: len(records)]
