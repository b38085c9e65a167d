"""The copy for emergencies: always in step, readable without the database, good for a fresh start."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from storage import LastGood, StorageError, Store
from storage import records as r
from storage.roster import Roster
from tests.storage.support import open_store, sound, team

ROSTER = Roster.of([team("a", groups=("ops",)), team("b")])


async def filled(directory: Path) -> Store:
    store = await open_store(directory)
    await store.commit(r.RosterLoaded(ROSTER.digest, "file", ROSTER.to_json()))
    await store.commit(r.PinSet("a", "ops", await store.credentials.hash("1234"), "test"))
    name = Store.digest(sound(1))
    await store.commit(r.SpokenNameRecorded("a", name), audio={name: sound(1)})
    return store


def test_it_follows_every_change_and_is_for_the_owner_only(tmp_path: Path) -> None:
    async def main() -> None:
        store = await filled(tmp_path)
        copy = LastGood.read(tmp_path / "box.db")
        assert copy.roster == ROSTER
        assert [(pin.team, pin.group) for pin in copy.pins] == [("a", "ops")]
        assert copy.sounds[copy.names["a"]].data == sound(1).data
        newer = Roster.of([team("c")])
        await store.commit(r.RosterLoaded(newer.digest, "file", newer.to_json()), r.PinSet("a", "ops", "", "test"))
        assert LastGood.read(tmp_path / "box.db").roster == newer
        assert LastGood.read(tmp_path / "box.db").pins == ()
        await store.close()

    asyncio.run(main())
    names = tmp_path / "box.db.names"
    files = [tmp_path / "box.db.lastgood", *names.iterdir()]
    assert len(files) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(names.stat().st_mode) == 0o700


def test_a_fresh_store_goes_on_from_it_when_the_database_is_unreadable(tmp_path: Path) -> None:
    async def main() -> None:
        await (await filled(tmp_path)).close()
        (tmp_path / "box.db").write_bytes(b"rubbish" * 1000)
        with pytest.raises(StorageError):
            await open_store(tmp_path)
        copy = LastGood.read(tmp_path / "box.db")
        (tmp_path / "emergency").mkdir()
        store = await open_store(tmp_path / "emergency")
        await store.commit(*copy.records(), audio=copy.sounds)
        assert store.roster.current() == ROSTER
        assert await store.credentials.verify_group("a", "1234") == "ops"
        name = await store.messages.spoken_name("a")
        assert name is not None
        assert name.data == sound(1).data
        await store.close()

    asyncio.run(main())


def test_it_is_made_again_at_the_next_start_if_it_is_missing_or_damaged(tmp_path: Path) -> None:
    async def main() -> None:
        await (await filled(tmp_path)).close()
        copy = tmp_path / "box.db.lastgood"
        good = copy.read_bytes()
        for damage in (copy.unlink, lambda: copy.write_bytes(good[:-1])):
            damage()
            await (await open_store(tmp_path)).close()
            assert copy.read_bytes() == good

    asyncio.run(main())


@pytest.mark.parametrize("keep", [0, 10, 64, 65, 100, -1])
def test_a_damaged_copy_is_refused(tmp_path: Path, keep: int) -> None:
    asyncio.run(close_after_filling(tmp_path))
    copy = tmp_path / "box.db.lastgood"
    copy.write_bytes(copy.read_bytes()[:keep])
    with pytest.raises(StorageError, match="load the roster again"):
        LastGood.read(tmp_path / "box.db")


def test_a_name_that_cannot_be_read_is_just_missing(tmp_path: Path) -> None:
    asyncio.run(close_after_filling(tmp_path))
    [name] = (tmp_path / "box.db.names").iterdir()
    name.write_bytes(b"other")
    copy = LastGood.read(tmp_path / "box.db")
    assert copy.sounds == {}
    assert all(not isinstance(record, r.SpokenNameRecorded) for record in copy.records())


def test_there_is_none_before_the_first_roster(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no copy"):
        LastGood.read(tmp_path / "box.db")


async def close_after_filling(directory: Path) -> None:
    await (await filled(directory)).close()
