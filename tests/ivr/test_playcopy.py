"""The tone of the key that ends a recording is not played; everything else is, bit for bit."""

import numpy as np
import pytest

from hal.audio import tones
from hal.audio.sound import Encoding, Sound
from ivr.playcopy import playback_copy
from ivr.prompts import espeak, load
from tests.ivr.village import speech

GAP = Sound.pause(0.05).data


def with_key(sound, key, seconds, after=0.0):
    tone = tones.sound(tones.dtmf(key, on_s=seconds, off_s=0))
    return Sound(sound.data + GAP + tone.data + Sound.pause(after).data)


@pytest.mark.parametrize("key", "0123456789*#")
@pytest.mark.parametrize(("seconds", "after"), [(0.05, 0.0), (0.1, 0.0), (0.1, 0.15), (0.6, 0.05)])
def test_a_keys_tone_at_the_end_is_cut(key, seconds, after):
    said = speech(2.0)
    copy = playback_copy(with_key(said, key, seconds, after))
    assert copy.data == with_key(said, key, seconds).data[: copy.samples]
    assert said.samples - 80 <= copy.samples <= said.samples + len(GAP) + 80


@pytest.mark.parametrize("encoding", [Encoding.ULAW, Encoding.S16LE, Encoding.U8])
def test_in_any_encoding(encoding):
    recorded = with_key(speech(1.0), "5", 0.1).to(encoding)
    copy = playback_copy(recorded)
    assert copy.encoding is encoding
    assert recorded.data.startswith(copy.data)
    assert abs(copy.seconds - 1.05) < 0.03


def test_a_key_pressed_in_the_middle_stays():
    recorded = Sound(with_key(speech(1.0), "5", 0.1).data + speech(1.0, 2).data)
    assert playback_copy(recorded) is recorded


@pytest.mark.parametrize("sound", [Sound(b""), Sound.pause(0.01), Sound.pause(3.0), speech(2.0)])
def test_without_a_tone_it_is_the_recording_itself(sound):
    assert playback_copy(sound) is sound


def test_a_single_tone_is_no_key():
    hum = tones.sound(tones.tone([941], 0.3))
    assert playback_copy(hum) is hum


@pytest.mark.skipif(not espeak.available(), reason="needs espeak-ng")
def test_speech_is_not_taken_for_a_key():
    """Spoken numbers cut off anywhere: nothing of them is lost."""
    language = load("en")
    spoken = Sound(
        espeak.render(language, "This is an alert, call one nine eight seven, host twenty-three is under attack.")
    )
    cuts = np.random.default_rng(3).integers(2000, spoken.samples, 60)
    assert all(playback_copy(piece) is piece for piece in (Sound(spoken.data[:cut]) for cut in cuts))
