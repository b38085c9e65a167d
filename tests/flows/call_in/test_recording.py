"""Recording an alert: announcement, beep, the message as it was spoken, and any key ends it."""

from __future__ import annotations

import numpy as np

from hal.audio import companding
from hal.audio.sound import RATE, Encoding
from tests.flows.call_in.people import CONFIRM, LIMITS, PAIR, log_in, on_every_line, record, voice
from tests.support.box import CONFIG, ISDN, Town, longest_common_stretch


@on_every_line
def test_what_was_spoken_after_the_tone_is_kept_as_it_came(play, kind):
    spoken = voice(2.0)

    async def story(town: Town) -> None:
        async with town.call_in("alpha", kind.number) as call:
            await log_in(town, call)
            await record(call, spoken)
            (draft,) = await town.box.store.messages.drafts("alpha")
            kept = (await town.box.store.messages.sound(draft.id)).to(Encoding.ALAW)
            assert longest_common_stretch(spoken.data, kept.data) >= spoken.samples - 0.1 * RATE

    play(story, members=PAIR, config=kind.config)


def test_the_announcement_is_followed_by_a_beep_and_silence(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await call.press("1")
            await call.hears("after the tone", whole=True)
            announced = len(call.heard)
            await call.wait(2.0)
            after = companding.decode(call.heard[announced:], Encoding.ALAW).astype(float)
            frames = after[: len(after) // 160 * 160].reshape(-1, 160)
            loud = np.flatnonzero(frames.std(axis=1) > 500)
            beep = frames[loud[2] : loud[-2]].ravel()
            assert 0.1 <= len(loud) * 0.02 <= 1.0
            assert loud[0] * 0.02 <= 0.5
            hertz = np.abs(np.fft.rfft(beep)).argmax() * RATE / len(beep)
            assert 350 <= hertz <= 2000
            assert list(np.diff(loud)) == [1] * (len(loud) - 1)

    play(story, members=PAIR)


def test_any_key_ends_it(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await record(call, voice(1.1), key="0")
            for key in "123456789*#":
                await call.press("3")
                await call.hears("after the tone", whole=True)
                await call.wait(0.8)
                await call.press(key)
                # The key that ends the recording is not taken for an answer to the question after it.
                await call.hears(CONFIRM, within=10)
            assert await town.box.store.campaigns.recent(1) == []
            assert len(await town.box.store.messages.drafts("alpha")) == 1

    play(story, members=PAIR)


@on_every_line
def test_a_key_during_the_announcement_leads_to_the_beep_and_ends_nothing(play, kind):
    async def story(town: Town) -> None:
        async with town.call_in("alpha", kind.number) as call:
            await log_in(town, call)
            await call.press("1#")
            await call.wait(1.5)
            await call.speaks(voice(1.5))
            await call.press("#")
            said = await call.hears(CONFIRM)
            assert "shorter than one second" not in said
            assert "silent" not in said

    play(story, members=PAIR, config=kind.config)


def test_two_minutes_at_most(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await call.press("1")
            await call.hears("at most two minutes", whole=True)
            await call.wait(1.0)
            await call.speaks(voice(3.0))
            await call.wait(114.5)
            assert not any("longest time" in caption for caption in call.captions)
            await call.hears("The longest time is reached. The recording has ended.", within=5)
            await call.hears(CONFIRM)
            (draft,) = await town.box.store.messages.drafts("alpha")
            assert abs(draft.samples - 120 * RATE) <= 0.1 * RATE

    play(story, members=PAIR)


def test_another_limit_is_announced(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await call.press("1")
            await call.hears("The longest recording, in seconds, is three", whole=True)
            await call.hears("The longest time is reached", within=6)

    play(story, members=PAIR, config=CONFIG + ISDN + LIMITS + "recording_s = 3\n")
