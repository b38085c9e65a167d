"""The second detector, `shares`: do arriving calls come from the networks that they are used to come from?

A disaster raises the calls of every network, an attack those of one. For each domain d a bank of sequential tests (CUSUM) asks
whether calls of a foreign source of domain d have joined the honest ones. The honest hypothesis is a wide one, and each test
takes its worst case:

- The share of d may be up to `margin` above the learnt one (a storm is not reported by the mix of callers of a quiet day).
- Load may be anything for the *storm* tests: they look at the sequence of domains only, never at the clock.
- For the *quiet* tests load may be up to `growth` times what the other domains' calls of the last ten minutes say, or `SUDDEN`
  times what those of the last two say: these follow a storm closely but are few, and chance makes much of few calls. The tests
  use the clock, too: six calls of one domain within seconds, where the others have been quiet, are evidence long before six
  in a row would be by their domain alone.

An attack in a quiet hour is thus seen after a handful of calls; one within a storm needs more, because a storm of a thousand
calls gives chance a thousand opportunities. Page, "Continuous inspection schemes", Biometrika 41 (1954); Lorden (1971) and
Moustakides (1986) for its optimality.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any

from appliance.monitor.overload.config import SharesConfig
from appliance.monitor.overload.events import DOMAINS

FASTER = (1, 3, 12, 45)
"""Rates of the foreign source that the quiet tests look for, over the slowest."""
PURE = 0.95
"""Quiet tests: the part of the room above the honest share that an attack fills."""
MIXED = (0.5, 0.8, 0.95)
"""Storm tests: the same, for attacks that are a smaller part of the load."""
FAST_S, SLOW_S = 120.0, 600.0
"""Two memories of the others' rate; the higher one counts."""
SUDDEN = 1.5
"""Times by which honest load may exceed the short memory, as `growth` for the long one."""
FLOOR = 0.25 / 60
"""Calls/s of the others below which nobody can tell one rate from another."""
SETTLE_S = 60.0
"""A call is learnt from only after no shortage has followed it for so long: the first calls of an attack are not."""
DAY_S = 86_400.0


class Shares:
    """The tests of all domains, and the shares that they compare with."""

    def __init__(self, config: SharesConfig) -> None:
        self.config = config
        total = config.pstn + config.mobile + config.voip or 1.0
        self.shares = [each / total for each in (config.pstn, config.mobile, config.voip)]
        self.known = config.known
        self._anchor = list(self.shares)
        self._anchored_at: float | None = None
        self._unlearnt: deque[tuple[float, int]] = deque()
        self._last: float | None = None
        self._fast = [0.0] * 3
        self._slow = [0.0] * 3
        self.quiet = [[0.0] * len(FASTER) for _ in DOMAINS]
        self.storm = [[0.0] * len(MIXED) for _ in DOMAINS]
        self.active = [False] * 3
        self._enough_since: float | None = None
        """Since when resources have been sufficient while an alarm stood."""
        self._rates = tuple(config.slowest * times / 60 for times in FASTER)
        self._prepare()

    def _prepare(self) -> None:
        """Everything that depends on the shares only."""
        self._worst = []
        self._pure = []
        self._mixed = []
        for share in self.shares:
            doubt = math.sqrt(share * (1 - share) / self.known)
            worst = min(share + self.config.margin + doubt, share + 0.6 * (1 - share))
            self._worst.append(worst)
            self._pure.append(_gains(worst, PURE))
            self._mixed.append([_gains(worst, part) for part in MIXED])

    def arrive(self, domain: int, at: float, short: bool) -> None:
        """A call of `domain` (its place in `DOMAINS`) arrives; `short`: stage 1 holds."""
        if self._last is None:
            self._last = at
            interval = math.inf
        else:
            interval = at - self._last
            self._last = at
            fast, slow = math.exp(-interval / FAST_S), math.exp(-interval / SLOW_S)
            for place in range(3):
                self._fast[place] *= fast
                self._slow[place] *= slow
        for place in range(3):
            self._test_storm(place, place == domain)
            self._test_quiet(place, place == domain, interval)
        self._fast[domain] += 1 / FAST_S
        self._slow[domain] += 1 / SLOW_S
        self._learn(domain, at, short)

    def _test_storm(self, place: int, mine: bool) -> None:
        tests = self.storm[place]
        limit = self.config.storm * 1.5
        for index, (up, down) in enumerate(self._mixed[place]):
            tests[index] = min(max(tests[index] + (up if mine else down), 0.0), limit)

    def _test_quiet(self, place: int, mine: bool, interval: float) -> None:
        tests = self.quiet[place]
        up, down = self._pure[place]
        if not mine:
            for index, value in enumerate(tests):
                if value:
                    tests[index] = max(value + self._clock(place, interval, self._rates[index]) + down, 0.0)
            return
        limit = self.config.quiet * 1.5
        for index, value in enumerate(tests):
            if value:
                value = max(value + self._clock(place, interval, self._rates[index]), 0.0)
            tests[index] = min(value + up, limit)

    def _clock(self, place: int, interval: float, rate: float) -> float:
        """Evidence of an interval before a call, against the honest load that explains it best."""
        fast, slow = self._fast, self._slow
        growth = self.config.growth
        now, lately = sum(fast) - fast[place], sum(slow) - slow[place]
        mine = 1 - self._worst[place]
        low = max(now, lately, FLOOR) / mine
        high = max(SUDDEN * now, growth * lately, growth * FLOOR) / mine
        honest = min(max(1 / interval if interval > 0 else math.inf, low), high)
        foreign = low + rate
        return math.log(foreign / honest) - (foreign - honest) * interval

    def _learn(self, domain: int, at: float, short: bool) -> None:
        if short:
            self._unlearnt.clear()
            return
        self._unlearnt.append((at, domain))
        while self._unlearnt and self._unlearnt[0][0] < at - SETTLE_S:
            when, learnt = self._unlearnt.popleft()
            self._move(when, learnt)

    def _move(self, at: float, domain: int) -> None:
        """Take one honest call into the shares; as many a day as one likes move them only so far."""
        config = self.config
        if self._anchored_at is None or at - self._anchored_at >= DAY_S:
            self._anchored_at = at
            self._anchor = list(self.shares)
        beginning = self.known < config.learn_calls
        self.known = min(self.known + 1, config.learn_calls)
        moved = [share + ((place == domain) - share) / self.known for place, share in enumerate(self.shares)]
        if beginning or all(abs(new - old) <= config.learn_a_day for new, old in zip(moved, self._anchor, strict=True)):
            self.shares = moved
            self._prepare()
        if beginning:
            self._anchor = list(self.shares)

    def evidence(self, place: int) -> float:
        """The strongest test of a domain, as a part of what it needs for an alarm."""
        return max(max(self.quiet[place]) / self.config.quiet, max(self.storm[place]) / self.config.storm)

    def judge(self, now: float, short: bool) -> list[int]:
        """Domains whose alarm changes (see `active`)."""
        if short:
            self._enough_since = None
            self._unlearnt.clear()  # a call that finds the last free line shows no shortage: its time inside does
        elif not any(self.active):
            self._enough_since = None
            return []
        elif self._enough_since is None:
            self._enough_since = now
        over = self._enough_since is not None and now >= self._enough_since + self.config.release_s
        changed = []
        for place, active in enumerate(self.active):
            strength = self.evidence(place)
            if (over or strength < 0.5) if active else (short and strength >= 1):
                self.active[place] = not active
                changed.append(place)
        if over:
            self._enough_since = None
            self.quiet = [[0.0] * len(FASTER) for _ in DOMAINS]
            self.storm = [[0.0] * len(MIXED) for _ in DOMAINS]
        return changed

    @property
    def deadline(self) -> float:
        """When alarms may have to be taken back."""
        return math.inf if self._enough_since is None else self._enough_since + self.config.release_s

    def snapshot(self) -> dict[str, Any]:
        """Everything, as JSON."""
        return {
            "shares": self.shares,
            "known": self.known,
            "anchor": self._anchor,
            "anchored_at": self._anchored_at,
            "unlearnt": [list(each) for each in self._unlearnt],
            "last": self._last,
            "fast": self._fast,
            "slow": self._slow,
            "quiet": [list(each) for each in self.quiet],
            "storm": [list(each) for each in self.storm],
            "active": list(self.active),
            "enough_since": self._enough_since,
        }

    def restore(self, data: dict[str, Any]) -> None:
        """Back from a snapshot; into a fresh object."""
        self.shares = list(data["shares"])
        self.known = data["known"]
        self._anchor = list(data["anchor"])
        self._anchored_at = data["anchored_at"]
        self._unlearnt = deque((at, domain) for at, domain in data["unlearnt"])
        self._last = data["last"]
        self._fast, self._slow = list(data["fast"]), list(data["slow"])
        self.quiet, self.storm = [list(each) for each in data["quiet"]], [list(each) for each in data["storm"]]
        self.active = list(data["active"])
        self._enough_since = data["enough_since"]
        self._prepare()


def _gains(worst: float, part: float) -> tuple[float, float]:
    """Evidence of a call of the domain, and of one that is not, where an attack fills `part` of the room above `worst`."""
    foreign = worst + part * (1 - worst)
    return math.log(foreign / worst), math.log((1 - foreign) / (1 - worst))
