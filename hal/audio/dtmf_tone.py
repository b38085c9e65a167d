"""DTMF, second half: following what looks like a key from frame to frame, until it is one or is not.

Two ideas do most of the work:

*Lengths without edges.* The windows of all frames add up to a constant. So the amplitudes of a tone in all its frames, relative
to the greatest, add up to its length, to a millisecond or two, wherever its edges lie in the frames and however noisy they
are. What is missing adds up to the length of a pause in the same way. That is how 23 ms is told from 40 ms, and an
interruption of 10 ms from a pause of 40.

*A key stays what it is.* The phase of a tone advances from frame to frame by exactly its frequency. The products of each frame
with its predecessor's conjugate, added up, give the frequency over the whole tone, and how much of the energy stayed in step:
a voice's pitch moves, a key's does not.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from hal.audio.dtmf_frames import FREQUENCIES, HOP, WINDOW, Look
from hal.audio.sound import RATE
from hal.audio.tones import KEYPAD

MIN_TONE: Final = 3.0
"""Hops (10 ms) that a tone must have lasted. Q.24 (AT&T): a key of 40 ms must be accepted, one of 23 ms must not. Frames at its
end in which the key is no longer recognised are not counted, so 40 ms measure at least 3.3, and 23 ms never more than 2.4."""
MIN_PAUSE: Final = 2.2
"""Hops of silence that end a key. Q.24 (AT&T): 40 ms of pause separate two keys, an interruption of 10 ms does not."""
UNRECOGNISED: Final = 0.5
"""What a frame adds to the pause, at least, where the tones are there but the key is not to be recognised: speech over it, or
speech alone. Four such frames in a row end a key."""
FULL: Final = 0.55
"""Amplitude, relative to the tone's greatest, at which the tone is back and a pause forgotten. GSM full rate begins a tone up
to 4 dB too loud."""
STILL_THERE: Final = 0.12
"""Amplitude, relative to its greatest, down to which a key that was reported goes on without a pause as long as every frame shows
it. GSM full rate and AMR begin a tone up to 16 dB louder than they go on; without this, every third key of 250 ms was two through
AMR 12.2. In 4,800 pauses of 40 ms and more, through codecs, noise and echo, none was bridged even at 0.05."""
OVERHEARD: Final = 0.5
"""Amplitude, relative to its greatest, down to which a key that was reported goes on although a frame shows another key: that
frame is a word spoken over it."""
MAX_ERROR_FRAME: Final = 0.03
"""Relative error of frequency between two frames at which the later one is no part of the key."""
MAX_ERROR: Final = 0.0245
"""Relative error over the whole tone. Q.24 (AT&T): 1.5 % must be accepted, 3.5 % must not."""
MIN_QUALITY: Final = 0.656
"""Of `Tone.quality`. On the training seeds (13 h of speech, half of it high-passed) 8 false keys get through where spandsp has 15.
With 0.696 there would be two, but 3 to 15 points less of the keys through AMR 4.75 and of those 1.5 % off their frequencies."""
VOICE_A: Final = 3 * 1633 / (7 * 697) - 1
VOICE_A_WITHIN: Final = 0.0022
"""Difference of the two relative errors where a voice's third and seventh harmonics are taken for key A: 0.0041, met so
closely by all of 39 false keys in 16 hours of speech, which all were A."""
_PER_HZ: Final = 2 * math.pi * HOP / RATE
"""Phase that a tone gains in one hop for each hertz."""
_BACK: Final = tuple(cmath.exp(-1j * _PER_HZ * f) for f in FREQUENCIES)
"""Turns a tone's phase back by one hop of its nominal frequency."""
_PART: Final = np.linspace(0, 1, 61)
_FILLED: Final = _PART - np.sin(2 * math.pi * _PART) / (2 * math.pi)
"""Amplitude in a frame whose last part a tone fills: the integral of Hann's window."""


class Tone:
    """Two tones together that may be a key. Made of the first frame in which it was recognised."""

    def __init__(self, look: Look, start: int, before: Sequence[complex]) -> None:
        self.pair = look.pair
        self.digit = KEYPAD[look.pair[0]][look.pair[1] - 4]
        self.begun = self.reported = False
        """What the detector has said of it."""
        self._start = start
        self._first_amplitude = look.amplitude
        self._peaks = look.amplitudes
        """Greatest amplitudes of the low and the high tone."""
        self._peak = look.amplitude
        self._total = look.amplitude + math.hypot(*(abs(before[i]) for i in self.pair))
        """Greatest amplitude of both together, and its sum over all frames. The frame before the first look has a part of the
        tone's beginning. Codecs move energy between the two tones, but change their sum much less."""
        self._advance = (0j, 0j)
        """Sums of frame times conjugate of the frame before, turned back by the nominal frequency."""
        self._in_step = 0.0
        """What the sizes of the two `_advance` would add up to if all energy were two steady tones."""
        self._looks = 1
        self._twist_db = look.twist_db
        self._energy = look.energy
        self._below = look.below
        """Sums over the looks."""
        self._best = self._last = look
        self._pause = 0.0
        """Hops missing since the tone was last fully there."""
        self._still_there = True
        """Whether every frame since then has shown it, if quieter."""

    def hear(self, look: Look | None, before: Sequence[complex], now: Sequence[complex]) -> bool:
        """Take the next frame: its look, the spectrum before it and its own. False where the tone is not recognised in it."""
        if look is None or look.pair != self.pair:
            return False
        turns = [now[i] * before[i].conjugate() * _BACK[i] for i in self.pair]
        if any(
            abs(cmath.phase(t)) > _PER_HZ * MAX_ERROR_FRAME * FREQUENCIES[i]
            for t, i in zip(turns, self.pair, strict=True)
        ):
            return False
        self._peaks = (max(self._peaks[0], look.amplitudes[0]), max(self._peaks[1], look.amplitudes[1]))
        self._peak = max(self._peak, look.amplitude)
        self._total += look.amplitude
        self._advance = (self._advance[0] + turns[0], self._advance[1] + turns[1])
        self._in_step += math.sqrt(look.energy * self._last.energy)
        self._looks += 1
        self._twist_db += look.twist_db
        self._energy += look.energy
        self._below += look.below
        self._best = max(self._best, look, key=lambda a: a.purity)
        self._last = look
        return True

    def ended_by(self, recognised: bool, look: Look | None, now: Sequence[complex]) -> bool:
        """After `hear`: add what this frame lacked of it to the pause. True where the pause or another key has ended it."""
        present = min(1.0, *(abs(now[i]) / peak for i, peak in zip(self.pair, self._peaks, strict=True)))
        if recognised and present > FULL:
            self._pause, self._still_there = 0.0, True
        else:
            self._pause += max(1 - present, 0.0 if recognised else UNRECOGNISED)
            self._still_there &= recognised and present > STILL_THERE
        another = look is not None and look.pair != self.pair
        if another and not (self.reported and present > OVERHEARD):
            return True
        if self._pause >= MIN_PAUSE and self.reported and self._still_there:
            self._pause, self._peaks = (
                0.0,
                self._last.amplitudes,
            )  # a codec began it too loud: this is what it is measured by now
        return self._pause >= MIN_PAUSE

    @property
    def length(self) -> float:
        """Hops it has lasted."""
        return self._total / self._peak

    def errors(self) -> list[float]:
        """Relative errors of the two frequencies."""
        return [cmath.phase(t) / _PER_HZ / FREQUENCIES[i] for t, i in zip(self._advance, self.pair, strict=True)]

    def quality(self) -> float:
        """How much it resembles a key: 1 for a perfect one of 60 ms, about 0.35 for speech that comes this far.

        Half of it is the purity of the best frame, half the share of the energy that stayed in step over all of them, both as they
        would be had the tones been exactly on their frequencies. From this are taken
        - 0.12 for each per cent of frequency error, the worse of the two;
        - 0.025 for each decibel of twist away from -1, where keys seldom are and speech often is;
        - 0.01 for each hop that it is shorter than 6: what lasts is more certain;
        - 0.002 for each decibel of energy below 500 Hz over -15 dB of that above, at most 0.04: a voice is strongest there. A dial
          tone is, too, but then the keys over it are otherwise perfect.
        - 0.1 for an A whose frequencies are as 3 to 7. Those of every other key are far from the ratios of low harmonics, but 697
          and 1633 Hz miss this one by 0.41 % only, and a woman's voice at 233 Hz has both.
        The weights were first found by logistic regression, then by trial, over 9,598 keys, clean and spoilt, and 3,009 suspicious
        pieces of 13 hours of speech.
        """
        errors = self.errors()
        low, high = (_hann_gain(error * FREQUENCIES[i]) for error, i in zip(errors, self.pair, strict=True))
        purity = (self._best.low_power / low + self._best.high_power / high) / self._best.energy
        steady = (abs(self._advance[0]) / low + abs(self._advance[1]) / high) / self._in_step
        likeness = (min(purity, 1.0) + min(steady, 1.0)) / 2
        below_db = 10 * math.log10(max(self._below / self._energy, 1e-9))
        return (
            likeness
            - 12 * max(map(abs, errors))
            - 0.025 * abs(self._twist_db / self._looks + 1)
            - 0.01 * max(0.0, 6 - self.length)
            - 0.002 * min(20.0, max(0.0, below_db + 15))
            - 0.1 * (self.digit == "A" and abs(errors[0] - errors[1] - VOICE_A) < VOICE_A_WITHIN)
        )

    def is_key(self) -> bool:
        """It has lasted long enough, on the right frequencies, and is good enough."""
        return (
            self._looks > 1
            and self.length >= MIN_TONE
            and max(map(abs, self.errors())) <= MAX_ERROR
            and self.quality() >= MIN_QUALITY
        )

    def begin(self) -> int:
        """The sample where it began: the first frame's amplitude tells which part of that frame it filled."""
        filled = np.interp(self._first_amplitude / self._peak, _FILLED, _PART)
        return self._start + round(WINDOW * (1 - float(filled)))


def _hann_gain(offset_hz: float) -> float:
    """Power that a tone `offset_hz` away from the frequency looked at has left there, relative to one on it."""
    x = abs(offset_hz) * WINDOW / RATE
    if x < 1e-6:
        return 1.0
    if abs(x - 1) < 1e-6:
        return 0.25
    return (math.sin(math.pi * x) / (math.pi * x * (1 - x * x))) ** 2
