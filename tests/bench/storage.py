"""python -m tests.bench.storage: what a durable fact costs, beside a bare sqlite3 loop with the same pragmas in the same run.

The bare loop inserts the same JSON into one table, one transaction a fact: no chain, no projection, no thread; "both tables"
keeps a table of calls in step. Bytes and syncs
are counted by the recorder of the power-cut test (which does not pass the syncs on), times are taken without it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from storage import codec, database
from storage import records as r
from tests.powercut.disk import read_log
from tests.powercut.recording import ROOT, shim
from tests.storage.support import open_store

_PRAGMAS = (
    f"page_size = {database.PAGE}",
    "journal_mode = wal",
    f"synchronous = {database.SYNCHRONOUS}",
    f"wal_autocheckpoint = {database.BACKSTOP}",
)


def facts(count: int) -> list[r.Record]:
    """Call detail records: half of them beginnings, half of them ends."""
    return [
        fact
        for call in range(1, count // 2 + 1)
        for fact in (
            r.CallStarted(call, "out", "isdn.1", None, "+4915112345678", "campaign:17", "alert"),
            r.CallEnded(call, "no-answer", "nobody answered within 45 s", 45.25, 0.0),
        )
    ]


def bare(directory: Path, count: int) -> float:
    """Seconds for `count` facts, one transaction each."""
    connection = sqlite3.connect(directory / "bare.db", isolation_level=None)
    for pragma in _PRAGMAS:
        connection.execute(f"pragma {pragma}")
    connection.execute("create table facts (seq integer primary key, wall real, kind text, body text)")
    bodies = [(fact.kind, codec.encode(fact)) for fact in facts(count)]
    started = time.perf_counter()
    for kind, body in bodies:
        connection.execute("insert into facts (wall, kind, body) values (?, ?, ?)", (time.time(), kind, body))
    seconds = time.perf_counter() - started
    connection.close()
    return seconds


def both_tables(directory: Path, count: int) -> float:
    """The same with the table of calls and its index kept in step: the least that a store must write."""
    connection = sqlite3.connect(directory / "bare.db", isolation_level=None)
    for pragma in _PRAGMAS:
        connection.execute(f"pragma {pragma}")
    connection.execute("create table facts (seq integer primary key, wall real, kind text, body text)")
    connection.execute(
        "create table calls (id integer primary key, line text, target text, originator text, outcome text, ended real)"
    )
    connection.execute("create index unfinished on calls (id) where ended is null")
    records = [(fact, codec.encode(fact)) for fact in facts(count)]
    started = time.perf_counter()
    for fact, body in records:
        connection.execute("begin")
        connection.execute("insert into facts (wall, kind, body) values (?, ?, ?)", (time.time(), fact.kind, body))
        if isinstance(fact, r.CallStarted):
            values = (fact.call, fact.line, fact.target, fact.originator)
            connection.execute("insert into calls (id, line, target, originator) values (?, ?, ?, ?)", values)
        elif isinstance(fact, r.CallEnded):
            connection.execute(
                "update calls set outcome = ?, ended = ? where id = ?", (fact.outcome, time.time(), fact.call)
            )
        connection.execute("commit")
    seconds = time.perf_counter() - started
    connection.close()
    return seconds


def store(directory: Path, count: int, at_once: int = 1) -> float:
    """Seconds for `count` facts through `Store.commit`, `at_once` of them waiting at a time."""

    async def main() -> float:
        box = await open_store(directory)
        started = time.perf_counter()
        await asyncio.gather(*(worker(box, n) for n in range(at_once)))
        seconds = time.perf_counter() - started
        await box.close()
        return seconds

    async def worker(box: object, n: int) -> None:
        pairs = facts(count)
        for pair in range(n, len(pairs) // 2, at_once):
            await box.commit(pairs[2 * pair])
            await box.commit(pairs[2 * pair + 1])

    return asyncio.run(main())


RUNS: dict[str, Callable[[Path, int], float]] = {
    "bare sqlite3 loop": bare,
    "bare loop, both tables": both_tables,
    "Store.commit, one at a time": store,
    "Store.commit, 30 at once": lambda directory, count: store(directory, count, 30),
}


def fresh(where: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix="bench-storage-", dir=where))


def timed(name: str, where: Path, count: int) -> float:
    directory = fresh(where)
    try:
        return RUNS[name](directory, count)
    finally:
        shutil.rmtree(directory)


def counted(name: str, where: Path, count: int) -> tuple[float, float]:
    """Bytes and syncs for one fact: the difference between `count` and `2 * count` of them, opening and closing apart."""
    totals = []
    for n in (count, 2 * count):
        directory, logs = fresh(where), fresh(where)
        environment = {**os.environ, "LD_PRELOAD": str(shim()), "POWERCUT_DIR": str(directory)}
        environment["POWERCUT_LOG"] = str(logs / "log")
        command = [
            sys.executable,
            "-m",
            "tests.bench.storage",
            "--only",
            name,
            "--in",
            str(directory),
            "--facts",
            str(n),
        ]
        subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        log = list(read_log(logs / "log"))
        totals.append((sum(len(op.data) for op in log), sum(op.op in "sd" for op in log)))
        shutil.rmtree(directory)
        shutil.rmtree(logs)
    return (totals[1][0] - totals[0][0]) / count, (totals[1][1] - totals[0][1]) / count


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.storage")
    parser.add_argument("--facts", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--in", dest="where", type=Path, default=Path(tempfile.gettempdir()), help="on the disk to measure"
    )
    parser.add_argument("--only", choices=list(RUNS), help="one run, for the recorder")
    options = parser.parse_args()
    if options.only:
        RUNS[options.only](options.where, options.facts)
        return
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {options.facts} facts, in {options.where}; "
          f"best of {options.rounds} rounds, the runs taking turns")  # fmt: skip
    best = dict.fromkeys(RUNS, float("inf"))
    for _ in range(options.rounds):
        for name in RUNS:
            best[name] = min(best[name], timed(name, options.where, options.facts))
    reference = best["bare sqlite3 loop"]
    print(f"{'':30}{'facts/s':>10}{'of bare':>10}{'kB/fact':>10}{'syncs/fact':>12}")
    for name, seconds in best.items():
        size, syncs = counted(name, options.where, options.facts)
        print(f"{name:30}{options.facts / seconds:10.0f}{reference / seconds:10.2f}{size / 1000:10.1f}{syncs:12.3f}")


if __name__ == "__main__":
    main()
