"""The state of my alert: how many are reached, how many not, how many still called; 9 ends the calling as an all-clear."""

from __future__ import annotations

import asyncio

from tests.flows.call_in.people import (
    CONFIRM,
    MAIN_MENU,
    log_in,
    nobody_answers,
    on_every_line,
    send,
    takes_alerts,
    voice,
)
from tests.support.box import MEMBERS, Town, samples_heard

FOUR = MEMBERS[:4]
STATE = "Your alert of Sunday, the twenty-second of November thirteen hundred hours local time"


async def _ask_state(town: Town, number: str = "4711") -> str:
    async with town.call_in("alpha", number) as call:
        await log_in(town, call)
        await call.press("3")
        return await call.hears("To hear this again", within=20)


@on_every_line
def test_reached_not_reached_and_still_being_called(play, kind):
    async def story(town: Town) -> None:
        nobody_answers(town)
        takes_alerts(town, "bravo")
        town.phone("charlie").refuse = 17
        town.phone("delta").busy = True
        async with town.call_in("alpha", kind.number) as call:
            await log_in(town, call)
            campaign = await send(town, call, voice(1.0))
        while not (campaign := await town.box.store.campaigns.get(campaign.alert)).reached:
            await asyncio.sleep(1)
        await town.free(within=90)
        assert (await _ask_state(town, kind.number)).startswith(
            f"{STATE} One team has been reached. No team has been given up. two teams are still being called. "
            "To end the calling now, as an all-clear, press nine"
        )

    play(story, members=FOUR, config=kind.config)


def test_the_state_of_an_alert_that_has_ended(play):
    async def story(town: Town) -> None:
        nobody_answers(town)
        takes_alerts(town, "bravo")
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            campaign = await send(town, call, voice(1.0))
        await town.ended(campaign.alert)
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await call.press("3")
            said = await call.hears(MAIN_MENU["alpha"], within=20)
            assert said.startswith(
                f"{STATE} One team has been reached. two teams could not be reached. The calling has ended. To record"
            ), said

    play(story, members=FOUR)


def test_no_alert_of_mine(play):
    async def story(town: Town) -> None:
        nobody_answers(town)
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await send(town, call, voice(1.0))
        async with town.call_in("bravo") as call:
            await log_in(town, call, "bravo")
            await call.press("3")
            await call.hears("keinen Alarm gesendet", within=10)

    play(story, members=FOUR[:2])


@on_every_line
def test_nine_ends_the_calling_and_an_all_clear_goes_to_those_who_know_of_the_alert(play, kind):
    all_clear = voice(1.2, seed=21)

    async def story(town: Town) -> None:
        heard: list[bytes] = []
        takes_alerts(town, "bravo", heard=heard)
        town.phone("charlie").busy_times = 1
        town.phone("charlie").never_answers()
        async with town.call_in("alpha", kind.number) as call:
            await log_in(town, call)
            alert = (await send(town, call, voice(1.0))).alert
        while not (await town.box.store.campaigns.get(alert)).reached:
            await asyncio.sleep(1)
        await town.free(within=90)
        async with town.call_in("alpha", kind.number) as call:
            await log_in(town, call)
            await call.press("3")
            await call.hears("To end the calling now")
            await call.press("9")
            await call.hears("The calling has been ended. To record an all-clear message", within=10)
            assert (await town.box.store.campaigns.get(alert)).ended == "all-clear"
            await call.press("1")
            await call.hears("after the tone", whole=True)
            await call.wait(0.8)
            await call.speaks(all_clear)
            await call.press("#")
            said = await call.hears(CONFIRM)
            assert "To send it to all teams, press one" in said
            assert "exercise" not in said
            await call.press("1")
            await call.hears("Your all-clear is stored")
        (campaign, _) = await town.box.store.campaigns.recent(2)
        assert campaign.all_clear_of == alert
        while not (await town.box.store.campaigns.get(campaign.alert)).reached:
            await asyncio.sleep(1)
        await town.free(within=120)
        assert samples_heard(all_clear.data, heard[-1]) >= all_clear.samples - 1600
        # Nobody is called for the ended alert any more: every later call is for the all-clear.
        ended = await town.box.store.campaigns.get(alert)
        await asyncio.sleep(700)
        assert (await town.box.store.campaigns.get(alert)).attempts == ended.attempts
        assert town.phone("charlie").calls

    play(story, members=FOUR[:3], config=kind.config)


def test_nine_without_a_message(play):
    async def story(town: Town) -> None:
        nobody_answers(town)
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            alert = (await send(town, call, voice(1.0))).alert
            await call.hears(MAIN_MENU["alpha"])
            await call.wait(3)
            await call.press("3")
            await call.hears("To end the calling now")
            await call.press("9")
            await call.hears("To send no message, press zero", within=10)
            await call.press("0")
            await call.hears(MAIN_MENU["alpha"], within=5)
            await call.press("3")
            await call.hears("The calling was ended early", within=15)
        await asyncio.sleep(700)
        assert len(town.phone("bravo").calls) == 1
        assert [each.alert for each in await town.box.store.campaigns.recent(5)] == [alert]

    play(story, members=FOUR[:2])


def test_no_other_key_ends_the_calling(play):
    async def story(town: Town) -> None:
        nobody_answers(town)
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            alert = (await send(town, call, voice(1.0))).alert
            await call.hears(MAIN_MENU["alpha"])
            for key in "12*0":
                await call.press("3")
                await call.hears("To end the calling now")
                await call.press(key)
                await call.wait(0.5)
                if key != "0":
                    await call.press("0")
                await call.hears(MAIN_MENU["alpha"], within=10)
        assert (await town.box.store.campaigns.get(alert)).ended is None

    play(story, members=FOUR[:2])
