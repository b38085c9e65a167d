"""Runs the workload under the recorder, and knows what must be true after a cut at any place of the log."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from sqlite_utils import Database as Tables

from storage import journal, projections, schema
from storage.journal import Entry
from tests.powercut.disk import Disk, Op, read_log

ROOT = Path(__file__).resolve().parents[2]
BOX = "box"
"""The directory of the box below the recorded one."""
ACKS = "acks"


@dataclass(slots=True)
class Expectation:
    """The tables and the copy for emergencies as they must be after some number of records."""

    head: str
    tables: str
    copy: str


@dataclass(slots=True)
class Recording:
    """One workload: the log, and what each prefix of its history must look like."""

    log: list[Op]
    expected: dict[int, Expectation] = field(default_factory=dict)
    """By number of records; only numbers at which a commit ends."""


@cache
def shim() -> Path:
    """The recorder, compiled. Raises `FileNotFoundError` where there is no C compiler (Debian: apt install gcc libc6-dev)."""
    library = Path(mkdtemp(prefix="powercut-")) / "shim.so"
    source = Path(__file__).with_name("shim.c")
    command = ["gcc", "-O2", "-Wall", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl", "-lpthread"]
    subprocess.run(command, check=True, timeout=60)
    return library


def record(seed: int, synchronous: str = "FULL") -> Recording:
    """Live through one day. Raises AssertionError where the recorder has missed anything."""
    scratch = Path(mkdtemp(prefix="powercut-", dir=scratch_directory()))
    try:
        watched, log = scratch / "watched", scratch / "log"
        (watched / BOX).mkdir(parents=True)
        environment = {**os.environ, "LD_PRELOAD": str(shim()), "POWERCUT_DIR": str(watched), "POWERCUT_LOG": str(log)}
        arguments = [str(watched / BOX), str(watched / ACKS), str(seed), synchronous]
        command = [sys.executable, "-m", "tests.powercut.workload", *arguments]
        subprocess.run(command, check=True, cwd=ROOT, env=environment, timeout=120)
        recording = Recording(list(read_log(log)))
        _assert_complete(recording, watched)
        _expect(recording, watched / BOX / "box.db")
        return recording
    finally:
        shutil.rmtree(scratch)


def scratch_directory() -> str | None:
    """Memory, where there is some: a crash image is written and thrown away many thousand times."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def fresh_disk() -> Disk:
    """The disk as the box finds it."""
    disk = Disk()
    disk.feed(Op("m", BOX))
    disk.feed(Op("d", ""))
    return disk


def acknowledged(op: Op) -> tuple[int, int] | None:
    """First and last record of a commit that returned at this place of the log."""
    if op.path != ACKS or op.op != "w":
        return None
    first, last = op.data.split()
    return int(first), int(last)


def dump(db: Tables) -> str:
    """All projections as one text."""
    rows = {table: sorted(repr(tuple(row.values())) for row in db[table].rows) for table in schema.PROJECTIONS}
    return json.dumps(rows)


def _assert_complete(recording: Recording, watched: Path) -> None:
    """Replaying the whole log must give the very files that the workload left behind."""
    disk = fresh_disk()
    for op in recording.log:
        if op.path != ACKS:
            disk.feed(op)
    replayed = disk.contents()
    there = {str(p.relative_to(watched)): p.read_bytes() for p in watched.rglob("*") if p.is_file() and p.name != ACKS}
    assert replayed.keys() == there.keys(), f"names differ: {replayed.keys() ^ there.keys()}"
    for path, data in there.items():
        if not path.endswith("-shm"):  # written through memory, and made anew by whoever opens the database first
            assert replayed[path] == data, f"the recorder has missed a change of {path}"


def _expect(recording: Recording, database: Path) -> None:
    ends = {acked[1] for op in recording.log if (acked := acknowledged(op))}
    with Tables(sqlite3.connect(database)) as source, Tables(memory=True) as target:
        schema.migrations.apply(target)
        recording.expected[0] = Expectation("", dump(target), "")
        for entry in _all(source):
            projections.apply(target, entry.envelope)
            if entry.seq in ends:
                recording.expected[entry.seq] = Expectation(entry.seal.hex(), dump(target), copy_of(target))
    assert set(recording.expected) == ends | {0}


def copy_of(db: Tables) -> str:
    """What the copy for emergencies holds, when it was made from these tables."""
    teams = [json.loads(row["teams"]) for row in db["roster"].rows]
    pins = sorted([row["team"], row["group"], row["hash"]] for row in db["pins"].rows)
    names = sorted([row["team"], row["digest"]] for row in db["spoken_names"].rows)
    return json.dumps([teams[0], pins, names]) if teams else ""


def _all(db: Tables) -> list[Entry]:
    found: list[Entry] = []
    while some := journal.entries(db, found[-1].seq if found else 0):
        found.extend(some)
    return found
