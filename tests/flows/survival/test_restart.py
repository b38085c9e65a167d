"""The box dies at any moment of an alert and goes on after it: nobody forgotten, nobody called again who was reached, nobody
called a fourth time, and no gap cut short."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from tests.support.box import Town
from tests.support.callees import ALPHA, BRAVO, DELTA, ECHO, confirm, person

TEAMS = (BRAVO, DELTA, ECHO)


async def at_once(town: Town) -> None:
    """The alert has just been confirmed."""


async def dialling(town: Town) -> None:
    while not town.phone("bravo").calls:
        await asyncio.sleep(0.02)


async def ringing(town: Town) -> None:
    while not any(log.rang for log in town.phone("bravo").calls):
        await asyncio.sleep(0.02)


async def answered(town: Town) -> None:
    while not any(log.answered for log in town.phone("bravo").calls):
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)


async def acknowledged(town: Town) -> None:
    while "bravo" not in (await town.box.store.campaigns.get(1)).reached:
        await asyncio.sleep(0.02)


async def between_the_calls(town: Town) -> None:
    while not (tries := town.phone("echo").calls) or not tries[-1].ended:
        await asyncio.sleep(0.1)
    await asyncio.sleep(100.0)


@pytest.mark.parametrize(
    ("how", "moment"),
    [
        *(("crash", moment) for moment in (at_once, dialling, ringing, answered, acknowledged, between_the_calls)),
        *(("stop", moment) for moment in (ringing, between_the_calls)),
    ],
)
def test_the_alert_goes_on(play, how, moment):
    async def story(town: Town) -> None:
        person(town, BRAVO)
        person(town, DELTA)
        town.phone("echo").busy_times = 1
        person(town, ECHO)
        alert = await confirm(town)
        await moment(town)
        await (town.crash() if how == "crash" else town.stop())
        reached_before = (
            {log.called for log in town.exchange.calls if log.answered} if moment is acknowledged else set()
        )
        await asyncio.sleep(20.0)
        await town.restart()
        campaign = await town.ended(alert)

        assert set(campaign.reached) == {"bravo", "delta", "echo"}
        assert campaign.ended == "complete"
        for member in TEAMS:
            tries = [each for each in campaign.attempts if each.team == member.key]
            assert len(tries) <= 3
            assert len(town.phone(member.key).calls) <= 3
            for earlier, later in itertools.pairwise(tries):
                assert later.started.mono - earlier.ended.mono >= 300.0
        if moment is acknowledged:
            assert BRAVO.number in reached_before
            assert len(town.phone("bravo").calls) == 1
        assert (await town.command("journal verify")).data["ok"]

    play(story, members=(ALPHA, *TEAMS))
