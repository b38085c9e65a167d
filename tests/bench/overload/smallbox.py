"""Runs of the box's own lines: few of them, calls answered at once, and an exchange that turns away whoever finds none free."""

from __future__ import annotations

import random
from collections.abc import Iterable

from appliance.monitor.centre.calls import OfferedCall
from appliance.monitor.centre.config import CentreConfig
from appliance.monitor.centre.model import Centre
from appliance.monitor.centre.traffic import attack, genuine, merge
from appliance.monitor.overload.config import MonitorConfig
from appliance.monitor.overload.events import DOMAINS, Area, Event, Rejected
from appliance.monitor.overload.monitor import OverloadMonitor
from tests.bench.overload.scenarios import DETECTORS, Run

BASE = 3 / 3600
"""Calls/s of an ordinary day."""
BEGIN = 3600.0
LASTS_S = 1800.0
Shares = tuple[float, float, float]


def flood_run(config: MonitorConfig, seed: int, lines: int, rate: float, hold_s: float) -> Run:
    """Robots from VoIP dial `rate` times a minute and stay `hold_s` on average; the monitor knows only who finds a line free."""
    draw = random.Random(seed)
    calls = genuine(draw, 0.0, BEGIN + LASTS_S, lambda at: BASE, BASE, (0.4, 0.45, 0.15))
    fake = attack(draw, BEGIN, rate, LASTS_S, hold_s=hold_s)
    return _watch(config, _centre(lines), merge(calls, fake), seed, "voip")


def incident_run(config: MonitorConfig, seed: int, lines: int, teams: int, shares: Shares) -> Run:
    """Teams that all call within minutes and dial again until they are through; their networks as they come."""
    draw = random.Random(seed)
    calls = genuine(draw, 0.0, BEGIN + LASTS_S, lambda at: BASE, BASE, shares)
    moments = sorted(BEGIN + draw.expovariate(1 / 300) for _ in range(teams))
    burst = [OfferedCall(at, draw.choices(DOMAINS, shares)[0], draw.lognormvariate(4.3, 0.6), 60.0) for at in moments]
    return _watch(config, _centre(lines, redial=0.9), merge(calls, burst), seed, "")


def _centre(lines: int, redial: float = 0.0) -> CentreConfig:
    """Every line has a conversation to itself."""
    return CentreConfig(
        lines=lines,
        agents=lines,
        slots_pstn=lines,
        slots_mobile=lines,
        slots_voip=lines,
        ring_least_s=1.0,
        ring_most_s=2.0,
        redial=redial,
        redial_s=20.0,
        redials=60,
    )


def _watch(config: MonitorConfig, centre: CentreConfig, calls: Iterable[OfferedCall], seed: int, suspect: str) -> Run:
    monitor = OverloadMonitor(config)
    run = Run(alarms=dict.fromkeys(DETECTORS, 0), length_s=LASTS_S)

    def sink(event: Event) -> None:
        if isinstance(event, Rejected) and event.area is Area.INGRESS:
            return
        for alarm in monitor.feed(event):
            if alarm.alarm == "attack" and alarm.state == "set":
                run.alarms[alarm.detector] += 1
                if alarm.domain == suspect and alarm.time_s >= BEGIN:
                    run.first.setdefault(alarm.detector, alarm.time_s - BEGIN)

    run.tally = Centre(centre, sink, seed).run(calls, BEGIN + 3 * LASTS_S)
    return run
