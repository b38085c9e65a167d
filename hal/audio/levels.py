"""How loud a recording is, and whether anybody speaks in it.

Levels are in dBm0 (ITU-T G.711: a sine at A-law's full scale is +3.14 dBm0), measured between 200 and 3400 Hz, so that mains hum
and an exchange's rumble weigh nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from hal.audio import companding
from hal.audio.companding import Samples
from hal.audio.sound import RATE, Sound
from hal.audio.tones import FULL_SCALE_DBM0, peak

Floats = npt.NDArray[np.float64]

FLOOR_DBM0: Final = -50.0
"""Nothing below this is speech: idle lines have -65 to -55 dBm0 of noise, a whisper -40."""
ABOVE_NOISE_DB: Final = 10.0
"""A frame is active when it is this far above the quietest tenth of the recording. Steady noise reaches 3 dB."""
MIN_SPEECH_S: Final = 0.2
"""Active sound that is neither tone nor steady: about one syllable. Less is a click or a breath."""
MIN_SPREAD_DB: Final = 2.5
"""Standard deviation of the active frames' levels. Speech has 6 to 10, noise that sets in has below 1.5."""
TONAL: Final = 0.85
"""Share of a frame's energy around its two strongest frequencies from which on it may be a tone, not a voice."""
PURE: Final = 0.96
"""Share from which on it certainly is one: busy tone, a key. Vowels stay below it, and may be the end of a recording."""

TIME_CONSTANT_S: Final = 0.03
HANGOVER_S: Final = 0.2
MARGIN_DB: Final = 15.9
"""Of the speech voltmeter's method B (ITU-T P.56, clause 5): smoothing of the envelope, how long a pause still counts as speech,
and how far below the active level the threshold lies that tells speech from pause."""
_ENVELOPE_HZ: Final = 1000
"""P.56 wants at least 600 samples of the envelope a second."""

_WINDOW = 256
_HOP = 128
"""Frames of 32 ms every 16 ms."""
_HANN = np.hanning(_WINDOW + 1)[:-1]
_LOW_HZ, _HIGH_HZ = 200, 3400
_BAND = slice(round(_LOW_HZ * _WINDOW / RATE), round(_HIGH_HZ * _WINDOW / RATE) + 1)


@dataclass(frozen=True, slots=True)
class SpeechLevel:
    """What `measure` found."""

    active_dbm0: float
    """Mean level of the active frames, in which pauses do not count; -inf where none are."""
    active_s: float
    """How much of it is active."""
    speech: bool
    """Somebody speaks (or sings); not only noise, hum, tones and clicks."""
    first: int
    last: int
    """Samples between which it is active; where somebody speaks, between which somebody speaks: no tone before or behind."""


def power_dbm0(mean_square: float) -> float:
    """Level of a signal with this mean square on the 16-bit scale; -inf for zero."""
    if mean_square <= 0:
        return -math.inf
    return 10 * math.log10(2 * mean_square / peak(FULL_SCALE_DBM0) ** 2) + FULL_SCALE_DBM0


def measure(sound: Sound) -> SpeechLevel:
    """Levels of a recording of any length."""
    return measure_samples(companding.decode(sound.data, sound.encoding))


def measure_samples(samples: Samples) -> SpeechLevel:
    """The same of samples, int16 at 8 kHz."""
    if not len(samples):
        return SpeechLevel(-math.inf, 0.0, False, 0, 0)
    spectra = _spectra(samples)
    powers = spectra.sum(axis=1)
    levels = 10 * np.log10(np.maximum(powers, 1e-9)) + power_dbm0(1.0)
    threshold = max(FLOOR_DBM0, float(np.quantile(levels, 0.1)) + ABOVE_NOISE_DB)
    active = levels > threshold
    if not active.any():
        return SpeechLevel(-math.inf, 0.0, False, 0, 0)
    tonality = _tonality(spectra)
    voiced = active & (tonality <= TONAL)
    speech = voiced.sum() * _HOP >= MIN_SPEECH_S * RATE and float(levels[voiced].std()) >= MIN_SPREAD_DB
    where = np.flatnonzero(_voice(active & (tonality <= PURE)) if speech else active)
    return SpeechLevel(
        active_dbm0=power_dbm0(float(powers[active].mean())),
        active_s=float(active.sum() * _HOP / RATE),
        speech=bool(speech),
        first=int(where[0]) * _HOP,
        last=min(len(samples), int(where[-1]) * _HOP + _WINDOW),
    )


def _voice(sounding: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Without what stands alone: clicks, and the edges of tones. In 0.2 s of speech ten of twelve frames sound, of a tone two."""
    near = np.convolve(sounding, np.ones(12, np.int64), "same")[: len(sounding)]
    kept: npt.NDArray[np.bool_] = sounding & (near >= 4)
    return kept if kept.any() else sounding


def _spectra(samples: Samples) -> Floats:
    """Power in each bin of the speech band, in every frame; their sum is the frame's mean square in that band."""
    padded = np.concatenate([samples, np.zeros(-len(samples) % _HOP + _HOP, np.int16)]).astype(np.float64)
    if len(padded) < _WINDOW:
        padded = np.concatenate([padded, np.zeros(_WINDOW - len(padded))])
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    bins = np.fft.rfft(frames * _HANN, axis=1)[:, _BAND]
    power: Floats = (bins.real**2 + bins.imag**2) * 2 / (_WINDOW * (_HANN**2).sum())
    return power


def _tonality(spectra: Floats) -> Floats:
    """Share of each frame in its one or two strongest frequencies; 0 where they move from frame to frame: no beep, no key."""
    total = np.maximum(spectra.sum(axis=1), 1e-9)
    rest = spectra.copy()
    rows = np.arange(len(spectra))
    found = np.zeros(len(spectra))
    tops = []
    for _ in range(2):
        top = rest.argmax(axis=1)
        tops.append(top)
        for offset in range(-2, 3):
            column = np.clip(top + offset, 0, spectra.shape[1] - 1)
            found += rest[rows, column]
            rest[rows, column] = 0
    steady = np.zeros(len(spectra), np.bool_)
    steady[1:] = np.minimum(*(np.abs(tops[0][1:] - top[:-1]) for top in tops)) <= 1
    shares: Floats = np.where(steady, found / total, 0.0)
    return shares


def seems_silent(sound: Sound) -> bool:
    """Nobody seems to speak in it. The caller is told, and decides."""
    return not measure(sound).speech


def active_speech_dbm0(samples: Samples) -> float:
    """Active speech level after ITU-T P.56, method B: the level of the speech without its pauses. -inf where there is none.

    `samples`: int16 at 8 kHz, a second or more. Beside speech it is right for nothing.
    """
    if not len(samples):
        return -math.inf
    signal = _in_band(samples)
    step = RATE // _ENVELOPE_HZ
    rectified = np.abs(np.append(signal, np.zeros(-len(signal) % step))).reshape(-1, step).mean(axis=1)
    times = np.arange(round(10 * TIME_CONSTANT_S * _ENVELOPE_HZ))
    decay = math.exp(-1 / (TIME_CONSTANT_S * _ENVELOPE_HZ))
    envelope = np.convolve(rectified, (1 - decay) ** 2 * (times + 1) * decay**times)[
        : len(rectified)
    ]  # two stages in a row
    energy = float(signal @ signal) / step
    place = np.arange(len(envelope))
    before: tuple[float, float] | None = None
    for exponent in range(15):
        threshold = 2.0**exponent
        last = np.maximum.accumulate(np.where(envelope >= threshold, place, -len(place) - RATE))
        active = int((place - last <= HANGOVER_S * _ENVELOPE_HZ).sum())
        if not active:
            break
        level, limit = power_dbm0(energy / active), power_dbm0(threshold**2 / 2)
        # P.56 compares with the threshold as a level of direct current: 20 log of it, where a sine's mean square is half of that.
        gap = level - (limit + 10 * math.log10(2))
        if gap <= MARGIN_DB:
            if before is None:
                return level
            above, upper = before
            return level + (above - level) * (MARGIN_DB - gap) / (upper - gap)
        before = level, gap
    return before[0] if before else -math.inf


def _in_band(samples: Samples) -> Floats:
    """Without what lies outside 200 to 3400 Hz."""
    size = 1 << max(8, (len(samples) - 1).bit_length())
    spectrum = np.fft.rfft(samples.astype(np.float64), size)
    spectrum[: size * _LOW_HZ // RATE] = 0
    spectrum[size * _HIGH_HZ // RATE :] = 0
    return np.fft.irfft(spectrum, size)[: len(samples)]
