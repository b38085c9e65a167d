"""An all-clear ends the calling early; recorded, it goes to those who were told of the alert."""

from __future__ import annotations

import asyncio

from hal.simulated import IncomingRing
from storage.records import AlertEnded
from tests.support.box import CONFIG, ISDN, Town, samples_heard, speech
from tests.support.callees import ALPHA, BRAVO, DELTA, ECHO, attempts, confirm, person, until_reached

SAID = speech(2.0, seed=8)


def test_it_ends_the_calling_and_its_recording_goes_to_those_who_know(play):
    async def story(town: Town) -> None:
        bravo = person(town, BRAVO)
        town.phone("delta").never_answers()
        alert = await confirm(town)
        await until_reached(town, alert, "bravo")
        while not any(each.team == "delta" for each in await attempts(town, alert)):
            await asyncio.sleep(0.2)

        async with town.call_in("alpha") as call:
            await town.log_in(call, "alpha")
            await call.press("3")
            await call.hears("One team has been reached.")
            await call.press("9")
            await call.hears("The calling has been ended.")
            await call.hears("all-clear message")
            assert town.box.dialout.calling == {}, "the telephone that rang has stopped"
            delta = person(town, DELTA)
            await call.press("1")
            await call.hears("after the tone", whole=True)
            await call.wait(1.5)
            await call.speaks(SAID)
            await call.press("#")
            await call.hears("To send it to all teams")
            await call.press("1")
            await call.hears("Your all-clear is stored")

        campaign = await town.ended(alert)
        assert (campaign.ended, campaign.ended_by) == ("all-clear", "alpha")
        assert {each.outcome for each in campaign.attempts if each.team == "delta"} == {"abandoned"}
        all_clear = await town.ended(alert + 1)
        assert all_clear.all_clear_of == alert
        assert set(all_clear.reached) == {"bravo", "delta"}
        for team in (bravo, delta):
            assert "All-clear from Alpha" in team.captions
            assert samples_heard(SAID.data, team.heard) >= SAID.samples - 1600
        assert town.phone("echo").calls == []
        assert [target.team for target in all_clear.targets if target.excluded] == ["echo"]

    play(story, members=(ALPHA, BRAVO, DELTA, ECHO), config=CONFIG + ISDN)


def test_a_conversation_that_is_up_goes_on(play):
    """Whoever is listening already is not cut off."""

    async def story(town: Town) -> None:
        heard: list[str] = []

        async def listens(ring: IncomingRing) -> None:
            async with await ring.answer(after=2.0) as call:
                await call.hears("To receive it")
                await call.press("1")
                await call.hears("Alert from Alpha")
                await town.box.store.commit(AlertEnded(alert, "all-clear", "alpha"))
                await call.hears("End of message")
                heard.append("all")

        town.phone("bravo").behaviour = listens
        alert = await confirm(town, SAID)
        campaign = await town.ended(alert)
        while not heard:
            await asyncio.sleep(0.2)
        assert campaign.reached["bravo"].how == "key"

    play(story, members=(ALPHA, BRAVO))
