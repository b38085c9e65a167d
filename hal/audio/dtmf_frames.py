"""DTMF, first half: looking at frames. All channels and frames of a tick in one matrix product.

A frame is 30 ms of signal under a Hann window, and the next one begins 10 ms later. Of each frame we want the complex
amplitudes at the eight DTMF frequencies, and, of the few that look like a key, how much of the frame's energy those
two tones explain. The dial tone may lie under a key at any time, so the band up to 500 Hz never counts as energy: that is the
dial-tone filter, always on, and it costs nothing where no key is suspected.

Why 30 ms: speech and keys are told apart by how pure two tones are, and a longer look tells better. Of ten minutes of
speech, 88 frames of 20 ms were half made of two DTMF tones near their frequencies, of 30 ms only 6. Longer than 30 ms no
frame would fit into the 40 ms of the shortest key.

All sums over samples are sums of whole numbers below 2**53, hence exact in any order: what is detected does not depend on how
the signal is cut into pieces, nor on how many channels share the batch, to the last bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from hal.audio.sound import RATE
from hal.audio.tones import HIGH_GROUP, LOW_GROUP, peak

Floats = npt.NDArray[np.float64]

WINDOW: Final = 240
"""Samples in a frame: 30 ms."""
HOP: Final = 80
"""Samples from frame to frame: 10 ms. Also the measure of time of everything that follows a key."""
FREQUENCIES: Final = LOW_GROUP + HIGH_GROUP

MIN_LEVEL_DBM0: Final = -44.0
"""Of the weaker tone. Q.24 (AT&T) asks for keys down to -25 dBm; long lines and handsets lose some 15 dB more; A-law's own noise
is near -64 dBm0."""
MAX_REST: Final = 0.5
"""Power of a group's other three frequencies, relative to the strongest. A clean key has 0.002, one through the worst speech
codec 0.15 in 99 of 100 frames. This is only a cheap first sieve before the purity is computed."""
MIN_PURITY: Final = 0.4
"""Share of the energy above 500 Hz that the two tones must explain. Through AMR at 4.75 kbit/s and under a prompt's echo 3 dB
below the key, 1 frame in 100 of a key has less than 0.5."""
TWIST_DB: Final = (-12.0, 10.0)
"""High group over low group, in a frame. Q.24 (AT&T) asks for -8 to +4 dB; GSM and AMR move it by a few dB more."""

_SCALE = 2.0**15
"""Window and sinusoids are rounded to 16 bits, so that a product with a sample is a whole number of 31 bits."""


def _window() -> Floats:
    """Hann's, without its zeros: side lobes fall fast, so a dial tone at -4 dBm0 leaves a key at -10 untouched."""
    return 0.5 - 0.5 * np.cos(2 * math.pi * np.arange(1, WINDOW + 1) / (WINDOW + 1))


def _basis(frequencies: Floats) -> Floats:
    """Two columns a frequency, windowed cosine and negative sine, rounded to whole numbers: a product viewed as complex."""
    phase = 2 * math.pi * np.outer(np.arange(WINDOW), frequencies) / RATE
    columns = np.stack([np.cos(phase), -np.sin(phase)], axis=2).reshape(WINDOW, -1)
    return np.rint(columns * _window()[:, None] * _SCALE)


_KEYS: Final = _basis(np.array(FREQUENCIES, np.float64))
_DIAL_TONE: Final = _basis(np.arange(0, 501, RATE / WINDOW))
_HANN: Final = np.rint(_window() * _SCALE)
_GAIN: Final = 2 / _HANN.sum()
"""From a column's sum to the peak of a sine of that frequency."""
_ENERGY: Final = float((_HANN**2).sum() / 2)
"""Windowed energy of a sine whose peak is 1: what energies are measured in."""
_SHARES: Final = np.array([1.0] * 2 + [2.0] * (_DIAL_TONE.shape[1] - 2)) / WINDOW
"""Parseval: frequency 0 counts once, every other bin twice (for its negative frequency)."""


@dataclass(frozen=True, slots=True)
class Look:
    """A frame that looks like a key."""

    pair: tuple[int, int]
    """The low and the high tone, as indices into `FREQUENCIES`: 0..3 and 4..7."""
    energy: float
    """Energy above 500 Hz, as the square of the peak of a sine that has as much."""
    below: float
    """Energy up to 500 Hz, likewise: a dial tone's, or a voice's."""
    low_power: float
    high_power: float
    """Squared peaks of the two tones. Their sum over `energy` is the purity, 0..1."""

    @property
    def purity(self) -> float:
        return (self.low_power + self.high_power) / self.energy

    @property
    def amplitudes(self) -> tuple[float, float]:
        """Of the low and the high tone."""
        return math.sqrt(self.low_power), math.sqrt(self.high_power)

    @property
    def amplitude(self) -> float:
        """Of both together: the peak of a sine with their power."""
        return math.sqrt(self.low_power + self.high_power)

    @property
    def twist_db(self) -> float:
        return 10 * math.log10(self.high_power / self.low_power)


@dataclass(frozen=True, slots=True)
class Frames:
    """What a piece of signal showed, on channels that were in step."""

    channels: list[int]
    first_samples: list[int]
    """Where each channel's first frame begins; the others follow `HOP` samples apart. Negative in the silence before a signal."""
    spectra: npt.NDArray[np.complex128]
    """Complex amplitudes, shape (1 + frames, channels, 8). Number 0 is the frame before the first."""
    looks: dict[tuple[int, int], Look]
    """By (frame, row), frames in order; a row is an index into `channels`."""


class FrameAnalyser:
    """Cuts the signals of `channels` lines into frames. Before its first sample each was silent."""

    def __init__(self, channels: int) -> None:
        self._kept = np.zeros((channels, WINDOW - 1))
        """The last samples of each channel, right-aligned."""
        self._waiting = np.full(channels, WINDOW - HOP)
        """How many of them belong to frames that are not complete yet."""
        self._before = np.zeros((channels, 8), np.complex128)
        self._position = np.full(channels, HOP - WINDOW)

    def forget(self, channel: int) -> None:
        """As if nothing had been fed to the channel."""
        self._kept[channel] = 0
        self._waiting[channel] = WINDOW - HOP
        self._before[channel] = 0
        self._position[channel] = HOP - WINDOW

    def feed(self, samples: npt.NDArray[np.int16], channels: npt.NDArray[np.intp]) -> list[Frames]:
        """Frames completed by `samples`, a row for each of `channels`. One item, if all of them are in step."""
        waiting = self._waiting[channels]
        if (waiting == waiting[0]).all():
            return [self._in_step(samples, channels, int(waiting[0]))]
        return [
            self._in_step(samples[waiting == length], channels[waiting == length], int(length))
            for length in np.unique(waiting)
        ]

    def _in_step(self, samples: npt.NDArray[np.int16], channels: npt.NDArray[np.intp], waiting: int) -> Frames:
        signal = np.concatenate([self._kept[channels], samples], axis=1)
        usable = signal[:, WINDOW - 1 - waiting :]
        count = max(0, (usable.shape[1] - WINDOW) // HOP + 1)
        first = self._position[channels].tolist()
        self._kept[channels] = signal[:, -(WINDOW - 1) :]
        self._waiting[channels] = usable.shape[1] - count * HOP
        self._position[channels] += count * HOP
        before = self._before[channels][None]
        if not count:
            return Frames(channels.tolist(), first, before, {})
        frames = np.concatenate([usable[:, at : at + WINDOW] for at in range(0, count * HOP, HOP)])
        spectra = ((frames @ _KEYS) * _GAIN).view(np.complex128).reshape(count, len(channels), 8)
        self._before[channels] = spectra[-1]
        return Frames(channels.tolist(), first, np.concatenate([before, spectra]), _looks(frames, spectra))


def _looks(frames: Floats, spectra: npt.NDArray[np.complex128]) -> dict[tuple[int, int], Look]:
    """The frames that look like a key, through sieves of rising cost."""
    power = (spectra.real**2 + spectra.imag**2).reshape(-1, 2, 4)
    best = power.max(axis=2)
    loud = np.flatnonzero(best.min(axis=1) > _MIN_POWER)
    if not len(loud):
        return {}
    alone = (power[loud].sum(axis=2) < (1 + MAX_REST) * best[loud]).all(axis=1)
    suspects = loud[alone]
    if not len(suspects):
        return {}
    energy, below = _energies(frames[suspects])
    low, high = best[suspects].T
    twist = high / low
    pure = (low + high > MIN_PURITY * energy) & (twist > _TWIST[0]) & (twist < _TWIST[1])
    tones = power[suspects].argmax(axis=2)
    return {
        divmod(row, spectra.shape[1]): Look((i, 4 + j), e, b, pl, ph)
        for row, (i, j), e, b, pl, ph in zip(
            *(column[pure].tolist() for column in (suspects, tones, energy, below, low, high)), strict=True
        )
    }


_MIN_POWER: Final = peak(MIN_LEVEL_DBM0) ** 2
_TWIST: Final = tuple(10 ** (db / 10) for db in TWIST_DB)


def _energies(frames: Floats) -> tuple[Floats, Floats]:
    """Windowed energy above 500 Hz (never zero), and that of the bins up to 500 Hz, in squared peaks."""
    windowed = frames * _HANN
    bins = frames @ _DIAL_TONE
    below: Floats = (bins * bins * _SHARES).sum(axis=1) / _ENERGY
    above: Floats = np.maximum((windowed * windowed).sum(axis=1) / _ENERGY - below, 1.0)
    return above, below
