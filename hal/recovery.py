"""The recovery ladder: what is tried, in which order and how often, to bring a modem back. Pure: it is told the time.

    ladder = Ladder((Rung.INIT, Rung.REOPEN, Rung.RESET, Rung.USB))
    step = ladder.next(now)              # wait step.wait_s, then do step.rung
    ladder.tried(now, step.rung)
    ladder.well(now)                     # as soon as it works again

Every round climbs all rungs from the bottom. A device that fails again soon after it was brought back is taken one rung higher
at once, as what helped then did not last. Between two rounds there is a pause that doubles, and the rounds never end: nobody
else is there to mend the box at night. What wears hardware, or takes long, is bounded by the hour and by the day.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass


class Rung(enum.Enum):
    """One way of bringing a modem back, from the gentlest to the last."""

    INIT = "flush and initialise"
    """Flush, ESC, and the whole initialisation on the open port: after any fault the modem's settings are in doubt
    (ATZ and a restart of its own turn echo on and reports off), so a flush alone is never enough."""
    REOPEN = "reopen the ports"
    """Close all ports of the device, open them, initialise: they may have other numbers now."""
    RESET = "the modem's own reset"
    """The model's command (+CRESET, +CFUN=1,1): the modem restarts and comes back on USB after 10 to 30 s."""
    USB = "USB reset"
    """The kernel resets the device: for a modem that no longer reads its port."""
    POWER = "power off and on"
    """A relay takes its power away: for a modem that has gone from the bus, or hangs in its loader."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a rung may take and how often it may be used."""

    limit_s: float
    """It has failed after so many seconds."""
    every_s: float = 0.0
    """At least so many seconds from one use to the next."""
    a_day: int = 0
    """At most so many times in 24 hours; 0: no bound."""


TIMES = {
    Rung.INIT: Timing(45.0),  # a SIM may take 20 s to start and the network as long; both are waited for once
    Rung.REOPEN: Timing(50.0),  # the same, and the opening
    Rung.RESET: Timing(90.0, 120.0, 48),  # 10 s to confirm, 10 to 30 s to come back, 40 s to initialise
    Rung.USB: Timing(75.0, 180.0, 24),  # 20 s to come back, 45 s to initialise
    Rung.POWER: Timing(120.0, 600.0, 6),  # 10 s off, 30 s to start, 45 s to initialise; a relay and a SIM wear out
}
RELAPSE_S = 300.0
"""Seconds after a recovery in which a new fault means that the rung did not last."""
PAUSE_S = 1.0
"""Seconds between two rungs of a round."""
_DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next."""

    rung: Rung
    wait_s: float
    """Seconds to wait before it."""


class Ladder:
    """The recovery of one device. `rungs`: those that it has, in any order; `wait_s` and `wait_limit_s`: the first and the
    longest pause between two rounds. ValueError without a rung."""

    def __init__(self, rungs: Collection[Rung], *, wait_s: float = 2.0, wait_limit_s: float = 120.0) -> None:
        if not rungs:
            raise ValueError("a ladder needs a rung")
        self.rungs = [rung for rung in Rung if rung in rungs]
        """Those that the device has, from the bottom."""
        self._first_wait_s = self._wait_s = wait_s
        self._limit_s = wait_limit_s
        self._uses: dict[Rung, deque[float]] = {rung: deque(maxlen=max(1, TIMES[rung].a_day)) for rung in Rung}
        self._last: Rung | None = None
        self._helped: Rung | None = None
        self._helped_at = 0.0
        self._tried: set[Rung] = set()
        self._floor: Rung | None = None
        self._started = self._rested = False

    def next(self, now: float, allowed: Collection[Rung] = tuple(Rung)) -> Step:
        """The next step at `now` (monotonic seconds), among the rungs that are `allowed` at this moment."""
        order = list(Rung)
        if not self._started:
            self._started = True
            relapse = self._helped is not None and now - self._helped_at < RELAPSE_S
            self._floor = self._above(self._helped) if relapse and self._helped else None
        able = [rung for rung in self.rungs if rung in allowed]
        floor = order.index(self._floor) if self._floor else 0
        for rung in able:
            if rung not in self._tried and order.index(rung) >= floor and self.may(rung, now):
                return Step(rung, PAUSE_S if self._tried and not self._rested else 0.0)
        return self._new_round(able or self.rungs[:1], now)

    def tried(self, now: float, rung: Rung) -> None:
        """A rung has been done. Whether it helped, only `well` tells: a modem may obey and not work all the same."""
        self._uses[rung].append(now)
        self._last = rung
        self._tried.add(rung)
        self._rested = False

    @property
    def last(self) -> Rung | None:
        """What was tried last in this trouble."""
        return self._last

    def well(self, now: float) -> None:
        """It works: what was tried last has helped, and the next trouble begins at the bottom again."""
        if self._last:
            self._helped, self._helped_at = self._last, now
        if self._started or self._last:
            self._over()

    def _over(self) -> None:
        self._tried.clear()
        self._last = None
        self._started = False
        self._floor = None
        self._wait_s = self._first_wait_s

    def _new_round(self, able: list[Rung], now: float) -> Step:
        self._tried.clear()
        self._floor = None
        self._rested = True
        wait, self._wait_s = self._wait_s, min(2 * self._wait_s, self._limit_s)
        return Step(able[0], wait)

    def _above(self, rung: Rung) -> Rung:
        """The next rung that this device has, or the same where there is none."""
        order = list(Rung)
        return next((each for each in self.rungs if order.index(each) > order.index(rung)), rung)

    def may(self, rung: Rung, now: float) -> bool:
        """Whether the bounds of a rung allow it now."""
        times, uses = TIMES[rung], self._uses[rung]
        if uses and now - uses[-1] < times.every_s:
            return False
        return not times.a_day or len(uses) < times.a_day or now - uses[0] >= _DAY_S
