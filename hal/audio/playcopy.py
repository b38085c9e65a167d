"""A copy of a recording that is pleasant to hear. The recording itself stays as it was received.

Key tones are muted, silence and tones at both ends go (the key that ended it, the busy tone after a hang-up), and the active speech
level becomes that of the prompts. A limiter takes back what would clip, for some milliseconds only: one knock on the
handset must not leave a whisper a whisper.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from hal.audio import companding
from hal.audio.companding import Samples
from hal.audio.dtmf import DtmfDetector
from hal.audio.levels import Floats, active_speech_dbm0, measure_samples
from hal.audio.sound import RATE, Encoding, Sound
from hal.audio.tones import KEY_FREQUENCIES

PLAYBACK_DBM0: Final = -16.0
"""Active speech level of a playback copy: what a subscriber close to the exchange delivers, and espeak-ng's prompts have."""
MAX_GAIN_DB: Final = 24.0
"""More would lift the noise of the line to where it disturbs."""
MARGIN_S: Final = 0.15
"""Kept before the first and after the last speech: soft consonants."""
GREATEST: Final = 32256
"""A-law's greatest value on the 16-bit scale."""
KEY_EDGE_S: Final = 0.01
"""Muted before and after a key beyond what was measured of it."""
_TAIL_S: Final = 1.0
_BLOCK: Final = 40
"""Samples (5 ms) in which the limiter has one gain."""
_HOP: Final = 128


def playback_copy(sound: Sound) -> Sound:
    """A copy for listening, in A-law: keys muted, ends trimmed, active speech level near -16 dBm0, never clipped.

    Where nobody seems to speak it is as long and as loud as the recording: amplified noise helps nobody. Takes some 0.5 s of CPU
    for two minutes: not for the event loop.
    """
    samples = without_keys(companding.decode(sound.data, sound.encoding))
    found = measure_samples(samples)
    if found.speech:
        margin = round(MARGIN_S * RATE)
        samples = samples[max(0, found.first - margin) : found.last + margin]
        samples = amplified(samples, min(PLAYBACK_DBM0 - active_speech_dbm0(samples), MAX_GAIN_DB))
    elif np.array_equal(samples, companding.decode(sound.data, sound.encoding)):
        return sound
    return Sound(companding.encode(samples, Encoding.ALAW), Encoding.ALAW, sound.caption)


def without_keys(samples: Samples) -> Samples:
    """The samples with every key's tone muted; at the very end, cut off. Itself where there is none."""
    keys = list(_keys(samples))
    if not keys:
        return samples
    muted = samples.copy()
    for begin, end in keys:
        muted[begin:end] = 0
    begin, end = keys[-1]
    return muted[:begin] if end >= len(samples) else muted


def _keys(samples: Samples) -> Iterator[tuple[int, int]]:
    """First and last sample of each key's tone. One that the recording broke off counts as soon as it can be recognised."""
    edge = round(KEY_EDGE_S * RATE)
    broken_off = np.append(samples, np.zeros(RATE // 10, np.int16))
    for key in DtmfDetector().feed(broken_off):
        end = _last_sounding(samples, key.sample, KEY_FREQUENCIES[key.digit])
        yield max(0, key.sample - edge), min(len(samples), end + edge)


def _last_sounding(samples: Samples, begin: int, frequencies: tuple[int, int]) -> int:
    """The sample up to which a key that begins at `begin` sounds."""
    blocks = samples[begin : begin + round(_TAIL_S * RATE)]
    blocks = blocks[: len(blocks) // _HOP * _HOP].reshape(-1, _HOP).astype(np.float64)
    turning = np.exp(-2j * math.pi * np.outer(np.arange(_HOP), frequencies) / RATE)
    weaker = np.abs(blocks @ turning).min(axis=1)
    pauses = np.flatnonzero(weaker < 0.3 * weaker[:3].max(initial=0.0))
    return begin + (int(pauses[0]) if len(pauses) else len(blocks) + 1) * _HOP


def amplified(samples: Samples, gain_db: float) -> Samples:
    """Louder or softer; softer for some milliseconds where a peak would pass A-law's greatest value."""
    wanted: Floats = samples * np.float64(10 ** (gain_db / 20))
    blocks = -(-len(wanted) // _BLOCK)
    peaks = np.abs(np.append(wanted, np.zeros(blocks * _BLOCK - len(wanted)))).reshape(blocks, _BLOCK).max(axis=1)
    if peaks.max(initial=0.0) <= GREATEST:
        return rounded(wanted)
    gains = np.pad(np.minimum(1.0, GREATEST / np.maximum(peaks, 1.0)), 2, constant_values=1.0)
    least = np.lib.stride_tricks.sliding_window_view(gains, 5).min(axis=1)
    centres = (np.arange(blocks) + 0.5) * _BLOCK
    return rounded(wanted * np.interp(np.arange(len(wanted)), centres, least))


def rounded(samples: Floats) -> Samples:
    """int16 of what lies within its range."""
    whole: Samples = np.rint(samples).astype(np.int16)
    return whole
