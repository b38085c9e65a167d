"""How far from the limit: delays beside the bound of sequential change detection (Lorden 1971, Moustakides 1986)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from appliance.monitor.overload.config import MonitorConfig
from appliance.monitor.overload.events import DOMAINS
from tests.bench.overload.measure import Bench, mean_interval, upper
from tests.bench.overload.scenarios import BASE, shares_of

Rows = list[dict[str, Any]]


def bound(rate: float, voip: float, others_known: bool) -> float:
    """Kullback-Leibler divergence a call between an attack in an ordinary hour and that hour; with the clock or without."""
    mine = rate / 60
    part = mine / (mine + BASE)
    divergence = 0.0
    for domain, share in zip(DOMAINS, shares_of(voip), strict=True):
        seen = part * (domain == "voip") + (1 - part) * share
        divergence += seen * math.log(seen / share) if seen else 0.0
    if others_known:
        ratio = BASE / (mine + BASE)
        divergence += -math.log(ratio) - 1 + ratio
    return divergence


STORM_CALLS = 1250
"""Calls of a storm of the bench, on average."""


def shown(storms: Rows) -> float:
    """Calls between two false alarms that the constant storms show at least, at 95 % (as `upper`, of the rate a call)."""
    constant = [row for row in storms if row["name"] == "constant"]
    hits, of = sum(row["hits"] for row in constant), sum(row["of"] for row in constant)
    return STORM_CALLS / upper(hits, of)


def least_calls(between: float, rate: float, voip: float, clock: bool) -> float:
    """The bound: calls of the attack (not all calls) before an alarm, on average at least."""
    part = rate / 60 / (rate / 60 + BASE)
    return part * math.log(between) / bound(rate, voip, clock)


def limits(rows: Rows, storms: Rows) -> Rows:
    """Delay of ours beside the bound of sequential change detection, at the rate of false alarms that was shown."""
    print(
        "\n## Delay beside Lorden's bound log(calls between false alarms) / divergence a call, in calls of the attack"
    )
    print(
        "The honest hypothesis of the bound is the exact one: shares and load known, none of them may move. Ours may move."
    )
    gained = shown(storms)
    print(f"Calls between false alarms: {gained:,.0f}, the least that the constant storms show at 95 %.")
    print("share  rate/min  shares: calls  bound, domains only  bound, domains and clock")
    found = []
    for row in rows:
        if row["detector"] != "shares" or row["rate"] not in (25, 100, 1200):
            continue
        calls = row["mean"] * row["rate"] / 60
        label, clock = (least_calls(gained, row["rate"], row["voip"], known) for known in (False, True))
        found.append({"voip": row["voip"], "rate": row["rate"], "calls": calls, "label": label, "clock": clock})
        print(f"{row['voip']:5.0%}  {row['rate']:8}  {calls:13.1f}  {label:19.1f}  {clock:24.1f}")
    return found


def trade_off(bench: Bench, count: int, storms: Rows) -> Rows:
    """False alarms against delay, over the threshold of the quiet tests."""
    print(
        "\n## Trade-off of the quiet tests at a VoIP share of 20 %: threshold, false alarms a storm, delay at 25/min and 100/min"
    )
    rows = []
    default = MonitorConfig()
    for quiet in (3.0, 4.0, 5.0, 6.0, 7.0, 8.0, default.shares.quiet, 10.0, 12.0):
        row: dict[str, Any] = {"quiet": quiet}
        for name in ("constant", "step of 25"):
            (storm,) = (each for each in storms if each["name"] == name and each["voip"] == 0.2)
            row[name] = sum(run["quiet"] >= quiet for run in storm["runs"]) / storm["of"]
        config = replace(default, shares=replace(default.shares, quiet=quiet))
        for rate in (25, 100):
            runs = bench.runs("attack", count, config, rate=rate, voip=0.2)
            row[rate] = mean_interval([run["first"]["shares"] for run in runs if "shares" in run["first"]])[0]
        row["of"] = storm["of"]
        rows.append(row)
        print(
            f"{quiet:6.2f}  {row['constant']:8.2%} constant  {row['step of 25']:8.2%} step  {row[25]:6.2f} s  {row[100]:6.2f} s"
        )
    return rows
