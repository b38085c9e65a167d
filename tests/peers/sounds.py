"""Speech to say and to compare, and what came of it on the way through a modem and a peer."""

from __future__ import annotations

import io
import itertools
import random
import wave
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hal.audio.companding import decode
from hal.audio.sound import RATE, Encoding, Sound
from ivr.prompts import espeak, load

Samples = npt.NDArray[np.float64]


@cache
def say(text: str) -> Sound:
    """Speech by espeak-ng as a telephone line carries it."""
    return Sound(espeak.render(load("en"), text), Encoding.ALAW, text)


def rattling(sound: Sound) -> Sound:
    """A third of a second with every sample value that A-law has, so that every control character must be told from sound;
    what follows it fits only where none of them was lost."""
    return Sound(random.Random(1).randbytes(RATE // 3) + sound.data, Encoding.ALAW, sound.caption)


def linear(sound: Sound | bytes) -> Samples:
    """16-bit linear samples; bytes are A-law as an exchange's telephone hears it."""
    if isinstance(sound, bytes | bytearray):
        sound = Sound(bytes(sound))
    return decode(sound.data, sound.encoding).astype(np.float64)


def wav(sound: Sound) -> bytes:
    """A WAV file of 16 bits, for the peers' own converters."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes(linear(sound).astype("<i2").tobytes())
    return file.getvalue()


class Found(NamedTuple):
    """How a piece of sound was found again."""

    correlation: float
    """1 where it is the same but for its level."""
    level_db: float
    """How much louder than it was said."""
    at_s: float
    """Where it begins."""


def find(said: Sound, heard: Samples | bytes) -> Found:
    """The place in `heard` that is most like `said`, and how alike."""
    wanted = linear(said)
    samples = linear(heard) if isinstance(heard, bytes | bytearray) else heard
    if len(samples) < len(wanted):
        return Found(0.0, -99.0, 0.0)
    size = 1 << (len(samples) + len(wanted)).bit_length()
    product = np.fft.irfft(np.fft.rfft(samples, size) * np.conj(np.fft.rfft(wanted, size)), size)
    power = np.concatenate(([0.0], np.cumsum(samples**2)))
    places = len(samples) - len(wanted) + 1
    own = float(wanted @ wanted)
    there = np.maximum(power[len(wanted) :] - power[:places], own * 1e-6)
    likeness = product[:places] / np.sqrt(own * there)
    best = int(np.argmax(likeness))
    return Found(float(likeness[best]), float(10 * np.log10(there[best] / own)), best / RATE)


def sounding(hertz: float, heard: Samples | bytes) -> list[float]:
    """Where a tone of this frequency is what is heard: begins of pieces of 0.1 s, in seconds."""
    samples = linear(heard) if isinstance(heard, bytes | bytearray) else heard
    pieces = samples[: len(samples) // 800 * 800].reshape(-1, 800)
    strongest = np.abs(np.fft.rfft(pieces * np.hanning(800), axis=1)).argmax(axis=1) * RATE / 800
    return [n / 10 for n in np.flatnonzero((np.std(pieces, axis=1) > 1000) & (np.abs(strongest - hertz) <= 10))]


_ROWS, _COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)


def keys(heard: bytes) -> str:
    """The keys whose two tones (ITU-T Q.23) are heard, by pieces of 25 ms; a key needs two of them, and a pause after it."""
    samples = linear(heard)
    pieces = samples[: len(samples) // 200 * 200].reshape(-1, 200)
    turns = np.exp(-2j * np.pi * np.outer(np.arange(200), np.array(_ROWS + _COLUMNS)) / RATE)
    power = np.abs(pieces @ turns) ** 2 / 100
    total = (pieces**2).sum(axis=1) + 1.0
    found = []
    for share, loud in zip(power / total[:, None], total / 200 > 1e5, strict=True):
        row, column = int(share[:4].argmax()), int(share[4:].argmax())
        found.append("123A456B789C*0#D"[4 * row + column] if loud and share[row] + share[4 + column] > 0.8 else " ")
    runs = [(key, len(list(same))) for key, same in itertools.groupby(found)]
    return "".join(key for key, length in runs if key != " " and length >= 2)
