"""How audio travels on a voice modem's port: shielded by DLE, in one of the modem's codecs."""

from __future__ import annotations

from collections.abc import Callable

from hal.audio import adpcm, companding
from hal.audio.sound import Encoding
from hal.v253.codec import Unshield, shield


class ShieldedPort:
    """The pump's view of a modem in a data state (an `AudioPort`).

    `receives`: audio comes from the modem; false while it only plays: what it says then is text and the interpreter's.
    `on_end` gets what follows the end of the received stream. `capture` takes what is received as the modem sends it, in its own
    encoding; the pump sees ADPCM as 16 bits.
    """

    frame = 0

    def __init__(
        self,
        fd: int,
        encoding: Encoding,
        *,
        receives: bool,
        on_code: Callable[[int], None],
        on_end: Callable[[bytes], None],
        connects: int = 0,
        capture: bytearray | None = None,
    ) -> None:
        self.fd = fd
        self.encoding = seen(encoding)
        self.receives = receives
        self.capture = capture
        self._unshield = Unshield(on_code, connects=connects)
        self._on_end = on_end
        self._decoder = adpcm.decoder(encoding) if encoding.adpcm else None
        self._encoder = adpcm.encoder(encoding) if encoding.adpcm else None

    def decode(self, data: bytes) -> bytes:
        audio = self._unshield.feed(data)
        if self.capture is not None:
            self.capture += audio
        if self._unshield.ended:
            rest, self._unshield.rest = self._unshield.rest, b""
            self._on_end(rest)
        return companding.encode(self._decoder.decode(audio), self.encoding) if self._decoder else audio

    def encode(self, audio: bytes) -> bytes:
        return shield(self._encoder.encode(companding.decode(audio, self.encoding)) if self._encoder else audio)


def seen(encoding: Encoding) -> Encoding:
    """The encoding in which the pump sees a modem's audio."""
    return Encoding.S16LE if encoding.adpcm else encoding
