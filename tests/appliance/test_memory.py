"""Whatever state the database is in, the box has a memory to alert from."""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3

import pytest

from appliance.memory import ALARM, DATABASE, SIDE, open_memory
from hal.audio.sound import Sound
from hal.clock import Clock
from storage import StorageFull, StorageInUse, Store
from storage.records import AlarmRaised, AlertConfirmed, AlertEnded, MessageRecorded, PinSet, RosterLoaded, Target
from storage.roster import Number, Roster, Team
from tests.support.stores import CHEAP

DAY = dt.date(2026, 1, 1)
ROSTER = Roster.of([Team("alpha", "4711", "Alpha", numbers=(Number("030"),), registered=DAY, code_of_conduct=DAY)])


def clock():
    return Clock(asyncio.get_running_loop(), boot_id="test")


async def opened(state):
    return await open_memory(state, clock(), pin_cost=CHEAP)


async def prepare(state):
    """A box that has a roster and a PIN."""
    memory = await opened(state)
    pin = await memory.store.credentials.hash("12345")
    await memory.store.commit(RosterLoaded(ROSTER.digest, "test", ROSTER.to_json()), PinSet("alpha", "", pin, "test"))
    await memory.store.close()


async def confirm(store):
    """An alert of alpha's."""
    sound = Sound(b"\xd5" * 8000)
    digest = store.digest(sound)
    await store.commit(
        MessageRecorded(1, "alpha", 1, digest, "alaw", 8000),
        AlertConfirmed(1, 1, "alpha", 1, False, [Target("alpha")]),
        audio={digest: sound},
    )


def damage(state):
    (state / DATABASE).write_bytes(b"this is no database" * 1000)
    for more in ("-wal", "-shm"):
        (state / (DATABASE + more)).unlink(missing_ok=True)


def test_a_sound_database_is_used(tmp_path):
    async def story():
        await prepare(tmp_path)
        memory = await opened(tmp_path)
        assert memory.trouble == ""
        assert memory.store.roster.current().by_key("alpha")
        assert not memory.store.alarms.active()
        await memory.store.close()

    asyncio.run(story())
    assert not (tmp_path / SIDE).exists()


def test_a_damaged_database_alarms_and_the_copy_of_the_roster_serves(tmp_path):
    async def story():
        await prepare(tmp_path)
        damage(tmp_path)
        memory = await opened(tmp_path)
        assert "the database cannot be used" in memory.trouble
        assert [(alarm.key, alarm.severity) for alarm in memory.store.alarms.active()] == [(ALARM, "critical")]
        assert [team.key for team in memory.store.roster.current().callable()] == ["alpha"]
        assert await memory.store.credentials.verify("alpha", "12345")
        await memory.store.close()

    asyncio.run(story())


def test_what_is_confirmed_on_the_side_survives_there(tmp_path):
    async def story():
        await prepare(tmp_path)
        damage(tmp_path)
        memory = await opened(tmp_path)
        await confirm(memory.store)
        await memory.store.close()
        again = await opened(tmp_path)
        assert [each.alert for each in await again.store.campaigns.open()] == [1]
        await again.store.close()

    asyncio.run(story())


def test_an_alert_on_the_side_ends_there_before_the_main_database_comes_back(tmp_path):
    async def story():
        await prepare(tmp_path)
        sound = (tmp_path / DATABASE).read_bytes()
        damage(tmp_path)
        memory = await opened(tmp_path)
        await confirm(memory.store)
        await memory.store.close()

        (tmp_path / DATABASE).write_bytes(sound)
        memory = await opened(tmp_path)
        assert "still running" in memory.trouble
        await memory.store.commit(AlertEnded(1, "complete"))
        await memory.store.close()

        memory = await opened(tmp_path)
        assert memory.trouble == ""
        assert not await memory.store.campaigns.open()
        await memory.store.close()
        assert not (tmp_path / SIDE).exists()
        (kept,) = tmp_path.glob(f"{SIDE}-*")
        assert sqlite3.connect(kept / DATABASE).execute("select count(*) from campaigns").fetchone() == (1,)

    asyncio.run(story())


def test_without_a_copy_there_is_still_a_memory(tmp_path):
    async def story():
        damage(tmp_path)
        memory = await opened(tmp_path)
        assert memory.trouble
        assert memory.store.roster.current().teams == ()
        await memory.store.close()

    asyncio.run(story())


def test_keys_that_cannot_be_trusted_cost_the_pins_not_the_alerts(tmp_path):
    async def story():
        await prepare(tmp_path)
        (tmp_path / "pepper.key").chmod(0o644)
        memory = await opened(tmp_path)
        assert "pepper.key" in memory.trouble
        assert [team.key for team in memory.store.roster.current().callable()] == ["alpha"]
        await memory.store.close()

    asyncio.run(story())


def test_where_nothing_can_be_written_it_lives_in_the_temporary_file_system(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    state = tmp_path / "state"
    state.write_text("a file where the directory should be")

    async def story():
        memory = await opened(state)
        assert "everything is lost when the power fails" in memory.trouble
        await memory.store.close()

    asyncio.run(story())
    assert list((tmp_path / "tmp").glob("alertbox-*"))


@pytest.mark.parametrize("broken", ["", "garbage"])
def test_a_side_database_that_is_broken_too_is_no_end(tmp_path, broken, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "state" / SIDE).mkdir(parents=True)
    (tmp_path / "state" / SIDE / DATABASE).write_text(broken * 1000)

    async def story():
        damage(tmp_path / "state")
        memory = await opened(tmp_path / "state")
        assert memory.trouble
        await memory.store.close()

    asyncio.run(story())


def test_a_second_box_does_not_begin_beside_the_first(tmp_path):
    async def story():
        memory = await opened(tmp_path)
        with pytest.raises(StorageInUse):
            await opened(tmp_path)
        await memory.store.close()

    asyncio.run(story())
    assert not (tmp_path / SIDE).exists()


@pytest.mark.parametrize("mended", [False, True])
def test_a_disk_without_room_for_the_alarm_is_no_end(tmp_path, monkeypatch, mended):
    async def story():
        await prepare(tmp_path)
        sound = (tmp_path / DATABASE).read_bytes()
        damage(tmp_path)
        await (await opened(tmp_path)).store.close()  # its side database has the roster
        if mended:
            (tmp_path / DATABASE).write_bytes(sound)
            store = (await opened(tmp_path)).store
            await store.commit(AlarmRaised(ALARM, "critical", "as it stood when the disk became full"))
            await store.close()

        async def full(*_, **__):
            raise StorageFull(28, "full")

        monkeypatch.setattr(Store, "commit", full)
        memory = await opened(tmp_path)
        assert bool(memory.trouble) is not mended
        assert memory.store.roster.current().by_key("alpha")
        await memory.store.close()

    asyncio.run(story())
