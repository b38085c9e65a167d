"""Whom to call next: pure, no clock, no line, no store.

The rules, and why the order among them is as it is:

* A team is called at most `calls` times for an alert, with at least `gap_s` between the end of one call and the start of
  the next. What the line did wrong is no call: the team goes to another line at once, ahead of everybody. A declined
  call makes the team's next number due at once, unless all of its numbers have declined in a row.
* A real alert goes before an exercise. Within each: what must go on at once; then fresh teams in roster order (an older
  alert's first); then retries that are due, those with fewer calls behind them first, the longest waiting first.
  A team with more calls and gaps before it is the more likely one to end last, so its call goes first; that matters
  little (`tests/bench/dialout.py` compares). Nothing tells teams with as many calls behind them apart, so among those
  any order ends, on average, at the same time.
* One call to a team serves every alert of it that is due, and counts for those only. A team is on one call at a time.

All times are seconds of one monotonic clock, and must not go back from one call to the next.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

FIRST_HOLD_S = 5.0
"""Seconds for which a team rests when every line has failed to carry a call to it; doubled each time."""
LONGEST_HOLD_S = 60.0
"""Where that doubling ends: a line that comes back is noticed within a minute."""

Key = tuple[bool, int, float, float, int]
"""Order of what is due, smallest first: exercise, class (at once, fresh, retry), then as the class needs."""
AT_ONCE, FRESH, RETRY = range(3)


@dataclass(frozen=True, slots=True)
class Dial:
    """Call this team now."""

    team: str
    line: str
    alerts: tuple[int, ...]
    """The alerts that are due, whose call this is: the one that decided first, then by number."""
    number_index: int
    """Which of the team's numbers."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to dial now."""

    until: float
    """Look again at this moment at the latest; infinity where only an event can bring work."""


@dataclass(slots=True)
class Pair:
    """One team of one alert."""

    alert: int
    team: str
    index: int
    exercise: bool
    calls: int = 0
    due: float = -math.inf
    at_once: bool = False
    turn: int = 0
    """Numbers are tried in turn: the next one is `turn` modulo their count."""
    declines: int = 0
    """Declined calls in a row: how many of the numbers have said that it is not for them."""


@dataclass(slots=True)
class _Team:
    """What is known of a team over all its alerts."""

    numbers: int
    pairs: dict[int, Pair] = field(default_factory=dict)
    """Alerts for which it is still to be called."""
    call: Dial | None = None
    shunned: set[str] = field(default_factory=set)
    """Lines that have failed to carry the call that is being tried."""
    held_until: float = -math.inf
    holds: int = 0
    version: int = -1
    """Heap entries of any other version are void."""


class Schedule:
    """The open campaigns, and the next call of all of them. Every step costs O(log teams)."""

    def __init__(self, *, calls: int = 3, gap_s: float = 300.0) -> None:
        self.calls = calls
        self.gap_s = gap_s
        self._teams: dict[str, _Team] = {}
        self._left: dict[int, int] = {}
        self._busy: dict[int, int] = {}
        self._later: list[tuple[float, int, int, str]] = []
        self._ready: list[tuple[Key, int, int, str]] = []
        self._serial = itertools.count()

    # --- campaigns

    def open(self, alert: int, teams: Mapping[str, int], *, exercise: bool = False) -> None:
        """A campaign begins: teams in calling order, each with how many numbers it has (1 or more)."""
        self._left[alert] = 0
        self._busy[alert] = 0
        for index, (name, numbers) in enumerate(teams.items()):
            team = self._teams.setdefault(name, _Team(numbers))
            team.numbers = max(1, numbers)
            team.pairs[alert] = Pair(alert, name, index, exercise)
            self._left[alert] += 1
            self._push(name)

    def close(self, alert: int) -> None:
        """A campaign is over, for whatever reason. Calls of it that are up are not touched."""
        for name in self.open_teams(alert):
            self.settle(alert, name)
        self._left.pop(alert, None)
        self._busy.pop(alert, None)

    def settle(self, alert: int, name: str) -> None:
        """This team is not to be called (again) for this alert: reached, given up or taken off."""
        team = self._teams.get(name)
        if team is None or team.pairs.pop(alert, None) is None:
            return
        self._left[alert] -= 1
        if team.pairs or team.call:
            self._push(name)
        else:
            del self._teams[name]

    def restore(self, alert: int, name: str, *, calls: int, due: float, turn: int, declines: int = 0) -> None:
        """After `open`: what this team has behind it, from the store (`ivr.dialout.resume`)."""
        team = self._teams[name]
        pair = team.pairs[alert]
        pair.calls, pair.due, pair.turn, pair.declines = calls, due, turn, declines
        pair.at_once = 0 < declines < team.numbers
        self._push(name)

    @property
    def alerts(self) -> tuple[int, ...]:
        """Open campaigns."""
        return tuple(self._left)

    def done(self, alert: int) -> bool:
        """Nobody is left to call for this alert, and no call of it is up."""
        return self._left.get(alert, 0) == 0 and self._busy.get(alert, 0) == 0

    def left(self, alert: int) -> int:
        """Teams still to be called for this alert, those on a call included."""
        return self._left.get(alert, 0)

    def open_teams(self, alert: int) -> list[str]:
        """Teams still to be called for this alert, those on a call included, in no order."""
        return [name for name, team in self._teams.items() if alert in team.pairs]

    def pending(self, name: str) -> tuple[int, ...]:
        """Alerts for which this team is still to be called."""
        team = self._teams.get(name)
        return tuple(sorted(team.pairs)) if team else ()

    def calls_made(self, alert: int, name: str) -> int:
        """Counted calls to a team that is still to be called for this alert."""
        return self._teams[name].pairs[alert].calls

    # --- the next call

    def next(self, now: float, free: Sequence[str], in_service: Collection[str]) -> Dial | Wait:
        """What to dial now on one of the `free` lines (best first), or when to look again.

        `in_service` is every line that may dial, busy ones too: a team waits for a line that has not failed it only
        where there is one.
        """
        self._ripen(now)
        passed = []
        try:
            while self._ready and free:
                _, version, alert, name = self._ready[0]
                team = self._teams.get(name)
                if team is None or team.version != version:
                    heapq.heappop(self._ready)
                    continue
                line = self._usable(team, free, in_service)
                if line is None:
                    passed.append(heapq.heappop(self._ready))
                    continue
                return self._choice(team, alert, line, now)
        finally:
            for entry in passed:
                heapq.heappush(self._ready, entry)
        return Wait(self._later[0][0] if self._later else math.inf)

    @property
    def wanting(self) -> bool:
        """Somebody was due at the last `next`, but for a line."""
        while self._ready:
            _, version, _, name = self._ready[0]
            team = self._teams.get(name)
            if team is not None and team.version == version:
                return True
            heapq.heappop(self._ready)
        return False

    def started(self, dial: Dial) -> None:
        """The choice is being carried out. The team is on a call until `ended` or `failed`."""
        team = self._teams[dial.team]
        if team.call is not None:
            raise RuntimeError(f"{dial.team} is on a call already")
        team.call = dial
        team.version = next(self._serial)
        for alert in dial.alerts:
            self._busy[alert] += 1

    def ended(self, dial: Dial, now: float, *, declined: bool = False) -> tuple[int, ...]:
        """The call was one of the team's. Returns the alerts for which it was the last: the team is to be given up."""
        team = self._off(dial)
        team.shunned.clear()
        team.holds = 0
        team.held_until = -math.inf
        exhausted = []
        for alert in dial.alerts:
            pair = team.pairs.get(alert)
            if pair is None:
                continue
            pair.calls += 1
            pair.turn = dial.number_index + 1
            pair.declines = pair.declines + 1 if declined else 0
            pair.at_once = 0 < pair.declines < team.numbers
            pair.due = now if pair.at_once else now + self.gap_s
            if pair.calls >= self.calls:
                exhausted.append(alert)
        self._settle_all(dial.team, exhausted)
        return tuple(exhausted)

    def failed(self, dial: Dial, now: float, in_service: Collection[str]) -> float:
        """The line did not carry the call: it counts for nothing, and goes to another line at once.

        Where no other line is left, the team rests for a while; returns for how many seconds (0: it goes on at once).
        """
        team = self._off(dial)
        team.shunned.add(dial.line)
        for alert in dial.alerts:
            if pair := team.pairs.get(alert):
                pair.at_once = True
                pair.due = now
        rest = 0.0
        if team.shunned.issuperset(in_service):
            rest = min(LONGEST_HOLD_S, FIRST_HOLD_S * 2**team.holds)
            team.holds = min(team.holds + 1, 10)
            team.held_until = now + rest
            team.shunned.clear()
        self._settle_all(dial.team, ())
        return rest

    def order(self, pair: Pair) -> Key:
        """Rank among what is due: the policy, in one place."""
        if pair.at_once:
            return pair.exercise, AT_ONCE, pair.due, pair.alert, pair.index
        if pair.calls == 0:
            return pair.exercise, FRESH, pair.alert, pair.index, 0
        return pair.exercise, RETRY, pair.calls, pair.due, pair.index

    # --- inside

    def _choice(self, team: _Team, alert: int, line: str, now: float) -> Dial:
        first = team.pairs[alert]
        others = sorted(a for a, pair in team.pairs.items() if pair.due <= now and a != alert)
        return Dial(first.team, line, (alert, *others), first.turn % team.numbers)

    def _usable(self, team: _Team, free: Sequence[str], in_service: Collection[str]) -> str | None:
        if team.shunned.issuperset(in_service):
            return free[0]
        return next((line for line in free if line not in team.shunned), None)

    def _off(self, dial: Dial) -> _Team:
        team = self._teams[dial.team]
        if team.call is not dial:
            raise RuntimeError(f"{dial.team} is not on this call")
        team.call = None
        for alert in dial.alerts:
            if alert in self._busy:
                self._busy[alert] -= 1
        return team

    def _settle_all(self, name: str, alerts: Sequence[int]) -> None:
        """A call has ended: take the team off these alerts, and line it up again for the others."""
        team = self._teams[name]
        for alert in alerts:
            del team.pairs[alert]
            self._left[alert] -= 1
        if team.pairs:
            self._push(name)
        else:
            del self._teams[name]

    def _push(self, name: str) -> None:
        team = self._teams[name]
        team.version = next(self._serial)
        if team.call is None:
            for pair in team.pairs.values():
                when = max(pair.due, team.held_until)
                heapq.heappush(self._later, (when, team.version, pair.alert, name))

    def _ripen(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            _, version, alert, name = heapq.heappop(self._later)
            team = self._teams.get(name)
            if team is not None and team.version == version:
                pair = team.pairs[alert]
                heapq.heappush(self._ready, (self.order(pair), version, alert, name))
        while self._later and self._void(self._later[0]):
            heapq.heappop(self._later)

    def _void(self, entry: tuple[float, int, int, str]) -> bool:
        team = self._teams.get(entry[3])
        return team is None or team.version != entry[1]
