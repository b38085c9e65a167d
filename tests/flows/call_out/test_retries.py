"""At most three calls a team and alert, five minutes between the end of one and the start of the next, fresh teams first."""

from __future__ import annotations

import asyncio
import itertools

from tests.support.box import CONFIG, ISDN, RADIO, Town
from tests.support.callees import ALPHA, BRAVO, DELTA, ECHO, FOXTROT, attempts, confirm, person


def test_three_calls_with_the_gap_between_them_and_never_a_fourth(play):
    async def story(town: Town) -> None:
        town.phone("bravo").busy = True
        town.phone("delta").never_answers()
        campaign = await town.ended(await confirm(town))
        for team, outcome in (("bravo", "busy"), ("delta", "no-answer")):
            tries = [each for each in campaign.attempts if each.team == team]
            assert [each.outcome for each in tries] == [outcome] * 3
            for earlier, later in itertools.pairwise(tries):
                assert 299.999 < later.started.mono - earlier.ended.mono < 301.0
        assert set(campaign.not_reached) == {"bravo", "delta"}
        await asyncio.sleep(400.0)
        assert [len(town.phone(team).calls) for team in ("bravo", "delta")] == [3, 3]

    play(story, members=(ALPHA, BRAVO, DELTA), config=CONFIG + ISDN + RADIO)


def test_fresh_teams_come_before_a_retry_that_is_due(play):
    async def story(town: Town) -> None:
        town.phone("bravo").busy = True
        slow = [person(town, member, "2", until="Goodbye.") for member in (DELTA, ECHO, FOXTROT)]
        for someone in slow:
            someone.patience_s = 200.0
        alert = await confirm(town)
        while len(tries := await attempts(town, alert)) < 5:
            await asyncio.sleep(1.0)
        assert [each.team for each in tries] == ["bravo", "delta", "echo", "foxtrot", "bravo"]
        assert tries[3].started.mono - tries[0].ended.mono > 20.0

    config = CONFIG + ISDN + "[limits]\ngap_s = 20\nwelcome_s = 15\n"
    play(story, members=(ALPHA, BRAVO, DELTA, ECHO, FOXTROT), config=config)
