"""The one call of a radio line, from what the modem says by itself and from polls of +CLCC, which judge. No I/O, no clock.

Unsolicited lines are quick but get lost, come late, or speak of the call before; an answer to +CLCC is the modem's own list.
So a hint that a call being set up is over, or answered, only asks for a poll at once. Two polls without the call end it whatever
the lines said (a serial drop swallows NO CARRIER, and the call would live on as a zombie: `modems.md`, 2.3).
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from hal.gsm.reports import Caller, Connected, Ended, Leg, LegState, Missed, Report, Ring

CALLER_S = 1.0
"""Seconds after the first RING within which +CLIP comes; then the call is offered without a number."""
SET_UP_S = 5.0
"""Seconds after dialling within which +CLCC may not show the call yet (fallback from LTE to 2G takes its time)."""
TOO_SOON_S = 0.5
"""Seconds after dialling within which nobody can have answered: a modem that says so still speaks of the call before."""
MISSES = 2
"""Polls without the call after which it is gone."""


class Phase(enum.Enum):
    """Where the call is."""

    IDLE = "idle"
    DIALLING = "dialling"
    ALERTING = "alerting"
    INCOMING = "incoming"
    ACTIVE = "active"

    @property
    def outgoing(self) -> bool:
        """Being set up by us."""
        return self in (Phase.DIALLING, Phase.ALERTING)


@dataclass(frozen=True, slots=True)
class Offered:
    """A call rings and its caller is as known as it will be."""

    number: str | None


@dataclass(frozen=True, slots=True)
class Answered:
    """The called side has answered."""


@dataclass(frozen=True, slots=True)
class Over:
    """The call has ended; nobody here ended it."""

    how: Ended


@dataclass(frozen=True, slots=True)
class Glared:
    """While we dialled, a call came in and took the line. It is offered too."""


@dataclass(frozen=True, slots=True)
class Check:
    """Ask +CLCC now."""


@dataclass(frozen=True, slots=True)
class Stray:
    """The modem holds a call that this line knows nothing of: end it."""


Event = Offered | Answered | Over | Glared | Check | Stray


class CallState:
    """Feed it reports, polls and the time; tell it what was commanded. `now` is in seconds of one monotonic clock."""

    def __init__(self) -> None:
        self.phase = Phase.IDLE
        self.rang = False
        """Of an outgoing call: the network said that the telephone rings."""
        self.index: int | None = None
        """The modem's number of this call, as soon as it has told."""
        self.number: str | None = None
        self.offer_at: float | None = None
        """When to call `tick`; None for no such need."""
        self._dialled_at = 0.0
        self._seen = False
        self._misses = 0
        self._hint: Ended | None = None

    def dialled(self, now: float) -> None:
        """A dial command is about to be sent."""
        self.released()
        self.phase, self._dialled_at = Phase.DIALLING, now

    def answered(self) -> None:
        """The modem has taken the incoming call."""
        self.phase, self.offer_at, self._misses = Phase.ACTIVE, None, 0

    def released(self) -> None:
        """We have ended the call, or given it up."""
        self.phase, self.offer_at, self.number = Phase.IDLE, None, None
        self.rang = self._seen = False
        self._misses, self._hint, self.index = 0, None, None

    def feed(self, report: Report, now: float) -> list[Event]:
        """An unsolicited report."""
        match report:
            case Ring():
                return self._rings(None, now)
            case Caller(number):
                return self._rings(number, now, final=True)
            case Leg():
                return self._leg(report, now)
            case Connected() if self.phase.outgoing:
                return [Check()]
            case Missed() if self.phase is Phase.INCOMING:
                return self._over(Ended())
            case Ended():
                return self._ended(report)
            case _:
                return []

    def tick(self, now: float) -> list[Event]:
        """Time has passed."""
        if self.offer_at is not None and now >= self.offer_at:
            return self._offer()
        return []

    def poll(self, legs: Sequence[Leg], now: float) -> list[Event]:
        """A complete answer to +CLCC."""
        live = [leg for leg in legs if leg.state is not LegState.RELEASED]
        if self.phase is Phase.IDLE:
            return self._poll_idle(live, now)
        mine = next((leg for leg in live if self._is_mine(leg)), None)
        if mine:
            self._misses, self._seen = 0, True
            return self._update(mine, now)
        ringing = next((leg for leg in live if leg.state is LegState.INCOMING), None)
        if ringing and self.phase.outgoing:
            self.released()
            return [Glared(), *self._rings(ringing.number, now, final=True)]
        if ringing and self.phase is Phase.ACTIVE:
            return [*self._over(Ended()), *self._rings(ringing.number, now, final=True)]
        return self._missing(now)

    def _poll_idle(self, live: Sequence[Leg], now: float) -> list[Event]:
        for leg in live:
            if leg.state is LegState.INCOMING:
                return self._rings(leg.number, now, final=True)
        # One that waits is about to ring: the call before it has only just gone.
        return [Stray()] if any(leg.state is not LegState.WAITING for leg in live) else []

    def _is_mine(self, leg: Leg) -> bool:
        if self.phase is Phase.ACTIVE:
            return leg.state not in (LegState.INCOMING, LegState.WAITING)
        if self.phase is Phase.INCOMING:
            return not leg.outgoing
        return leg.outgoing

    def _missing(self, now: float) -> list[Event]:
        if self._hint:
            return self._over(self._hint)
        if self.phase.outgoing and not self._seen and now < self._dialled_at + SET_UP_S:
            return []
        self._misses += 1
        return self._over(Ended()) if self._misses >= MISSES else [Check()]

    def _leg(self, leg: Leg, now: float) -> list[Event]:
        if leg.state is LegState.RELEASED:
            about_it = self.phase is Phase.ACTIVE or self._is_mine(leg)
            return self._ended(Ended()) if about_it and self.index in (None, leg.index) else []
        if leg.state is LegState.INCOMING and self.phase in (Phase.IDLE, Phase.INCOMING):
            events = self._rings(leg.number, now, final=leg.number is not None)
            self.index = leg.index
            return events
        if self.phase.outgoing and leg.outgoing:
            self._seen = True
            return self._update(leg, now)
        return []

    def _update(self, leg: Leg, now: float) -> list[Event]:
        self.index = leg.index
        if self.phase.outgoing:
            if leg.state is LegState.ACTIVE and now < self._dialled_at + TOO_SOON_S:
                return []
            if leg.state is LegState.ALERTING:
                self.phase, self.rang = Phase.ALERTING, True
            elif leg.state is LegState.ACTIVE:
                self.phase, self._hint = Phase.ACTIVE, None
                return [Answered()]
        elif self.phase is Phase.INCOMING and leg.number and self.number is None:
            self.number = leg.number
        return []

    def _rings(self, number: str | None, now: float, *, final: bool = False) -> list[Event]:
        if self.phase.outgoing:
            return [Check()]  # glare, or a call that waits: the poll tells
        if self.phase is Phase.ACTIVE:
            return []
        again = self.phase is Phase.INCOMING
        if not again:
            self.released()
            self.phase, self.offer_at = Phase.INCOMING, now + CALLER_S
        self._misses = 0
        self.number = number or self.number
        if again and self.number is None and not final:
            return [Check()]  # there are modems whose call list alone knows who rings, and not at the first ring
        return self._offer() if final or again else []

    def _offer(self) -> list[Event]:
        if self.offer_at is None:
            return []
        self.offer_at = None
        return [Offered(self.number)]

    def _ended(self, how: Ended) -> list[Event]:
        if self.phase.outgoing:
            if self._hint is None or how.code or how.cause is not None:
                self._hint = how
            return [Check()]
        return self._over(how) if self.phase is not Phase.IDLE else []

    def _over(self, how: Ended) -> list[Event]:
        self.released_by_network()
        return [Over(how)]

    def released_by_network(self) -> None:
        """The call is gone; whether it rang is kept for whoever explains its end."""
        rang = self.rang
        self.released()
        self.rang = rang
