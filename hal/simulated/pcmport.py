"""The audio port of a radio modem: the call's samples, signed 16 bit, little endian, 8 kHz, 320 bytes every 20 ms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hal.audio.sound import FRAME
from hal.simulated import g711
from hal.simulated.ptyport import PtyPort

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange


class PcmPort:
    """The port that carries the call's samples. Nothing is read from it but by the tick."""

    def __init__(self, exchange: Exchange, name: str) -> None:
        self.port = PtyPort(exchange.directory / name, self, exchange.watch)
        self.port.listen(False)
        self._half = b""

    def port_opened(self) -> None:
        self._half = b""

    def port_closed(self) -> None:
        self._half = b""

    def port_data(self, data: bytes) -> None:
        """Left over when the box closes the port."""

    def flush(self) -> None:
        """Forget what waits."""
        while self.port.read(4096):
            pass
        self._half = b""

    def take(self) -> bytes:
        """The next 20 ms from the host as A-law; silence where it gave less."""
        data = self._half + self.port.read(2 * FRAME - len(self._half))
        whole = len(data) & ~1
        self._half = data[whole:]
        return self.as_frame(data[:whole])

    def read(self, limit: int) -> bytes:
        """Up to `limit` bytes that wait, for a modem that buffers them itself."""
        return self.port.read(limit)

    @staticmethod
    def as_frame(data: bytes) -> bytes:
        """Samples as 20 ms of A-law, silence behind them where they are fewer."""
        return g711.from_s16le(data[: len(data) & ~1]).ljust(FRAME, bytes([g711.SILENCE]))

    def give(self, frame: bytes, lost: int = 0) -> None:
        """20 ms to the host, without the first `lost` bytes."""
        self.port.write(g711.to_s16le(frame)[lost:])
