"""A recording that its caller neither sent nor discarded is kept, and offered at the team's next login."""

from __future__ import annotations

import pytest

from hal.audio.sound import RATE, Encoding
from tests.flows.call_in.people import (
    ISDN_LINE,
    LOGIN,
    MAIN_MENU,
    PAIR,
    VOICE_LINE,
    log_in,
    nobody_answers,
    record,
    voice,
)
from tests.support.box import Town, longest_common_stretch, samples_heard

OFFER = (
    "There is a recording of your team that was not sent, of "
    "Sunday, the twenty-second of November thirteen hundred hours local time"
)
SPOKEN = voice(1.5, seed=5)


async def _leaves_a_draft(town: Town, number: str = "4711") -> None:
    async with town.call_in("alpha", number) as call:
        await log_in(town, call)
        await record(call, SPOKEN)
    await town.free()


@pytest.mark.parametrize(("kind", "key"), [(ISDN_LINE, "1"), (ISDN_LINE, "4"), (VOICE_LINE, "1")])
def test_offered_at_the_next_login_and_sent(play, kind, key):
    async def story(town: Town) -> None:
        nobody_answers(town)
        await _leaves_a_draft(town, kind.number)
        async with town.call_in("alpha", kind.number) as call:
            await call.hears(LOGIN)
            await call.press("100111111")
            await call.hears(OFFER, within=10)
            await call.hears("To keep it for later, press six")
            assert await town.box.store.campaigns.recent(1) == []
            await call.press(key)
            await call.hears("is stored", within=5)
            await call.hears(MAIN_MENU["alpha"], within=5)
        (campaign,) = await town.box.store.campaigns.recent(1)
        assert campaign.exercise is (key == "4")
        sent = (await town.box.store.messages.sound(campaign.message)).to(Encoding.ALAW)
        assert longest_common_stretch(SPOKEN.data, sent.data) >= SPOKEN.samples - 0.1 * RATE
        assert await town.box.store.messages.drafts("alpha") == []

    play(story, members=PAIR, config=kind.config)


@pytest.mark.parametrize("how", ["stop", "crash"])
def test_kept_over_a_restart(play, how):
    async def story(town: Town) -> None:
        await _leaves_a_draft(town)
        await (town.crash() if how == "crash" else town.stop())
        await town.restart()
        async with town.call_in("alpha") as call:
            await call.hears(LOGIN)
            await call.press("100111111")
            await call.hears(OFFER, within=10)

    play(story, members=PAIR)


def test_kept_for_later_listened_to_and_discarded(play):
    async def story(town: Town) -> None:
        await _leaves_a_draft(town)
        async with town.call_in("alpha") as call:
            await call.hears(LOGIN)
            await call.press("100111111")
            await call.hears(OFFER, within=10)
            await call.press("6")
            await call.hears(MAIN_MENU["alpha"], within=5)
        await town.free()
        async with town.call_in("alpha") as call:
            await call.hears(LOGIN)
            await call.press("100111111")
            await call.hears(OFFER, within=10)
            before = len(call.heard)
            await call.press("2")
            await call.hears("To keep it for later")
            assert samples_heard(SPOKEN.data, call.heard[before:]) >= SPOKEN.samples - 0.2 * RATE
            await call.press("0")
            await call.hears("The recording is discarded. To record an alert")
        await town.free()
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            assert not any(caption.startswith("There is a recording") for caption in call.captions)
        assert await town.box.store.campaigns.recent(1) == []

    play(story, members=PAIR)


def test_nobody_elses_draft_is_offered(play):
    async def story(town: Town) -> None:
        await _leaves_a_draft(town)
        async with town.call_in("bravo") as call:
            await log_in(town, call, "bravo")
            assert not any("nicht gesendet" in caption for caption in call.captions)

    play(story, members=PAIR)
