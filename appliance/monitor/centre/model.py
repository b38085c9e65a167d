"""The centre: lines, a queue a domain, agents; a discrete-event model that tells what happens as events of the monitor.

A call takes a line, then a slot in the queue of its domain; the oldest waiting call of the domain with the best rank gets the
next free agent, whose telephone rings for some seconds; the caller hangs up when patience ends before an answer. Calls of a
domain that is challenged hold their line before that, until they have pressed a key or not.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from appliance.monitor.centre.calls import OfferedCall
from appliance.monitor.centre.config import CentreConfig
from appliance.monitor.overload.events import (
    DOMAINS,
    QUEUES,
    Answered,
    Area,
    Ended,
    Event,
    Offered,
    Queued,
    Rejected,
    Ringing,
)

PLACES = {domain: place for place, domain in enumerate(DOMAINS)}
_ANSWER, _HANG_UP, _IMPATIENT, _AGAIN, _PASSED, _FAILED = range(6)


@dataclass(slots=True)
class Tally:
    """What became of the calls."""

    offered: int = 0
    rejected: int = 0
    """No line, or no queue slot."""
    abandoned: int = 0
    answered: int = 0
    failed: int = 0
    """Challenged, and no key."""
    genuine: int = 0
    """Offered ones, redials not counted again."""
    genuine_answered: int = 0
    within_15_s: int = 0
    """Genuine calls answered within 15 s of their (first) offer, as NENA-STA-020 counts."""
    within_20_s: int = 0
    agents_exhausted_s: float | None = None
    """When every agent was first taken, ringing or talking."""
    lines_exhausted_s: float | None = None


class _Caller:
    """One call in the centre."""

    __slots__ = ("answered", "call", "ended", "first", "place", "queued", "ringing", "tries")

    def __init__(self, call: OfferedCall, place: int, tries: int, first: float) -> None:
        self.call = call
        self.place = place
        self.tries = tries
        self.first = first
        self.queued = self.ringing = self.answered = self.ended = False


class Centre:
    """The model. `sink` gets every event; it may change `caps`, `ranks`, `challenged` and `stop` while the centre runs."""

    def __init__(self, config: CentreConfig, sink: Callable[[Event], object], seed: int = 0) -> None:
        self.config = config
        self.tally = Tally()
        self.caps = [config.lines] * 3
        """Lines that calls of each domain may hold."""
        self.ranks = [0] * 3
        """Whose calls are answered first: the lowest; the oldest among equals."""
        self.challenged = [False] * 3
        """Whose calls must press a key before they may queue."""
        self.stop = False
        """Set it to end a run early."""
        self.watch_from = -math.inf
        """Exhaustion counts from here on."""
        self.busy = 0
        """Agents taken."""
        self.lines = [0, 0, 0]
        """Lines taken, by domain."""
        self._sink = sink
        self._random = random.Random(seed)  # noqa: S311 -- no secret
        self._slots = config.slots()
        self._queued = [0, 0, 0]
        self._waiting: list[deque[tuple[int, _Caller]]] = [deque() for _ in DOMAINS]
        self._heap: list[tuple[float, int, int, int, _Caller]] = []
        self._serial = 0

    def run(self, calls: Iterable[OfferedCall], until: float = math.inf) -> Tally:
        """Offer calls, which must come in the order of time, until all have left, `until`, or `stop`."""
        heap = self._heap
        for call in calls:
            while heap and heap[0][0] <= call.at and not self.stop and heap[0][0] <= until:
                self._step()
            if self.stop or call.at > until:
                return self.tally
            if call.genuine:
                self.tally.genuine += 1
            self._offer(call.at, _Caller(call, PLACES[call.domain], 0, call.at))
        while heap and not self.stop and heap[0][0] <= until:
            self._step()
        return self.tally

    def _later(self, at: float, what: int, number: int, caller: _Caller) -> None:
        self._serial += 1
        heapq.heappush(self._heap, (at, self._serial, what, number, caller))

    def _step(self) -> None:
        at, _, what, number, caller = heapq.heappop(self._heap)
        if what == _AGAIN:
            self._offer(at, caller)
        elif caller.ended:
            return
        elif what == _ANSWER:
            self._answer(at, number, caller)
        elif what == _PASSED:
            self._queue(at, number, caller)
        elif what == _FAILED:
            self.tally.failed += 1
            self._leave(at, number, caller)
        elif what == _HANG_UP or not caller.answered:
            self._leave(at, number, caller)

    def _offer(self, at: float, caller: _Caller) -> None:
        self._serial += 1
        number, place = self._serial, caller.place
        tally = self.tally
        tally.offered += 1
        taken = sum(self.lines)
        if taken >= self.config.lines or self.lines[place] >= self.caps[place]:
            tally.rejected += 1
            self._sink(Rejected(number, DOMAINS[place], at, Area.INGRESS))
            self._redial(at, caller)
            return
        self.lines[place] += 1
        self._sink(Offered(number, DOMAINS[place], at))
        if self._queued[place] < self._slots[place]:
            if taken + 1 == self.config.lines and tally.lines_exhausted_s is None and at >= self.watch_from:
                tally.lines_exhausted_s = at
            if not math.isinf(caller.call.patience_s):
                self._later(at + caller.call.patience_s, _IMPATIENT, number, caller)
            if self.challenged[place]:
                self._challenge(at, number, caller)
                return
        self._queue(at, number, caller)

    def _challenge(self, at: float, number: int, caller: _Caller) -> None:
        config = self.config
        passes = self._random.random() < (config.challenge_genuine if caller.call.genuine else config.challenge_attack)
        if passes:
            self._later(at + config.challenge_s, _PASSED, number, caller)
        else:
            self._later(at + config.challenge_limit_s, _FAILED, number, caller)

    def _queue(self, at: float, number: int, caller: _Caller) -> None:
        place, tally = caller.place, self.tally
        if self._queued[place] >= self._slots[place]:
            tally.rejected += 1
            caller.ended = True
            self._sink(Rejected(number, DOMAINS[place], at, QUEUES[place]))
            self.lines[place] -= 1
            self._sink(Ended(number, at))
            self._redial(at, caller)
            return
        caller.queued = True
        self._queued[place] += 1
        self._sink(Queued(number, at))
        self._waiting[place].append((number, caller))
        if self.busy < self.config.agents:
            self._next(at)

    def _next(self, at: float) -> None:
        """A free agent takes the next waiting call, if there is one."""
        best: int | None = None
        for place, waiting in enumerate(self._waiting):
            while waiting and waiting[0][1].ended:
                waiting.popleft()
            if waiting and (
                best is None or (self.ranks[place], waiting[0][0]) < (self.ranks[best], self._waiting[best][0][0])
            ):
                best = place
        if best is None:
            return
        number, caller = self._waiting[best].popleft()
        caller.ringing = True
        self.busy += 1
        if self.busy == self.config.agents and self.tally.agents_exhausted_s is None and at >= self.watch_from:
            self.tally.agents_exhausted_s = at
        self._sink(Ringing(number, at))
        ring = self._random.uniform(self.config.ring_least_s, self.config.ring_most_s)
        self._later(at + ring, _ANSWER, number, caller)

    def _answer(self, at: float, number: int, caller: _Caller) -> None:
        caller.answered = True
        self._queued[caller.place] -= 1
        tally = self.tally
        tally.answered += 1
        if caller.call.genuine:
            wait = at - caller.first
            tally.genuine_answered += 1
            tally.within_15_s += wait <= 15
            tally.within_20_s += wait <= 20
        self._sink(Answered(number, at))
        self._later(at + caller.call.hold_s, _HANG_UP, number, caller)

    def _leave(self, at: float, number: int, caller: _Caller) -> None:
        caller.ended = True
        self.lines[caller.place] -= 1
        if not caller.answered:
            self._queued[caller.place] -= caller.queued
            self.tally.abandoned += 1
            self._redial(at, caller)
        self._sink(Ended(number, at))
        if caller.ringing:
            self.busy -= 1
            self._next(at)

    def _redial(self, at: float, caller: _Caller) -> None:
        config = self.config
        if not config.redial or not caller.call.genuine or caller.tries >= config.redials:
            return
        if self._random.random() < config.redial:
            again = _Caller(caller.call, caller.place, caller.tries + 1, caller.first)
            self._later(at + self._random.expovariate(1 / config.redial_s), _AGAIN, 0, again)
