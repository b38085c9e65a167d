"""Opening: new, old, newer, damaged, foreign, in use, for reading only."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from storage import Secrets, StorageClosed, StorageError, StorageInUse, schema
from storage import records as r
from tests.storage.support import SECRETS, open_store


async def make(directory: Path, records: int = 3) -> None:
    store = await open_store(directory)
    for n in range(records):
        await store.commit(r.AlarmRaised(f"test.{n}", "minor", "x" * 1000))
    await store.close()


def opens(directory: Path, **options: object) -> int:
    async def main() -> int:
        store = await open_store(directory, **options)
        count = len(store.alarms.active())
        await store.close()
        return count

    return asyncio.run(main())


def refused(directory: Path, **options: object) -> str:
    with pytest.raises(StorageError) as caught:
        opens(directory, **options)
    assert "box.db" in str(caught.value), "names the file"
    return str(caught.value)


def test_the_file_is_set_up_for_a_card(tmp_path: Path) -> None:
    async def main() -> dict[str, object]:
        store = await open_store(tmp_path)
        names = ("journal_mode", "synchronous", "page_size", "wal_autocheckpoint", "auto_vacuum", "application_id")
        pragmas = await store._database.write(lambda db: {n: db.execute(f"pragma {n}").fetchone()[0] for n in names})
        await store.close()
        return pragmas

    assert asyncio.run(main()) == {
        "journal_mode": "wal",
        "synchronous": 2,
        "page_size": 4096,
        "wal_autocheckpoint": 4096,
        "auto_vacuum": 0,
        "application_id": 0x416C6278,
    }
    assert (tmp_path / "box.db").stat().st_mode & 0o777 == 0o600


def test_after_closing_all_is_in_the_file(tmp_path: Path) -> None:
    asyncio.run(make(tmp_path))
    assert not (tmp_path / "box.db-wal").exists()
    assert opens(tmp_path) == 3


def test_a_newer_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    asyncio.run(make(tmp_path))
    with sqlite3.connect(tmp_path / "box.db") as connection:
        connection.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at) values ('alertbox', '0099 later', 'x')"
        )
    connection.close()
    before = (tmp_path / "box.db").read_bytes()
    assert "newer program (migration 0099 later)" in refused(tmp_path)
    assert (tmp_path / "box.db").read_bytes() == before


def test_migrations_are_numbered_in_order() -> None:
    numbers = [int(name.split()[0]) for name in schema.MIGRATIONS]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("where", [0, 4096, 3 * 4096])
def test_a_damaged_database_is_refused(tmp_path: Path, where: int) -> None:
    asyncio.run(make(tmp_path, 30))
    with open(tmp_path / "box.db", "r+b") as file:
        file.seek(where)
        file.write(b"\x5a" * 4096)
    assert "restore a backup" in refused(tmp_path)


def test_another_kind_of_file_is_refused_and_not_touched(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "box.db") as connection:
        connection.execute("create table recipes (name)")
    connection.close()
    before = (tmp_path / "box.db").read_bytes()
    assert "not a database of the alert box" in refused(tmp_path)
    assert (tmp_path / "box.db").read_bytes() == before


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    refused(tmp_path / "missing")


@pytest.mark.parametrize(
    ("secrets", "what"),
    [(Secrets(b"x" * 32, SECRETS.pepper), "device key"), (Secrets(SECRETS.device_key, b"x" * 32), "pepper")],
)
def test_the_keys_of_another_box_are_noticed(tmp_path: Path, secrets: Secrets, what: str) -> None:
    asyncio.run(make(tmp_path))
    assert f"another {what}" in refused(tmp_path, secrets=secrets)
    assert opens(tmp_path) == 3


def test_a_second_box_on_the_same_database_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        with pytest.raises(StorageInUse, match="in use by another process"):
            await open_store(tmp_path)
        await store.commit(r.AlarmRaised("still", "minor", "alive"))
        await store.close()

    asyncio.run(main())
    assert opens(tmp_path) == 1, "the lock goes with its owner"


def test_reading_beside_a_running_box_and_after_it(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        await store.commit(r.AlarmRaised("a", "minor", "b"))
        reader = await open_store(tmp_path, read_only=True)
        assert [alarm.key for alarm in reader.alarms.active()] == ["a"]
        assert (await reader.journal.verify()).ok
        with pytest.raises(StorageClosed):
            await reader.commit(r.AlarmCleared("a"))
        await reader.close()
        await store.close()

    asyncio.run(main())
    assert opens(tmp_path, read_only=True) == 1


def test_a_full_check_reads_the_audio_too(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        assert await store.check() == []
        await store.close()

    asyncio.run(main())
