"""A trace through the modelled centre and the monitor: what is found, and when it was too late."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from appliance.monitor.centre.calls import OfferedCall
from appliance.monitor.centre.model import Centre, Tally
from appliance.monitor.overload.events import Alarm, Event
from appliance.monitor.overload.monitor import OverloadMonitor
from appliance.overload.options import Options

DETECTORS = ("table1", "shares")


@dataclass
class Replay:
    """The summary of a replay. Times are those of the trace, in seconds."""

    tally: Tally = field(default_factory=Tally)
    first_attack_s: dict[str, float | None] = field(default_factory=lambda: dict.fromkeys(DETECTORS))
    length_s: float = 0.0
    stage1_s: float = 0.0
    stage2_s: float = 0.0
    """Stage 2 of Table 1, which is asked only while stage 1 holds."""

    def share(self, spent: float) -> float:
        """A part of the trace's length."""
        return spent / self.length_s if self.length_s else 0.0

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        tally = self.tally
        return {
            "summary": True,
            "offered": tally.offered,
            "rejected": tally.rejected,
            "abandoned": tally.abandoned,
            "answered": tally.answered,
            "genuine": tally.genuine,
            "genuine_within_15_s": tally.within_15_s,
            "genuine_within_20_s": tally.within_20_s,
            "first_attack_s": self.first_attack_s,
            "agents_exhausted_s": tally.agents_exhausted_s,
            "lines_exhausted_s": tally.lines_exhausted_s,
            "length_s": round(self.length_s, 3),
            "stage1_share": round(self.share(self.stage1_s), 6),
            "stage2_share": round(self.share(self.stage2_s), 6),
        }

    def lines(self) -> list[str]:
        """For people."""
        tally = self.tally

        def when(at: float | None) -> str:
            return "never" if at is None else f"at {at:.3f} s"

        def part(count: int) -> str:
            return f"{count} ({count / tally.genuine:.1%})" if tally.genuine else "0"

        return [
            f"offered            {tally.offered}",
            f"rejected           {tally.rejected}",
            f"abandoned          {tally.abandoned}",
            f"genuine in 15 s    {part(tally.within_15_s)}",
            f"genuine in 20 s    {part(tally.within_20_s)}",
            *(f"first attack alarm {when(at)}  ({name})" for name, at in self.first_attack_s.items()),
            f"agents exhausted   {when(tally.agents_exhausted_s)}",
            f"lines exhausted    {when(tally.lines_exhausted_s)}",
            f"stage 1 held       {self.share(self.stage1_s):.1%} of {self.length_s:.0f} s",
            f"stage 2 held       {self.share(self.stage2_s):.1%}",
        ]


def replay(
    options: Options, calls: Iterable[OfferedCall], on_alarm: Callable[[Alarm], object], seed: int = 0
) -> Replay:
    """Run it. `on_alarm` gets every alarm and release, those of single areas and of stage 1, too."""
    monitor = OverloadMonitor(options.overload)
    result = Replay()
    began: dict[str, float] = {}
    first = last = -math.inf

    def tell(alarms: list[Alarm]) -> None:
        for alarm in alarms:
            on_alarm(alarm)
            if alarm.detector == "area":
                continue
            if alarm.alarm == "attack" and alarm.state == "set" and result.first_attack_s[alarm.detector] is None:
                result.first_attack_s[alarm.detector] = alarm.time_s
            attacked = alarm.detector == "table1" and bool(monitor.attacks("table1"))
            if alarm.state == "set" or attacked:
                began.setdefault(alarm.detector, alarm.time_s)
            elif alarm.detector in began:
                spent = alarm.time_s - began.pop(alarm.detector)
                if alarm.detector == "stage1":
                    result.stage1_s += spent
                elif alarm.detector == "table1":
                    result.stage2_s += spent

    def sink(event: Event) -> None:
        nonlocal first, last
        first = event.at if math.isinf(first) else first
        last = event.at
        tell(monitor.feed(event))

    result.tally = Centre(options.centre, sink, seed).run(calls)
    while (deadline := monitor.next_deadline()) is not None and (monitor.overload or monitor.attacks("shares")):
        tell(monitor.tick(deadline))
    if not math.isinf(first):
        result.length_s = last - first
        for detector, since in began.items():
            if detector == "stage1":
                result.stage1_s += last - since
            elif detector == "table1":
                result.stage2_s += last - since
    return result
