"""UID and PIN are nine digits in one string, at the caller's pace within limits."""

from __future__ import annotations

import pytest

from tests.flows.call_in.people import LAST_OF_MAIN_MENU, LIMITS, PAIR, log_in, on_every_line
from tests.support.box import CONFIG, ISDN, Town

NEEDED = "Nine digits are needed"


@on_every_line
def test_nine_digits_in_one_string(play, kind):
    async def story(town: Town) -> None:
        async with town.call_in("alpha", kind.number) as call:
            await log_in(town, call)
            assert "Welcome, Alpha" in " ".join(call.captions)

    play(story, members=PAIR, config=kind.config)


@pytest.mark.parametrize(("wait_s", "accepted"), [(9.5, True), (10.5, False)])
def test_the_first_digit_within_ten_seconds(play, wait_s, accepted):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await call.hears("Bitte geben Sie", whole=True)
            await call.wait(wait_s)
            if accepted:
                await call.press("100111111")
                await call.hears(LAST_OF_MAIN_MENU["alpha"])
            assert (NEEDED in " ".join(call.captions)) is not accepted

    play(story, members=PAIR)


@pytest.mark.parametrize(("wait_s", "accepted"), [(4.5, True), (5.5, False)])
def test_the_next_digit_within_five_seconds(play, wait_s, accepted):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await call.hears("your U I D")
            await call.press("1001")
            await call.wait(wait_s)
            if accepted:
                await call.press("11111")
                await call.hears(LAST_OF_MAIN_MENU["alpha"])
            assert (NEEDED in " ".join(call.captions)) is not accepted

    play(story, members=PAIR)


def test_the_limits_can_be_configured(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await call.hears("Bitte geben Sie", whole=True)
            await call.wait(2.5)
            assert NEEDED in " ".join(call.captions)
            await call.hears("Bitte geben Sie", whole=True)
            await call.press("1")
            await call.wait(1.5)
            assert " ".join(call.captions).count(NEEDED) == 2

    play(story, members=PAIR, config=CONFIG + ISDN + LIMITS + "first_digit_s = 2\nnext_digit_s = 1\n")


def test_uid_and_pin_may_share_the_nine_digits_in_another_way(play):
    members = tuple(
        type(member)(member.key, uid, member.name, member.number, pin, language=member.language)
        for member, uid, pin in zip(PAIR, ("481", "482"), ("190512", "777123"), strict=True)
    )

    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await log_in(town, call)

    play(story, members=members, config=CONFIG + ISDN + LIMITS + "uid_digits = 3\npin_digits = 6\n")


def test_star_begins_the_entry_anew_and_a_hash_at_the_end_does_no_harm(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await call.hears("your U I D")
            await call.press("1009*100111111#")
            await call.hears(LAST_OF_MAIN_MENU["alpha"])
            assert "There is nothing on that key." not in call.captions

    play(story, members=PAIR)
