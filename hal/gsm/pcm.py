"""Audio on the second port of a radio modem: signed 16 bit little endian at 8 kHz, 320 bytes every 20 ms, both ways."""

from __future__ import annotations

import numpy as np

from hal.audio.sound import FRAME, RATE, Encoding

WINDOW = RATE // 4 * 2
"""Bytes that are looked at together to tell whether samples still begin where they should: a quarter of a second."""
NOISE = 10000
"""Mean magnitude above which audio may be samples cut in halves: as loud as speech never is on average."""
ROUGH = (1.15, 1.55)
"""Mean step from sample to sample over the mean magnitude: 1.33 for white noise, below 1 for speech and keys."""


class PcmPort:
    """How the pump moves it (`hal.audio.pump.AudioPort`). One for each call: it begins on a sample's first byte.

    A byte that a serial port has lost puts the halves of all later samples together wrongly, which is noise at full volume. It is
    noticed by being just that, and by being quiet once read from the next byte on.
    """

    encoding = Encoding.S16LE
    frame = FRAME
    """Always whole frames, silence while there is nothing to say: the modem's buffers must never run dry or fill up."""
    receives = True

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.flowing = True
        """False while the modem says that its buffer is full. At 50 frames a second that is a difference of clocks, and
        leaving frames out is the cure."""
        self.slips = 0
        """Times that samples had come apart and were put together again."""
        self._odd = b""
        self._seen = bytearray()

    def decode(self, data: bytes) -> bytes:
        """Whole samples; half a one waits for its other half, or all that follows would be noise."""
        data = self._odd + data
        whole = len(data) & ~1
        self._odd = data[whole:]
        data = data[:whole]
        self._seen += data
        if len(self._seen) >= WINDOW:
            if torn(bytes(self._seen)):
                self.slips += 1
                data = data[1:] + self._odd
                whole = len(data) & ~1
                data, self._odd = data[:whole], data[whole:]
            self._seen.clear()
        return data

    def encode(self, audio: bytes) -> bytes:
        """As it is, or nothing while the modem's buffer is full."""
        return audio if self.flowing else b""


def torn(data: bytes) -> bool:
    """Whether these are samples that begin in the middle: noise as they are, and far from it one byte later."""
    samples = np.frombuffer(data, "<i2").astype(np.int32)
    level = float(np.abs(samples).mean())
    if level < NOISE:
        return False
    rough = float(np.abs(np.diff(samples)).mean()) / level
    other = np.frombuffer(data[1:-1], "<i2").astype(np.int32)
    return ROUGH[0] < rough < ROUGH[1] and float(np.abs(other).mean()) < level / 2
