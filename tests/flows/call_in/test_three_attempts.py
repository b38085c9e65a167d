"""Three attempts a call, then a spoken goodbye, and the box hangs up."""

from __future__ import annotations

import pytest

from tests.flows.call_in.people import LAST_OF_MAIN_MENU, PAIR, on_every_line
from tests.support.box import Town

WRONG = "100199999"


@on_every_line
def test_three_wrong_entries_and_goodbye(play, kind):
    async def story(town: Town) -> None:
        async with town.call_in("alpha", kind.number) as call:
            for _ in range(3):
                await call.hears("your U I D and your PIN")
                await call.press(WRONG)
            said = await call.hears("nicht erkannt werden", within=10, whole=True)
            assert said == (
                "This was not accepted. You could not be identified. Goodbye. "
                "Das wurde nicht angenommen. Sie konnten nicht erkannt werden. Auf Wiederhören."
            )
            assert await call.ends(within=10)
            assert call.captions.count("This was not accepted.") == 3
        await town.free()
        (record,) = await town.box.store.calls.recent(1)
        assert record.outcome == "login-failed"

    play(story, members=PAIR, config=kind.config)


def test_silence_too_ends_in_goodbye(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await call.hears("You could not be identified", within=60)
            assert await call.ends(within=10)
            assert call.captions.count("Nine digits are needed.") == 3

    play(story, members=PAIR)


@pytest.mark.parametrize("wrong_ones", [1, 2])
def test_a_later_attempt_may_be_right(play, wrong_ones):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            for _ in range(wrong_ones):
                await call.hears("your U I D and your PIN")
                await call.press(WRONG)
            await call.hears("your U I D and your PIN")
            await call.press("100111111")
            await call.hears(LAST_OF_MAIN_MENU["alpha"])

    play(story, members=PAIR)
