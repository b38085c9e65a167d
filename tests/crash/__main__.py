"""python -m tests.crash --kills 1000: kill the box that often in the middle of alerts, print the count and everything that broke.

`--kills 12 --jobs 1 --seed N` begins with the round that printed N, and repeats it as far as the machine's own timing allows.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.crash.campaign import Result
from tests.crash.rounds import Plan, crash
from tests.crash.sabotage import SABOTAGES

SPEED = 20.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--speed", type=float, default=SPEED, help="times life")
    parser.add_argument("--directory", type=Path, help="where the rounds take place; what failed stays there")
    parser.add_argument("--sabotage", choices=SABOTAGES, default="", help="build a mistake into the box")
    options = parser.parse_args()
    plan = Plan(Path(tempfile.mkdtemp(prefix="crash-", dir=options.directory)), options.speed, options.sabotage)
    began = time.monotonic()
    results: list[Result] = []
    for result in crash(plan, kills=options.kills, seed=options.seed, jobs=options.jobs):
        results.append(result)
        void = (
            f" (void: the machine held the exchange up for {result.stall_s:.1f} s of its time)" if result.void else ""
        )
        for violation in result.violations:
            print(f"round {result.seed} in {plan.base / str(result.seed)}: {violation}{void}", flush=True)
    if sum(result.kills for result in results if not result.void) < options.kills:
        print("this machine is too busy: take a lower --speed, or fewer --jobs")
        return 2
    violations = summarise(results, time.monotonic() - began, options.speed)
    if not any(result.violations for result in results):
        shutil.rmtree(plan.base)
    return 1 if violations else 0


def summarise(results: list[Result], seconds: float, speed: float) -> int:
    """Print what was done; how many violations there were."""
    phases: Counter[str] = Counter()
    void = sum(result.void for result in results)
    results = [result for result in results if not result.void]
    for result in results:
        phases += result.phases
    kills, violations = sum(r.kills for r in results), sum(len(r.violations) for r in results)
    print(
        f"{kills} kills in {len(results)} alerts, {sum(r.starts for r in results)} starts, "
        f"{sum(r.calls_out for r in results)} calls out, {sum(r.uncounted for r in results)} of them put down to the line; "
        f"longest stall {max((r.stall_s for r in results), default=0):.1f} s, {void} rounds void; "
        f"{seconds:.0f} s at {speed:g} times life"
    )
    for phase, times in sorted(phases.items()):
        print(f"  {times:5d} kills while {phase}")
    print(f"violations: {violations}")
    return violations


if __name__ == "__main__":
    sys.exit(main())
