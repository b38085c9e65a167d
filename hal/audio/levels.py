"""How loud a recording is, whether anybody spoke, and a copy of it that is pleasant to hear.

A recording is stored as received and never changed; `playback_copy` makes another sound of it, for the ear only.
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
from hal.audio.dtmf import DtmfDetector
from hal.audio.sound import RATE, Encoding, Sound
from hal.audio.tones import FULL_SCALE_DBM0, KEY_FREQUENCIES, peak

Floats = npt.NDArray[np.float64]

PLAYBACK_DBM0: Final = -16.0
"""Active speech level of a playback copy: what a subscriber close to the exchange delivers, and espeak-ng's prompts have."""
MAX_GAIN_DB: Final = 24.0
"""More would lift the noise of the line to where it disturbs."""
FLOOR_DBM0: Final = -50.0
"""Nothing below this is speech: idle lines have -65 to -55 dBm0 of noise, a whisper -40."""
ABOVE_NOISE_DB: Final = 10.0
"""A frame is active when it is this far above the quietest tenth of the recording. Steady noise reaches 3 dB."""
MIN_SPEECH_S: Final = 0.2
"""Active sound that is neither tone nor steady: about one syllable. Less is a click or a breath."""
MIN_SPREAD_DB: Final = 2.5
"""Standard deviation of the active frames' levels. Speech has 6 to 10, noise that sets in has below 1.5."""
TONAL: Final = 0.85
"""Share of a frame's energy around its strongest frequency from which on it is a tone, not a voice."""
STOP_KEY_END_S: Final = 0.15
"""A key that ends longer than this before the recording does was pressed while speaking; it is no stop key."""
MARGIN_S: Final = 0.15
"""Kept before the first and after the last active frame: soft consonants."""

_WINDOW = 256
_HOP = 128
"""Frames of 32 ms every 16 ms."""
_HANN = np.hanning(_WINDOW + 1)[:-1]
_BAND = slice(round(200 * _WINDOW / RATE), round(3400 * _WINDOW / RATE) + 1)


@dataclass(frozen=True, slots=True)
class SpeechLevel:
    """What `measure` found."""

    active_dbm0: float
    """Mean level of the active frames, after ITU-T P.56's idea that pauses do not count; -inf where none are."""
    active_s: float
    """How much of it is active."""
    speech: bool
    """Somebody speaks (or sings); not only noise, hum, tones and clicks."""
    first: int
    last: int
    """Samples between which it is active."""


def power_dbm0(mean_square: float) -> float:
    """Level of a signal with this mean square on the 16-bit scale; -inf for zero."""
    if mean_square <= 0:
        return -math.inf
    return 10 * math.log10(2 * mean_square / peak(FULL_SCALE_DBM0) ** 2) + FULL_SCALE_DBM0


def measure(sound: Sound) -> SpeechLevel:
    """Levels of a recording of any length."""
    samples = companding.decode(sound.data, sound.encoding)
    if not len(samples):
        return SpeechLevel(-math.inf, 0.0, False, 0, 0)
    spectra = _spectra(samples)
    powers = spectra.sum(axis=1)
    levels = 10 * np.log10(np.maximum(powers, 1e-9)) + power_dbm0(1.0)
    threshold = max(FLOOR_DBM0, float(np.quantile(levels, 0.1)) + ABOVE_NOISE_DB)
    active = levels > threshold
    if not active.any():
        return SpeechLevel(-math.inf, 0.0, False, 0, 0)
    where = np.flatnonzero(active)
    voiced = active & ~_tonal(spectra)
    speech = voiced.sum() * _HOP >= MIN_SPEECH_S * RATE and float(levels[voiced].std()) >= MIN_SPREAD_DB
    return SpeechLevel(
        active_dbm0=power_dbm0(float(powers[active].mean())),
        active_s=float(active.sum() * _HOP / RATE),
        speech=bool(speech),
        first=int(where[0]) * _HOP,
        last=min(len(samples), int(where[-1]) * _HOP + _WINDOW),
    )


def _spectra(samples: companding.Samples) -> Floats:
    """Power in each bin of the speech band, in every frame; their sum is the frame's mean square in that band."""
    padded = np.concatenate([samples, np.zeros(-len(samples) % _HOP + _HOP, np.int16)]).astype(np.float64)
    if len(padded) < _WINDOW:
        padded = np.concatenate([padded, np.zeros(_WINDOW - len(padded))])
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    bins = np.fft.rfft(frames * _HANN, axis=1)[:, _BAND]
    power: Floats = (bins.real**2 + bins.imag**2) * 2 / (_WINDOW * (_HANN**2).sum())
    return power


def _tonal(spectra: Floats) -> npt.NDArray[np.bool_]:
    """Frames of one or two pure tones: beeps, busy tone, keys."""
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
    tonal: npt.NDArray[np.bool_] = (found > TONAL * total) & steady
    return tonal


def seems_silent(sound: Sound) -> bool:
    """Nobody seems to speak in it. The caller is told, and decides."""
    return not measure(sound).speech


def cut_stop_key(samples: companding.Samples) -> companding.Samples:
    """Without the tone of the key that ended it, if there is one: everything from 10 ms before the tone on goes."""
    tail = max(0, len(samples) - 2 * RATE)
    keys = DtmfDetector().feed(samples[tail:])
    if not keys:
        return samples
    begin = tail + keys[-1].sample
    if len(samples) - _last_sounding(samples, begin, KEY_FREQUENCIES[keys[-1].digit]) > STOP_KEY_END_S * RATE:
        return samples
    return samples[: max(0, begin - RATE // 100)]


def _last_sounding(samples: companding.Samples, begin: int, frequencies: tuple[int, int]) -> int:
    """The sample up to which a key that begins at `begin` sounds."""
    blocks = samples[begin : begin + (len(samples) - begin) // _HOP * _HOP].reshape(-1, _HOP).astype(np.float64)
    turning = np.exp(-2j * math.pi * np.outer(np.arange(_HOP), frequencies) / RATE)
    weaker = np.abs(blocks @ turning).min(axis=1)
    pauses = np.flatnonzero(weaker < 0.3 * weaker.max(initial=0.0))
    return begin + (int(pauses[0]) if len(pauses) else len(blocks)) * _HOP


def playback_copy(sound: Sound, *, stopped_by_key: bool = False) -> Sound:
    """A copy for listening, in A-law: stop key cut off, silent ends trimmed, active level near `PLAYBACK_DBM0`, never clipped.

    Where nobody seems to speak only the key is cut off: amplified noise helps nobody.
    """
    samples = companding.decode(sound.data, sound.encoding)
    if stopped_by_key:
        samples = cut_stop_key(samples)
    rest = Sound(companding.encode(samples, Encoding.S16LE), Encoding.S16LE)
    found = measure(rest)
    if found.speech:
        margin = round(MARGIN_S * RATE)
        samples = _amplified(
            samples[max(0, found.first - margin) : found.last + margin], PLAYBACK_DBM0 - found.active_dbm0
        )
    return Sound(companding.encode(samples, Encoding.ALAW), Encoding.ALAW, sound.caption)


def _amplified(samples: companding.Samples, gain_db: float) -> companding.Samples:
    """Louder or softer; less loud than asked for where a peak would pass A-law's greatest value."""
    gain = 10 ** (min(gain_db, MAX_GAIN_DB) / 20)
    greatest = int(np.abs(samples.astype(np.int32)).max(initial=1))
    louder: companding.Samples = np.rint(samples * min(gain, 32256 / max(greatest, 1))).astype(np.int16)
    return louder
