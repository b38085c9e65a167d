"""Hanging up is safe at every moment: nothing is sent that was not ordered, nothing is lost, and the line takes the next call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from hal.audio.sound import RATE
from hal.simulated import PhoneCall
from storage.records import MessageDiscarded
from tests.flows.call_in.people import (
    CONFIRM,
    PAIR,
    nobody_answers,
    on_every_line,
    voice,
)
from tests.support.box import Town

Step = tuple[str | None, str | Callable[[PhoneCall], Awaitable[None]] | None]


async def _says_something(call: PhoneCall) -> None:
    await call.wait(0.8)
    await call.speaks(voice(1.2))


async def _goes_on(call: PhoneCall) -> None:
    await call.wait(0.5)


LOGIN: Step = ("your U I D and your PIN", "100111111")
TO_THE_QUESTION: list[Step] = [LOGIN, ("To record an alert", "1"), ("after the tone", _says_something), (None, "#")]


JOURNEYS: dict[str, tuple[int, list[Step]]] = {
    "login": (
        0,
        [
            (None, None),
            ("Welcome to the", None),
            ("your U I D", "1001"),
            (None, "1111"),
            (None, "1"),
            ("Welcome,", None),
        ],
    ),
    "recording": (
        2,
        [
            LOGIN,
            ("To record an alert", "1"),
            ("after the tone", None),
            (None, _says_something),
            (None, "#"),
            ("To send it as a real alert", None),
            (CONFIRM, "2"),
            (None, _goes_on),
        ],
    ),
    "a second recording": (
        4,
        [*TO_THE_QUESTION, ("To send it as a real alert", "3"), ("after the tone", _says_something), (None, "#")],
    ),
    "discarding": (5, [*TO_THE_QUESTION, ("To send it as a real alert", "0"), ("The recording is discarded", None)]),
    "state": (2, [LOGIN, ("To record an alert", "3"), ("You have sent no alert", None)]),
    "change of PIN": (
        3,
        [
            LOGIN,
            ("To record an alert", "4"),
            ("To change your PIN", "1"),
            ("present PIN", "111"),
            (None, "11"),
            ("the new PIN", "72915"),
            ("once more", "7291"),
        ],
    ),
    "spoken name": (
        3,
        [
            LOGIN,
            ("To record an alert", "4"),
            ("To change your PIN", "2"),
            ("after the tone", None),
            (None, _says_something),
            (None, "#"),
        ],
    ),
}
"""From which step on somebody hangs up, and the steps: what is waited for, and what is done then."""


async def _walk(call: PhoneCall, steps: list[Step]) -> None:
    for words, act in steps:
        if words:
            await call.hears(words, within=30)
        if isinstance(act, str):
            await call.press(act)
        elif act:
            await act(call)


@pytest.mark.parametrize("journey", JOURNEYS)
def test_at_every_step(play, journey):
    async def story(town: Town) -> None:
        nobody_answers(town)
        store = town.box.store
        first, steps = JOURNEYS[journey]
        for count in range(first, len(steps) + 1):
            drafts = {draft.id for draft in await store.messages.drafts("alpha")}
            async with town.call_in("alpha") as call:
                await _walk(call, steps[:count])
            await town.free()
            (record,) = await store.calls.recent(1)
            assert record.outcome in ("completed", "abandoned"), (count, record)
            assert record.ended is not None
            assert await store.campaigns.recent(1) == [], count
            kept = {draft.id for draft in await store.messages.drafts("alpha")} - drafts
            recorded = any(act is _says_something for _, act in steps[:count])
            assert len(kept) == (recorded and "recording" in journey), count
            for draft in kept:
                await store.commit(MessageDiscarded(draft, "the next round begins without it"))
        assert await store.messages.spoken_name("alpha") is None
        assert await store.credentials.verify("alpha", "11111")
        assert not store.alarms.get("login.guessing")

    play(story, members=PAIR)


@on_every_line
def test_while_it_rings_and_in_the_first_moment(play, kind):
    async def story(town: Town) -> None:
        for after_s in (0.05, 0.3, 1.0):
            circuit = town.exchange.place(town.phone("alpha"), town.members["alpha"].number, kind.number)
            await asyncio.sleep(after_s)
            circuit.release(town.phone("alpha"))
            await asyncio.sleep(8)
            # An analogue line cannot tell a caller who has given up from one who says nothing.
            await town.free(within=90)
        async with town.call_in("alpha", kind.number) as call:
            await call.hears("Welcome to the")

    play(story, members=PAIR, config=kind.config)


@on_every_line
def test_in_the_midst_of_a_recording(play, kind):
    async def story(town: Town) -> None:
        async with town.call_in("alpha", kind.number) as call:
            await _walk(call, TO_THE_QUESTION[:3])
        await town.free()
        (draft,) = await town.box.store.messages.drafts("alpha")
        assert draft.samples >= 1.1 * RATE
        assert await town.box.store.campaigns.recent(1) == []

    play(story, members=PAIR, config=kind.config)


@pytest.mark.parametrize("key", ["1", "4"])
def test_right_after_the_key_that_sends(play, key):
    """The order was given: it holds, and its caller is told by the calls that go out."""

    async def story(town: Town) -> None:
        nobody_answers(town)
        async with town.call_in("alpha") as call:
            await _walk(call, [*TO_THE_QUESTION, ("To send it", key)])
            await call.wait(0.1)
        await town.free(within=120)
        (campaign,) = await town.box.store.campaigns.recent(1)
        assert campaign.exercise is (key == "4")
        assert town.phone("bravo").calls

    play(story, members=PAIR)
