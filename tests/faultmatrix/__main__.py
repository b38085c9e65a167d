"""`python -m tests.faultmatrix`: the whole matrix, or some cells of it."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.faultmatrix import report
from tests.faultmatrix.cell import NAMES, Outcome, run_cell
from tests.faultmatrix.columns import BY_NAME, COLUMNS
from tests.faultmatrix.prompts import spoken
from tests.faultmatrix.rows import ROWS


def _run(row: int, column: str, prompts: str) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="faultmatrix-") as directory:
        return run_cell(ROWS[row], BY_NAME[column], Path(directory), Path(prompts))


def main() -> int:
    """0 where every cell holds."""
    parser = argparse.ArgumentParser(prog="python -m tests.faultmatrix", description="what modems do wrong x drivers")
    parser.add_argument("--row", default="", help="rows with this text in their name")
    parser.add_argument("--driver", default="", help="columns with this text in their name")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the page as well")
    options = parser.parse_args()
    rows = [row for row in ROWS if options.row.lower() in row.name.lower()]
    columns = [column for column in COLUMNS if options.driver.lower() in column.name.lower()]
    if not rows or not columns:
        parser.error("no such row or driver")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faultmatrix-prompts-") as prompts:
        spoken(Path(prompts), NAMES)
        with ProcessPoolExecutor(options.jobs) as pool:
            jobs = [pool.submit(_run, ROWS.index(row), column.name, prompts) for row in rows for column in columns]
            outcomes = [job.result() for job in jobs]
    print(report.text(rows, columns, outcomes))
    cells = [outcome for outcome in outcomes if outcome.what != "n/a"]
    bad = [outcome for outcome in cells if outcome.what == "violation"]
    cpu = sum(outcome.cpu_s for outcome in outcomes)
    print(f"\n{len(cells)} cells, {len(bad)} violations; {time.monotonic() - began:.0f} s, {cpu:.0f} s of processor")
    for outcome in bad:
        print(f"VIOLATION  {outcome.row} x {outcome.column}: {outcome.reason}")
    if options.markdown:
        options.markdown.write_text(report.markdown(rows, columns, outcomes), encoding="utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
