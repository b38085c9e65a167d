"""One monitor at a glance: areas, sensors, alarms and levels as plain text, on 80 columns and 24 lines."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from appliance.monitor.overload.events import Alarm
from appliance.monitor.overload.status import AreaStatus, Status

WIDTH = 80
HEIGHT = 24
LEVELS = ("calm", "many calls", "queue fills", "queue is full")
"""Alarm levels 0 to 3 of a domain in words."""


def lines(
    name: str,
    status: Status,
    recent: Iterable[tuple[float, Alarm]] = (),
    *,
    source: str = "",
    responses: Sequence[str] = (),
    height: int = HEIGHT - 1,
) -> list[str]:
    """The screen: at most `height` lines (one is left for the prompt) of at most 80 columns. A star marks what is in alarm."""
    verdict = "resources run short" if status.overload else "resources suffice"
    attackers = [each.name for each in status.domains if each.alarms]
    if attackers:
        verdict = f"ATTACK from {' and '.join(attackers)}, {verdict}"
    found = [
        f"{name}: {verdict}; {status.calls} calls in progress",
        f"source: {source}" if source else "",
        f"{'area':<13}{'taken':>7} {'alarm at':>10}{'a call every':>14} {'alarm below':>12}{'stay':>8} {'above':>7}{'full':>5}",
    ]
    found += [_area(area) for area in status.areas]
    found += ["", f"{'network':<9}{'level':<18}{'usual share':>12}{'evidence':>10}   attack seen by"]
    for domain in status.domains:
        share = f"{100 * domain.share:.0f} %" if domain.share == domain.share else "-"
        level = f"{domain.level} {LEVELS[domain.level]}"
        seen = ", ".join(domain.alarms) or "-"
        found.append(f"{domain.name:<9}{level:<18}{share:>12}{100 * domain.evidence:>8.0f} %   {seen}")
    found.append("")
    found += list(responses) or ["no response"]
    found += ["", "last alarms (UTC)"]
    said = [_alarm(wall, alarm) for wall, alarm in recent]
    room = max(0, height - len(found))
    found += (said[-room:] if room else []) or ["none"][: min(1, room)]
    return [line[:WIDTH].rstrip() for line in found[:height]]


def _area(area: AreaStatus) -> str:
    interarrival, occupancy, residence = area.thresholds

    def mark(metric: str) -> str:
        return "*" if metric in area.alarms else " "

    return (
        f"{area.name:<13}{f'{area.occupancy}/{area.capacity}':>7}{mark('occupancy')}{occupancy:>10.3g}"
        f"{_seconds(area.interarrival_s):>14}{mark('interarrival')}{_seconds(interarrival):>12}"
        f"{_seconds(area.residence_s):>8}{mark('residence')}{_seconds(residence):>7}{area.rejections:>5}{mark('rejections')}"
    )


def _seconds(value: float | None) -> str:
    if value is None:
        return "-"
    if value >= 999.5:
        return f"{value / 60:.0f} min" if value < 6e5 else "long"
    return f"{value:.1f} s" if value < 99.95 else f"{value:.0f} s"


def _alarm(wall: float, alarm: Alarm) -> str:
    at = time.strftime("%H:%M:%S", time.gmtime(wall))
    domain = f" from {alarm.domain}" if alarm.alarm == "attack" else ""
    return f"  {at}  {alarm.state:<6}{alarm.detector:<8}{alarm.alarm}{domain}"
