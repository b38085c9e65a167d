"""All lines that may dial and are free call at once; of the lines that take calls, one is kept for callers."""

from __future__ import annotations

import asyncio
import itertools

from tests.support.box import CONFIG, ISDN, RADIO, Town
from tests.support.callees import ALPHA, BRAVO, DELTA, ECHO, attempts, confirm, person

TEAMS = (ALPHA, BRAVO, DELTA, ECHO)


def at_once(tries) -> int:
    """The most calls that were up at the same moment."""
    changes = sorted([(t.started.mono, 1) for t in tries] + [(t.ended.mono, -1) for t in tries])
    return max(itertools.accumulate(change for _, change in changes))


def test_every_line_but_the_one_for_callers_dials(play):
    async def story(town: Town) -> None:
        for member in TEAMS[1:]:
            person(town, member)
        campaign = await town.ended(await confirm(town))
        first = [each.started.mono for each in campaign.attempts[:2]]
        assert first[1] - first[0] < 0.1
        assert {each.line for each in campaign.attempts[:2]} >= {"gsm"}
        assert at_once(campaign.attempts) == 2

    play(story, members=TEAMS, config=CONFIG + ISDN + RADIO)


def test_where_none_is_kept_all_of_them_dial(play):
    async def story(town: Town) -> None:
        for member in TEAMS[1:]:
            person(town, member)
        campaign = await town.ended(await confirm(town))
        assert {each.line for each in campaign.attempts} == {"gsm", "isdn.1", "isdn.2"}
        assert at_once(campaign.attempts) == 3

    play(story, members=TEAMS, config=CONFIG + "keep_free = 0\n" + ISDN + RADIO)


def test_a_caller_finds_the_line_that_is_kept(play):
    async def story(town: Town) -> None:
        for member in TEAMS[1:]:
            town.exchange.phone(member.number).never_answers()
        alert = await confirm(town)
        while not await attempts(town, alert):
            await asyncio.sleep(0.1)
        async with town.call_in("alpha") as call:
            await call.hears("Welcome to the Test alert")
            assert len(town.box.dialout.calling) == 1

    play(story, members=TEAMS)
