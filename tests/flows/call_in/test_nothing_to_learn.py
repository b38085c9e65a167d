"""A wrong PIN and an unknown UID get the same words after the same time: the answer tells nobody which UIDs there are."""

from __future__ import annotations

from hal.simulated import PhoneCall
from tests.flows.call_in.people import PAIR, on_both_kinds_of_wire
from tests.support.box import Town

MILLISECOND = 8


async def _try(town: Town, number: str, digits: str) -> list[tuple[int, str]]:
    """What is said after three such entries, and when, in samples after the first key."""
    stranger = town.exchange.phone(f"0301111{digits[:4]}")
    async with stranger.dial(number) as call:
        begins: list[int] = []
        for _ in range(3):
            await call.hears("ohne Pause", within=30, whole=True)
            begins.append(_now(call))
            await call.press(digits)
        assert await call.ends(within=30)
        return [(heard.begin - begins[0], heard.caption) for heard in call.prompts if heard.begin > begins[0]]


def _now(call: PhoneCall) -> int:
    return len(call.heard)


@on_both_kinds_of_wire
def test_the_same_words_after_the_same_time(play, kind):
    async def story(town: Town) -> None:
        unknown_uid = await _try(town, kind.number, "900811111")
        await town.free()
        wrong_pin = await _try(town, kind.number, "100199999")
        assert [caption for _, caption in unknown_uid] == [caption for _, caption in wrong_pin]
        assert len(wrong_pin) > 10
        for (one, caption), (other, _) in zip(unknown_uid, wrong_pin, strict=True):
            assert abs(one - other) <= 40 * MILLISECOND, caption

    play(story, members=PAIR, config=kind.config)
