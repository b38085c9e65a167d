"""The main menu: what each key does, and what becomes of those who press none."""

from __future__ import annotations

import pytest

from tests.flows.call_in.people import GSM_LINE, ISDN_LINE, LAST_OF_MAIN_MENU, PAIR, VOICE_LINE, log_in
from tests.support.box import Town


@pytest.mark.parametrize(
    ("kind", "key", "words"),
    [
        (ISDN_LINE, "1", "Please speak after the tone"),
        (ISDN_LINE, "2", "There are no new messages"),
        (ISDN_LINE, "3", "You have sent no alert"),
        (ISDN_LINE, "4", "To change your PIN"),
        (ISDN_LINE, "*", "To record an alert"),
        (GSM_LINE, "4", "To change your PIN"),
        (VOICE_LINE, "4", "To change your PIN"),
    ],
)
def test_each_key(play, kind, key, words):
    async def story(town: Town) -> None:
        async with town.call_in("alpha", kind.number) as call:
            await log_in(town, call)
            await call.press(key)
            assert (await call.hears(words, within=3)).startswith(words)

    play(story, members=PAIR, config=kind.config)


def test_a_key_without_meaning_is_said_to_be_one_and_the_menu_follows(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            for key in "57":
                await call.press(key)
                said = await call.hears(LAST_OF_MAIN_MENU["alpha"])
                assert said.startswith("There is nothing on that key. To record an alert")
            await call.press("2")
            await call.hears("There are no new messages")

    play(story, members=PAIR)


def test_a_silent_caller_hears_the_menu_three_times_and_goodbye(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await call.hears("Goodbye", within=60)
            assert await call.ends(within=5)
            assert call.captions.count("To record an alert, press") == 3
        await town.free()
        (record,) = await town.box.store.calls.recent(1)
        assert record.outcome == "completed"

    play(story, members=PAIR)


def test_after_nothing_to_play_back_the_main_menu_follows_at_once(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await call.press("2")
            said = await call.hears(LAST_OF_MAIN_MENU["alpha"], within=5)
            assert said.startswith("There are no new messages. To record an alert")

    play(story, members=PAIR)
