"""Taking a roster into service: in one transaction, PINs as hashes, alarms about teams that are not called."""

from __future__ import annotations

import asyncio

import pytest

from provisioning import load, roster
from storage import StorageError
from storage.records import PinSet
from tests.support.stores import open_store

TEAM = """
[[team]]
key = "{key}"
uid = "{uid}"
name = "{key}"
numbers = ["030"]
state = "accredited"
registered = 2026-01-01
code_of_conduct = 2026-01-01
"""
ALPHA = TEAM.format(key="alpha", uid="4711") + 'pin = "12345"\ngroup_pins = { duty = "1111" }\n'
BETA = TEAM.format(key="beta", uid="4712")


def draft(text):
    return roster.parse(text, "roster.toml")


def run(tmp_path, story):
    async def main():
        async with open_store(tmp_path) as store:
            await story(store)

    asyncio.run(main())


def take(store, text, **options):
    return load.load(store, draft(text), source="roster.toml", by="anna", **options)


def test_roster_and_pins_are_taken_at_once(tmp_path):
    async def story(store):
        seen = []
        store.subscribe(lambda envelope: seen.append((envelope.wall, envelope.record)))
        loaded = await take(store, ALPHA + BETA)
        assert loaded.pins == (("alpha", ""), ("alpha", "duty"))
        assert loaded.without_pin == ("beta",)
        assert [team.key for team in store.roster.current().teams] == ["alpha", "beta"]
        assert await store.credentials.verify("alpha", "12345")
        assert await store.credentials.verify_group("alpha", "1111") == "duty"
        assert len({wall for wall, _ in seen}) == 1  # one commit
        for _, record in seen:
            assert "12345" not in str(record)
            if isinstance(record, PinSet):
                assert record.hash.startswith("$argon2id$")

    run(tmp_path, story)


def test_a_pin_that_is_there_is_kept_unless_asked_otherwise(tmp_path):
    async def story(store):
        await take(store, ALPHA)
        changed = ALPHA.replace("12345", "54321").replace("1111", "2222")
        loaded = await take(store, changed)
        assert loaded.kept == (("alpha", ""), ("alpha", "duty"))
        assert await store.credentials.verify("alpha", "12345")
        await take(store, changed, set_pins=True)
        assert await store.credentials.verify("alpha", "54321")
        assert await store.credentials.verify_group("alpha", "2222") == "duty"
        assert await store.credentials.verify_group("alpha", "1111") is None

    run(tmp_path, story)


def test_teams_that_are_not_called_are_an_alarm_until_they_are(tmp_path):
    async def story(store):
        await take(store, ALPHA + BETA.replace("registered = 2026-01-01\n", ""))
        assert [(a.key, a.text) for a in store.alarms.active()] == [
            ("roster.excluded", "not called: beta (no registration)")
        ]
        await take(store, ALPHA + BETA)
        assert store.alarms.active() == []

    run(tmp_path, story)


def test_what_cannot_be_written_changes_nothing(tmp_path):
    async def story(store):
        await take(store, ALPHA)
        before = store.roster.current()
        await store.close()
        with pytest.raises((StorageError, RuntimeError)):
            await take(store, BETA)
        assert store.roster.current() == before

    run(tmp_path, story)
