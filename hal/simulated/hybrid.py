"""The echo of a two-wire line: the hybrid at its end lets a part of what is sent come back (ITU-T G.122, return loss)."""

from __future__ import annotations

import numpy as np

from hal.audio.sound import FRAME, RATE
from hal.simulated import g711

_SPREAD = (0.25, 1.0, -0.5, 0.2)
"""A line is no mirror: neighbouring samples of the impulse response, before it is scaled to the return loss."""


class Hybrid:
    """Adds what the modem sent, weaker and later, to what it hears."""

    def __init__(self, loss_db: float, delay_ms: float) -> None:
        """`loss_db`: how much weaker the echo is, for a signal of all frequencies. `delay_ms`: 0 to 500."""
        response = np.zeros(round(delay_ms * RATE / 1000) + len(_SPREAD))
        response[-len(_SPREAD) :] = _SPREAD
        self._response = response * 10 ** (-loss_db / 20) / np.linalg.norm(_SPREAD)
        self._sent = np.zeros(len(response) - 1 + FRAME)

    def send(self, frame: bytes) -> None:
        """20 ms that the modem says, A-law."""
        self._sent = np.concatenate((self._sent[FRAME:], g711.decode(frame)))

    def receive(self, frame: bytes) -> bytes:
        """20 ms from the other side, with the echo of what was sent last."""
        echo = np.convolve(self._sent, self._response, "valid")
        mixed = np.clip(g711.decode(frame) + echo, -32768, 32767)
        return g711.encode(np.round(mixed).astype(np.int32))
