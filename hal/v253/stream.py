"""How audio travels on a voice modem's port: shielded by DLE, in one of the modem's codecs."""

from __future__ import annotations

from collections.abc import Callable

from hal.audio.sound import Encoding
from hal.v253.codec import Unshield, shield


class ShieldedPort:
    """The pump's view of a modem in a data state (an `AudioPort`).

    `receives`: audio comes from the modem; false while it only plays: what it says then is text and the interpreter's.
    `on_end` gets what follows the end of the received stream.
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
    ) -> None:
        self.fd = fd
        self.encoding = encoding
        self.receives = receives
        self._unshield = Unshield(on_code, connects=connects)
        self._on_end = on_end

    def decode(self, data: bytes) -> bytes:
        audio = self._unshield.feed(data)
        if self._unshield.ended:
            rest, self._unshield.rest = self._unshield.rest, b""
            self._on_end(rest)
        return audio

    def encode(self, audio: bytes) -> bytes:
        return shield(audio)
