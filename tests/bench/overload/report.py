"""The tables of the bench. Each function prints one and gives back its numbers."""

from __future__ import annotations

import math
import random
import resource
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from appliance.monitor.centre.traffic import Clumps
from appliance.monitor.overload.config import MonitorConfig, Reading
from appliance.monitor.overload.events import DOMAINS, Answered, Ended, Event, Offered, Queued, Ringing
from appliance.monitor.overload.monitor import OverloadMonitor
from appliance.overload.ownlines import for_size
from tests.bench.overload.measure import Bench, mean_interval, upper, wilson
from tests.bench.overload.scenarios import DETECTORS, RATES, SHARES

Rows = list[dict[str, Any]]


def full_s(rate: float, busy: int, places: int) -> float:
    """The calculated time until all places are taken: no call ends meanwhile (the paper's upper curves)."""
    return (places - busy) * 60 / rate


def thresholds(agents: int, ingress: int) -> MonitorConfig:
    """The defaults with other occupancy thresholds."""
    default = MonitorConfig()
    return replace(
        default,
        agents=replace(default.agents, occupancy=agents),
        ingress=replace(default.ingress, occupancy=ingress),
    )


def response(bench: Bench, count: int) -> Rows:
    """Response time of Table 1 and of ours against the rate, for the paper's thresholds and higher ones (figures 5 to 7)."""
    print("\n## Response time (s) against attack rate; VoIP share 11 %, mean and 95 % interval")
    print("rate/min  thresholds         table1            shares            agents full  lines full (calculated)")
    rows = []
    for name, config in (
        ("agents 4", thresholds(4, 99)),
        ("agents 8", thresholds(8, 99)),
        ("ingress 8", thresholds(99, 8)),
        ("ingress 16", thresholds(99, 16)),
        ("both 4/8", MonitorConfig()),
    ):
        for rate in RATES:
            runs = bench.runs("attack", count, config, rate=rate, voip=0.11)
            row: dict[str, Any] = {"name": name, "rate": rate}
            for detector in DETECTORS:
                row[detector] = mean_interval([run["first"][detector] for run in runs if detector in run["first"]])
            row["agents"] = mean_interval([full_s(rate, run["busy"], 10) for run in runs])[0]
            row["lines"] = mean_interval([full_s(rate, run["busy"], 30) for run in runs])[0]
            rows.append(row)
            cells = "  ".join(f"{row[each][0]:7.2f} ±{row[each][1]:6.2f}" for each in DETECTORS)
            print(f"{rate:8}  {name:<16} {cells}  {row['agents']:9.2f}  {row['lines']:9.2f}")
    return rows


def detection(bench: Bench, count: int, shares: tuple[float, ...] = SHARES, domain: str = "voip") -> Rows:
    """Is the alarm there before it is too late, at every share and rate? At a share of half, where it is closest, most runs."""
    print(f"\n## Detection of attacks from {domain} in an ordinary hour, at most two agents busy")
    print(
        "before agents: before they are exhausted in the run; before lines: the same, and before the calculated moment"
    )
    print("share of   rate/min  detector  detected  mean s   ratio to   before the agents     before the lines")
    print("VoIP                                              agents     are exhausted         are exhausted")
    rows = []
    more = {"domain": domain} if domain != "voip" else {}
    for voip in shares:
        for rate in RATES:
            runs = bench.runs("attack", count * 5 // 2 if voip == 0.5 else count, rate=rate, voip=voip, **more)
            for detector in DETECTORS:
                found = [run["first"].get(detector, math.inf) for run in runs]
                seen = [each for each in found if each < math.inf]
                mean = mean_interval(seen)[0] if seen else math.nan
                full = mean_interval([full_s(rate, run["busy"], 10) for run in runs])[0]
                in_time = {
                    what: sum(
                        each <= min(run[what] if run[what] is not None else math.inf, limit(rate, run["busy"], places))
                        for each, run in zip(found, runs, strict=True)
                    )
                    for what, places, limit in (("agents", 10, _never), ("lines", 30, full_s))
                }
                row = {"voip": voip, "rate": rate, "detector": detector, "seen": len(seen), "of": len(runs)}
                row |= {"mean": mean, "ratio": mean / full, **in_time}
                rows.append(row)
                a, b = wilson(in_time["agents"], len(runs)), wilson(in_time["lines"], len(runs))
                print(
                    f"{voip:8.0%}   {rate:8}  {detector:<8}  {len(seen) / len(runs):8.1%}  {mean:6.2f}  {mean / full:9.2f}"
                    f"   {in_time['agents'] / len(runs):6.1%} ({a[0]:.1%}-{a[1]:.1%})"
                    f"   {in_time['lines'] / len(runs):6.1%} ({b[0]:.1%}-{b[1]:.1%})"
                )
    return rows


def _never(rate: float, busy: int, places: int) -> float:
    """Agents: what the run shows counts; calls that end give agents back, so the calculated moment may never come."""
    return math.inf


def false_alarms(bench: Bench, count: int) -> Rows:
    """Storms through both detectors (figure 8)."""
    print("\n## Storms of three hours through centre and monitor: alarms that are all false")
    print(
        "share  storm         storms  detector  with alarm  alarms/storm  at most (95 %)  stage 1  stage 2  calls lost"
    )
    rows = []
    for voip in SHARES:
        for name, kw in (
            ("constant", {}),
            ("step", {"shift": "step"}),
            ("slowly", {"shift": "slow"}),
            ("redial", {"redial": 0.7}),
        ):
            runs = bench.runs("storm", count, voip=voip, **kw)
            rows += _false(voip, name, runs)
    for name, clumps in (("clumps", Clumps(4.0)), ("clumps of one network", Clumps(4.0, 30.0, 1.0))):
        rows += _false(0.2, name, bench.runs("storm", count, voip=0.2, clumps=clumps))
    return rows


def _false(voip: float, name: str, runs: list[dict[str, Any]]) -> Rows:
    rows = []
    part = {key: sum(run[key] for run in runs) / len(runs) for key in ("stage1", "stage2", "lost")}
    for detector in DETECTORS:
        hits = sum(run["alarms"][detector] > 0 for run in runs)
        mean = sum(run["alarms"][detector] for run in runs) / len(runs)
        rows.append(
            {"voip": voip, "name": name, "detector": detector, "hits": hits, "of": len(runs), "mean": mean} | part
        )
        print(
            f"{voip:5.0%}  {name:<12} {len(runs):7}  {detector:<8}  {hits:10}  {mean:12.3f}  {upper(hits, len(runs)):14.2%}"
            f"  {part['stage1']:7.1%}  {part['stage2']:7.2%}  {part['lost']:7.1%}"
        )
    return rows


SHIFTING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("constant", {}),
    ("step of 25", {"shift": "step"}),
    ("slowly 25", {"shift": "slow"}),
)
REDIALLING: tuple[tuple[str, dict[str, Any]], ...] = (("redial", {"redial": 0.7}),)
BOTH: tuple[tuple[str, dict[str, Any]], ...] = (("step, redial", {"shift": "step", "redial": 0.7}),)


def open_gate(bench: Bench, count: int, storms: tuple[tuple[str, dict[str, Any]], ...]) -> Rows:
    """Many storms through the second detector alone, with stage 1 taken as met all the time."""
    config = MonitorConfig().shares
    print("\n## Storms through `shares` alone, stage 1 held open (alarms can only be more than in the centre)")
    print(
        "share  storm            storms  with alarm  at most (95 %)  greatest evidence quiet / storm (of what is needed)"
    )
    rows = []
    for voip in SHARES:
        for name, kw in storms:
            runs = bench.runs("open", count, voip=voip, **kw)
            hits = sum(run["quiet"] >= config.quiet or run["storm"] >= config.storm for run in runs)
            most = max(run["quiet"] for run in runs) / config.quiet, max(run["storm"] for run in runs) / config.storm
            rows.append({"voip": voip, "name": name, "hits": hits, "of": len(runs), "runs": runs})
            print(
                f"{voip:5.0%}  {name:<15} {len(runs):7}  {hits:10}  {upper(hits, len(runs)):14.2%}  {most[0]:.2f} / {most[1]:.2f}"
            )
    return rows


def hard_attacks(bench: Bench, count: int) -> None:
    """Attacks inside a storm, and ramps: printed as they are."""
    print(
        "\n## Attacks hidden in a storm (15 genuine calls/min at the top), and ramps of five minutes; VoIP share 11 and 20 %"
    )
    print("attack          share  rate/min  detector  detected (of)   mean delay s")
    for voip in (0.11, 0.2):
        for name, kind, key in (("in a storm", "storm", "hidden"), ("ramp 300 s", "attack", "rate")):
            for rate in (25, 50, 100, 400):
                more = {key: float(rate)} | ({"ramp_s": 300.0} if kind == "attack" else {})
                runs = bench.runs(kind, count, voip=voip, **more)
                for detector in DETECTORS:
                    seen = [run["first"][detector] for run in runs if detector in run["first"]]
                    mean, half = mean_interval(seen)
                    print(
                        f"{name:<14} {voip:5.0%}  {rate:8}  {detector:<8}  {len(seen):5} ({len(runs)})  {mean:10.1f} ±{half:.1f}"
                    )


def real_log(bench: Bench, count: int) -> None:
    """The Seattle log with storms and attacks grafted on; networks by lot."""
    print("\n## The real log (Seattle PD, September 2020; networks drawn by lot) with storms and attacks grafted on")
    for voip in SHARES:
        runs = bench.runs("real", count, voip=voip, storm=True, rate=0.0)
        for detector in DETECTORS:
            hits = sum(run["alarms"][detector] > 0 for run in runs)
            print(
                f"storm   {voip:4.0%}  {detector:<8}  {hits} of {len(runs)} storms with an alarm,"
                f" at most {upper(hits, len(runs)):.1%}"
            )
    for voip in (0.11, 0.2):
        for rate in RATES:
            runs = bench.runs("real", count, voip=voip, storm=False, rate=float(rate))
            full = mean_interval([full_s(rate, run["busy"], 10) for run in runs])[0]
            for detector in DETECTORS:
                found = [run["first"].get(detector, math.inf) for run in runs]
                seen = [each for each in found if each < math.inf]
                before = sum(
                    each <= (math.inf if run["agents"] is None else run["agents"])
                    for each, run in zip(found, runs, strict=True)
                )
                mean, half = mean_interval(seen)
                low, high = wilson(before, len(runs))
                print(
                    f"attack  {voip:4.0%}  {rate:5}/min  {detector:<8}  detected {len(seen)} of {len(runs)};"
                    f" before the agents are exhausted {before / len(runs):.1%} ({low:.1%}-{high:.1%});"
                    f" mean {mean:.2f} ±{half:.2f} s, {mean / full:.2f} ±{half / full:.2f} of {full:.2f} s"
                )


def options(bench: Bench, count: int) -> None:
    """What the paper leaves as an option: the prose's reading, residence condition, floating thresholds, persistence.

    A day of ordinary traffic comes first, so that floating thresholds have begun to float; attacks are followed for ten
    minutes, so that others have time to suffer.
    """
    day = 86_400.0
    print(
        "\n## Options of Table 1, after a day of ordinary traffic: attacks at a VoIP share of 11 %, storms at 20 and 33 %"
    )
    print("attacks: mean s to the alarm ± 95 % (detected within ten minutes, before the agents are exhausted);")
    print("storms: false alarms a storm, storms with any")
    default = MonitorConfig()
    for name, config in (
        ("as it stands", default),
        ("prose", replace(default, reading=Reading.PROSE)),
        ("residence condition", replace(default, residence_condition=True)),
        ("floating, 3 deviations", replace(default, dynamic=True)),
        ("floating, 2 deviations", replace(default, dynamic=True, deviations=2.0)),
        ("persistence 1 s", replace(default, persistence_s=1.0)),
        ("persistence 3 s", replace(default, persistence_s=3.0)),
        ("persistence 10 s", replace(default, persistence_s=10.0)),
        ("agents when answered", replace(default, agents_ringing=False)),
    ):
        print(name)
        for rate in (25, 100, 400):
            runs = bench.runs("attack", count, config, rate=rate, voip=0.11, patient=True, before_s=day)
            seen = [run["first"]["table1"] for run in runs if "table1" in run["first"]]
            mean, half = mean_interval(seen)
            in_time = sum(_before(run["first"].get("table1"), run["agents"]) for run in runs)
            print(
                f"    {rate:4}/min  {mean:7.2f} ±{half:5.2f} s  ({len(seen) / len(runs):6.1%}, {in_time / len(runs):6.1%})"
            )
        for voip in (0.2, 0.33):
            runs = bench.runs("storm", count, config, voip=voip, before_s=day)
            alarms = [run["alarms"]["table1"] for run in runs]
            mean, half = mean_interval([float(each) for each in alarms])
            hits = sum(each > 0 for each in alarms)
            print(f"    storm {voip:4.0%}  {mean:5.2f} ±{half:4.2f}  ({hits / len(runs):6.1%} of {len(runs)})")


def _before(alarm: float | None, limit: float | None) -> bool:
    return alarm is not None and (limit is None or alarm <= limit)


def sizes(bench: Bench, count: int) -> None:
    """Centres of other sizes, with the thresholds that `alertbox overload thresholds` derives; VoIP share 20 %."""
    print("\n## Derived thresholds in centres of other sizes, in their busy hour; VoIP share 20 %")
    for name, size in (
        ("emergency, 8 lines, 3 agents", (8, 3, 96.0, 0.3, True)),
        ("emergency, 30 lines, 10 agents", (30, 10, 96.0, 0.83, True)),
        ("emergency, 90 lines, 30 agents", (90, 30, 96.0, 3.5, True)),
        ("commercial, 60 lines, 40 agents", (60, 40, 240.0, 7.0, False)),
        ("commercial, 24 lines, 12 agents", (24, 12, 180.0, 2.0, False)),
    ):
        runs = bench.runs("sized", max(count // 4, 4), size=size, rate=0.0)
        first = runs[0]
        hours = 7.0 * len(runs)
        false = "  ".join(
            f"{detector} {sum(run['alarms'][detector] for run in runs)} in {hours:g} busy hours"
            for detector in DETECTORS
        )
        stage1 = sum(run["stage1"] for run in runs) / len(runs)
        print(
            f"{name}: INGRESS alarms at {first['ingress']}, AGENTS at {first['taken']}; stage 1 {stage1:.1%} of the time"
        )
        print(f"    no attack: false alarms {false}")
        for rate in (25.0, 100.0, 400.0):
            runs = bench.runs("sized", count, size=size, rate=rate)
            cells = []
            for detector in DETECTORS:
                seen = [run["first"][detector] for run in runs if detector in run["first"]]
                in_time = sum(_before(run["first"].get(detector), run["lines"]) for run in runs)
                cells.append(
                    f"{detector} {len(seen) / len(runs):6.1%} after {mean_interval(seen)[0]:6.1f} s, {in_time / len(runs):6.1%}"
                )
            print(f"    {rate:4.0f}/min: " + "; ".join(cells) + " before the lines are exhausted")


def own_lines(bench: Bench, count: int) -> None:
    """The box's own lines, with the thresholds that follow from their number."""
    print("\n## The box's own lines: robots from VoIP that stay 10 or 30 s, and many teams that call at once")
    for lines in (2, 4, 8):
        config = for_size(lines, lines)
        for rate in (10.0, 30.0, 100.0):
            for hold_s in (10.0, 30.0):
                runs = bench.runs("flood", count, config, lines=lines, rate=rate, hold_s=hold_s)
                cells = []
                for detector in DETECTORS:
                    seen = [run["first"][detector] for run in runs if detector in run["first"]]
                    mean, half = mean_interval(seen)
                    cells.append(f"{detector} {len(seen) / len(runs):6.1%} after {mean:6.1f} ±{half:5.1f} s")
                print(f"{lines} lines  {rate:4.0f}/min, {hold_s:.0f} s each: " + "; ".join(cells))
        for teams in (15, 60):
            for shares in ((0.4, 0.45, 0.15), (0.85, 0.15, 0.0)):
                runs = bench.runs("incident", 2 * count, config, lines=lines, teams=teams, shares=shares)
                hits = [sum(run["alarms"][each] > 0 for run in runs) for each in DETECTORS]
                mix = "/".join(f"{100 * each:.0f}" for each in shares)
                print(
                    f"{lines} lines  {teams} teams, shares {mix}: false alarms table1 {hits[0]}, shares {hits[1]} of {len(runs)},"
                    f" at most {upper(hits[0], len(runs)):.1%} and {upper(hits[1], len(runs)):.1%}"
                )


def speed(count: int) -> None:
    """Events through one monitor in this process, in ten parts."""
    print(f"\n## Speed: {count:,} events in one process, by tenths")
    monitor = OverloadMonitor()
    rates, memory = [], []
    for part in range(10):
        events = list(_flood(part, count // 10))
        began = time.process_time()
        for event in events:
            monitor.feed(event)
        rates.append(len(events) / (time.process_time() - began))
        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print("events/s of processor time: " + "  ".join(f"{rate:,.0f}" for rate in rates))
    print(
        f"slowest {min(rates):,.0f}; last over first {rates[-1] / rates[0]:.2f}; "
        f"snapshot {len(str(monitor.snapshot())):,} characters; memory of the process "
        + " ".join(f"{each:.0f}" for each in memory)
        + " MB after each tenth"
    )


def _flood(part: int, count: int) -> Iterable[Event]:
    """4,800 calls a minute, five events each, on two hundred places."""
    draw = random.Random(part)
    at = part * 1e6
    for call in range(count // 5):
        at += 0.0125
        name = part * count + call
        yield Offered(name, draw.choice(DOMAINS), at)
        yield Queued(name, at)
        for event, delay in ((Ringing, 20), (Answered, 40), (Ended, 200)):
            late = name - delay
            if call >= delay:
                yield event(late, at)
