"""The playback copy of a recording: the same samples without the tone of the key that ended it.

What was received is kept untouched in the store; only what is played is shortened, and nothing but shortened: every sample
that remains is the one that came over the line. (`hal.audio.levels.playback_copy` also changes the level: pleasant, but then a
called team no longer hears, sample by sample, what was spoken.)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hal.audio import companding
from hal.audio.sound import RATE, Encoding, Sound
from hal.audio.tones import HIGH_GROUP, LOW_GROUP

_FRAME = RATE // 50
"""20 ms: long enough to tell the keypad's frequencies apart, short enough to find the tone's beginning."""
_HOP = _FRAME // 4
_TAIL_S = 1.5
"""How far back a key's tone may have begun: a recording ends within a moment of the key, whoever holds it down."""
_AFTER_S = 0.3
"""How much may follow the tone: a modem needs a moment to tell of the key and to end the recording."""
_LEAST_FRAMES = 3
"""Frames that must agree: speech rarely sounds like one and the same key for 35 ms."""
_PURE = 0.8
"""Share of a frame's energy that lies in its two strongest keypad frequencies, one of each group."""
_AUDIBLE = 300.0**2
"""Mean square (16 bits) of a frame that can be a key's tone: about -37 dBm0."""


def playback_copy(sound: Sound) -> Sound:
    """The sound up to the tone of a key at its very end; itself where there is none. ADPCM becomes A-law."""
    if sound.encoding.adpcm:  # its end cannot be decoded alone
        sound = sound.to(Encoding.ALAW)
    width = sound.encoding.width
    # The end alone is decoded: two whole minutes would hold up every other line for a tick.
    offset = max(0, sound.samples - round(_TAIL_S * RATE))
    start = tone_start(companding.decode(sound.data[offset * width :], sound.encoding))
    if start is None:
        return sound
    return Sound(sound.data[: (offset + start) * width], sound.encoding, sound.caption)


def tone_start(samples: npt.NDArray[np.int16]) -> int | None:
    """The sample at which a key's tone at the end begins, or None. `samples`: some seconds at most, 8 kHz, 16 bits."""
    tail = samples.astype(np.float64)
    if len(tail) < _FRAME:
        return None
    keys = _keys_by_frame(tail)
    last = max((index for index, key in enumerate(keys) if key is not None), default=None)
    if last is None or (len(keys) - 1 - last) * _HOP > _AFTER_S * RATE:
        return None
    first = last
    while first and keys[first - 1] == keys[last]:
        first -= 1
    if last - first + 1 < _LEAST_FRAMES:
        return None
    # The first pure frame may begin up to a frame before the tone fills it.
    return max(0, (first - 1) * _HOP)


def _keys_by_frame(tail: npt.NDArray[np.float64]) -> list[tuple[int, int] | None]:
    """For each frame the place of its key on the keypad, or None where it is no key's tone."""
    frames = np.lib.stride_tricks.sliding_window_view(tail, _FRAME)[::_HOP]
    total = (frames**2).sum(axis=1)
    low, high = (_power(frames, group) for group in (LOW_GROUP, HIGH_GROUP))
    pure = low.max(axis=1) + high.max(axis=1) > _PURE * total
    # Both tones must be there: 20 dB apart at most, far more than any line's twist.
    both = np.minimum(low.max(axis=1), high.max(axis=1)) > 0.01 * total
    audible = total > _AUDIBLE * _FRAME
    places = zip(low.argmax(axis=1), high.argmax(axis=1), pure & both & audible, strict=True)
    return [(int(row), int(column)) if is_key else None for row, column, is_key in places]


def _power(frames: npt.NDArray[np.float64], group: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Energy of each frame at each frequency of a group, on the scale of the frame's sum of squares."""
    times = np.arange(_FRAME) / RATE
    waves = np.exp(-2j * np.pi * np.outer(times, group))
    power: npt.NDArray[np.float64] = np.abs(frames @ waves) ** 2 * (2 / _FRAME)
    return power
