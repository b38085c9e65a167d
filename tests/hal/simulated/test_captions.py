"""What a phone's ear recognises, and what it must not."""

import json
import random

import numpy as np

from hal.audio.sound import Encoding, Sound
from hal.simulated import g711, sounds
from hal.simulated.captions import Captions, Ear
from hal.simulated.likeness import Library, Likeness
from tests.hal.simulated.terminal import speech


def hum(seconds, seed):
    """Something with the ups and downs of speech, so that eight bits keep its shape."""
    noise = np.random.default_rng(seed)
    wave = np.convolve(noise.normal(size=round(seconds * 8000)), np.ones(12) / 12, "same")
    envelope = 0.2 + np.abs(np.sin(np.arange(len(wave)) / 1500 + seed))
    return g711.encode((wave * envelope * 9000).astype(int))


def frames(data):
    data += bytes([g711.SILENCE]) * (-len(data) % 160)
    return [data[i : i + 160] for i in range(0, len(data), 160)]


def heard(ear, data):
    for frame in frames(data):
        ear.feed(frame)
    return [(h.caption, h.complete) for h in ear.heard]


def known(**clips):
    captions = Captions()
    captions.learn(*(Sound(data, Encoding.ALAW, caption.replace("_", " ")) for caption, data in clips.items()))
    return captions


def test_clips_in_a_row_at_odd_places():
    one, two = speech(0.3, 1).data, speech(1.0, 2).data
    captions = known(one=one, two=two)
    quiet = bytes([g711.SILENCE])
    assert heard(Ear(captions), quiet * 77 + one + two + quiet * 333 + one) == [
        ("one", True),
        ("two", True),
        ("one", True),
    ]


def test_a_gap_or_a_cut_is_not_complete():
    one = speech(1.0, 1).data
    captions = known(one=one)
    gap = bytes([g711.SILENCE]) * 160
    assert heard(Ear(captions), one[:2000] + gap + one[2000:]) == []
    assert heard(Ear(captions), one[:4000] + gap + one[4000:]) == [("one", False)]
    assert heard(Ear(captions), one[:3500]) == [("one", False)]
    wrong = bytearray(one)
    wrong[1000] ^= 1
    assert heard(Ear(captions), bytes(wrong)) == []


def test_clips_that_begin_alike_are_told_apart():
    start = speech(0.8, 1).data
    first, second = start + speech(0.5, 2).data, start + speech(0.5, 3).data
    captions = known(first=first, second=second, start=start)
    assert heard(Ear(captions), second) == [("second", True)]
    assert heard(Ear(captions), first) == [("first", True)]
    assert heard(Ear(captions), start + bytes([g711.SILENCE]) * 800) == [("start", True)]


def test_prompts_are_read_from_their_index(tmp_path):
    captions = Captions()
    captions.read(tmp_path)
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "a.alaw").write_bytes(speech(0.5, 1).data)
    (tmp_path / "en" / "index.json").write_text(json.dumps({"a.alaw": "Good morning"}))
    captions.read(tmp_path)
    assert heard(Ear(captions), speech(0.5, 1).data) == [("Good morning", True)]


def test_eight_bit_linear_is_recognised_by_likeness():
    clips = {f"clip_{i}": hum(0.6 + i / 5, i) for i in range(8)}
    captions = known(**clips)
    rng = random.Random(1)

    def lossy(data):
        return data.translate(g711.ALAW_TO_U8).translate(g711.U8_TO_ALAW)

    order = [3, 0, 7, 1, 5]
    stream = b"".join(bytes([g711.SILENCE]) * rng.randrange(1000) + clips[f"clip_{i}"] for i in order)
    stream += bytes([g711.SILENCE]) * 4000
    assert heard(Ear(captions), lossy(stream)) == []
    assert heard(Likeness(Library(captions)), lossy(stream)) == [(f"clip {i}", True) for i in order]
    assert heard(Likeness(Library(captions)), lossy(hum(5.0, 99))) == []
    assert heard(Likeness(Library(captions)), lossy(clips["clip_7"][:6000] + hum(3.0, 98))) == [("clip 7", False)]


def test_keys_are_heard():
    gap = bytes([g711.SILENCE]) * 400
    dialled = "".join("123A456B789C*0#D55")
    audio = b"".join(sounds.key_tone(key, 0.1) + gap for key in dialled)
    assert sounds.keys_in(audio) == dialled
    assert sounds.keys_in(hum(5.0, 3)) == ""
