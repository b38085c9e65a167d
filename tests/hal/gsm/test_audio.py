"""The second port: frames, silence, odd bytes, keys heard twice."""

from __future__ import annotations

import asyncio

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.audio.sound import FRAME, RATE, Encoding, Sound
from hal.gsm.keys import WINDOW_S, Ear, KeyMerge
from hal.gsm.pcm import PcmPort
from tests.hal.gsm.scripted_radio import ScriptedRadio, opened, request
from tests.hal.gsm.test_calls import answers
from tests.support.virtualtime import run_virtual

RAMP = np.arange(1, RATE + 1, dtype=np.int16).tobytes()
"""One second in which no two samples are alike."""


def test_whole_frames_fifty_times_a_second():
    async def story():
        radio = ScriptedRadio()
        answers(radio)
        async with opened(radio) as device, await device.line.dial(request()) as call:
            speaking = asyncio.create_task(radio.murmur())
            radio.ear.clear()
            await asyncio.sleep(2)
            assert len(radio.ear) % (2 * FRAME) == 0
            assert abs(len(radio.ear) / 2 - 2 * RATE) <= 4 * FRAME
            assert not any(radio.ear)
            assert (await call.play(Sound(RAMP, Encoding.S16LE))).complete
            await asyncio.sleep(0.1)
            assert RAMP in radio.ear
            assert len(radio.ear) % (2 * FRAME) == 0
            speaking.cancel()

    run_virtual(story())


def test_pieces_that_end_inside_a_sample():
    async def story():
        radio = ScriptedRadio()
        answers(radio)
        async with opened(radio) as device, await device.line.dial(request()) as call:
            speaking = asyncio.create_task(radio.speak(bytes(640) + RAMP + bytes(640), odd=True))
            recording = await call.record(limit_s=1.2)
            await speaking
            assert RAMP in recording.sound.data
            assert recording.sound.data.index(RAMP) % 2 == 0

    run_virtual(story())


def test_a_full_modem_gets_nothing_until_it_says_so():
    async def story():
        radio = ScriptedRadio("quectel")
        answers(radio, urc=False)
        async with opened(radio) as device, await device.line.dial(request()):
            speaking = asyncio.create_task(radio.murmur())
            radio.say("+QPCMV: 0,0")
            await asyncio.sleep(0.1)
            radio.ear.clear()
            await asyncio.sleep(1)
            assert not radio.ear
            radio.say("+QPCMV: 1,0")
            await asyncio.sleep(1)
            assert len(radio.ear) > RATE
            speaking.cancel()

    run_virtual(story())


@settings(deadline=None, derandomize=True)
@given(st.lists(st.binary(max_size=9), max_size=30))
def test_no_byte_is_lost_or_moved(pieces):
    port = PcmPort(0)
    out = b"".join(port.decode(piece) for piece in pieces)
    whole = b"".join(pieces)
    assert out == whole[: len(whole) & ~1]


def test_a_key_heard_by_both_ears_counts_once():
    merge = KeyMerge()
    heard = [
        (Ear.AUDIO, "1", 0.0),
        (Ear.MODEM, "1", 0.2),
        (Ear.AUDIO, "1", 0.4),
        (Ear.MODEM, "1", 0.6),
        (Ear.MODEM, "2", 0.8),
        (Ear.AUDIO, "3", 1.0),
        (Ear.AUDIO, "2", 1.1),
        (Ear.MODEM, "3", 1.2),
    ]
    assert [key for ear, key, now in heard if merge.feed(ear, key, now)] == ["1", "1", "2", "3"]


def test_a_key_that_one_ear_missed():
    merge = KeyMerge()
    assert merge.feed(Ear.AUDIO, "1", 0.0)
    assert merge.feed(Ear.MODEM, "2", 0.5)
    assert merge.feed(Ear.MODEM, "1", WINDOW_S + 0.1)


@settings(deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.sampled_from("123"), st.floats(0.08, 1.0), st.floats(0, 0.5), st.floats(0, 0.5)), max_size=20)
)
def test_however_they_lag_each_press_counts_once(presses):
    """Two ears that hear every press, each with its own delay, in any order."""
    heard, now = [], 0.0
    for key, gap, audio_lag, modem_lag in presses:
        now += gap
        heard += [(now + audio_lag, Ear.AUDIO, key), (now + modem_lag, Ear.MODEM, key)]
    merge = KeyMerge()
    counted = [key for when, ear, key in sorted(heard, key=lambda item: item[0]) if merge.feed(ear, key, when)]
    assert sorted(counted) == sorted(key for key, *_ in presses)
