"""`python -m tests.bench.overload [--quick] [--jobs N]`: everything that the overload monitor claims, measured."""

from __future__ import annotations

import argparse
import os
import time

from appliance.monitor.overload.config import MonitorConfig
from tests.bench.overload import bounds, plots, report
from tests.bench.overload.measure import EVALUATION, OUT, Bench


def main() -> None:
    """Prints the tables; plots go to build/overload-bench."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.overload", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the runs")
    parser.add_argument("--jobs", type=int, default=max((os.cpu_count() or 2) - 1, 1), help="processes")
    parser.add_argument("--attacks", type=int, default=400, help="attacks a point")
    parser.add_argument("--storms", type=int, default=250, help="storms a point through centre and monitor")
    parser.add_argument("--open", type=int, default=1000, help="storms a point through the second detector alone")
    chosen = parser.parse_args()
    part = 10 if chosen.quick else 1
    attacks, storms, many = (max(each // part, 4) for each in (chosen.attacks, chosen.storms, chosen.open))
    began = time.monotonic()
    bench = Bench(chosen.jobs)
    config = MonitorConfig()
    print(f"seeds from {EVALUATION}; calibrated on seeds below 10000: window {config.window}, queues alarm at")
    queue = config.queue_voip
    print(
        f"{queue.interarrival_s:g} s (VoIP) or {config.queue_pstn.interarrival_s:g} s and {queue.occupancy} calls; {config.shares}"
    )
    plt = plots.library()
    OUT.mkdir(parents=True, exist_ok=True)
    report.speed(1_000_000 // part)
    found = report.detection(bench, attacks)
    gate = report.open_gate(bench, many, report.SHIFTING)
    bounds.limits(found, gate)
    report.open_gate(bench, many, report.REDIALLING)
    trade = bounds.trade_off(bench, attacks, gate)
    if plt is not None:
        plots.trade_off(plt, trade, config.shares.quiet, OUT)
        plots.detection(plt, found, gate, OUT)
    answers = report.response(bench, attacks)
    if plt is not None:
        plots.response(plt, answers, OUT)
    false = report.false_alarms(bench, storms)
    if plt is not None:
        plots.reliability(plt, false, OUT)
    report.real_log(bench, max(attacks // 2, 4))
    for domain in ("pstn", "mobile"):
        report.detection(bench, max(attacks // 4, 4), (0.11, 0.33), domain)
    report.hard_attacks(bench, max(attacks // 4, 4))
    report.options(bench, max(attacks // 5, 4))
    report.own_lines(bench, max(attacks // 4, 4))
    report.sizes(bench, max(attacks // 4, 4))
    report.open_gate(bench, many, report.BOTH)
    print(f"\n{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
