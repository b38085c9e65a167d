"""A full disk: whatever can wait is refused clearly, and one whole alert still goes through on the reserve.

The disk is a small tmpfs, for which the tests need root; without it, the two of them that can do so limit SQLite's pages.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import InvalidRecord, StorageFull, Store, reserve
from storage import records as r
from storage.reserve import Claim, Reserve, claim
from storage.roster import Roster
from tests.storage.support import open_store, sound, team

MIB = 1024 * 1024
RESERVE = 6 * MIB


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 20 MiB."""
    where = tmp_path / "disk"
    where.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", where], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small tmpfs needs root: {mounted.stderr.strip()}")
    yield where
    subprocess.run(["umount", "-l", where], check=True)


def fill(disk: Path, leave: int = 0) -> None:
    """Use up the disk; there is always somebody's log file."""
    with open(disk / "log", "ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
        file.truncate(max(0, file.seek(0, 2) - leave))


async def whole_alert(store: Store, teams: int) -> int:
    """From the call in to the end of the campaign. Returns the number of commits."""
    call, message, alert = store.new_id("call"), store.new_id("message"), store.new_id("alert")
    audio = sound(alert, seconds=120)
    digest = Store.digest(audio)
    keys = [f"t{n}" for n in range(teams)]
    commits = 4 + 2 * teams
    await store.commit(r.CallStarted(call, "in", "isdn.1", "0301", None, "caller", "alert"))
    await store.commit(r.LoginTried(call, "0301", "t0", True))
    await store.commit(r.MessageRecorded(message, "t0", call, digest, "alaw", audio.samples), audio={digest: audio})
    await store.commit(r.AlertConfirmed(alert, message, "t0", call, False, [r.Target(key) for key in keys]))
    for key in keys:
        out = store.new_id("call")
        await store.commit(
            r.CallStarted(out, "out", "isdn.1", None, "030", f"campaign:{alert}", "alert"),
            r.AttemptStarted(out, key, [alert], 0, "030", "isdn.1"),
        )
        await store.commit(
            r.TeamReached(alert, key, "key", "", out),
            r.AttemptEnded(out, key, [alert], "reached", True),
            r.CallEnded(out, "completed", "", 30.0, 20.0),
        )
    await store.commit(r.AlertEnded(alert, "complete"), r.CallEnded(call, "completed", "", 60.0, 50.0))
    return commits + 1


async def raise_alarms(store: Store, count: int) -> None:
    for n in range(count):
        await store.commit(r.AlarmRaised(f"{n}", "minor", "x" * 2000))


def load(teams: int) -> r.RosterLoaded:
    roster = Roster.of(team(f"t{n}", name="x" * 1000) for n in range(teams))
    return r.RosterLoaded(roster.digest, "file", roster.to_json())


def test_one_alert_goes_through_on_the_reserve(disk: Path) -> None:
    async def main() -> None:
        store = await open_store(disk, reserve_bytes=RESERVE)
        await store.commit(load(1))
        assert store.space() == (RESERVE, RESERVE)
        fill(disk)
        with pytest.raises(StorageFull, match="remove files there"):
            await store.commit(load(4000))
        assert store.roster.current().by_key("t1") is None
        assert store.space() == (RESERVE, RESERVE), "a roster may not draw on it"
        assert await whole_alert(store, 300) == 605
        left, size = store.space()
        assert 0 <= left < size, "and this is where the room came from"
        [campaign] = await store.campaigns.recent(1)
        assert len(campaign.reached) == 300
        assert (await store.messages.sound(campaign.message)).samples == 960_000
        assert (await store.journal.verify()).ok
        await store.close()
        store = await open_store(disk, reserve_bytes=RESERVE)
        assert (await store.campaigns.recent(1)) == [campaign], "all of it is there after a restart on the full disk"
        await store.close()

    asyncio.run(main())


def test_a_flood_of_callers_leaves_half_of_it_to_the_alert(disk: Path) -> None:
    async def main() -> None:
        store = await open_store(disk, reserve_bytes=RESERVE)
        fill(disk)
        flooded = None
        while flooded is None:
            flood = [
                r.CallStarted(store.new_id("call"), "in", "isdn.1", "0" * 5000, None, "caller", "alert")
                for _ in range(50)
            ]
            outcomes = await asyncio.gather(*map(store.commit, flood), return_exceptions=True)
            flooded = next((outcome for outcome in outcomes if isinstance(outcome, BaseException)), None)
        assert isinstance(flooded, StorageFull)
        assert store.space()[0] >= RESERVE // 2
        alarm = r.AlarmRaised("disk", "critical", "the disk is full")
        await store.commit(alarm)
        call = store.new_id("call")
        await store.commit(
            r.CallStarted(call, "out", "isdn.1", None, "030", "campaign:1", "alert"),
            r.AttemptStarted(call, "a", [1], 0, "030", "isdn.1"),
        )
        assert (await store.journal.verify()).ok
        await store.close()

    asyncio.run(main())


def test_the_reserve_is_made_whole_again_when_there_is_room(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reserve, "RETRY_S", 0.0)

    async def main() -> None:
        store = await open_store(disk, reserve_bytes=RESERVE)
        fill(disk)
        await whole_alert(store, 3)
        assert store.space()[0] < RESERVE
        (disk / "log").unlink()
        await store.commit(load(10))
        assert store.space() == (RESERVE, RESERVE)
        assert (disk / "box.db.reserve").stat().st_blocks * 512 >= RESERVE
        await store.close()

    asyncio.run(main())


def test_a_box_that_starts_on_a_full_disk_starts(disk: Path) -> None:
    async def main() -> None:
        store = await open_store(disk, reserve_bytes=RESERVE)
        await store.commit(load(3))
        await store.close()
        fill(disk, leave=64 * 1024)
        store = await open_store(disk, reserve_bytes=RESERVE)
        assert store.roster.current().by_key("t2") is not None
        await whole_alert(store, 10)
        await store.close()
        fill(disk)
        store = await open_store(disk, reserve_bytes=RESERVE)
        await store.commit(r.AlarmRaised("disk", "critical", "the disk is full"))
        await store.close()

    asyncio.run(main())


def test_when_even_the_reserve_is_gone_the_store_says_so_and_stays_whole(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path, reserve_bytes=4 * MIB)
        pages = await store._database.write(lambda db: db.execute("pragma page_count").fetchone()[0])
        await store._database.write(lambda db: db.execute(f"pragma max_page_count = {pages + 20}"))
        with pytest.raises(StorageFull):
            await raise_alarms(store, 1000)
        assert store.space()[0] == 0
        report = await store.journal.verify()
        assert report.ok
        assert len(store.alarms.active()) == report.records
        assert store.journal.head == report.head
        await store._database.write(lambda db: db.execute("pragma max_page_count = 1000000"))
        await store.commit(r.AlarmRaised("later", "minor", "room again"))
        assert (await store.journal.verify()).records == report.records + 1
        await store.close()

    asyncio.run(main())


def test_in_a_mixed_group_only_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path, reserve_bytes=4 * MIB)
        pages = await store._database.write(lambda db: db.execute("pragma page_count").fetchone()[0])
        await store._database.write(lambda db: db.execute(f"pragma max_page_count = {pages + 20}"))
        outcomes = await asyncio.gather(
            store.commit(load(1000)),
            store.commit(r.AlarmRaised("disk", "critical", "full")),
            store.commit(r.AlertEnded(9, "complete")),
            return_exceptions=True,
        )
        assert isinstance(outcomes[0], StorageFull)
        assert [e.seq for e in outcomes[1]] == [1]
        assert isinstance(outcomes[2], InvalidRecord)
        await store.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([load(1)], Claim.NONE),
        ([r.SettingChanged("a", "b", "c")], Claim.NONE),
        ([r.CallStarted(1, "in", "l", None, None, "caller", "alert")], Claim.CALLER),
        ([r.LoginTried(1, None, None, False)], Claim.CALLER),
        ([r.CallStarted(1, "out", "l", None, None, "campaign:1", "alert")], Claim.ALERT),
        ([r.CallStarted(1, "in", "l", None, None, "caller", "alert"), r.CallAnswered(1)], Claim.ALERT),
        ([r.AlarmRaised("disk", "critical", "full")], Claim.ALERT),
        ([], Claim.NONE),
    ],
)
def test_who_may_draw_on_the_reserve(records: list[r.Record], expected: Claim) -> None:
    assert claim(records) is expected


def test_slices_are_given_down_to_the_floor_of_the_claim(tmp_path: Path) -> None:
    kept = Reserve(tmp_path / "reserve", 4 * MIB)
    kept.open()
    try:
        assert kept.left == (tmp_path / "reserve").stat().st_size == 4 * MIB
        assert not kept.give(1, Claim.NONE)
        assert kept.give(1, Claim.CALLER)
        assert kept.left == 3 * MIB
        assert kept.give(100 * MIB, Claim.CALLER)
        assert kept.left == 2 * MIB
        assert not kept.give(1, Claim.CALLER)
        assert kept.give(100 * MIB, Claim.ALERT)
        assert kept.left == (tmp_path / "reserve").stat().st_size == 0
        assert not kept.give(1, Claim.ALERT)
    finally:
        kept.close()
