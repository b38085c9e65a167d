"""Tones of the network are recognised, and nothing else is."""

import subprocess

import numpy as np
import pytest

from hal.audio import companding, tones
from hal.audio.progress import CallProgress
from hal.audio.sound import Encoding
from hal.audio.tones import COUNTRIES, Signal


def line(samples, level=None):
    """Through A-law, with the noise of an idle line."""
    noise = np.random.default_rng(1).normal(0, 20, len(samples))
    noisy = np.clip(samples + noise, -32768, 32767).astype(np.int16)
    return companding.decode(companding.encode(noisy, Encoding.ALAW), Encoding.ALAW)


def signals(heard):
    return [signal for signal, _, _ in heard]


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("level", [-10, -25])
def test_every_tone_of_every_country_is_recognised_as_itself(country, signal, level):
    cadence = tones.cadence(country, signal)
    samples = np.concatenate([tones.silence(0.5), cadence.samples(max(6.0, 2.5 * cadence.period_s), level)])
    heard = signals(CallProgress(country).feed(line(samples)))
    assert set(heard) == {signal}


def test_recognition_may_begin_in_the_middle_of_a_tone():
    samples = tones.cadence("DE", Signal.BUSY).samples(5.0)[1500:]
    assert Signal.BUSY in signals(CallProgress("DE").feed(line(samples)))


def test_busy_tone_takes_two_periods_and_the_third_tone():
    ((_, at, began), *_) = CallProgress("DE").feed(line(tones.cadence("DE", Signal.BUSY).samples(5.0)))
    assert 1.9 < at / 8000 < 2.5
    assert began < 800


@pytest.mark.parametrize(("country", "frequency", "pause_s"), [("DE", 425, 5.0), ("CH", 425, 4.0)])
def test_another_call_that_waits_is_no_congestion(country, frequency, pause_s):
    """Two short tones and a long pause (E.180 Supplement 2): whoever listens on this line has not been hung up on."""
    beep = tones.tone([frequency], 0.2, -10.0)
    waiting = np.concatenate([tones.silence(1), *[beep, tones.silence(0.2), beep, tones.silence(pause_s)] * 3])
    assert not [heard for heard in CallProgress(country, silence_s=60).feed(line(waiting)) if heard.signal]


def test_each_ring_is_given():
    samples = tones.cadence("DE", Signal.RING_BACK).samples(15.0)
    assert signals(CallProgress("DE").feed(line(samples))) == [Signal.RING_BACK] * 3


def test_another_countrys_busy_tone_is_not_ours():
    samples = tones.cadence("US", Signal.BUSY).samples(6.0)
    assert signals(CallProgress("DE").feed(line(samples))) == []


def test_silence_is_given_once():
    progress = CallProgress("DE", silence_s=3.0)
    assert signals(progress.feed(line(tones.silence(8.0)))) == [None]
    progress.feed(line(tones.tone([1000], 0.5)))
    assert signals(progress.feed(line(tones.silence(4.0)))) == [None]


def test_pieces_do_not_matter():
    samples = line(tones.cadence("GB", Signal.RING_BACK).samples(9.0))
    progress, heard = CallProgress("GB"), []
    for at in range(0, len(samples), 133):
        heard += progress.feed(samples[at : at + 133])
    assert heard == CallProgress("GB").feed(samples)


@pytest.mark.parametrize("country", ["DE", "GB", "US"])
def test_keys_are_no_progress(country):
    samples = tones.dtmf("0123456789*#ABCD" * 2, on_s=0.48, off_s=0.48)
    assert signals(CallProgress(country).feed(line(samples))) == []


@pytest.mark.parametrize("voice", ["en-gb", "de", "it", "ru+f3"])
def test_speech_is_no_progress(voice):
    text = "ooo, aah. One hundred and twenty. mama mia, 4711. Hello, hello, no, no, no. Busy, busy, busy." * 3
    out = ["-t", "raw", "-r", "8000", "-c", "1", "-e", "signed", "-b", "16", "-"]
    wav = subprocess.run(
        ["espeak-ng", "-v", voice, "--stdin", "--stdout"], input=text.encode(), capture_output=True, check=True
    )
    raw = subprocess.run(
        ["sox", "-D", "-t", "wav", "-", *out], input=wav.stdout, capture_output=True, check=True
    ).stdout
    samples = np.frombuffer(raw, "<i2")
    assert len(samples) > 10 * 8000
    for country in COUNTRIES:
        assert signals(CallProgress(country).feed(line(samples))) == []


def test_unknown_country():
    with pytest.raises(KeyError, match="XX"):
        CallProgress("XX")
