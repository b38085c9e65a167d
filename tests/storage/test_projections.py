"""The tables follow from the journal, whatever the history was."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database as Tables

from hal.audio.sound import Sound
from storage import InvalidRecord, codec, projections, schema
from storage import records as r
from storage.projections import _APPLY
from tests.storage.histories import records
from tests.storage.support import open_store


def dump(db: Tables) -> dict[str, list[str]]:
    return {table: sorted(repr(row) for row in db[table].rows) for table in schema.PROJECTIONS}


def rebuilt(path: Path) -> tuple[dict[str, list[str]], dict[str, list[str]], int]:
    with Tables(sqlite3.connect(path)) as source, Tables(memory=True) as target:
        schema.migrations.apply(target)
        count = projections.rebuild(source, target)
        return dump(source), dump(target), count


async def live(directory: str, history: list[list[r.Record]]) -> int:
    """Commit each list; what contradicts the history is refused and leaves nothing. Returns how many records are kept."""
    store = await open_store(directory)
    silence = Sound(b"")
    kept = 0
    for group in history:
        placed = [_with_sound(record, store.digest(silence)) for record in group]
        with suppress(InvalidRecord):
            kept += len(await store.commit(*placed, audio={store.digest(silence): silence}))
    await store.close()
    return kept


def _with_sound(record: r.Record, digest: str) -> r.Record:
    match record:
        case r.MessageRecorded(message=message, team=team, call=call):
            return r.MessageRecorded(message, team, call, digest, "alaw", 0)
        case r.SpokenNameRecorded(team=team):
            return r.SpokenNameRecorded(team, digest)
        case _:
            return record


OPENING: list[list[r.Record]] = [
    [r.CallStarted(1, "in", "l", None, None, "caller", "alert")],
    [r.MessageRecorded(1, "a", 1, "", "alaw", 0)],
    [r.AlertConfirmed(1, 1, "a", 1, False, [r.Target("b"), r.Target("c", "inactive")])],
    [r.CallStarted(2, "out", "l", None, "1", "campaign:1", "alert"), r.AttemptStarted(2, "b", [1], 0, "1", "l")],
    [r.SmsQueued(1, "notice", 1, "b", "1", "text")],
]
"""So that what follows has something to refer to."""


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.booleans(), st.lists(st.lists(records(), min_size=1, max_size=3), max_size=25))
def test_all_tables_can_be_made_again_from_the_journal(opened: bool, history: list[list[r.Record]]) -> None:
    with TemporaryDirectory() as directory:
        kept = asyncio.run(live(directory, (OPENING if opened else []) + history))
        before, after, count = rebuilt(Path(directory) / "box.db")
        assert count == kept
        assert before == after


def test_every_kind_of_record_has_its_effect() -> None:
    assert _APPLY.keys() == codec.KINDS.keys()


def test_every_table_is_a_projection_or_a_known_exception() -> None:
    others = {"journal", "audio", "meta", "_sqlite_migrations"}
    with Tables(memory=True) as db:
        schema.migrations.apply(db)
        assert set(db.table_names()) == set(schema.PROJECTIONS) | others
