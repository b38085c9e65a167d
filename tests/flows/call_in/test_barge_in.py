"""A key stops what is being said, and is taken for what was asked."""

from __future__ import annotations

from tests.flows.call_in.people import LAST_OF_MAIN_MENU, PAIR, log_in, on_every_line
from tests.support.box import Town


@on_every_line
def test_the_first_digit_stops_the_welcome(play, kind):
    async def story(town: Town) -> None:
        async with town.call_in("alpha", kind.number) as call:
            await call.hears("Welcome to the")
            await call.press("1")
            await call.hears_silence(1.0)
            assert not any("Ziffern" in caption for caption in call.captions)
            await call.press("00111111")
            await call.hears(LAST_OF_MAIN_MENU["alpha"])

    play(story, members=PAIR, config=kind.config)


@on_every_line
def test_a_key_stops_the_main_menu_and_is_taken(play, kind):
    async def story(town: Town) -> None:
        async with town.call_in("alpha", kind.number) as call:
            await call.hears("your U I D")
            await call.press("100111111")
            await call.hears("To record an alert")
            await call.press("2")
            await call.hears("There are no new messages")
            assert (
                "For your own settings, press" not in call.captions[: call.captions.index("There are no new messages.")]
            )

    play(story, members=PAIR, config=kind.config)


def test_a_whole_journey_of_keys_typed_ahead(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await call.press("40*")
            said = await call.hears(LAST_OF_MAIN_MENU["alpha"], within=10)
            assert "To change your PIN" not in said

    play(story, members=PAIR)
