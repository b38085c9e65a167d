"""Puts together what a modem says of a call that rings - some before the first ring, some after it, some never - and notices
when it stops ringing."""

from __future__ import annotations

import asyncio

from hal.v253.callerid import CallerId, Ring
from hal.voiceline import VoiceLine


class RingWatch:
    """Watches one line, which learns by its `rings`, `offer` and `ring_ended`.

    A call is offered as soon as it has rung and its caller is known, at its second ring, or `details_s` after its first.
    Without a ring for `gap_s` the caller has given up. `own_number` is what was called where the modem does not say it.
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

    def ring(self, ring: Ring) -> None:
        """The bell rings."""
        again, self._rung = self._rung, True
        self._note(ring.caller, ring.called)
        if again or self._known.caller is not None:
            self._offer()
        elif self._details is None:
            self._details = asyncio.get_running_loop().call_later(self._details_s, self._offer)

    def caller_id(self, details: CallerId) -> None:
        """The modem says who calls, or whom. That may come before the first ring (British lines)."""
        self._note(details.caller, details.called)
        if self._rung and self._known.caller is not None:
            self._offer()

    def stopped(self) -> None:
        """The caller has given up."""
        self.forget()
        self._line.ring_ended()

    def forget(self) -> None:
        """Nothing rings any more: answered, or the port was closed."""
        for timer in (self._gap, self._details):
            if timer:
                timer.cancel()
        self._gap = self._details = None
        self._rung = False
        self._known = CallerId()

    def _note(self, caller: str | None, called: str | None) -> None:
        self._known = CallerId(
            caller if caller is not None else self._known.caller, called if called is not None else self._known.called
        )
        self._line.rings(self._known.caller or None, self._known.called or self._own_number or None)
        if self._gap:
            self._gap.cancel()
        self._gap = asyncio.get_running_loop().call_later(self._gap_s, self.stopped)

    def _offer(self) -> None:
        if self._details:
            self._details.cancel()
            self._details = None
        self._line.offer()
