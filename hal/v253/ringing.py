"""Puts together what a modem says of a call that rings - some before the first ring, some after it, some never - and notices
when it stops ringing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hal.v253.callerid import CallerId, Ring
from hal.voiceline import VoiceLine

RECORD_S = 0.5
"""Seconds of silence after which a record of caller identification is taken for whole: a field may be missing, and modems send
the lines of one within milliseconds (callattendant reads with this time limit)."""


class RingWatch:
    """Watches one line, which learns by its `rings`, `offer` and `ring_ended`.

    A call is offered at the end of its record (the next ring, or `RECORD_S` of silence), at its second ring, or `details_s` after
    its first. Where the modem tells who calls and never rings, that counts as a ring after `details_s`. Without a ring for `gap_s`
    the caller has given up. `own_number` is what was called where the modem does not say it.
    """

    def __init__(self, line: VoiceLine, own_number: str, *, details_s: float, gap_s: float) -> None:
        self._line = line
        self._own_number = own_number
        self._details_s = details_s
        self._gap_s = gap_s
        self._rung = False
        self._known = CallerId()
        self._gap: asyncio.TimerHandle | None = None
        self._details: asyncio.TimerHandle | None = None
        self._record: asyncio.TimerHandle | None = None

    def ring(self, ring: Ring) -> None:
        """The bell rings."""
        again, self._rung = self._rung, True
        told = self._known.caller is not None
        self._note(ring.caller, ring.called)
        if again or told:
            self._offer()
        elif ring.caller is not None:
            self._record = self._again(self._record, min(RECORD_S, self._details_s), self._recorded)
        elif self._details is None:
            self._details = self._again(None, self._details_s, self._offer)

    def caller_id(self, details: CallerId) -> None:
        """The modem says who calls, or whom. That may come before the first ring (British lines), where it is sure to be that."""
        if details.bare and not self._rung:
            return
        self._note(details.caller, details.called)
        self._record = self._again(self._record, min(RECORD_S, self._details_s), self._recorded)

    def detail(self) -> None:
        """The modem says something else of the call: its record goes on."""
        if self._record:
            self._record = self._again(self._record, min(RECORD_S, self._details_s), self._recorded)

    def stopped(self) -> None:
        """The caller has given up."""
        self.forget()
        self._line.ring_ended()

    def forget(self) -> None:
        """Nothing rings any more: answered, or the port was closed."""
        for timer in (self._gap, self._details, self._record):
            if timer:
                timer.cancel()
        self._gap = self._details = self._record = None
        self._rung = False
        self._known = CallerId()

    def _note(self, caller: str | None, called: str | None) -> None:
        self._known = CallerId(
            caller if caller is not None else self._known.caller, called if called is not None else self._known.called
        )
        self._line.rings(self._known.caller or None, self._known.called or self._own_number or None)
        self._gap = self._again(self._gap, self._gap_s, self.stopped)

    @staticmethod
    def _again(timer: asyncio.TimerHandle | None, seconds: float, then: Callable[[], None]) -> asyncio.TimerHandle:
        if timer:
            timer.cancel()
        return asyncio.get_running_loop().call_later(seconds, then)

    def _recorded(self) -> None:
        """The record is whole. Without the caller in it, others may follow."""
        self._record = None
        if self._rung and self._known.caller is not None:
            self._offer()
        elif self._details is None:
            self._details = self._again(None, self._details_s, self._offer)

    def _offer(self) -> None:
        for timer in (self._details, self._record):
            if timer:
                timer.cancel()
        self._details = self._record = None
        self._line.offer()
