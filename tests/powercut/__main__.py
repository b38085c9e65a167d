"""python -m tests.powercut --cuts 20000: cut the power that often, print the count and everything that broke."""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.powercut.cuts import Finding, cut
from tests.powercut.recording import record

PER_RECORDING = 250


def one(job: tuple[int, int], synchronous: str) -> list[Finding]:
    """One recording and its cuts."""
    seed, cuts = job
    return cut(record(seed, synchronous), cuts, random.Random(seed))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.powercut", description=__doc__)
    parser.add_argument("--cuts", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--synchronous", choices=["FULL", "NORMAL", "OFF"], default="FULL", help="of the store under test"
    )
    options = parser.parse_args()
    recordings, rest = divmod(options.cuts, PER_RECORDING)
    jobs = [(options.seed + n, PER_RECORDING) for n in range(recordings)]
    if rest:
        jobs.append((options.seed + recordings, rest))
    started, findings = time.monotonic(), []
    with ProcessPoolExecutor(options.jobs) as pool:
        for (seed, _), found in zip(jobs, pool.map(partial(one, synchronous=options.synchronous), jobs), strict=True):
            findings += found
            for finding in found[:3]:
                print(f"recording {seed}, cut after {finding.cut_after} entries: {finding.text}", flush=True)
    seconds = time.monotonic() - started
    print(f"{options.cuts} power cuts in {len(jobs)} recordings, synchronous={options.synchronous}: "
          f"{len(findings)} findings, {seconds:.0f} s")  # fmt: skip
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
