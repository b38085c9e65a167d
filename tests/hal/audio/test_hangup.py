"""The other side's hang-up, by ear: every tone of every country ends a call, and nothing that anybody says does."""

import numpy as np
import pytest

from hal.audio import tones
from hal.audio.hangup import SILENCE_S, SILENCE_TOO_S, HangUpEar
from hal.audio.tones import COUNTRIES, Cadence, Signal
from tests.hal.audio.voices import RATE, gain, line, listen, spoken

ENDS = [Signal.BUSY, Signal.CONGESTION, Signal.DIAL, Signal.UNOBTAINABLE]
SENTENCE = "Fire in the old mill, all crews to the market place, bring the long ladder."


def heard(country, samples, noise_dbm0=-58.0, playing=False):
    """[(signal, second in which it was reported, second at which it began)]"""
    found = []
    ear = HangUpEar(country, lambda signal, ago: found.append((signal, ago)), playing=lambda: playing)
    told = []
    for at in listen(ear, line(samples, noise_dbm0)):
        told += [(signal, at / RATE, (at - ago) / RATE) for signal, ago in found]
        found.clear()
    return told


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("signal", ENDS)
def test_a_tone_after_speech_is_told_with_its_beginning(country, signal):
    speech = spoken(SENTENCE)
    spoken_s = len(speech) / RATE
    samples = np.concatenate([speech, tones.silence(0.7), tones.cadence(country, signal).samples(7.0, -20)])
    told = heard(country, samples)
    assert told[0][0] is signal
    assert told[0][1] - spoken_s < 0.7 + 5.2
    assert told[0][2] == pytest.approx(spoken_s + 0.7, abs=0.1)


@pytest.mark.parametrize("country", ["DE", "GB", "US"])
def test_nothing_that_is_said_is_a_hang_up(country):
    speech = np.concatenate([spoken(SENTENCE, voice) for voice in ("en-gb", "de", "ru+f3", "it+croak")])
    for level in (6, -10, -25):
        assert heard(country, gain(speech, level)) == []


def test_silence_ends_a_call_late_and_only_while_nothing_is_played():
    quiet = tones.silence(SILENCE_S + 5)
    assert heard("DE", quiet)[0] == (None, pytest.approx(SILENCE_S, abs=0.2), pytest.approx(0, abs=0.2))
    assert heard("DE", quiet, playing=True) == []
    thinking = np.concatenate([quiet[: 40 * RATE], spoken("Hm."), quiet[: 40 * RATE]])
    assert heard("DE", thinking) == []


def test_silence_that_the_modem_reports_too_ends_it_sooner():
    found = []
    ear = HangUpEar("DE", lambda signal, ago: found.append(signal), playing=lambda: False)
    for at in listen(ear, line(tones.silence(SILENCE_TOO_S + 10))):
        if at == 5 * RATE:
            ear.modem_says_silence()
        if found:
            break
    assert at / RATE == pytest.approx(SILENCE_TOO_S, abs=0.2)


@pytest.mark.parametrize("signal", ENDS)
@pytest.mark.parametrize(("noise_below_db", "off_hz"), [(10, 0), (30, 15)])
def test_a_noisy_line_and_an_old_exchange_are_understood(signal, noise_below_db, off_hz):
    """E.180 allows 15 Hz; the pauses of a tone on a noisy line are no silence."""
    cadence = tones.cadence("DE", signal)
    moved = Cadence(tuple((tuple(f + off_hz for f in mixture), seconds) for mixture, seconds in cadence.steps))
    assert heard("DE", moved.samples(7.0, -15), noise_dbm0=-15 - noise_below_db)[0][0] is signal
