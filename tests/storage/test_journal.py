"""The journal: a chain that shows every change, and texts that are never lost."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import codec
from storage import records as r
from storage.codec import UnknownRecord
from storage.journal import Chain, Entry, Walk
from tests.storage.histories import records
from tests.storage.support import SECRETS, open_store

KEY = SECRETS.device_key


def chain_of(count: int) -> list[Entry]:
    chain = Chain(KEY, "box")
    return [
        chain.seal(
            wall=n + 0.5, mono=float(n), boot="b", trust="trusted", kind="box.stopped", v=1, body=f'{{"reason":"{n}"}}'
        )
        for n in range(count)
    ]


def walk(entries: list[Entry], key: bytes = KEY, identity: str = "box", anchor: str | None = None) -> Walk:
    walk = Walk(Chain(key, identity), anchor)
    walk.feed(entries)
    return walk


@settings(deadline=None, derandomize=True)
@given(records())
def test_a_record_survives_its_way_through_text(record: r.Record) -> None:
    body = codec.encode(record)
    assert codec.decode(record.kind, record.v, body) == record
    assert codec.encode(codec.decode(record.kind, record.v, body)) == body


@settings(deadline=None, derandomize=True)
@given(st.sampled_from(sorted(codec.KINDS)) | st.text(max_size=20), st.integers(0, 3), st.text(max_size=40))
def test_any_text_is_kept_as_unknown(kind: str, version: int, body: str) -> None:
    record = codec.decode(kind, version, body)
    assert isinstance(record, UnknownRecord)
    assert (record.name, record.version, record.body) == (kind, version, body)


@pytest.mark.parametrize(
    ("kind", "version", "body"),
    [
        ("box.exploded", 1, "{}"),
        ("box.stopped", 2, '{"reason":"x"}'),
        ("box.stopped", 1, '{"reason":"x","more":1}'),
        ("box.stopped", 1, "{}"),
        ("box.stopped", 1, '{"reason":1}'),
        ("box.stopped", 1, "["),
        ("call.answered", 1, '{"call":true}'),
        ("alert.confirmed", 1, '{"alert":1,"message":1,"sender":"a","call":1,"exercise":true,"targets":[1]}'),
    ],
)
def test_what_this_program_cannot_read_is_unknown(kind: str, version: int, body: str) -> None:
    assert isinstance(codec.decode(kind, version, body), UnknownRecord)


def test_a_whole_chain_is_right() -> None:
    entries = chain_of(5)
    report = walk(entries).report()
    assert report.ok
    assert (report.records, report.head) == (5, entries[-1].seal.hex())


CHANGES = {
    "wall": 9.0, "mono": 9.0, "boot": "c", "trust": "doubtful", "kind": "box.started", "v": 2, "body": "{}", "seal": b"x" * 32,
}  # fmt: skip


@pytest.mark.parametrize("field", CHANGES)
def test_every_field_is_covered(field: str) -> None:
    entries = chain_of(5)
    entries[2] = replace(entries[2], **{field: CHANGES[field]})
    report = walk(entries).report()
    assert not report.ok
    assert report.first_bad == 3


def test_removed_inserted_and_swapped_entries_are_seen() -> None:
    entries = chain_of(5)
    for changed in (entries[:1] + entries[2:], entries[1:], [*entries[:2], *entries[1:]], entries[::-1]):
        assert not walk(changed).report().ok


def test_another_key_or_another_database_does_not_verify() -> None:
    assert not walk(chain_of(1), key=b"x" * 32).report().ok
    assert not walk(chain_of(1), identity="other").report().ok


def test_a_cut_off_end_is_seen_only_by_an_anchor_outside() -> None:
    entries = chain_of(5)
    anchor = entries[4].seal.hex()[:16]
    assert walk(entries[:4]).report().ok, "the chain alone cannot know; the docstring says so"
    assert not walk(entries[:4], anchor=anchor).report().ok
    report = walk(entries, anchor=anchor.upper()).report()
    assert report.ok
    assert report.anchor_at == 5


@pytest.mark.parametrize(
    "sql",
    [
        "update journal set body = '{}' where seq = 1",
        "delete from journal where seq = 2",
        "delete from journal",
        "insert or replace into journal select * from journal where seq = 1",
        "insert into journal select 7, wall, mono, boot, trust, kind, v, body, seal from journal where seq = 1",
    ],
)
def test_the_table_itself_refuses(tmp_path: Path, sql: str) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        await store.commit(r.BoxStopped("1"), r.BoxStopped("2"))
        await store.close()

    asyncio.run(main())
    connection = sqlite3.connect(tmp_path / "box.db")
    with pytest.raises(sqlite3.IntegrityError, match=r"append-only|at its end"):
        connection.execute(sql)
    connection.close()


def test_an_edited_database_is_found_out_and_unknown_records_are_reported(tmp_path: Path) -> None:
    async def main(change: str) -> tuple[bool, int | None, list[str]]:
        store = await open_store(tmp_path)
        for n in range(5):
            await store.commit(r.BoxStopped(str(n)))
        await store.close()
        with sqlite3.connect(tmp_path / "box.db") as connection:
            connection.execute("drop trigger journal_keeps_texts")
            connection.execute(change)
        connection.close()
        store = await open_store(tmp_path)
        report = await store.journal.verify()
        envelopes = [envelope async for envelope in store.journal.records(after=2)]
        assert [envelope.seq for envelope in envelopes] == [3, 4, 5]
        await store.close()
        return report.ok, report.first_bad, [unknown.name for unknown in report.unknown]

    change = "update journal set kind = 'box.sold' where seq = 3"
    assert asyncio.run(main(change)) == (False, 3, ["box.sold"])
