"""The box is killed after each single commit of a campaign, and started again: the invariants of "survives anything"."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hal.clock import ClockTrust
from hal.errors import Busy, NoAnswer, NoDialTone
from storage import Envelope
from storage.records import AlertEnded, AttemptEnded, AttemptStarted, SmsQueued, TeamNotReached, TeamReached
from tests.ivr.dialout.world import GAP_S, FakeDevice, World, team
from tests.support.virtualtime import run_virtual

TEAMS = [
    team("sender", mobile="+49151000"),
    team("a"),
    team("b", "021", "022"),
    team("c", mobile="+49151333"),
    team("d"),
]


def a_world(directory: Path) -> World:
    """Four teams: one reached at once, one declines and is reached on its other number, one is reached late, one never."""
    world = World(directory, TEAMS, lines=2)
    number = {t.key: t.numbers[0].number for t in TEAMS}
    world.numbers |= {number["b"]: ["declined"], number["c"]: [NoDialTone(), Busy(), "unacknowledged"]}
    world.numbers[number["d"]] = [NoAnswer()] * 9
    world.management = "+4930999"
    return world


def judge(world: World, alert: int) -> None:
    world.judge(alert)
    for key in "abcd":
        mine = {e.record.call for e in world.log if isinstance(e.record, AttemptStarted) and e.record.team == key}
        counted = mine - {
            e.record.call for e in world.log if isinstance(e.record, AttemptEnded) and not e.record.counted
        }
        assert len(counted) <= 3
        ends = [e for e in world.log if isinstance(e.record, TeamReached | TeamNotReached) and e.record.team == key]
        assert ends, f"{key} was forgotten"
        lost = any(isinstance(e.record, TeamNotReached) for e in ends)
        assert not lost or len(counted) == 3, f"{key} was given up after {len(counted)} calls"
    started = {e.record.call for e in world.log if isinstance(e.record, AttemptStarted)}
    assert started >= {t.call for t in world.tries}, "a call that nobody wrote down"


async def one_life(world: World, stop_at: int | None, alert: int | None) -> int | None:
    """Run until the campaign has ended, or until commit number `stop_at`; returns the alert."""
    dead = asyncio.Event()

    def count(envelope: Envelope) -> None:
        if stop_at is not None and len(world.log) >= stop_at:
            dead.set()

    world.after_commit = count
    async with world.box():
        if alert is None:
            alert = await world.alert()
        ended = asyncio.ensure_future(world.until_ended(alert))
        died = asyncio.ensure_future(dead.wait())
        done, _ = await asyncio.wait([ended, died], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        ended.cancel()
        died.cancel()
        await asyncio.gather(ended, died, return_exceptions=True)
    return alert


def commits_of_a_quiet_campaign(directory: Path) -> int:
    async def story() -> int:
        world = a_world(directory)
        alert = await one_life(world, None, None)
        judge(world, alert)
        return len(world.log)

    return run_virtual(story(), limit_s=20_000)


@pytest.mark.slow
def test_killed_after_every_single_commit(tmp_path: Path) -> None:
    (tmp_path / "quiet").mkdir()
    total = commits_of_a_quiet_campaign(tmp_path / "quiet")
    assert total > 40
    for stop_at in range(3, total + 1):

        async def story(stop_at: int = stop_at) -> None:
            directory = tmp_path / str(stop_at)
            directory.mkdir()
            world = a_world(directory)
            world.boot = f"boot-{stop_at % 2}"
            alert = await one_life(world, stop_at, None)
            await asyncio.sleep(7)
            world.boot = "boot-1"  # half of the time the whole machine was restarted, else the program alone
            await one_life(world, None, alert)
            judge(world, alert)

        run_virtual(story(), limit_s=20_000)


@pytest.mark.slow
def test_killed_again_and_again(tmp_path: Path) -> None:
    for step in (1, 2, 3, 5):

        async def story(step: int = step) -> None:
            directory = tmp_path / str(step)
            directory.mkdir()
            world = a_world(directory)
            alert = await one_life(world, 3, None)
            for life in range(100):
                world.boot = f"boot-{life}"
                world.trust = ClockTrust.DOUBTFUL if life % 3 == 0 else ClockTrust.TRUSTED
                await asyncio.sleep(11)
                await one_life(world, len(world.log) + step, alert)
                if any(isinstance(e.record, AlertEnded) for e in world.log):
                    break
            else:
                raise AssertionError("it never ended")
            judge(world, alert)

        run_virtual(story(), limit_s=100_000)


@pytest.mark.parametrize("trust", list(ClockTrust))
def test_after_a_reboot_the_gap_is_waited_by_the_wall_clock_only_if_it_can_be_trusted(
    tmp_path: Path, trust: ClockTrust
) -> None:
    async def story() -> None:
        world = World(tmp_path, TEAMS[:2], lines=1)
        world.numbers[TEAMS[1].numbers[0].number] = [Busy()]
        async with world.box():
            alert = await world.alert()
            await asyncio.sleep(100)
        ended = world.tries[0].ended
        world.boot, world.trust = "boot-1", trust
        await asyncio.sleep(50)
        restarted = world.loop.time()
        async with world.box():
            await world.until_ended(alert)
        waited_from = restarted if trust is ClockTrust.DOUBTFUL else ended
        assert world.tries[1].at - waited_from == pytest.approx(GAP_S, abs=3)

    run_virtual(story())


def test_an_end_written_by_a_doubtful_clock_is_no_measure_after_a_reboot(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, TEAMS[:2], lines=1)
        world.numbers[TEAMS[1].numbers[0].number] = [Busy()]
        world.trust = ClockTrust.DOUBTFUL
        async with world.box():
            alert = await world.alert()
            await asyncio.sleep(100)
        world.boot, world.trust = "boot-1", ClockTrust.TRUSTED
        restarted = world.loop.time()
        async with world.box():
            await world.until_ended(alert)
        assert world.tries[1].at - restarted >= GAP_S

    run_virtual(story())


def test_notices_are_sent_once_over_a_restart(tmp_path: Path) -> None:
    async def story() -> None:
        world = a_world(tmp_path)
        world.sms_pool = [FakeDevice("gsm", sms=True)]
        alert = await one_life(world, 6, None)
        await one_life(world, None, alert)
        queued = [r for r in world.records(SmsQueued) if r.purpose == "notice"]
        assert [r.team for r in queued] == ["c"]

    run_virtual(story(), limit_s=20_000)


def test_the_result_is_told_though_the_box_dies_at_the_moment_of_an_all_clear(tmp_path: Path) -> None:
    async def story() -> None:
        world = a_world(tmp_path)
        async with world.box():
            alert = await world.alert()
            await asyncio.sleep(5)
        # The box has committed the end that the sender asked for, and nothing after it.
        async with world.box():
            for job in world.jobs:
                job.cancel()
            await asyncio.gather(*world.jobs, return_exceptions=True)
            await world.store.commit(AlertEnded(alert, "all-clear", "sender"))
            world.jobs.clear()
        for _ in range(2):
            async with world.box():
                await asyncio.sleep(10)
                campaign = await world.store.campaigns.get(alert)
        assert sorted(r.number for r in world.records(SmsQueued) if r.purpose == "result") == ["+49151000", "+4930999"]
        assert campaign is not None
        assert [a.call for a in campaign.attempts if a.ended is None] == [], "and what was cut off has an end"

    run_virtual(story())
