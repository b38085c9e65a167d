"""A call on a modem that either plays or listens: +VTX, +VRX, and command state between them.

Keys and the far end's hang-up come as shielded codes in all three states.
"""

from __future__ import annotations

import asyncio

from hal.audio.pump import Stream
from hal.audio.sound import RATE
from hal.v253.codec import PLAY_ABORT, PLAY_END, PLAY_END_STUBBORN, RECORD_END
from hal.v253.modemline import ModemLine
from hal.voicecall import Halt, VoiceCall

TONE_S = 0.1
"""Seconds that a key is pressed towards the other side."""


class HalfDuplexCall(VoiceCall):
    """See the module."""

    def __init__(self, line: ModemLine, caller: str | None, called: str | None) -> None:
        super().__init__(line, line.codec.encoding, caller, called)
        self._modem_line = line
        self._turn = asyncio.Lock()

    def _discard(self) -> None:
        stream = self._modem_line.data.stream
        if stream and stream.playback:
            stream.playback.cancel()

    async def _transmit(self, audio: bytes, halt: Halt) -> int:
        line = self._modem_line
        async with self._turn:
            stream = await self._enter("AT+VTX", receives=False)
            if not stream:
                return 0
            playback = stream.play(audio)
            try:
                await asyncio.wait((playback.done, halt.requested), return_when=asyncio.FIRST_COMPLETED)
            finally:
                heard, cut_short = playback.heard, halt.requested.done() or not playback.complete
                end = PLAY_END_STUBBORN if line.model.stubborn_end else PLAY_END
                await asyncio.shield(line.data.leave(PLAY_ABORT if cut_short else end))
            return heard if cut_short else playback.given

    async def _receive(self, limit: int, halt: Halt) -> bytes:
        async with self._turn:
            stream = await self._enter("AT+VRX", receives=True)
            if not stream:
                return b""
            captured = stream.capture = bytearray()
            try:
                await asyncio.wait((halt.requested,), timeout=limit / RATE)
            finally:
                stream.capture = None
                await asyncio.shield(self._modem_line.data.leave(RECORD_END))
            return bytes(captured)

    async def _enter(self, command: str, *, receives: bool) -> Stream | None:
        """Into a data state; None where the call has gone. Raises a `LineFault`."""
        line = self._modem_line
        try:
            entered = await line.data.enter(command, self)
        except BaseException:
            await asyncio.shield(line.data.leave(PLAY_ABORT + RECORD_END))
            raise
        return line.data.start(receives=receives) if entered else None

    async def _send_key(self, key: str) -> None:
        line = self._modem_line
        tone = line.model.tone.format(key=key, hundredths=round(TONE_S * 100))
        async with self._turn:
            await line.at.command(f"AT+VTS={{{tone}}}", expect=())

    async def _release(self) -> None:
        async with self._turn:  # an operation that the end of the call has stopped still leaves its data state
            await self._modem_line.release_call(self)
