"""The runs of the bench: one storm or one attack through the centre and the monitor, by seed."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from appliance.monitor.centre.calls import OfferedCall
from appliance.monitor.centre.config import CentreConfig
from appliance.monitor.centre.model import Centre, Tally
from appliance.monitor.centre.traffic import Callers, Clumps, Shift, attack, genuine, merge, storm_rate
from appliance.monitor.overload.config import MonitorConfig
from appliance.monitor.overload.derive import derive
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


def suspecting(config: MonitorConfig, domain: str) -> MonitorConfig:
    """The same monitor with Table 1 set up for attacks of another network than VoIP: its queue has the short interval."""
    if domain == "voip":
        return config
    mine, usual = f"queue_{domain}", config.queue_voip
    return replace(config, suspects=(domain,), queue_voip=getattr(config, mine), **{mine: usual})


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
    enough: tuple[str, ...] = (),
) -> Run:
    """One run; with `enough` it ends when these detectors have seen the attack and every line has been taken."""
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
        if enough and model.tally.lines_exhausted_s is not None and all(each in run.first for each in enough):
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


def attack_run(
    config: MonitorConfig,
    seed: int,
    rate: float,
    voip: float,
    *,
    domain: str = "voip",
    ramp_s: float = 0.0,
    patient: bool = False,
    before_s: float = 0.0,
) -> Run:
    """An attack in an ordinary hour, at a moment when at most two agents are busy.

    It is followed until well after the lines are exhausted, or, if `patient`, for ten minutes or the alarm of Table 1.
    `before_s` more of ordinary traffic come first, for what floats.
    """
    while True:
        draw = random.Random(seed)
        shares = shares_of(voip)
        calls = genuine(draw, -before_s, START + 600, lambda at: BASE, BASE, shares)
        known = learnt(suspecting(config, domain), draw, shares)
        fake = attack(draw, START, rate, 600.0, domain, ramp_s)
        until = START + (600.0 if ramp_s or patient else min(600.0, 60 * 60 / rate + 60))
        enough = ("table1",) if patient else DETECTORS
        run = watch(known, merge(calls, fake), seed, until, suspect=domain, enough=enough)
        if run.busy <= 2:
            return run
        seed += 1_000_003


def sized_run(
    seed: int, size: tuple[int, int, float, float, bool], rate: float, voip: float = 0.2
) -> tuple[MonitorConfig, Run]:
    """A centre of another size with derived thresholds: lines, agents, service time, usual load, emergency or commercial.

    A busy hour begins; after 20 minutes an attack, or with rate 0 none and seven hours more.
    """
    lines, agents, service_s, load, emergency = size
    config = derive(lines, agents, service_s, load, emergency=emergency)
    draw = random.Random(seed)
    shares = shares_of(voip)
    end = START + (600.0 if rate else 25_200.0)
    base = load / 60
    calls = genuine(draw, 0.0, end, lambda at: base, base, shares, callers=Callers(service_s))
    fake = attack(draw, START, rate, 600.0) if rate else ()
    slots = config.queue_voip.capacity
    centre = CentreConfig(lines=lines, agents=agents, slots_pstn=slots, slots_mobile=slots, slots_voip=slots)
    known = learnt(config, draw, shares)
    suspect, enough = ("voip", DETECTORS) if rate else ("", ())
    return known, watch(known, merge(calls, fake), seed, end, centre=centre, suspect=suspect, enough=enough)


def storm_calls(
    draw: random.Random,
    voip: float,
    shift: Shift | None = None,
    clumps: Clumps | None = None,
    peak: float = 15 / 60,
    before_s: float = 0.0,
) -> list[OfferedCall]:
    """A thunderstorm over an ordinary afternoon, `before_s` more of which come first."""
    shape = storm_rate(START, peak)
    return genuine(
        draw, -before_s, STORM_END, lambda at: BASE + shape(at), BASE + peak, shares_of(voip), shift, None, clumps
    )


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
    before_s: float = 0.0,
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
    calls: Iterable[OfferedCall] = storm_calls(draw, voip, move, clumps, peak, before_s)
    centre = CentreConfig(redial=redial)
    if not hidden:
        return watch(config, calls, seed, STORM_END, centre=centre)
    start = START + draw.uniform(1200, 2400)
    fake = attack(draw, start, hidden, 900.0)
    return watch(config, merge(calls, fake), seed, start + 900, centre=centre, suspect="voip", start=start)
