"""What is played of a recording is made once, and not on the loop."""

import asyncio
import threading

from hal.audio import playcopy as audio
from hal.audio.sound import Sound
from ivr import playcopy
from tests.ivr.village import speech


def test_it_is_made_once_and_off_the_loop(monkeypatch):
    made = []

    def copy(sound):
        made.append((sound, threading.current_thread() is threading.main_thread()))
        return Sound(b"copy")

    monkeypatch.setattr(audio, "playback_copy", copy)
    first, second = speech(1.0, seed=801), speech(1.0, seed=802)

    async def story():
        return [await playcopy.playback_copy(sound) for sound in (first, first, second, Sound(first.data))]

    assert asyncio.run(story()) == [Sound(b"copy")] * 4
    assert made == [(first, False), (second, False)]


def test_what_cannot_be_copied_is_played_as_it_was_received(monkeypatch, caplog):
    def copy(sound):
        raise FloatingPointError("no level")

    monkeypatch.setattr(audio, "playback_copy", copy)
    received = speech(1.0, seed=803)
    assert asyncio.run(playcopy.playback_copy(received)) is received
    assert "played as received" in caplog.text
