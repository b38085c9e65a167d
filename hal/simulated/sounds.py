"""What the simulated network and its telephones sound like: key tones, exchange tones. All A-law at 8 kHz.

DTMF frequencies: ITU-T Q.23. German exchange tones (425 Hz and its cadences): ITU-T E.180, supplement 2; those of other countries
are the table of `hal.audio.tones`, from the same source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import numpy as np

from hal.audio.sound import FRAME, RATE
from hal.audio.tones import Signal, cadences
from hal.simulated import g711

QUIET = bytes([g711.SILENCE]) * FRAME
"""One frame of silence."""

_LOW = (697, 770, 852, 941)
_HIGH = (1209, 1336, 1477, 1633)
_PAD = ("123A", "456B", "789C", "*0#D")


def _tones(seconds: float, *parts: tuple[float, float]) -> bytes:
    """The sum of sines, each (frequency in Hz, level in dBm0)."""
    t = np.arange(round(seconds * RATE)) / RATE
    wave = np.zeros(len(t))
    for hertz, dbm0 in parts:
        # Full scale of A-law is +3.14 dBm0 (G.711, table 5).
        wave += 32767 * 10 ** ((dbm0 - 3.14) / 20) * np.sin(2 * np.pi * hertz * t)
    return g711.encode(np.round(wave).astype(np.int32))


@cache
def key_tone(key: str, seconds: float, dbm0: float = -9.0) -> bytes:
    """A DTMF key: both tones at `dbm0`. ValueError for anything that is no key."""
    for low, row in zip(_LOW, _PAD, strict=True):
        if len(key) == 1 and key in row:
            return _tones(seconds, (low, dbm0), (_HIGH[row.index(key)], dbm0))
    raise ValueError(f"{key!r} is no DTMF key")


_PROBE = np.exp(-2j * np.pi * np.outer(np.arange(FRAME) / RATE, (*_LOW, *_HIGH)))


def keys_in(alaw: bytes) -> str:
    """The DTMF keys in a stretch of audio without much else: at least 40 ms each, and 20 ms apart.

    A telephone's ear for tests; the box has a real detector in `hal.audio.dtmf`.
    """
    usable = len(alaw) - len(alaw) % FRAME
    frames = g711.decode(alaw[:usable]).reshape(-1, FRAME).astype(float)
    power = np.abs(frames @ _PROBE) ** 2 * (2 / FRAME)
    energy = (frames**2).sum(axis=1)
    low, high = power[:, :4].max(axis=1), power[:, 4:].max(axis=1)
    clear = (low + high > 0.7 * energy) & (np.minimum(low, high) > 0.1 * energy) & (energy > FRAME * 100**2)
    found = "".join(
        _PAD[row][column] if told else " "
        for told, row, column in zip(clear, power[:, :4].argmax(axis=1), power[:, 4:].argmax(axis=1), strict=True)
    )
    return "".join(match.group()[0] for match in re.finditer(r"([0-9A-D*#])\1+", found))


@cache
def tone(hertz: float, seconds: float, dbm0: float = -12.0) -> bytes:
    """One tone."""
    return _tones(seconds, (hertz, dbm0))


def two_tones(first: float, second: float, seconds: float) -> bytes:
    """Two tones at once (0 Hz: none), as `+VTS=[f1,f2,t]` asks for."""
    return _tones(seconds, *((f, -12.0) for f in (first, second) if f))


_GERMAN: dict[str, tuple[tuple[int, float], ...]] = {
    "dial": ((425, 1.0),),
    "ring-back": ((425, 1.0), (0, 4.0)),
    "busy": ((425, 0.48), (0, 0.48)),
    "congestion": ((425, 0.24), (0, 0.24)),
    "unobtainable": ((950, 0.33), (1400, 0.33), (1800, 0.33), (0, 1.0)),
}
_NAMES = {
    "dial": Signal.DIAL,
    "ring-back": Signal.RING_BACK,
    "busy": Signal.BUSY,
    "congestion": Signal.CONGESTION,
    "unobtainable": Signal.UNOBTAINABLE,
}


@cache
def cadence(name: str, country: str = "DE") -> bytes:
    """One period of an exchange tone: `dial`, `ring-back`, `busy`, `congestion`, `unobtainable`; `silence`. KeyError for others."""
    if name == "silence":
        return QUIET
    if country == "DE":
        return b"".join(tone(hertz, seconds) if hertz else quiet(seconds) for hertz, seconds in _GERMAN[name])
    steps = cadences(country)[_NAMES[name]].steps
    return b"".join(_tones(seconds, *((hertz, -12.0) for hertz in mixture)) for mixture, seconds in steps)


def quiet(seconds: float) -> bytes:
    """Silence."""
    return bytes([g711.SILENCE]) * round(seconds * RATE)


def frames(period: bytes) -> Iterator[bytes]:
    """A period over and over, in frames of 20 ms, whatever its length."""
    position = 0
    while True:
        frame = period[position : position + FRAME]
        while len(frame) < FRAME:
            frame += period[: FRAME - len(frame)]
        position = (position + FRAME) % len(period)
        yield frame
