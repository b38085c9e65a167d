"""Traffic for the centre, seeded: ordinary days, thunderstorms, networks whose shares shift, clumps, attacks, ramps."""

from __future__ import annotations

import csv
import heapq
import math
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from appliance.monitor.centre.calls import OfferedCall
from appliance.monitor.overload.events import DOMAINS

DAY_SHAPE = (0.65, 0.5, 0.42, 0.38, 0.37, 0.4, 0.55, 0.8, 0.95, 1.0, 1.08, 1.15, 1.2, 1.2, 1.25, 1.35, 1.45, 1.5, 1.45,
             1.35, 1.25, 1.15, 1.0, 0.82)  # fmt: skip
"""Load by hour over the day's mean, after the hours of the Seattle log (21 calls/h at 4, 86 at 17 o'clock)."""

Shares = tuple[float, float, float]


@dataclass(frozen=True)
class Shift:
    """The share of a domain changes by `points` (0.25: 25 points) at `at`, in one step or evenly within `over_s`."""

    domain: str
    points: float
    at: float
    over_s: float = 0.0


def shares_at(shares: Shares, shift: Shift | None, at: float) -> Shares:
    """The shares at a time; the others give way in proportion."""
    if shift is None or at < shift.at:
        return shares
    part = 1.0 if at >= shift.at + shift.over_s else (at - shift.at) / shift.over_s
    place = DOMAINS.index(shift.domain)
    mine = min(max(shares[place] + part * shift.points, 0.0), 1.0)
    rest = (1 - mine) / (1 - shares[place]) if shares[place] < 1 else 0.0
    pstn, mobile, voip = (mine if each == place else share * rest for each, share in enumerate(shares))
    return pstn, mobile, voip


@dataclass(frozen=True)
class Callers:
    """How genuine callers behave."""

    hold_s: float = 96.0
    """Mean conversation (Germany 2023); lognormal."""
    sigma: float = 0.9
    patience_s: float = 49.4
    """Mean, exponential (the Seattle log)."""

    def call(self, draw: random.Random, at: float, domain: str) -> OfferedCall:
        hold = draw.lognormvariate(math.log(self.hold_s) - self.sigma**2 / 2, self.sigma)
        return OfferedCall(at, domain, hold, draw.expovariate(1 / self.patience_s))


@dataclass(frozen=True)
class Clumps:
    """One incident, several calls: `size` on average (geometric), within `spread_s`, some from the network of the first."""

    size: float = 4.0
    spread_s: float = 30.0
    same: float = 0.0
    """Chance that a call of the clump comes from the network of its first."""


def genuine(
    draw: random.Random,
    start: float,
    end: float,
    rate: Callable[[float], float],
    most: float,
    shares: Shares,
    shift: Shift | None = None,
    callers: Callers | None = None,
    clumps: Clumps | None = None,
) -> list[OfferedCall]:
    """Calls of a Poisson stream whose rate (calls/s, at most `most`) changes, or of a clump process of the same rate."""
    callers = callers or Callers()
    calls = []
    at = start
    size = clumps.size if clumps else 1.0
    while True:
        at += draw.expovariate(most / size)
        if at >= end:
            break
        if draw.random() * most >= rate(at):
            continue
        domain = draw.choices(DOMAINS, shares_at(shares, shift, at))[0]
        calls.append(callers.call(draw, at, domain))
        if clumps:
            while draw.random() > 1 / size:
                when = at + draw.expovariate(1 / clumps.spread_s)
                same = draw.random() < clumps.same
                who = domain if same else draw.choices(DOMAINS, shares_at(shares, shift, when))[0]
                calls.append(callers.call(draw, when, who))
    calls.sort()
    return calls


def day_rate(a_day: float) -> Callable[[float], float]:
    """Rate of an ordinary day in calls/s; time 0 is midnight."""
    mean = a_day / 86_400 * 24 / sum(DAY_SHAPE)

    def rate(at: float) -> float:
        hour = at / 3600 % 24
        low = int(hour)
        part = hour - low
        return mean * (DAY_SHAPE[low] * (1 - part) + DAY_SHAPE[(low + 1) % 24] * part)

    return rate


def storm_rate(
    start: float, peak: float, rise_s: float = 900.0, top_s: float = 1800.0, fall_s: float = 2400.0
) -> Callable[[float], float]:
    """What a thunderstorm adds, in calls/s: a steep rise, a top, and a decay (the shape of the paper's figure 1)."""

    def rate(at: float) -> float:
        since = at - start
        if since < 0:
            return 0.0
        if since < rise_s:
            return peak * since / rise_s
        if since < rise_s + top_s:
            return peak
        return peak * math.exp(-(since - rise_s - top_s) / fall_s)

    return rate


def attack(
    draw: random.Random,
    start: float,
    a_minute: float,
    lasts_s: float,
    domain: str = "voip",
    ramp_s: float = 0.0,
    hold_s: float = 10.0,
) -> Iterator[OfferedCall]:
    """Fake calls at a rate, intervals uniform between 0 and twice their mean; with `ramp_s` the rate grows from nothing.

    The agent hangs up after `hold_s` on average (exponential above 2 s); the attacker waits for ever.
    """
    at = start + draw.uniform(0, 60 / a_minute)
    while at < start + lasts_s:
        hold = 2.0 + draw.expovariate(1 / max(hold_s - 2.0, 0.1))
        yield OfferedCall(at, domain, hold, math.inf, False)
        part = min(max((at - start) / ramp_s, 0.02), 1.0) if ramp_s else 1.0
        at += draw.uniform(0, 120 / (a_minute * part))


def merge(*streams: Iterable[OfferedCall]) -> Iterator[OfferedCall]:
    """Streams together, in the order of time."""
    return heapq.merge(*streams, key=lambda call: call.at)


def read_log(file: Iterable[str], draw: random.Random, shares: Shares, shift: Shift | None = None) -> list[OfferedCall]:
    """Real calls from `time,duration_s` (ISO 8601, sorted); 0 s: gave up within seconds.

    The log names no network: each call gets one by lot. Time 0 is the midnight before the first call.
    """
    calls: list[OfferedCall] = []
    origin: datetime | None = None
    for row in csv.DictReader(file):
        when = datetime.fromisoformat(row["time"])
        origin = origin or when.replace(hour=0, minute=0, second=0)
        at = (when - origin).total_seconds() + draw.random()
        domain = draw.choices(DOMAINS, shares_at(shares, shift, at))[0]
        hold = float(row["duration_s"])
        gave_up = hold == 0
        patience = draw.expovariate(1 / (4.0 if gave_up else 49.4))
        calls.append(OfferedCall(at, domain, 60.0 if gave_up else hold, patience))
    calls.sort()
    return calls
