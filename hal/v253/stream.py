"""How audio travels on a voice modem's port: shielded by DLE, in one of the modem's codecs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from hal.audio import adpcm, companding
from hal.audio.sound import Encoding
from hal.errors import ModemError
from hal.v253.codec import Unshield, shield

_PROBE = 32
"""Bytes of what is sent that are looked for in what comes back."""
_VARIED = 12
"""Values that must occur in them: silence and steady tones look like themselves anywhere."""
_PROBE_TICKS = 2
"""Ticks for which they are looked for. A line's own echo comes later: what is written is played three ticks ahead."""


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
        self._sent: deque[bytes] = deque(maxlen=2 * _PROBE_TICKS)

    def decode(self, data: bytes) -> bytes:
        """Audio of what has arrived. Raises `ModemError` where the modem only sends back what it is sent: it has restarted, and is
        in command state with its echo on."""
        if any(probe and probe in data for probe in self._sent):
            raise ModemError("the modem sends back what it is sent: it has left the call by itself")
        self._sent.append(b"")  # the probes age, whether or not more is sent
        audio = self._unshield.feed(data)
        if self.capture is not None:
            self.capture += audio
        if self._unshield.ended:
            rest, self._unshield.rest = self._unshield.rest, b""
            self._on_end(rest)
        return companding.encode(self._decoder.decode(audio), self.encoding) if self._decoder else audio

    def encode(self, audio: bytes) -> bytes:
        data = shield(self._encoder.encode(companding.decode(audio, self.encoding)) if self._encoder else audio)
        if self.receives:
            probe = data[:_PROBE]
            self._sent.append(probe if len(set(probe)) >= _VARIED else b"")
        return data


def seen(encoding: Encoding) -> Encoding:
    """The encoding in which the pump sees a modem's audio."""
    return Encoding.S16LE if encoding.adpcm else encoding
