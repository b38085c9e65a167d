"""The runs of the bench: one storm or one attack through the centre and the monitor, by seed."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from appliance.monitor.centre.calls import OfferedCall
from appliance.monitor.centre.config import CentreConfig
from appliance.monitor.centre.model import Centre, Tally
from appliance.monitor.centre.traffic import Clumps, Shift, attack, genuine, merge, storm_rate
from appliance.monitor.overload.config import MonitorConfig
from appliance.monitor.overload.events import Event
from appliance.monitor.overload.monitor import OverloadMonitor

RATES = (25, 30, 50, 100, 400, 800, 1200)
SHARES = (0.11, 0.20, 0.27, 0.33, 0.50)
DETECTORS = ("table1", "shares")
BASE = 50 / 3600
"""Genuine calls/s of an ordinary hour."""
START = 1200.0
"""When the attack or the storm begins."""
STORM_END = 10_800.0
LEARNT = 1000
"""Calls from which the shares were learnt before: their error is part of the run."""


def shares_of(voip: float) -> tuple[float, float, float]:
    """The rest is 45 : 55 between fixed lines and mobiles."""
    return (1 - voip) * 0.45, (1 - voip) * 0.55, voip


def learnt(config: MonitorConfig, draw: random.Random, shares: tuple[float, float, float]) -> MonitorConfig:
    """The configuration of a monitor that has watched `LEARNT` calls of these shares."""
    counts = [1, 1, 1]
    for place in draw.choices(range(3), shares, k=LEARNT):
        counts[place] += 1
    pstn, mobile, voip = (count / sum(counts) for count in counts)
    return replace(config, shares=replace(config.shares, pstn=pstn, mobile=mobile, voip=voip, known=float(LEARNT)))


@dataclass
class Run:
    """What one run showed. Times are seconds from the start of attack or storm."""

    first: dict[str, float] = field(default_factory=dict)
    """First alarm for the attacking domain, by detector."""
    alarms: dict[str, int] = field(default_factory=dict)
    """Alarms set, by detector, for any domain."""
    stage1_s: float = 0.0
    stage2_s: float = 0.0
    busy: int = 0
    tally: Tally = field(default_factory=Tally)
    length_s: float = 0.0


def watch(
    config: MonitorConfig,
    calls: Iterable[OfferedCall],
    seed: int,
    until: float,
    *,
    centre: CentreConfig | None = None,
    suspect: str = "",
    start: float = START,
    enough: bool = False,
) -> Run:
    """One run; with `enough` it ends when all that is asked has happened."""
    monitor = OverloadMonitor(config)
    run = Run(alarms=dict.fromkeys(DETECTORS, 0))
    since = {"stage1": 0.0, "table1": 0.0}
    on = {"stage1": False, "table1": False}

    def sink(event: Event) -> None:
        for alarm in monitor.feed(event):
            detector = alarm.detector
            if detector == "area":
                continue
            if alarm.alarm == "attack" and alarm.state == "set":
                run.alarms[detector] += 1
                if alarm.domain == suspect and alarm.time_s >= start:
                    run.first.setdefault(detector, alarm.time_s - start)
            if detector in on and on[detector] != (alarm.state == "set"):
                on[detector] = not on[detector]
                if on[detector]:
                    since[detector] = alarm.time_s
                else:
                    spent = alarm.time_s - max(since[detector], start)
                    if detector == "stage1":
                        run.stage1_s += max(spent, 0.0)
                    else:
                        run.stage2_s += max(spent, 0.0)
        if enough and len(run.first) == 2 and model.tally.lines_exhausted_s is not None:
            model.stop = True

    model = Centre(centre or CentreConfig(), sink, seed)
    model.watch_from = start
    busy_at = None

    def offered() -> Iterable[OfferedCall]:
        nonlocal busy_at
        for call in calls:
            if busy_at is None and call.at >= start:
                busy_at = model.busy
            yield call

    run.tally = model.run(offered(), until)
    run.busy = busy_at or 0
    run.length_s = until - start
    return run


def attack_run(config: MonitorConfig, seed: int, rate: float, voip: float, *, ramp_s: float = 0.0) -> Run:
    """An attack in an ordinary hour, at a moment when at most two agents are busy."""
    while True:
        draw = random.Random(seed)
        shares = shares_of(voip)
        calls = genuine(draw, 0.0, START + 600, lambda at: BASE, BASE, shares)
        config = learnt(config, draw, shares)
        fake = attack(draw, START, rate, 600.0, ramp_s=ramp_s)
        until = START + (600.0 if ramp_s else min(600.0, 60 * 60 / rate + 60))
        run = watch(config, merge(calls, fake), seed, until, suspect="voip", enough=True)
        if run.busy <= 2:
            return run
        seed += 1_000_003


def storm_calls(
    draw: random.Random,
    voip: float,
    shift: Shift | None = None,
    clumps: Clumps | None = None,
    peak: float = 15 / 60,
) -> list[OfferedCall]:
    """A thunderstorm over an ordinary afternoon."""
    shape = storm_rate(START, peak)
    return genuine(draw, 0.0, STORM_END, lambda at: BASE + shape(at), BASE + peak, shares_of(voip), shift, None, clumps)


def storm_run(
    config: MonitorConfig,
    seed: int,
    voip: float,
    *,
    shift: str = "",
    redial: float = 0.0,
    clumps: Clumps | None = None,
    hidden: float = 0.0,
    peak: float = 15 / 60,
) -> Run:
    """A storm. `shift`: `step` or `slow`, by 25 points at a moment by lot; `hidden`: an attack of that rate at its top."""
    draw = random.Random(seed)
    move = None
    if shift:
        at = START + draw.uniform(0, 2700)
        move = Shift(draw.choice(("voip", "mobile", "pstn")), 0.25, at, 1800.0 if shift == "slow" else 0.0)
        if move.domain == "pstn" and voip > 0.6:
            move = replace(move, domain="voip")
    config = learnt(config, draw, shares_of(voip))
    calls: Iterable[OfferedCall] = storm_calls(draw, voip, move, clumps, peak)
    centre = CentreConfig(redial=redial)
    if not hidden:
        return watch(config, calls, seed, STORM_END, centre=centre)
    start = START + draw.uniform(1200, 2400)
    fake = attack(draw, start, hidden, 900.0)
    return watch(config, merge(calls, fake), seed, start + 900, centre=centre, suspect="voip", start=start)
