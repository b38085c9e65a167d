"""Cuts the power at many places of a recording and looks at what the store makes of the rest."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from sqlite_utils import Database as Tables

from storage import LastGood, Secrets, StorageError, Store, audio
from storage.records import AlarmRaised
from tests.powercut.disk import write_image
from tests.powercut.recording import (
    ACKS,
    BOX,
    Expectation,
    Recording,
    acknowledged,
    copy_of,
    dump,
    fresh_disk,
    scratch_directory,
)
from tests.powercut.workload import open_store
from tests.storage.support import FakeClock


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a cut has broken."""

    cut_after: int
    """Entries of the log before the cut."""
    text: str


def cut(recording: Recording, cuts: int, rng: random.Random) -> list[Finding]:
    """Cut at `cuts` random places (of which each leaves one random image); return what was wrong."""
    places = sorted(rng.randint(0, len(recording.log)) for _ in range(cuts))
    findings: list[Finding] = []
    disk = fresh_disk()
    acked = at = 0
    for place in places:
        for op in recording.log[at:place]:
            if op.path != ACKS:
                disk.feed(op)
            elif told := acknowledged(op):
                acked = max(acked, told[1])
        at = place
        findings += [Finding(place, text) for text in _look(disk.cut(rng), acked, recording.expected)]
    return findings


def _look(image: dict[str, bytes | None], acked: int, expected: dict[int, Expectation]) -> list[str]:
    scratch = Path(mkdtemp(prefix="powercut-", dir=scratch_directory()))
    try:
        write_image(image, scratch)
        return list(_faults(scratch / BOX, acked, expected))
    finally:
        shutil.rmtree(scratch)


def _faults(box: Path, acked: int, expected: dict[int, Expectation]) -> Iterator[str]:
    later = {expectation.copy for records, expectation in expected.items() if records >= acked}
    if expected[acked].copy and (held := _copy(box)) not in later:
        yield f"the copy for emergencies is lost, damaged or too old: {held[:60]}"
    try:
        yield from asyncio.run(_open(box, acked, expected))
    except Exception as error:  # whatever it is: after a power cut nothing may go wrong
        yield f"the store does not open or cannot be read: {type(error).__name__} {error}"


async def _open(box: Path, acked: int, expected: dict[int, Expectation]) -> list[str]:
    store = await open_store(box, FakeClock(), Secrets.load_or_create(box))
    try:
        return await _contents(store, acked, expected)
    finally:
        await store.close()


async def _contents(store: Store, acked: int, expected: dict[int, Expectation]) -> list[str]:
    report = await store.journal.verify()
    if not report.ok:
        return [f"the chain is broken at record {report.first_bad}"]
    if report.records < acked:
        return [f"{acked} records were acknowledged, {report.records} are there"]
    if report.records not in expected:
        return [f"a commit is there in part: {report.records} records"]
    faults = []
    if report.records and report.head != expected[report.records].head:
        faults.append("another history")
    tables, copy = await store._database.read(lambda db: (dump(db), copy_of(db)))
    faults += await store._database.read(_lost_sounds)
    if tables != expected[report.records].tables:
        faults.append("the tables do not follow from the journal")
    if copy != expected[report.records].copy:
        faults.append("roster, PINs or names do not follow from the journal")
    await store.commit(AlarmRaised("power", "major", "the power was cut"))
    return faults


def _lost_sounds(db: Tables) -> list[str]:
    """`audio.load` checks the digests of those that are there."""
    digests = {row["digest"] for table in ("messages", "spoken_names") for row in db[table].rows}
    return [f"audio {digest[:16]} is lost" for digest in digests if audio.load(db, digest) is None]


def _copy(box: Path) -> str:
    try:
        copy = LastGood.read(box / "box.db")
    except StorageError as error:
        return str(error)
    pins = sorted([pin.team, pin.group, pin.hash] for pin in copy.pins)
    names = sorted([team, digest] for team, digest in copy.names.items() if digest in copy.sounds)
    return json.dumps([copy.roster.to_json(), pins, names])
