"""Tones have the frequencies, levels and lengths that the Recommendations give them."""

import math

import numpy as np
import pytest

from hal.audio import companding, tones
from hal.audio.sound import RATE, Encoding

MILLIWATT = bytes.fromhex("342121 34B4A1A1B4".replace(" ", ""))
"""ITU-T G.711, table 5: one period of a 1 kHz sine at 0 dBm0 in A-law."""


def dbm0(samples):
    rms = math.sqrt(np.mean(samples.astype(float) ** 2))
    return 20 * math.log10(rms * math.sqrt(2) / 32768) + tones.FULL_SCALE_DBM0


def spectrum(samples):
    """Amplitude by frequency, 1 Hz apart."""
    window = np.hanning(len(samples))
    return np.abs(np.fft.rfft(samples * window, RATE)) * 2 / window.sum()


def peaks(samples, share=0.3):
    """Frequencies in Hz that stand out."""
    s = spectrum(samples)
    return [int(f) for f in range(1, len(s) - 1) if s[f] > share * s.max() and s[f] >= s[f - 1] and s[f] > s[f + 1]]


def test_the_standard_milliwatt_is_0_dbm0():
    assert abs(dbm0(companding.decode(MILLIWATT * 100, Encoding.ALAW))) < 0.01


@pytest.mark.parametrize("level", [0, -10, -25])
def test_a_sine_has_its_level_after_a_law(level):
    line = companding.decode(tones.sound(tones.tone([1000], 1.0, level)).data, Encoding.ALAW)
    assert abs(dbm0(line) - level) < 0.15


@pytest.mark.parametrize("key", tones.KEY_FREQUENCIES)
def test_every_key_is_its_two_frequencies(key):
    samples = tones.dtmf(key, on_s=0.5, off_s=0.0)
    low, high = tones.KEY_FREQUENCIES[key]
    assert peaks(samples) == [pytest.approx(low, abs=2), pytest.approx(high, abs=2)]


def test_there_are_sixteen_keys_and_they_lie_as_on_the_keypad():
    assert len(tones.KEY_FREQUENCIES) == 16
    assert tones.KEY_FREQUENCIES["1"] == (697, 1209)
    assert tones.KEY_FREQUENCIES["0"] == (941, 1336)
    assert tones.KEY_FREQUENCIES["D"] == (941, 1633)


def test_the_high_group_is_louder_by_the_twist_asked_for():
    s = spectrum(tones.dtmf("1", on_s=1.0, low_dbm0=-12, high_dbm0=-8))
    assert 20 * math.log10(s[1209] / s[697]) == pytest.approx(4, abs=0.1)


def test_a_string_of_keys_has_their_tones_and_pauses():
    assert len(tones.dtmf("12", on_s=0.05, off_s=0.06)) == 2 * 0.11 * RATE
    assert len(tones.dtmf("1,2", on_s=0.05, off_s=0.06)) == 1.22 * RATE
    assert len(tones.dtmf("")) == 0


@pytest.mark.parametrize("keys", ["x", "12 3", "a"])
def test_what_is_no_key_is_refused(keys):
    with pytest.raises(ValueError, match="no DTMF key"):
        tones.dtmf(keys)


def test_what_would_clip_is_refused():
    with pytest.raises(ValueError, match="clip"):
        tones.tone([1000, 1100], 0.1, 0.0)
    with pytest.raises(ValueError, match="clip"):
        tones.dtmf("1", low_dbm0=0, high_dbm0=2)


def test_a_tone_starts_and_ends_softly():
    samples = tones.tone([1000], 0.1, -3)
    assert abs(samples[0]) < 100
    assert abs(samples[-1]) < 300


@pytest.mark.parametrize("country", tones.COUNTRIES)
@pytest.mark.parametrize("signal", tones.Signal)
def test_a_supervisory_tone_sounds_and_pauses_as_its_table_says(country, signal):
    cadence = tones.cadence(country, signal)
    samples = cadence.samples(2 * cadence.period_s)
    assert len(samples) == round(2 * cadence.period_s * RATE)
    at = 0
    for frequencies, seconds in cadence.steps * 2 if not cadence.continuous else cadence.steps:
        piece = samples[at : at + round(seconds * RATE)]
        at += len(piece)
        if frequencies:
            assert peaks(piece) == [pytest.approx(f, abs=3) for f in frequencies]
        else:
            assert not piece.any()


def test_the_tones_of_germany():
    busy = tones.cadence("DE", tones.Signal.BUSY)
    assert busy.period_s == pytest.approx(0.96)
    assert not busy.continuous
    assert tones.cadence("DE", tones.Signal.DIAL).continuous


def test_an_unknown_country_is_named():
    with pytest.raises(KeyError, match="XX"):
        tones.cadence("XX", tones.Signal.BUSY)


def test_the_beep_is_short_and_says_what_it_is():
    beep = tones.beep()
    assert beep.seconds == 0.25
    assert beep.caption == "beep"
    assert peaks(companding.decode(beep.data, beep.encoding)) == [pytest.approx(1000, abs=2)]
