"""A call on a modem that either plays or listens: +VTX, +VRX, and command state between them.

Keys and the far end's hang-up come as shielded codes in all three states. Where the modem does not report keys in one of them, we
listen ourselves in +VRX: between the pieces of a prompt (`hal.v253.pieces`), and while a key is waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from itertools import pairwise

from hal.at import CommandError
from hal.audio import tones
from hal.audio.pump import Stream
from hal.audio.sound import RATE, Encoding
from hal.errors import LineFault
from hal.v253.modemline import ModemLine
from hal.v253.pieces import GAP_S, cuts
from hal.v253.stream import seen
from hal.voicecall import Halt, VoiceCall

TONE_S = 0.1
"""Seconds that a key is pressed towards the other side."""


class HalfDuplexCall(VoiceCall):
    """See the module."""

    def __init__(self, line: ModemLine, caller: str | None, called: str | None) -> None:
        super().__init__(line, seen(line.codec.encoding), caller, called)
        self.received = line.codec.encoding
        self._modem_line = line
        self._turn = asyncio.Lock()
        self._waiting = False
        """In the receiving state until something else is to be done, because keys are heard nowhere else."""

    def _discard(self) -> None:
        stream = self._modem_line.data.stream
        if stream and stream.playback:
            stream.playback.cancel()

    async def _transmit(self, audio: bytes, halt: Halt) -> int:
        async with self._taking_turns():
            if self._modem_line.hears.playing:
                return (await self._play(audio, halt))[0]
            width, played = self.encoding.width, 0
            edges = [0, *cuts(audio, self.encoding), len(audio) // width]
            for begin, end in pairwise(edges):
                samples, whole = await self._play(audio[begin * width : end * width], halt)
                played += samples
                if not whole:
                    break
                if end != edges[-1]:
                    async with self._listening():
                        await asyncio.wait((halt.requested,), timeout=GAP_S)
                if halt.requested.done():
                    break
            return played

    async def _play(self, audio: bytes, halt: Halt) -> tuple[int, bool]:
        """One piece: the samples that the far end has been sent, and whether that is all of it."""
        line = self._modem_line
        stream = await self._enter("AT+VTX", receives=False)
        if not stream:
            return 0, False
        playback = stream.play(audio)
        try:
            await asyncio.wait((playback.done, halt.requested), return_when=asyncio.FIRST_COMPLETED)
        finally:
            heard, cut_short = playback.heard, halt.requested.done() or not playback.complete
            await asyncio.shield(line.data.leave(line.model.play_abort if cut_short else line.model.play_end))
        return (heard, False) if cut_short else (playback.given, True)

    async def _receive(self, limit: int, halt: Halt) -> bytes:
        captured = bytearray()
        async with self._taking_turns(), self._listening(captured):
            await asyncio.wait((halt.requested,), timeout=limit / RATE)
        return bytes(captured)

    async def listen(self, until: Awaitable[None]) -> None:
        """Receive, and keep nothing of it, until `until` is done: for who listens to the line itself. Raises a `LineFault`."""
        async with self._taking_turns(), self._listening():
            await until

    @asynccontextmanager
    async def _listening(self, capture: bytearray | None = None) -> AsyncIterator[None]:
        """In the receiving state: keys are heard. At once over where the call has gone."""
        if not await self._enter("AT+VRX", receives=True, capture=capture):
            yield
            return
        try:
            yield
        finally:
            await asyncio.shield(self._modem_line.data.leave(self._modem_line.model.record_end))

    async def key(self, timeout: float) -> str | None:
        if not (self._keys or self.hung_up or self._modem_line.hears.idle):
            try:
                async with self._turn:
                    if not self._waiting:
                        self._waiting = bool(await self._enter("AT+VRX", receives=True))
            except LineFault as fault:
                self.ended(str(fault), fault)
        return await super().key(timeout)

    @asynccontextmanager
    async def _taking_turns(self) -> AsyncIterator[None]:
        """The modem is in command state, and nobody else's. Raises a `LineFault`."""
        async with self._turn:
            if self._waiting:
                self._waiting = False
                await asyncio.shield(self._modem_line.data.leave(self._modem_line.model.record_end))
            yield

    async def _enter(self, command: str, *, receives: bool, capture: bytearray | None = None) -> Stream | None:
        """Into a data state; None where the call has gone. Raises a `LineFault`."""
        line = self._modem_line
        try:
            entered = await line.data.enter(command, self)
        except BaseException:
            await asyncio.shield(line.data.leave(line.model.play_abort + line.model.record_end))
            raise
        return line.data.start(receives=receives, capture=capture) if entered else None

    async def _send_key(self, key: str) -> None:
        """By +VTS; as audio where the modem has none or refuses."""
        line = self._modem_line
        if line.model.tone:
            tone = line.model.tone.format(key=key, hundredths=round(TONE_S * 100))
            try:
                async with self._taking_turns():
                    await line.at.command(f"AT+VTS={{{tone}}}", expect=())
            except CommandError:
                line.noted("tones", "+VTS refused: keys are sent as audio")
            else:
                return
        await self._transmit(tones.sound(tones.dtmf(key), Encoding.ALAW).to(self.encoding).data, Halt(()))

    async def _release(self) -> None:
        async with self._turn:  # an operation that the end of the call has stopped still leaves its data state
            await self._modem_line.release_call(self)
