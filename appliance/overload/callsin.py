"""What the box's own calls in tell its monitor.

INGRESS is the lines that take calls, a QUEUE the calls that ring, AGENTS the conversations that may run at once. A call that
is turned away because no conversation is free, or by a response, is a rejection at its queue.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable

from appliance.monitor.overload.events import DOMAINS, PSTN, QUEUES, Answered, Ended, Offered, Queued, Rejected
from appliance.overload.live import Watch
from appliance.overload.origin import Origin
from hal.line import Call, IncomingCall

log = logging.getLogger(__name__)


class WatchedCall(IncomingCall):
    """A call that rings, as the conversation sees it; says when it has been answered."""

    def __init__(self, incoming: IncomingCall, number: int, domain: str, answered: Callable[[int], None]) -> None:
        self.line = incoming.line
        self.caller = incoming.caller
        self.called = incoming.called
        self.number = number
        self.domain = domain
        self._incoming = incoming
        self._answered = answered

    async def answer(self) -> Call:
        call = await self._incoming.answer()
        self._answered(self.number)
        return call

    async def reject(self) -> None:
        await self._incoming.reject()


class CallsIn:
    """Watches calls in, and turns those away that a response caps. None of its methods raises."""

    def __init__(self, watch: Watch, origin: Origin) -> None:
        self._watch = watch
        self._origin = origin
        self._numbers = itertools.count(1)
        self._caps: dict[str, int] = {}
        self._challenged: set[str] = set()
        self._inside: dict[str, set[int]] = {domain: set() for domain in DOMAINS}

    def cap(self, domain: str, calls: int | None) -> None:
        """From now on no more than so many calls of a domain at once; None lifts it."""
        if calls is None:
            self._caps.pop(domain, None)
        else:
            self._caps[domain] = calls

    def challenge(self, domain: str, on: bool) -> None:
        """From now on callers of a domain must press a key before they may log in, or no longer."""
        if on:
            self._challenged.add(domain)
        else:
            self._challenged.discard(domain)

    def challenges(self, call: WatchedCall) -> bool:
        """Whether this caller must."""
        return call.domain in self._challenged

    def rings(self, incoming: IncomingCall) -> WatchedCall:
        """A call rings."""
        try:
            domain = self._origin.domain(called=incoming.called, line=incoming.line.name, caller=incoming.caller)
        except Exception:  # a strange number must not cost the call
            log.exception("the network of a call on %s is taken for fixed", incoming.line.name)
            domain = PSTN
        call = WatchedCall(incoming, next(self._numbers), domain, self._answered)
        self._watch.feed([Offered(self._name(call.number), domain, self._watch.now())])
        return call

    def admits(self, call: WatchedCall, room: bool) -> bool:
        """Whether it may be answered. `room`: a conversation is free for it."""
        cap = self._caps.get(call.domain)
        inside = self._inside[call.domain]
        name, now = self._name(call.number), self._watch.now()
        if room and (cap is None or len(inside) < cap):
            inside.add(call.number)
            self._watch.feed([Queued(name, now)])
            return True
        self._watch.feed([Rejected(name, call.domain, now, QUEUES[DOMAINS.index(call.domain)])])
        return False

    def over(self, call: WatchedCall) -> None:
        """It has left its line, however."""
        self._inside[call.domain].discard(call.number)
        self._watch.feed([Ended(self._name(call.number), self._watch.now())])

    def _answered(self, number: int) -> None:
        self._watch.feed([Answered(self._name(number), self._watch.now())])

    @staticmethod
    def _name(number: int) -> str:
        return f"in-{number}"
