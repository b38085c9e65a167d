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


@pytest.mark.parametrize("level", [-8, -16, -30])
def test_a_playback_copy_has_the_usual_level_and_no_silent_ends(spoken, level):
    quiet = noise(2, -62)
    original = alaw(np.concatenate([quiet, scaled(spoken, level), quiet]))
    before = original.data
    copy = levels.playback_copy(original)
    assert original.data == before
    assert copy.encoding is Encoding.ALAW
    assert levels.measure(copy).active_dbm0 == pytest.approx(-16, abs=1.0)
    assert copy.seconds < len(spoken) / 8000 + 0.5
    assert copy.seconds > len(spoken) / 8000 - 1.0


def test_a_playback_copy_never_clips(spoken):
    spiky = scaled(spoken, -30)
    spiky[len(spiky) // 2] = 20000
    copy = companding.decode(levels.playback_copy(alaw(spiky)).data, Encoding.ALAW)
    assert (np.abs(copy.astype(int)) >= 32256).sum() <= 1


def test_noise_is_not_made_louder():
    original = alaw(noise(3, -55))
    assert levels.playback_copy(original).data == original.data


def test_the_stop_key_is_cut_off(spoken):
    speech = scaled(spoken, -20)
    recording = alaw(np.concatenate([speech, np.zeros(1600), tones.dtmf("#", on_s=0.12, off_s=0.0)]))
    copy = levels.playback_copy(recording, stopped_by_key=True)
    samples = companding.decode(copy.data, Encoding.ALAW)
    assert levels.DtmfDetector().feed(samples) == []
    kept = levels.cut_stop_key(companding.decode(recording.data, Encoding.ALAW))
    assert len(speech) + 1600 - 200 < len(kept) <= len(speech) + 1600


def test_a_key_in_the_middle_is_no_stop_key(spoken):
    speech = scaled(spoken, -16).astype(np.int16)
    samples = np.concatenate([tones.dtmf("5"), speech[:6000]])
    assert len(levels.cut_stop_key(samples)) == len(samples)


def test_other_encodings_do_as_well(spoken):
    sound = Sound(spoken.astype("<i2").tobytes(), Encoding.S16LE, "test")
    copy = levels.playback_copy(sound)
    assert copy.encoding is Encoding.ALAW
    assert copy.caption == "test"
