"""How much of what we say comes back on a two-wire line, and when (ITU-T G.122: echo return loss).

The place of the echo is found by cross-correlation with both signals whitened, because speech is like itself a pitch period later;
its strength by least squares over the impulse response around that place. The delay is that of the whole way: through the
modem's buffers to the line and back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from hal.audio.companding import Samples
from hal.audio.sound import RATE

Floats = npt.NDArray[np.float64]

LONGEST_S: Final = 0.5
"""Delays that are looked for. The pump keeps 60 ms in the modem, and a modem may buffer some 100 ms each way."""
ENOUGH_S: Final = 1.0
"""Less of what was sent tells nothing certain."""
TAPS: Final = 64
"""Samples (8 ms) of impulse response around the strongest: a hybrid's is 2 to 5 ms long."""
CLEAR: Final = 8.0
"""How far the strongest place must stand out of all others, in standard deviations; chance among 4000 places reaches 5."""
LEAST_DB: Final = 45.0
"""A weaker echo is none: it is below an idle line's noise."""


@dataclass(frozen=True, slots=True)
class Echo:
    """What `measure` found."""

    loss_db: float
    """How much weaker it is than what was sent."""
    delay_s: float
    """From handing a sample to the modem to its return."""

    def __str__(self) -> str:
        return f"-{self.loss_db:.0f} dB at {1000 * self.delay_s:.0f} ms"


def measure(sent: Samples, received: Samples) -> Echo | None:
    """The echo of `sent` in `received`, which begin at the same moment; None where none is certain. int16 at 8 kHz.

    Takes some 10 ms for two seconds of sound.
    """
    length = min(len(sent), len(received))
    if length < ENOUGH_S * RATE:
        return None
    far, near = (signal[:length].astype(np.float64) for signal in (sent, received))
    if not far.any() or not near.any():
        return None
    lags = round(LONGEST_S * RATE)
    size = 1 << (length + lags).bit_length()
    spectra = np.fft.rfft(far, size), np.fft.rfft(near, size)
    cross = spectra[1] * np.conj(spectra[0])
    weight = np.abs(cross)
    places = np.fft.irfft(cross / np.maximum(weight, 1e-3 * weight.max()), size)[:lags]
    best = int(np.abs(places).argmax())
    if abs(places[best]) < CLEAR * float(places.std()):
        return None
    response = _response(far, near, max(0, best - TAPS // 4))
    gain = float(response @ response)
    loss_db = -10 * math.log10(gain) if gain > 0 else math.inf
    return Echo(loss_db, best / RATE) if loss_db < LEAST_DB else None


def _response(far: Floats, near: Floats, begin: int) -> Floats:
    """Impulse response from `begin` on, by least squares; a little regularised, because speech does not excite all frequencies."""
    size = 1 << (len(far) + begin + TAPS).bit_length()
    spectrum = np.fft.rfft(far, size)
    auto = np.fft.irfft(spectrum * np.conj(spectrum), size)[:TAPS]
    cross = np.fft.irfft(np.fft.rfft(near, size) * np.conj(spectrum), size)[begin : begin + TAPS]
    row = np.arange(TAPS)
    matrix = auto[np.abs(row[:, None] - row[None, :])] + np.eye(TAPS) * auto[0] * 1e-3
    return np.asarray(np.linalg.solve(matrix, cross))
