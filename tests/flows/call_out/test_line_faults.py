"""What the line did wrong is never counted against the team: it is tried at once on another line."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from tests.support.box import CONFIG, ISDN, RADIO, Town
from tests.support.callees import ALPHA, BRAVO, DELTA, ECHO, FOXTROT, confirm, person


@pytest.mark.parametrize("fault", ["no_carrier", "congestion", "silent"])
def test_the_team_is_called_at_once_on_another_line(play, fault):
    async def story(town: Town) -> None:
        person(town, BRAVO)
        town.exchange.devices["gsm"].faults.set(**{fault: True})
        campaign = await town.ended(await confirm(town))
        failed, good = campaign.attempts
        assert (failed.line, failed.outcome, failed.counted) == ("gsm", "line-fault", False)
        assert good.line.startswith("isdn")
        assert good.started.mono - failed.ended.mono < 0.5
        assert campaign.reached["bravo"].how == "key"
        assert len([log for log in town.phone("bravo").calls if log.rang]) == 1

    play(story, members=(ALPHA, BRAVO), config=CONFIG + ISDN + RADIO)


def test_a_line_that_fails_three_calls_leaves_service_and_comes_back(play):
    async def story(town: Town) -> None:
        teams = (BRAVO, DELTA, ECHO, FOXTROT)
        for member in teams:
            person(town, member)
        gsm = town.exchange.devices["gsm"]
        gsm.faults.no_carrier = True
        campaign = await town.ended(await confirm(town))
        assert set(campaign.reached) == {member.key for member in teams}
        bad = [each for each in campaign.attempts if each.line == "gsm"]
        assert all((each.outcome, each.counted) == ("line-fault", False) for each in bad)
        first_three = [each.started.mono for each in bad[:3]]
        later = [each.started.mono for each in bad[3:]]
        assert all(late - first_three[-1] >= 5.0 for late in later)
        assert all(b - a >= 5.0 for a, b in itertools.pairwise([first_three[-1], *later]))
        assert any(alarm.key == "trunk.gsm" for alarm in town.box.store.alarms.active())
        assert not next(line for line in town.box.lines() if line.name == "gsm").in_service

        gsm.faults.no_carrier = False
        again = person(town, FOXTROT)
        town.phone("bravo").busy = town.phone("delta").busy = town.phone("echo").busy = True
        await asyncio.sleep(400.0)
        await confirm(town)
        while not again.calls or not again.calls[-1].hung_up:
            await asyncio.sleep(1.0)
        while any(alarm.key == "trunk.gsm" for alarm in town.box.store.alarms.active()):
            await asyncio.sleep(1.0)
        assert next(line for line in town.box.lines() if line.name == "gsm").in_service

    play(story, members=(ALPHA, BRAVO, DELTA, ECHO, FOXTROT), config=CONFIG + ISDN + RADIO)
