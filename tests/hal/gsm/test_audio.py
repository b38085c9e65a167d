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


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.lists(st.integers(1, 700), min_size=8, max_size=40), st.integers(0, 9000), st.integers(1, 3))
def test_a_lost_byte_is_put_right_whatever_the_pieces(sizes, lost_at, seed):
    """From a quarter of a second after the next sound on, every sample is whole again."""
    time = np.arange(3 * RATE) / RATE
    sound = sum(np.sin(2 * np.pi * f * seed * time) for f in (170, 310, 640)) * 1200 * (1.1 + np.sin(9 * time))
    whole = sound.astype("<i2").tobytes()
    broken = whole[:lost_at] + whole[lost_at + 1 :]
    port, out, at = PcmPort(0), b"", 0
    while at < len(broken):
        for size in sizes:
            out += port.decode(broken[at : at + size])
            at += size
    assert port.slips == 1
    assert whole[-RATE:-2] in out


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.integers(60, 3600), st.floats(0.01, 1.0), st.booleans())
def test_no_tone_and_no_noise_is_taken_for_torn_samples(frequency, level, noisy):
    """Tones up to full scale, as A-law gives them, and noise that is loud by itself."""
    time = np.arange(RATE) / RATE
    sound = np.sin(2 * np.pi * frequency * time) * 32000 * level
    if noisy:
        sound = np.random.default_rng(frequency).normal(0, 9000 * level, RATE).clip(-32000, 32000)
    alaw = Sound(sound.astype("<i2").tobytes(), Encoding.S16LE).to(Encoding.ALAW).to(Encoding.S16LE).data
    for data in (sound.astype("<i2").tobytes(), alaw):
        port = PcmPort(0)
        assert port.decode(data) == data
        assert port.slips == 0


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
