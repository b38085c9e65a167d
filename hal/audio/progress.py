"""Call progress by ear: busy, congestion, ringing and dial tone, unobtainable, silence; for lines that say nothing else.

An analogue line tells of a hang-up by nothing but a busy or dial tone. Tones are recognised by mixture and cadence of
one country (ITU-T E.180 Supplement 2, `tones.COUNTRIES`), so that speech and keys never are: a frame counts as sounding only
where nearly all of its energy lies in the mixture's frequencies, as quiet only where it is quiet, and anything else
starts the recognition anew.

Two halves: `Analyser` looks at the frames of any number of lines at once, `CallProgress` follows one line from frame to frame.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from hal.audio.companding import Samples
from hal.audio.levels import power_dbm0
from hal.audio.sound import RATE
from hal.audio.tones import Cadence, Signal, cadences

FRAME: Final = 240
HOP: Final = 80
"""Frames of 30 ms every 10 ms: the shortest step of any country is 100 ms."""
BEFORE: Final = FRAME - HOP
"""Samples that a frame reaches back before the hop that completes it."""
MIN_SHARE: Final = 0.85
"""Share of a frame's energy that the mixture must hold. White noise 10 dB below a tone leaves 0.9."""
FREQUENCY_HZ: Final = 8.0
"""How far a tone may be off: E.180 allows 15 Hz for the 425 Hz tone in old exchanges, digital ones keep to 1."""
QUIET_DBM0: Final = -42.0
"""Below it a frame is silence. E.180: tones arrive with -10 dBm0, less the line's loss."""
TOLERANCE: Final = 0.1
TOLERANCE_S: Final = 0.03
"""A step may be a tenth and 30 ms longer or shorter than its country's table says."""
DIAL_TONE_S: Final = 2.5
"""A tone that sounds longer is no ringing tone: the longest in the tables is 2 s."""
TWICE_BELOW_S: Final = 1.5
"""Shorter periods (busy, congestion) must be heard twice, and the third tone after them: two short tones and then none say that
another call waits (E.180 Supplement 2: 0.2, 0.2, 0.2 and 4 or 5 s of silence in CH and DE). Longer ones (ringing) once."""
ENOUGH_PAUSE_S: Final = 1.0
"""Of a long pause this much is enough."""
EDGE: Final = 4
"""Frames at the edge of a tone that are neither tone nor silence; more of them are something else."""
QUIET: Final = -1
"""Kind of a frame that is silence."""
OTHER: Final = 0
"""Kind of a frame that is neither silence nor any mixture of the country."""

PAUSE_DB: Final = 7.0
"""Between the tones of a cadence a frame so far below them is a pause, however noisy the line."""
PAUSE_WITHIN: Final = 200
"""Frames (2 s) for which the level of a tone is remembered for that."""

Kinds = npt.NDArray[np.int64]
"""What each frame is: QUIET, OTHER, or the sum of the bits of all mixtures that it may be (`Analyser.bit`)."""
Levels = npt.NDArray[np.float64]
"""Level of each frame in dBm0."""
Mixture = tuple[int, ...]
"""Frequencies in Hz that sound together; none of them is silence."""


class Heard(NamedTuple):
    """What was recognised."""

    signal: Signal | None
    """None is silence."""
    sample: int
    """Samples fed when it became certain."""
    began: int
    """Sample at which it began, to 20 ms or so."""


class Frames(NamedTuple):
    """What an analyser saw, of one line or, with one dimension more, of several."""

    kinds: Kinds
    levels: Levels


class Analyser:
    """Says of each frame which of a country's mixtures it is. Knows nothing of lines: one for all of a country (`analyser`)."""

    def __init__(self, country: str) -> None:
        """Raises KeyError where the country's tones are not known."""
        self.signals = cadences(country)
        mixtures = sorted({mixture for cadence in self.signals.values() for mixture, _ in cadence.steps if mixture})
        self._bits = {mixture: 1 << place for place, mixture in enumerate(mixtures)}
        bases = [_basis(mixture) for mixture in mixtures]
        self._columns = np.concatenate(bases, axis=1) * _HANN[:, None]
        self._starts = np.cumsum([0, *(basis.shape[1] for basis in bases[:-1])])
        self._values = np.array(list(self._bits.values()))

    def bit(self, mixture: Mixture) -> int:
        """The bit that stands for a mixture; QUIET for silence."""
        return self._bits[mixture] if mixture else QUIET

    def look(self, signals: Samples) -> Frames:
        """The frames of several lines: int16 of shape (lines, BEFORE + n * HOP) in, (lines, n) out."""
        lines, length = signals.shape
        frames = np.lib.stride_tricks.sliding_window_view(signals, FRAME, axis=1)[:, ::HOP].reshape(-1, FRAME)
        rows = frames.astype(np.float64)
        energies = (rows * rows) @ _HANN_SQUARED
        power = (rows @ self._columns) ** 2
        shares = np.add.reduceat(power, self._starts, axis=1) >= MIN_SHARE * np.maximum(energies, 1e-9)[:, None]
        kinds = shares @ self._values
        levels = 10 * np.log10(np.maximum(energies, 1e-9)) + _ENERGY_DBM0
        kinds[levels < QUIET_DBM0] = QUIET
        shape = lines, (length - BEFORE) // HOP
        return Frames(kinds.reshape(shape), levels.reshape(shape))


@cache
def analyser(country: str) -> Analyser:
    """The analyser of a country. Raises KeyError where its tones are not known."""
    return Analyser(country)


class _Cadence:
    """Follows one signal: how long each of its mixtures, and the silence between them, lasted."""

    def __init__(self, signal: Signal, cadence: Cadence, look: Analyser) -> None:
        self.signal = signal
        self._own = 0
        for mixture, _ in cadence.steps:
            if mixture:
                self._own |= look.bit(mixture)
        if cadence.continuous:
            steps: list[tuple[Mixture, float]] = [(cadence.steps[0][0], DIAL_TONE_S)]
        else:
            steps = list(cadence.steps)
            if cadence.period_s < TWICE_BELOW_S:
                steps = [*steps, *steps, steps[0]]
        last = steps[-1][1] if cadence.continuous else min(steps[-1][1] * (1 - TOLERANCE), ENOUGH_PAUSE_S)
        self._steps = [(look.bit(mixture), seconds) for mixture, seconds in steps]
        self._complete = math.ceil(last * RATE / HOP)
        """Frames of the last step after which the signal is recognised."""
        self._heard: list[tuple[int, int]] = []
        """The last steps as they were heard: (bits or QUIET, frames)."""
        self._odd = 0

    def hear(self, kind: int, frames: int) -> tuple[int, int] | None:
        """Take `frames` frames of one kind. Where they complete the signal: (how many of them it took, frames of all steps)."""
        own = kind if kind == QUIET else kind & self._own
        if own == OTHER:
            self._odd += frames
            if self._odd > EDGE or not self._heard:
                self._heard.clear()
                return None
            own = self._heard[-1][0]
        else:
            self._odd = 0
        same = self._heard and _same(self._heard[-1][0], own)
        before = self._heard[-1][1] if same else 0
        now = (self._heard[-1][0] & own if own != QUIET else QUIET) if same else own
        if same:
            self._heard[-1] = now, before + frames
        else:
            self._heard = (
                [*self._heard[1 - len(self._steps) :], (now, frames)] if len(self._steps) > 1 else [(now, frames)]
            )
        if before < self._complete <= before + frames and self._fits():
            return self._complete - before, self._complete + sum(count for _, count in self._heard[:-1])
        return None

    def forget(self) -> None:
        """Begin anew."""
        self._heard.clear()
        self._odd = EDGE

    def _fits(self) -> bool:
        return len(self._heard) == len(self._steps) and all(
            _same(kind, wanted) and (last or abs(frames * HOP / RATE - seconds) <= seconds * TOLERANCE + TOLERANCE_S)
            for (kind, frames), (wanted, seconds), last in zip(
                self._heard, self._steps, [*[False] * (len(self._steps) - 1), True], strict=True
            )
        )


def _same(one: int, other: int) -> bool:
    """The two kinds may be the same mixture, or are both silence."""
    return one == other if QUIET in (one, other) else bool(one & other)


class CallProgress:
    """Recognises the supervisory tones of one country on one line.

    A signal is given each time that its cadence completes: ringing tone once a ring, busy tone first with the third tone. The
    silence of a call is given once, after `silence_s` seconds without anything above -42 dBm0.
    """

    def __init__(self, country: str, *, silence_s: float = 10.0) -> None:
        """Raises KeyError where the country's tones are not known."""
        self._look = analyser(country)
        self._cadences = [_Cadence(signal, cadence, self._look) for signal, cadence in self._look.signals.items()]
        self._silence = round(silence_s * RATE / HOP)
        self._quiet = 0
        self._tone_dbm0, self._since_tone = 0.0, PAUSE_WITHIN + 1
        self._rest = np.zeros(0, np.int16)
        self._position = 0

    def feed(self, samples: Samples) -> list[Heard]:
        """What has become certain with these samples: int16 at 8 kHz, shape (n,), any n."""
        signal = np.concatenate([self._rest, samples])
        count = max(0, (len(signal) - BEFORE) // HOP)
        self._rest = signal[count * HOP :]
        if not count:
            return []
        kinds, levels = self._look.look(signal[None, : BEFORE + count * HOP])
        return self.follow(Frames(kinds[0], levels[0]))

    def follow(self, frames_seen: Frames) -> list[Heard]:
        """The same for frames that an `Analyser` of the same country has looked at."""
        heard = []
        for kind, frames in runs(self._with_pauses(frames_seen)):
            at = self._position + BEFORE
            for cadence in self._cadences if kind != OTHER or frames <= EDGE else self._forget():
                if found := cadence.hear(kind, frames):
                    end = at + found[0] * HOP
                    heard.append(Heard(cadence.signal, end, max(0, end - found[1] * HOP)))
            before, self._quiet = self._quiet, self._quiet + frames if kind == QUIET else 0
            if before < self._silence <= self._quiet:
                end = at + (self._silence - before) * HOP
                heard.append(Heard(None, end, max(0, end - self._silence * HOP)))
            self._position += frames * HOP
        return heard

    def _with_pauses(self, seen: Frames) -> list[int]:
        """The kinds, with the pauses between tones on a noisy line as silence."""
        kinds: list[int] = seen.kinds.tolist()
        if max(kinds) > OTHER:
            self._tone_dbm0, self._since_tone = float(np.median(seen.levels[seen.kinds > OTHER])), 0
        elif self._since_tone > PAUSE_WITHIN:
            return kinds
        self._since_tone += len(kinds)
        pause_dbm0 = self._tone_dbm0 - PAUSE_DB
        return [
            QUIET if kind == OTHER and level < pause_dbm0 else kind
            for kind, level in zip(kinds, seen.levels.tolist(), strict=True)
        ]

    def _forget(self) -> tuple[_Cadence, ...]:
        """Something else sounds, for longer than an edge: speech, most of the time. No cadence has anything to do with it."""
        for cadence in self._cadences:
            cadence.forget()
        return ()


def runs(kinds: Iterable[int]) -> Iterable[tuple[int, int]]:
    """The same one after another, counted: (kind, frames)."""
    return ((kind, sum(1 for _ in same)) for kind, same in groupby(kinds))


_HANN: Final = 0.5 - 0.5 * np.cos(2 * math.pi * np.arange(1, FRAME + 1) / (FRAME + 1))
_HANN_SQUARED: Final = _HANN**2
_ENERGY_DBM0: Final = power_dbm0(1.0 / float(_HANN_SQUARED.sum()))


def _basis(mixture: Mixture) -> npt.NDArray[np.float64]:
    """Orthonormal columns that span the windowed sinusoids of a mixture, each a little sharp and a little flat."""
    t = np.arange(FRAME) / RATE
    columns = [
        wave(2 * math.pi * (frequency + off) * t) * _HANN
        for frequency in mixture
        for off in (-FREQUENCY_HZ, FREQUENCY_HZ)
        for wave in (np.cos, np.sin)
    ]
    basis, _ = np.linalg.qr(np.stack(columns, axis=1))
    return np.asarray(basis)
