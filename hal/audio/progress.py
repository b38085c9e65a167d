"""Call progress by ear: busy, congestion, ringing and dial tone, unobtainable, silence; for lines that say nothing else.

An analogue line tells of a hang-up by nothing but a busy or dial tone. Tones are recognised by mixture and cadence of
one country (ITU-T E.180 Supplement 2, `tones.COUNTRIES`), so that speech and keys never are: a frame counts as sounding only
where nearly all of its energy lies in the mixture's frequencies, as quiet only where it is quiet, and anything else
starts the recognition anew.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from hal.audio.levels import power_dbm0
from hal.audio.sound import RATE
from hal.audio.tones import Cadence, Signal, cadences

FRAME: Final = 240
HOP: Final = 80
"""Frames of 30 ms every 10 ms: the shortest step of any country is 200 ms."""
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
"""Shorter periods (busy, congestion) must be heard twice, longer ones (ringing) once."""
ENOUGH_PAUSE_S: Final = 1.0
"""Of a long pause this much is enough."""
EDGE: Final = 4
"""Frames at the edge of a tone that are neither tone nor silence; more of them are something else."""


class Heard(NamedTuple):
    """What was recognised."""

    signal: Signal | None
    """None is silence."""
    sample: int
    """Samples fed when it became certain."""


Mixture = tuple[int, ...]
"""Frequencies in Hz that sound together; none of them is silence."""


class _Cadence:
    """Follows one signal: how long each of its mixtures, and the silence between them, lasted."""

    def __init__(self, signal: Signal, cadence: Cadence) -> None:
        self.signal = signal
        self.mixtures = {frequencies for frequencies, _ in cadence.steps}
        if cadence.continuous:
            self._steps: list[tuple[Mixture, float]] = [(cadence.steps[0][0], DIAL_TONE_S)]
        else:
            self._steps = list(cadence.steps) * (2 if cadence.period_s < TWICE_BELOW_S else 1)
        last = self._steps[-1][1] if cadence.continuous else min(self._steps[-1][1] * (1 - TOLERANCE), ENOUGH_PAUSE_S)
        self._complete = math.ceil(last * RATE / HOP)
        """Frames of the last step after which the signal is recognised."""
        self._heard: list[tuple[Mixture, int]] = []
        self._odd = 0

    def hear(self, mixture: Mixture | None) -> bool:
        """Take what sounds in a frame, None being something else. True where that completes the signal."""
        if mixture is None or (mixture and mixture not in self.mixtures):
            self._odd += 1
            if self._odd > EDGE or not self._heard:
                self._heard.clear()
                return False
            mixture = self._heard[-1][0]
        else:
            self._odd = 0
        if self._heard and self._heard[-1][0] == mixture:
            self._heard[-1] = (mixture, self._heard[-1][1] + 1)
        else:
            self._heard = (
                [*self._heard[1 - len(self._steps) :], (mixture, 1)] if len(self._steps) > 1 else [(mixture, 1)]
            )
        return self._heard[-1][1] == self._complete and self._fits()

    def _fits(self) -> bool:
        if [mixture for mixture, _ in self._heard] != [mixture for mixture, _ in self._steps]:
            return False
        return all(
            abs(frames * HOP / RATE - seconds) <= seconds * TOLERANCE + TOLERANCE_S
            for (_, frames), (_, seconds) in zip(self._heard[:-1], self._steps[:-1], strict=True)
        )


class CallProgress:
    """Recognises the supervisory tones of one country on one line.

    A signal is given each time that its cadence completes: ringing tone once a ring, busy tone first after two periods. The
    silence of a call is given once, after `silence_s` seconds without anything above -42 dBm0.
    """

    def __init__(self, country: str, *, silence_s: float = 10.0) -> None:
        """Raises KeyError where the country's tones are not known."""
        self._cadences = [_Cadence(signal, cadence) for signal, cadence in cadences(country).items()]
        mixtures = sorted({m for cadence in self._cadences for m in cadence.mixtures if m})
        self._bases: Mapping[Mixture, npt.NDArray[np.float64]] = {m: _basis(m) for m in mixtures}
        self._silence = round(silence_s * RATE / HOP)
        self._quiet = 0
        self._rest = np.zeros(0, np.int16)
        self._position = 0

    def feed(self, samples: npt.NDArray[np.int16]) -> list[Heard]:
        """What has become certain with these samples: int16 at 8 kHz, shape (n,), any n."""
        signal = np.concatenate([self._rest, samples])
        count = max(0, (len(signal) - FRAME) // HOP + 1)
        self._rest = signal[count * HOP :]
        if not count:
            return []
        frames = np.lib.stride_tricks.sliding_window_view(signal, FRAME)[: count * HOP : HOP] * _HANN
        energies = (frames**2).sum(axis=1)
        quiet = energies < _QUIET_ENERGY
        shares = {
            m: ((frames @ basis) ** 2).sum(axis=1) / np.maximum(energies, 1e-9) for m, basis in self._bases.items()
        }
        heard = []
        for number in range(count):
            self._position += HOP
            at = self._position + FRAME - HOP
            sounding = {m for m, share in shares.items() if share[number] >= MIN_SHARE}
            for cadence in self._cadences:
                own: Mixture | None = next(iter(cadence.mixtures & sounding), None)
                if cadence.hear(() if quiet[number] else own):
                    heard.append(Heard(cadence.signal, at))
            self._quiet = self._quiet + 1 if quiet[number] else 0
            if self._quiet == self._silence:
                heard.append(Heard(None, at))
        return heard


_HANN: Final = 0.5 - 0.5 * np.cos(2 * math.pi * np.arange(1, FRAME + 1) / (FRAME + 1))
_QUIET_ENERGY: Final = 10 ** ((QUIET_DBM0 - power_dbm0(1.0)) / 10) * float((_HANN**2).sum())


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
