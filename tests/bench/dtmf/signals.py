"""The signals of the bench's rows: strings of keys under the limits of ITU-T Q.24 (with AT&T's figures) and beyond.

The generator is the bench's own: it shares nothing with `hal.audio.tones`, so that an error there cannot cancel out.
Everything is seeded; the same seed gives the same samples on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

RATE = 8000
KEYS = "123A456B789C*0#D"
LOW = (697.0, 770.0, 852.0, 941.0)
HIGH = (1209.0, 1336.0, 1477.0, 1633.0)
PEAK_0_DBM0 = 32768 * 10 ** (-3.14 / 20)
"""Peak of a 0 dBm0 sine: +3.14 dBm0 is A-law's full scale (G.711)."""

Signal = np.ndarray
Spoil = Callable[[Signal, np.random.Generator], Signal]
"""Something that happens to a line: noise, a codec, a prompt's echo. Floats in, floats out, same length."""


@dataclass(frozen=True)
class Keys:
    """How a row's keys are made. Levels in dBm0 a tone, times in seconds."""

    on_s: float = 0.05
    off_s: float = 0.05
    level: float = -10.0
    twist_db: float = 0.0
    """High group over low group; the stronger one has `level`."""
    low_off: tuple[float, ...] = (0.0,)
    high_off: tuple[float, ...] = (0.0,)
    """Relative errors of the two frequencies; taken in turn."""
    gap_s: float = 0.0
    """An interruption in the middle of the tone."""
    spoil: tuple[Spoil, ...] = field(default=())


def peak(dbm0: float) -> float:
    return PEAK_0_DBM0 * 10 ** (dbm0 / 20)


def make(keys: Keys, count: int, seed: int) -> tuple[Signal, str]:
    """`count` keys, every key equally often, in random order, phases and positions between the samples; and their string."""
    rng = np.random.default_rng(seed)
    string = "".join(rng.permutation(list((KEYS * (count // 16 + 1))[:count])))
    lead = np.zeros(round(0.3 * RATE))
    pieces = [lead]
    low_level = keys.level - max(keys.twist_db, 0.0)
    high_level = keys.level + min(keys.twist_db, 0.0)
    for i, key in enumerate(string):
        column, row = KEYS.index(key) % 4, KEYS.index(key) // 4
        low_off, high_off = rng.choice(keys.low_off), rng.choice(keys.high_off)
        n = round(keys.on_s * RATE)
        t = np.arange(n) / RATE
        tone = peak(low_level) * np.sin(2 * np.pi * LOW[row] * (1 + low_off) * t + rng.uniform(0, 2 * np.pi))
        tone += peak(high_level) * np.sin(2 * np.pi * HIGH[column] * (1 + high_off) * t + rng.uniform(0, 2 * np.pi))
        if keys.gap_s:
            gap = round(keys.gap_s * RATE)
            tone[(n - gap) // 2 : (n + gap) // 2] = 0
        # The line's clock is not the key's: without this jitter every key would lie alike on the detector's grid.
        jitter = int(rng.integers(0, 80)) if i % 2 == 0 else 0
        pieces += [tone, np.zeros(round(keys.off_s * RATE) + jitter)]
    signal = np.concatenate([*pieces, lead])
    for spoil in keys.spoil:
        signal = spoil(signal, rng)
    return signal, string


def noise(snr_db: float, level: float) -> Spoil:
    """White noise over 0..4 kHz, `snr_db` below one tone of `level` dBm0."""
    rms = peak(level - snr_db) / np.sqrt(2)
    return lambda signal, rng: signal + rng.normal(0, rms, len(signal))


def hum(level: float, *frequencies: float) -> Spoil:
    """Steady tones of `level` dBm0 each, such as a dial tone."""

    def add(signal: Signal, rng: np.random.Generator) -> Signal:
        t = np.arange(len(signal)) / RATE
        return signal + sum(peak(level) * np.sin(2 * np.pi * f * t + rng.uniform(0, 2 * np.pi)) for f in frequencies)

    return add


def over(background: Callable[[int], Signal]) -> Spoil:
    """Added over a background that is given the number of samples it must fill."""
    return lambda signal, rng: signal + background(len(signal))


def to_linear(signal: Signal) -> np.ndarray:
    """Clip and round to int16, as a linear interface does."""
    return np.clip(np.rint(signal), -32768, 32767).astype(np.int16)
