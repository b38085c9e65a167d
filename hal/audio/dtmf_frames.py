"""DTMF, first half: looking at frames. All channels and frames of a tick in one matrix product.

A frame is 30 ms of signal under a Hann window, and the next one begins 10 ms later. Of each frame we want the complex
amplitudes at the eight DTMF frequencies, and, of the few that look like a key, how much of the frame's energy those
two tones explain. The dial tone may lie under a key at any time, so the band up to 500 Hz never counts as energy: that is the
dial-tone filter, always on, and it costs nothing where no key is suspected.

Why 30 ms: speech and keys are told apart by how pure two tones are, and a longer look tells better. Of ten minutes of
speech, 88 frames of 20 ms were half made of two DTMF tones near their frequencies, of 30 ms only 6. Longer than 30 ms no
frame would fit into the 40 ms of the shortest key.

All sums over samples are sums of whole numbers below 2**53, hence exact in any order: what is detected does not depend on how
the signal is cut into pieces, nor on how many channels share the batch, to the last bit. It also lets each hop be
multiplied once, by the three thirds of a window that it will be, and the three frames it belongs to be made by adding.
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
    """Windowed cosines, then negative sines, rounded to whole numbers: a column for each."""
    phase = 2 * math.pi * np.outer(np.arange(WINDOW), frequencies) / RATE
    columns = np.concatenate([np.cos(phase), -np.sin(phase)], axis=1)
    return np.rint(columns * _window()[:, None] * _SCALE)


_PARTS: Final = WINDOW // HOP
_KEYS: Final = np.concatenate(np.split(_basis(np.array(FREQUENCIES, np.float64)).T, _PARTS, axis=1))
"""Rows: 16 for a hop that is the first third of a frame, 16 for the second, 16 for the last."""
_DIAL_TONE: Final = _basis(np.arange(0, 501, RATE / WINDOW))
_HANN: Final = np.rint(_window() * _SCALE)
_GAIN: Final = 2 / _HANN.sum()
"""From a column's sum to the peak of a sine of that frequency."""
_ENERGY: Final = float((_HANN**2).sum() / 2)
"""Windowed energy of a sine whose peak is 1: what energies are measured in."""
_SHARES: Final = np.tile([1.0] + [2.0] * (_DIAL_TONE.shape[1] // 2 - 1), 2) / WINDOW
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
    looks: dict[tuple[int, int], Look]
    """By (frame, row), frames in order; a row is an index into `channels`."""
    _parts: Floats
    """Of the amplitudes, shape (16, 1 + frames, channels): real, then imaginary."""

    def spectra(self, row: int) -> list[list[complex]]:
        """Complex amplitudes of a channel's frames at the eight frequencies. Number 0 is the frame before the first."""
        real, imaginary = np.split(self._parts[:, :, row].T, 2, axis=1)
        spectra: list[list[complex]] = (real + 1j * imaginary).tolist()
        return spectra


class FrameAnalyser:
    """Cuts the signals of `channels` lines into frames. Before its first sample each was silent.

    Lines are quiet for much of a call. While all that are fed are so quiet that no frame could look like a key, their samples
    are only kept, and multiplied when one of them gets louder: the same frames, at a fraction of the cost.
    """

    def __init__(self, channels: int) -> None:
        self._kept = np.zeros((channels, _KEPT), np.int16)
        """The last samples of each channel."""
        self._sums = np.zeros((len(_KEYS), _PARTS, channels))
        """Products of `_KEYS` with the last hops of each channel: enough for the last frame and what the next ones need."""
        self._put_off: set[int] = set()
        """Channels whose `_sums` are still to be made from `_kept`."""
        self._heard = [0] * channels
        """Samples of each channel so far."""

    def forget(self, channel: int) -> None:
        """As if nothing had been fed to the channel."""
        self._kept[channel] = 0
        self._sums[:, :, channel] = 0
        self._put_off.discard(channel)
        self._heard[channel] = 0

    def feed(self, samples: npt.NDArray[np.int16], channels: list[int], *, all_spectra: bool = True) -> list[Frames]:
        """Frames completed by `samples`, a row for each of `channels`. One item, if all of them are in step.

        Without `all_spectra` only rows that look like a key have some.
        """
        groups: dict[int, list[int]] = {}
        for row, channel in enumerate(channels):
            groups.setdefault(self._heard[channel] % HOP, []).append(row)
        if len(groups) == 1:
            return [self._in_step(samples, channels, next(iter(groups)), all_spectra)]
        return [
            self._in_step(samples[rows], [channels[row] for row in rows], begun, all_spectra)
            for begun, rows in groups.items()
        ]

    def _in_step(self, samples: npt.NDArray[np.int16], channels: list[int], begun: int, all_spectra: bool) -> Frames:
        """`begun`: samples that each channel already has of its next hop."""
        first = [self._heard[channel] - begun + HOP - WINDOW for channel in channels]
        for channel in channels:
            self._heard[channel] += samples.shape[1]
        low, high = channels[0], channels[-1] + 1
        which = slice(low, high) if channels == list(range(low, high)) else channels  # a slice is several times as fast
        signal = np.concatenate([self._kept[which], samples], axis=1)
        self._kept[which] = signal[:, -_KEPT:]
        if not all_spectra and signal.max() < _QUIET and signal.min() > -_QUIET:
            self._put_off.update(channels)
            return Frames(channels, first, {}, _NO_SPECTRA)
        count = (begun + samples.shape[1]) // HOP
        late = not self._put_off.isdisjoint(channels)
        begin, number = (HOP - 1 - begun, _PARTS + count) if late else (_KEPT - begun, count)
        hops = signal[:, begin:][:, : number * HOP].reshape(len(channels), number, HOP).swapaxes(0, 1)
        products = _KEYS @ hops.astype(np.float64, order="C").reshape(number * len(channels), HOP).T
        sums = products.reshape(len(_KEYS), number, len(channels))
        if late:
            self._put_off.difference_update(channels)
        else:
            sums = np.concatenate([self._sums[:, :, which], sums], axis=1)
        self._sums[:, :, which] = sums[:, -_PARTS:]
        parts = (sums[:16, :-2] + sums[16:32, 1:-1] + sums[32:, 2:]) * _GAIN
        signal = signal[:, 2 * HOP - 1 - begun :]  # from the first frame's first sample on
        return Frames(channels, first, _looks(signal, parts[:, 1:]) if count else {}, parts)


def _looks(signal: npt.NDArray[np.int16], parts: Floats) -> dict[tuple[int, int], Look]:
    """The frames that look like a key, through sieves of rising cost."""
    squares = parts * parts
    power = (squares[:8] + squares[8:]).reshape(2, 4, -1)
    best = power.max(axis=1)
    low_and_high = (best > _MIN_POWER) & (power.sum(axis=1) < (1 + MAX_REST) * best)
    suspects = np.flatnonzero(low_and_high[0] & low_and_high[1])
    low, high = best[:, suspects]
    twist = high / low
    suspects = suspects[(twist > _TWIST[0]) & (twist < _TWIST[1])]
    if not len(suspects):
        return {}
    low, high = best[:, suspects]
    numbers, rows = np.divmod(suspects, len(signal))
    energy, below = _energies(signal[rows[:, None], numbers[:, None] * HOP + _FRAME])
    pure = low + high > MIN_PURITY * energy
    tones = power[:, :, suspects].argmax(axis=1)
    return {
        (number, row): Look((i, 4 + j), e, b, pl, ph)
        for number, row, i, j, e, b, pl, ph in zip(
            *(column[pure].tolist() for column in (numbers, rows, *tones, energy, below, low, high)), strict=True
        )
    }


_FRAME: Final = np.arange(WINDOW)
_KEPT: Final = WINDOW + HOP - 1
"""Samples of the past from which a frame and the hops before it can be made, wherever a hop ends."""
_MIN_POWER: Final = peak(MIN_LEVEL_DBM0) ** 2
_QUIET: Final = peak(MIN_LEVEL_DBM0) / 2
"""Samples below it make no tone that counts: no sum of a frame is more than twice its highest sample (see `_GAIN`)."""
_NO_SPECTRA: Final = np.zeros((16, 1, 1))
_TWIST: Final = tuple(10 ** (db / 10) for db in TWIST_DB)


def _energies(frames: npt.NDArray[np.int16]) -> tuple[Floats, Floats]:
    """Windowed energy above 500 Hz (never zero), and that of the bins up to 500 Hz, in squared peaks."""
    windowed = frames * _HANN
    bins = frames.astype(np.float64) @ _DIAL_TONE
    below: Floats = (bins * bins * _SHARES).sum(axis=1) / _ENERGY
    above: Floats = np.maximum((windowed * windowed).sum(axis=1) / _ENERGY - below, 1.0)
    return above, below
