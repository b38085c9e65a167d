"""The copy of a recording that is played: as loud as the prompts, nothing clipped, no keys, no silent ends."""

import numpy as np
import pytest

from hal.audio import companding, playcopy, tones
from hal.audio.dtmf import DtmfDetector
from hal.audio.levels import active_speech_dbm0, measure_samples
from hal.audio.sound import RATE, Encoding, Sound
from hal.audio.tones import Signal
from tests.hal.audio.voices import gain, noise, spoken

SENTENCES = {
    "en-gb": "Attention please. This is a test of the alert function.",
    "de": "Achtung. Der Server im dritten Stock wird angegriffen, alle Dienste abschalten.",
    "fr+f3": "Attention. Nous avons une intrusion dans le réseau de la préfecture.",
}
ADPCM = [Encoding.IMA_ADPCM, Encoding.ZYXEL_ADPCM_4]


def at(level, voice="en-gb"):
    """A sentence at an active speech level; what does not fit is clipped."""
    speech = spoken(SENTENCES[voice], voice)
    return gain(speech, level - active_speech_dbm0(speech))


def recorded(*pieces, encoding=Encoding.ALAW, noise_dbm0=-62.0):
    samples = np.concatenate(pieces)
    noisy = np.clip(samples + noise(len(samples) / RATE, noise_dbm0), -32768, 32767).astype(np.int16)
    return Sound(companding.encode(noisy, encoding), encoding, "caption")


def copy_of(sound):
    """(the copy's samples); what is true of every copy is checked."""
    before = sound.data
    copy = playcopy.playback_copy(sound)
    assert sound.data is before
    assert copy.caption == sound.caption
    assert copy.samples <= sound.samples + 1
    return companding.decode(copy.data, copy.encoding)


def clipped(samples):
    return int((np.abs(samples.astype(int)) > playcopy.GREATEST).sum())


@pytest.mark.parametrize(
    ("voice", "level"),
    [
        ("en-gb", -40),
        ("de", -32),
        ("fr+f3", -24),
        ("en-gb", -16),
        ("de", -9),
        ("fr+f3", -3),
        ("de", -40),
        ("en-gb", -3),
    ],
)
def test_speech_at_any_level_becomes_as_loud_as_the_prompts(voice, level):
    samples = copy_of(recorded(tones.silence(1.0), at(level, voice), tones.silence(1.0)))
    assert active_speech_dbm0(samples) == pytest.approx(-16, abs=0.7)
    assert clipped(samples) == 0


@pytest.mark.parametrize("encoding", [Encoding.ULAW, Encoding.S16LE, Encoding.U8, Encoding.S8, *ADPCM])
def test_in_any_encoding(encoding):
    sound = recorded(tones.silence(0.5), at(-22), encoding=encoding, noise_dbm0=-70)
    copy = playcopy.playback_copy(sound)
    assert copy.encoding is Encoding.ALAW
    assert active_speech_dbm0(companding.decode(copy.data, copy.encoding)) == pytest.approx(-16, abs=1.5)


@pytest.mark.parametrize("encoding", [Encoding.ALAW, Encoding.IMA_ADPCM])
def test_what_is_there_is_what_was_said(encoding):
    speech = at(-26)
    samples = copy_of(recorded(speech, encoding=encoding)).astype(float)
    size = len(samples) + len(speech)
    product = np.fft.irfft(np.fft.rfft(samples, size) * np.conj(np.fft.rfft(speech.astype(float), size)), size)
    assert product.max() > 0.97 * np.linalg.norm(samples) * np.linalg.norm(speech)


def test_silent_ends_go_and_nothing_of_the_speech():
    speech = at(-20)
    samples = copy_of(recorded(tones.silence(3.0), speech, tones.silence(5.0)))
    found = measure_samples(speech)
    assert (found.last - found.first) / RATE <= len(samples) / RATE <= (found.last - found.first) / RATE + 0.4


def test_a_pause_in_the_middle_stays():
    samples = copy_of(recorded(at(-20), tones.silence(4.0), at(-20)))
    assert len(samples) > 2 * len(at(-20)) + 3 * RATE


def test_one_word_is_kept_whole():
    word = gain(spoken("No!"), -10)
    samples = copy_of(recorded(tones.silence(4.0), word, tones.silence(20.0)))
    assert 0.2 < len(samples) / RATE < len(word) / RATE + 0.4
    assert active_speech_dbm0(samples) == pytest.approx(-16, abs=1.5)


def test_clipped_speech_is_made_softer():
    samples = copy_of(recorded(at(4)))
    assert active_speech_dbm0(samples) == pytest.approx(-16, abs=1.0)
    assert np.abs(samples.astype(int)).max() < 20000


def test_a_knock_on_the_handset_does_not_leave_a_whisper_a_whisper():
    speech = at(-36).copy()
    middle = len(speech) // 2
    speech[middle : middle + 30] = 30000
    samples = copy_of(recorded(speech))
    assert clipped(samples) == 0
    quiet = np.concatenate([samples[: len(samples) // 2 - 800], samples[len(samples) // 2 + 800 :]])
    assert active_speech_dbm0(quiet) > -22


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0),
        np.zeros(100),
        np.zeros(40000),
        noise(3, -55),
        noise(3, -30),
        tones.tone([1000], 0.5),
        tones.tone([941], 0.3),
    ],
    ids=["nothing", "a moment", "zeros", "noise", "loud noise", "tone", "hum"],
)
def test_what_nobody_says_is_not_made_louder(samples):
    sound = Sound(companding.encode(samples.astype(np.int16), Encoding.ALAW))
    assert playcopy.playback_copy(sound) is sound


@pytest.mark.parametrize(
    ("key", "seconds", "after"),
    [*((key, 0.1, 0.0) for key in "159#"), ("5", 0.06, 0.0), ("1", 0.1, 0.15), ("#", 0.6, 0.05)],
)
def test_the_key_that_ended_it_is_gone(key, seconds, after):
    speech = at(-20)
    sound = recorded(speech, tones.silence(0.1), tones.dtmf(key, on_s=seconds, off_s=0), tones.silence(after))
    samples = copy_of(sound)
    assert DtmfDetector().feed(np.append(samples, tones.silence(0.2))) == []
    assert len(samples) < len(speech) + 0.25 * RATE


@pytest.mark.parametrize("keys", ["5", "12", "#"])
def test_keys_in_the_middle_are_muted_and_the_words_around_them_stay(keys):
    before, after = at(-20), at(-20, "de")
    pressed = tones.dtmf(keys, on_s=0.15)
    samples = copy_of(recorded(before, pressed, after))
    assert DtmfDetector().feed(samples) == []
    assert len(samples) > len(before) + len(pressed) + len(after) - RATE
    assert active_speech_dbm0(samples) == pytest.approx(-16, abs=0.7)


def test_only_keys_leave_nothing_to_hear():
    samples = copy_of(recorded(tones.silence(0.5), tones.dtmf("123#", on_s=0.2), tones.silence(0.5)))
    assert measure_samples(samples).active_s < 0.1


@pytest.mark.parametrize(
    ("country", "signal"),
    [("DE", Signal.BUSY), ("AT", Signal.CONGESTION), ("US", Signal.CONGESTION), ("GB", Signal.DIAL)],
)
def test_the_tone_after_a_hang_up_is_not_played(country, signal):
    speech = at(-20)
    tone = tones.cadence(country, signal).samples(3.0, -18)
    samples = copy_of(recorded(speech, tones.silence(0.6), tone))
    assert len(samples) < len(speech) + 0.4 * RATE


def test_speech_is_not_taken_for_a_key():
    """Spoken numbers cut off anywhere: nothing of them is muted."""
    speech = spoken("This is an alert, call one nine eight seven, host twenty-three is under attack.")
    for cut in np.random.default_rng(3).integers(2000, len(speech), 10):
        assert playcopy.without_keys(speech[:cut]) is not None
        assert np.array_equal(playcopy.without_keys(speech[:cut]), speech[:cut])
