"""The box dies in the middle of an alert, and goes on after it."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.box import Town


@pytest.mark.parametrize("how", ["crash", "stop"])
def test_what_was_reached_is_not_called_again_and_the_rest_is(play, how):
    async def story(town: Town) -> None:
        town.acknowledges("bravo")
        town.phone("charlie").busy = True
        for team in ("delta", "echo", "foxtrot"):
            town.phone(team).never_answers()
        alert = await town.alert_from("alpha")
        while "bravo" not in (await town.box.store.campaigns.get(alert)).reached:
            await asyncio.sleep(1)
        await asyncio.sleep(20)
        await (town.crash() if how == "crash" else town.stop())
        calls_before = {team: len(town.phone(team).calls) for team in town.members}

        town.phone("charlie").busy = False
        for team in ("charlie", "delta", "echo", "foxtrot"):
            town.acknowledges(team, "1234" if team == "charlie" else "1")
        await town.restart()
        campaign = await town.ended(alert)

        assert set(campaign.reached) == {"bravo", "charlie", "delta", "echo", "foxtrot"}
        assert len(town.phone("bravo").calls) == calls_before["bravo"]
        for team in town.members:
            assert len(town.phone(team).calls) <= 3
        assert (await town.command("journal verify")).data["ok"]

    play(story)
