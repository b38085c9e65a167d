"""A call on a modem that plays and listens at once: the stream is there from answer to release."""

from __future__ import annotations

from hal.audio import tones
from hal.audio.sound import Encoding
from hal.v253.modemline import ModemLine
from hal.voicecall import DuplexCall, Halt


class DuplexModemCall(DuplexCall):
    """See the module."""

    def __init__(self, line: ModemLine, caller: str | None, called: str | None) -> None:
        super().__init__(line, line.codec.encoding, caller, called)
        self._modem_line = line

    async def _transmit(self, audio: bytes, halt: Halt) -> int:
        assert self.stream
        with self._modem_line.playing(self.stream, audio):
            return await super()._transmit(audio, halt)

    async def _send_key(self, key: str) -> None:
        """As audio: the modem needs no command for it, and goes on listening."""
        tone = tones.sound(tones.dtmf(key), Encoding.ALAW).to(self.encoding)
        await self._transmit(tone.data, Halt(()))

    async def _release(self) -> None:
        await self._modem_line.release_call(self)
