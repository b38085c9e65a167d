"""Changing the PIN: the present one first, the new one twice; then the old one fails and the new one opens, for good."""

from __future__ import annotations

import pytest

from hal.simulated import PhoneCall
from tests.flows.call_in.people import LOGIN, MAIN_MENU, PAIR, log_in, on_both_kinds_of_wire
from tests.support.box import Town

NEW = "72915"


async def _to_the_new_pin(call: PhoneCall) -> None:
    await call.press("4")
    await call.hears("To change your PIN", within=5)
    await call.press("1")
    await call.hears("Please enter your present PIN")
    await call.press("11111")
    await call.hears("Please enter the new PIN, five digits")


@on_both_kinds_of_wire
def test_the_old_one_fails_and_the_new_one_works_also_after_a_restart(play, kind):
    async def story(town: Town) -> None:
        async with town.call_in("alpha", kind.number) as call:
            await log_in(town, call)
            await _to_the_new_pin(call)
            await call.press(NEW)
            await call.hears("Please enter the new PIN once more")
            await call.press(NEW)
            await call.hears("Your PIN is changed. To change your PIN", within=10)
        await town.free()
        if kind.name == "isdn":
            await town.stop()
            await town.restart()
        async with town.call_in("alpha", kind.number) as call:
            await call.hears(LOGIN)
            await call.press("100111111")
            await call.hears("This was not accepted", within=10)
            await call.hears(LOGIN)
            await call.press("1001" + NEW)
            await call.hears(MAIN_MENU["alpha"], within=10)

    play(story, members=PAIR, config=kind.config)


@pytest.mark.parametrize(
    ("new", "again", "words"),
    [
        (NEW, "72916", "The two entries differ"),
        ("99999", "", "This PIN is too easy to guess"),
        ("45678", "", "This PIN is too easy to guess"),
        ("11111", "", "This PIN is too easy to guess"),
        ("729", "", "That was not complete"),
    ],
)
def test_what_is_not_taken_is_said_and_asked_again(play, new, again, words):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await _to_the_new_pin(call)
            await call.press(new)
            if again:
                await call.hears("once more")
                await call.press(again)
            await call.hears(f"{words}. Please enter the new PIN", within=10)
        assert await town.box.store.credentials.verify("alpha", "11111")

    play(story, members=PAIR)


def test_without_the_present_one_nothing_changes(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await call.press("4")
            await call.hears("To change your PIN")
            await call.press("1")
            for _ in range(3):
                await call.hears("Please enter your present PIN")
                await call.press("99999")
                await call.hears("That is not your PIN", within=5, whole=True)
            await call.hears("Your PIN is not changed. To change your PIN", within=5)
            await call.press("0")
            await call.hears(MAIN_MENU["alpha"])
        assert await town.box.store.credentials.verify("alpha", "11111")

    play(story, members=PAIR)
