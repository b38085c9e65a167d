"""How much of what was spoken was heard, whatever the level at which it was played. For the demonstration's verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hal.audio.companding import decode
from hal.audio.sound import RATE, Encoding

PIECE = 800
"""Samples that are compared at a time: 100 ms, several periods of a voice."""
ALIKE = 0.98
"""Correlation of two pieces that are the same but for their level: A-law alone costs less than a thousandth."""
QUIET = 30.0
"""Mean amplitude of a piece, on the 16-bit scale, below which nobody speaks in it: -58 dBm0. Pauses are no speech, and those at
the ends are not played."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Likeness:
    """How much of what was spoken arrived."""

    share: float
    """Part of the spoken pieces that were heard, in order; 0..1."""
    longest_s: float
    """Seconds of the longest stretch in one piece."""


def likeness(spoken: bytes, heard: bytes) -> Likeness:
    """Compare two A-law sounds piece by piece: each must come after the one before it. What lies between them does not count."""
    words, ear = (decode(each, Encoding.ALAW).astype(np.float64) for each in (spoken, heard))
    pieces = found = 0
    run = longest = 0.0
    position = after = 0
    for start in range(0, len(words) - PIECE + 1, PIECE):
        piece = words[start : start + PIECE]
        if np.abs(piece).mean() < QUIET:
            continue
        pieces += 1
        expected = position + start - after
        in_place = _correlations(piece, ear[expected : expected + PIECE]).max(initial=0.0) >= ALIKE
        if not in_place:
            alike = np.flatnonzero(_correlations(piece, ear[position:]) >= ALIKE)
            run = 0.0
            if not len(alike):
                continue
            expected = position + int(alike[0])
        found += 1
        position, after = expected + PIECE, start + PIECE
        run += PIECE / RATE
        longest = max(longest, run)
    return Likeness(found / max(1, pieces), longest)


def _correlations(piece: Floats, within: Floats) -> Floats:
    """Normalised correlation of a piece with every stretch of `within` that is as long; nothing where that is too short."""
    if len(within) < len(piece):
        return np.zeros(0)
    size = 1 << (len(within) + len(piece) - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(within, size) * np.fft.rfft(piece, size).conj(), size)
    sums = np.concatenate([[0.0], np.cumsum(within * within)])
    energy = np.maximum(sums[len(piece) :] - sums[: -len(piece)], 1.0)
    correlations: Floats = product[: len(energy)] / np.sqrt(energy * (piece @ piece))
    return correlations
