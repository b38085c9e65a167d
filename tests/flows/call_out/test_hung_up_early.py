"""Acknowledged and hung up early counts as reached, and the report says how many seconds were heard."""

from __future__ import annotations

from hal.simulated import IncomingRing
from tests.support.box import CONFIG, ISDN, Town, speech
from tests.support.callees import ALPHA, BRAVO, DELTA, confirm, person

SPOKEN = speech(6.0)


def test_counts_as_reached_with_the_seconds_that_were_heard(play):
    async def story(town: Town) -> None:
        async def hangs_up(ring: IncomingRing) -> None:
            async with await ring.answer(after=2.0) as call:
                await call.hears("To receive it")
                await call.press("1")
                await call.hears("local time", whole=True)
                await call.wait(2.5)

        town.phone("bravo").behaviour = hangs_up
        person(town, DELTA)
        campaign = await town.ended(await confirm(town, SPOKEN))
        assert [(each.team, each.outcome) for each in campaign.attempts] == [("bravo", "reached"), ("delta", "reached")]
        early, whole = campaign.reached["bravo"], campaign.reached["delta"]
        assert not early.heard_all
        assert 2.2 <= early.heard_s <= 2.9
        assert whole.heard_all
        shown = await town.command("alerts show", id=campaign.alert)
        text = "\n".join(str(part) for part in shown.to_json()["parts"])
        (bravo,) = [line for line in text.splitlines() if line.startswith("bravo") and "reached" in line][:1]
        assert f"{early.heard_s:.0f} s" in bravo
        assert "all" not in bravo

    play(story, members=(ALPHA, BRAVO, DELTA))


def test_hung_up_before_acknowledging_is_not_reached_and_is_called_again(play):
    async def story(town: Town) -> None:
        async def hangs_up(ring: IncomingRing) -> None:
            async with await ring.answer(after=2.0) as call:
                await call.hears("This is the Test alert")

        town.phone("bravo").behaviour = hangs_up
        campaign = await town.ended(await confirm(town))
        assert [(each.outcome, each.counted) for each in campaign.attempts] == [("hung-up", True)] * 2
        assert set(campaign.not_reached) == {"bravo"}

    play(story, members=(ALPHA, BRAVO), config=CONFIG + ISDN + "[limits]\ncalls_per_team = 2\n")
