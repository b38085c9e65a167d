"""Acknowledgement and authorisation: a four-digit PIN, each naming a user group, three attempts."""

from __future__ import annotations

import asyncio

from hal.simulated import IncomingRing, PhoneCall
from tests.support.box import CONFIG, ISDN, Town
from tests.support.callees import ALPHA, CHARLIE, confirm, person

FAST = CONFIG + ISDN + "[limits]\ngap_s = 5\n"


def test_the_report_says_which_group_received_it(play):
    async def story(town: Town) -> None:
        person(town, CHARLIE, "9876")
        campaign = await town.ended(await confirm(town))
        reached = campaign.reached["charlie"]
        assert (reached.how, reached.group) == ("pin", "boss")
        shown = await town.command("alerts show", id=campaign.alert)
        assert any("boss" in str(part) for part in shown.to_json()["parts"])

    play(story, members=(ALPHA, CHARLIE))


def test_three_wrong_pins_end_the_call_and_the_fourth_attempt_never_comes(play):
    calls: list[PhoneCall] = []

    async def story(town: Town) -> None:
        async def guesses(ring: IncomingRing) -> None:
            async with await ring.answer(after=2.0) as call:
                calls.append(call)
                for pin in ("1111", "1235", "4321"):
                    await call.hears("authorisation PIN")
                    await call.press(pin)
                    await call.hears("You could not be authorised" if pin == "4321" else "was not accepted")
                assert await call.ends(within=10)

        town.phone("charlie").behaviour = guesses
        alert = await confirm(town)
        while not calls or not calls[0].hung_up:
            await asyncio.sleep(0.2)
        person(town, CHARLIE, "1234")
        campaign = await town.ended(alert)
        assert [(each.outcome, each.counted) for each in campaign.attempts] == [("wrong-pin", True), ("reached", True)]
        assert campaign.reached["charlie"].group == "duty"

    play(story, members=(ALPHA, CHARLIE), config=FAST)


def test_the_key_of_a_simple_acknowledgement_is_none_here_and_a_second_try_is(play):
    async def story(town: Town) -> None:
        async def behave(ring: IncomingRing) -> None:
            async with await ring.answer(after=2.0) as call:
                await call.hears("authorisation PIN")
                await call.press("1")
                await call.hears("authorisation PIN", within=20)
                assert "Thank you" not in " ".join(call.captions)
                await call.press("0000")
                await call.hears("was not accepted")
                await call.hears("authorisation PIN")
                await call.press("1234")
                await call.hears("End of message")

        town.phone("charlie").behaviour = behave
        campaign = await town.ended(await confirm(town))
        (only,) = campaign.attempts
        assert only.outcome == "reached"
        assert campaign.reached["charlie"].group == "duty"

    play(story, members=(ALPHA, CHARLIE))
