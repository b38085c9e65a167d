"""Loudness, silence and the copy for playback."""

import subprocess

import numpy as np
import pytest

from hal.audio import companding, levels, tones
from hal.audio.sound import Encoding, Sound


@pytest.fixture(scope="module")
def spoken():
    """Two sentences, int16, 8 kHz."""
    text = b"Attention please. This is a test of the alert function."
    wav = subprocess.run(
        ["espeak-ng", "-v", "en-gb", "--stdin", "--stdout"], input=text, capture_output=True, check=True
    )
    out = ["-t", "raw", "-r", "8000", "-c", "1", "-e", "signed", "-b", "16", "-"]
    raw = subprocess.run(
        ["sox", "-D", "-t", "wav", "-", *out], input=wav.stdout, capture_output=True, check=True
    ).stdout
    return np.frombuffer(raw, "<i2")


def alaw(samples):
    return Sound(companding.encode(np.clip(samples, -32768, 32767).astype(np.int16), Encoding.ALAW))


def noise(seconds, level, seed=3):
    rms = tones.peak(level) / np.sqrt(2)
    return np.random.default_rng(seed).normal(0, rms, round(seconds * 8000))


def scaled(samples, level):
    """Speech at an active level."""
    now = levels.measure(Sound(samples.astype("<i2").tobytes(), Encoding.S16LE)).active_dbm0
    return np.clip(samples * 10 ** ((level - now) / 20), -32000, 32000)


def test_a_sine_has_its_level():
    assert levels.power_dbm0(float(np.mean(tones.tone([1000], 1.0, -10.0).astype(float) ** 2))) == pytest.approx(
        -10, abs=0.1
    )
    assert levels.power_dbm0(0.0) == -np.inf


@pytest.mark.parametrize("level", [-12, -25, -38])
def test_speech_is_speech_at_any_level_and_in_noise(spoken, level):
    assert not levels.seems_silent(alaw(scaled(spoken, level)))
    assert not levels.seems_silent(alaw(scaled(spoken, level) + noise(len(spoken) / 8000, level - 25)))


def test_one_word_is_enough(spoken):
    assert not levels.seems_silent(alaw(np.concatenate([np.zeros(8000), scaled(spoken, -20)[:8000], np.zeros(40000)])))


def hum(seconds):
    t = np.arange(round(seconds * 8000)) / 8000
    return sum(tones.peak(-20 - 6 * i) * np.sin(2 * np.pi * 50 * k * t) for i, k in enumerate((1, 2, 3, 5, 7)))


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0),
        np.zeros(100),
        np.zeros(40000),
        noise(5, -60),
        noise(5, -35),
        np.concatenate([np.zeros(16000), noise(3, -40)]),
        hum(5),
        hum(5) + noise(5, -45),
        tones.tone([1000], 0.25, -12),
        np.concatenate([np.zeros(8000), tones.dtmf("1", on_s=0.4)]),
        tones.cadence("DE", tones.Signal.BUSY).samples(6.0),
        tones.cadence("US", tones.Signal.BUSY).samples(6.0),
    ],
    ids=[
        "nothing", "a moment", "zeros", "quiet noise", "loud noise", "noise that sets in", "hum", "hum and noise", "beep", "key",
        "busy tone", "busy tone of two",
    ],
)  # fmt: skip
def test_what_is_no_speech_seems_silent(samples):
    assert levels.seems_silent(alaw(samples))


@pytest.mark.parametrize("level", [-40, -26, -10])
def test_the_speech_voltmeter_measures_a_sine_and_does_not_count_pauses(spoken, level):
    """ITU-T P.56: a tone has its level; speech has the same level with long pauses in it."""
    assert levels.active_speech_dbm0(tones.tone([1000], 3.0, level)) == pytest.approx(level, abs=0.2)
    speech = scaled(spoken, level).astype(np.int16)
    whole = levels.active_speech_dbm0(speech)
    pauses = np.concatenate([np.zeros(24000, np.int16), speech, np.zeros(40000, np.int16), speech])
    assert levels.active_speech_dbm0(pauses) == pytest.approx(whole, abs=0.3)
    noisy = np.rint(pauses + noise(len(pauses) / 8000, level - 30)).astype(np.int16)
    assert levels.active_speech_dbm0(noisy) == pytest.approx(whole, abs=0.5)


def test_without_speech_there_is_no_active_level():
    assert levels.active_speech_dbm0(np.zeros(0, np.int16)) == -np.inf
    assert levels.active_speech_dbm0(np.zeros(8000, np.int16)) == -np.inf


def test_hum_is_no_level(spoken):
    speech = scaled(spoken, -20)
    t = np.arange(len(speech)) / 8000
    rumble = (speech + 6000 * np.sin(2 * np.pi * 50 * t)).astype(np.int16)
    assert levels.active_speech_dbm0(rumble) == pytest.approx(
        levels.active_speech_dbm0(speech.astype(np.int16)), abs=0.3
    )
