"""After the recording: send it, send it as an exercise, listen, record again, discard. Nothing is sent without 1 or 4."""

from __future__ import annotations

import asyncio

import pytest

from hal.audio.sound import RATE
from tests.flows.call_in.people import (
    CONFIRM,
    GSM_LINE,
    ISDN_LINE,
    MAIN_MENU,
    PAIR,
    VOICE_LINE,
    log_in,
    nobody_answers,
    on_both_kinds_of_wire,
    record,
    send,
    voice,
)
from tests.support.box import Town, longest_common_stretch, samples_heard


@pytest.mark.parametrize(
    ("kind", "key", "words"),
    [
        (ISDN_LINE, "1", "Your alert is stored"),
        (ISDN_LINE, "4", "Your exercise is stored"),
        (GSM_LINE, "1", "Your alert is stored"),
        (VOICE_LINE, "4", "Your exercise is stored"),
    ],
)
def test_sent_told_and_called_within_three_seconds(play, kind, key, words):
    async def story(town: Town) -> None:
        nobody_answers(town)
        async with town.call_in("alpha", kind.number) as call:
            await log_in(town, call)
            await record(call)
            await call.press(key)
            await call.hears(words, within=5)
            (campaign,) = await town.box.store.campaigns.recent(1)
            assert campaign.exercise is (key == "4")
            assert (campaign.sender, [target.team for target in campaign.targets]) == ("alpha", ["bravo"])
            if kind.name == "voice":  # its only line is the one on which the sender speaks
                return
            await call.hears(MAIN_MENU["alpha"], within=5)
            (campaign,) = await town.box.store.campaigns.recent(1)
            (attempt,) = campaign.attempts
            assert attempt.started.mono - campaign.confirmed_mono <= 3.0

    play(story, members=PAIR, config=kind.config)


def test_on_the_only_line_the_calls_begin_when_the_sender_has_hung_up(play):
    async def story(town: Town) -> None:
        nobody_answers(town)
        async with town.call_in("alpha", VOICE_LINE.number) as call:
            await log_in(town, call)
            await send(town, call)
        hung_up = town.clock.monotonic()
        ring = await _first_ring(town)
        # Setting up takes 1 s; the modem dials when it knows that the line is free.
        assert ring - hung_up <= 15.0

    play(story, members=PAIR, config=VOICE_LINE.config)


async def _first_ring(town: Town) -> float:
    async with asyncio.timeout(60):
        while not town.phone("bravo").calls:
            await asyncio.sleep(0.1)
    return town.phone("bravo").calls[0].started


def test_no_other_key_sends_anything(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await record(call)
            for key in "56789*#":
                await call.press(key)
                await call.wait(0.5)
                assert await town.box.store.campaigns.recent(1) == [], key
                # Three keys in a row that mean nothing, and the box would take its leave.
                await call.press("2")
                await call.hears("To send it as a real alert", within=20)
            await call.press("0")
            await call.hears("The recording is discarded. To record an alert", within=5)
            await call.wait(1)
        await town.free()
        assert await town.box.store.campaigns.recent(1) == []
        assert town.exchange.calls_to(town.members["bravo"].number) == []

    play(story, members=PAIR)


def test_silence_sends_nothing_and_keeps_the_recording(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await record(call)
            await call.hears("The recording is not sent. It is kept as a draft. Goodbye.", within=60)
            assert await call.ends(within=5)
        await town.free()
        assert await town.box.store.campaigns.recent(1) == []
        assert len(await town.box.store.messages.drafts("alpha")) == 1

    play(story, members=PAIR)


@on_both_kinds_of_wire
def test_listening_plays_what_was_spoken_and_asks_again(play, kind):
    spoken = voice(1.5, seed=7)

    async def story(town: Town) -> None:
        async with town.call_in("alpha", kind.number) as call:
            await log_in(town, call)
            await record(call, spoken)
            before = len(call.heard)
            await call.press("2")
            await call.hears(CONFIRM, within=20)
            assert samples_heard(spoken.data, call.heard[before:]) >= spoken.samples - 0.2 * RATE

    play(story, members=PAIR, config=kind.config)


def test_recorded_again_only_the_second_is_sent(play):
    first, second = voice(1.2, seed=3), voice(1.6, seed=4)

    async def story(town: Town) -> None:
        nobody_answers(town)
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await record(call, first)
            await call.press("3")
            await call.hears("after the tone", whole=True)
            await call.wait(0.8)
            await call.speaks(second)
            await call.press("#")
            await call.hears(CONFIRM)
            await call.press("1")
            await call.hears("Your alert is stored")
        (campaign,) = await town.box.store.campaigns.recent(1)
        sent = await town.box.store.messages.sound(campaign.message)
        assert longest_common_stretch(second.data, sent.data) >= second.samples - 0.1 * RATE
        assert await town.box.store.messages.drafts("alpha") == []

    play(story, members=PAIR)
