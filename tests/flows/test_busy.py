"""A team whose telephone is busy is called again, and meanwhile the next one is called at once."""

from __future__ import annotations

import asyncio

from tests.support.box import Town


def test_busy_at_first_and_reached_by_the_second_call(play):
    async def story(town: Town) -> None:
        for team in ("charlie", "delta", "echo", "foxtrot"):
            town.acknowledges(team, "1234" if team == "charlie" else "1")
        bravo = town.phone("bravo")
        bravo.busy = True
        town.acknowledges("bravo")
        alert = await town.alert_from("alpha")
        await asyncio.sleep(120)
        bravo.busy = False
        campaign = await town.ended(alert)

        first, second = [each for each in campaign.attempts if each.team == "bravo"]
        assert (first.outcome, first.counted, second.outcome) == ("busy", True, "reached")
        assert second.started.mono - first.ended.mono >= 300
        assert campaign.reached["bravo"].how == "key"
        others = [each for each in campaign.attempts if each.team != "bravo"]
        assert all(first.ended.mono <= each.started.mono < second.started.mono for each in others)
        assert min(each.started.mono for each in others) - first.ended.mono < 1.0
        assert len(others) == 4

    play(story)
