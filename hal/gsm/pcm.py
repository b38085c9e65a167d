"""Audio on the second port of a radio modem: signed 16 bit little endian at 8 kHz, 320 bytes every 20 ms, both ways."""

from __future__ import annotations

from hal.audio.sound import FRAME, Encoding


class PcmPort:
    """How the pump moves it (`hal.audio.pump.AudioPort`). One for each call: it begins on a sample's first byte."""

    encoding = Encoding.S16LE
    frame = FRAME
    """Always whole frames, silence while there is nothing to say: the modem's buffers must never run dry or fill up."""
    receives = True

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.flowing = True
        """False while the modem says that its buffer is full. At 50 frames a second that is a difference of clocks, and
        leaving frames out is the cure."""
        self._odd = b""

    def decode(self, data: bytes) -> bytes:
        """Whole samples; half a one waits for its other half, or all that follows would be noise."""
        data = self._odd + data
        whole = len(data) & ~1
        self._odd = data[whole:]
        return data[:whole]

    def encode(self, audio: bytes) -> bytes:
        """As it is, or nothing while the modem's buffer is full."""
        return audio if self.flowing else b""
