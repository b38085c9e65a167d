"""A campaign whose store fails: the calling goes on, the alarm goes out, and what happened is written when it can be."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from hal.errors import Busy
from ivr.dialout.ledger import PATIENCE_S
from storage import StorageError, StorageFull
from storage.records import AttemptEnded, AttemptStarted, CallEnded
from tests.ivr.dialout.world import FakeDevice, Result, World, team
from tests.support.virtualtime import run_virtual

TEAMS = [team("sender"), team("a"), team("b"), team("c")]


def full_disk(world: World) -> Any:
    """From now on nothing can be written. Returns what ends it."""
    commit = world.store.commit

    async def refuse(*_: Any, **__: Any) -> Any:
        raise StorageFull("no room")

    world.store.commit = refuse
    world.store_works = False

    def again() -> None:
        world.store.commit = commit

    return again


def test_a_full_disk_stops_no_call_and_what_happened_is_written_later(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, TEAMS, lines=1)
        world.management = "+49999"
        world.sms_pool = [FakeDevice("gsm", sms=True)]
        world.numbers[TEAMS[3].numbers[0].number] = [Busy()] * 9

        async def hears(call: object, call_id: int, team: object, alerts: object) -> Result:
            await asyncio.sleep(20)
            return Result("reached")

        for t in TEAMS[1:3]:
            world.numbers[t.numbers[0].number] = [hears] * 9
        async with world.box() as dialout:
            alert = await world.alert()
            again = full_disk(world)
            await asyncio.sleep(2000)
            assert [t.team for t in world.tries] == ["a", "b", "c", "c", "c"], "everybody, and nobody too often"
            assert any("kept in memory only" in text for _, _, text in world.sms_pool[0].sms.sent)
            assert not dialout.calling
            again()
            await world.until_ended(alert)
            await asyncio.sleep(60)
            campaign = await world.store.campaigns.get(alert)
            assert len(campaign.attempts) == 5
            assert all(a.ended for a in campaign.attempts)
            assert campaign.not_reached == {"c": "3 calls: busy, busy, busy"}
            assert any("written late" in a.text for a in world.store.alarms.active())
            assert len(world.records(AttemptStarted)) == len(world.records(AttemptEnded)) == 5

    run_virtual(story(), limit_s=10_000)


def test_a_card_that_stalls_holds_a_call_up_for_ten_seconds_and_no_more(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, TEAMS[:2], lines=1)
        async with world.box():
            alert = await world.alert()
            commit = world.store.commit

            async def slow(*records: Any, **kwargs: Any) -> Any:
                await asyncio.sleep(40)
                return await commit(*records, **kwargs)

            world.store.commit = slow
            world.store_works = False
            begun = world.loop.time()
            await world.until_ended(alert)
            assert world.tries[0].at - begun <= PATIENCE_S + 1
            assert len(world.tries) == 1
            await asyncio.sleep(100)
            assert len(world.records(CallEnded)) == 1

    run_virtual(story())


def test_open_alerts_that_cannot_be_read_are_alarmed_and_tried_again_while_new_ones_are_called(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, TEAMS[:3], lines=1)
        world.rings_s = 1000
        async with world.box():
            old = await world.alert()
            await asyncio.sleep(5)
        world.rings_s = 5
        blind = True
        from storage.campaigns import Campaigns

        true_open = Campaigns.open

        async def fails(self: Campaigns) -> Any:
            if blind:
                raise StorageError("unreadable")
            return await true_open(self)

        Campaigns.open = fails
        try:
            async with world.box():
                await asyncio.sleep(5)
                assert any(a.key == "dialout.resume" for a in world.store.alarms.active())
                new = await world.alert()
                await world.until_ended(new)
                blind = False
                await world.until_ended(old)
                assert not any(a.key == "dialout.resume" for a in world.store.alarms.active())
                world.judge(old)
        finally:
            Campaigns.open = true_open

    run_virtual(story(), limit_s=10_000)
