"""A call over a radio modem: its keys, and its audio from the command that opens it to the judgement of what flowed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hal.audio.pump import STALL_S
from hal.audio.sound import Encoding
from hal.errors import ModemError
from hal.gsm.keys import Ear, KeyMerge
from hal.gsm.pcm import PcmPort
from hal.voicecall import DuplexCall

if TYPE_CHECKING:
    from hal.gsm.driver import GsmDevice
    from hal.gsm.line import GsmLine

AUDIO_RETRY_S = 0.5
"""Seconds between two tries to open the audio path."""


class GsmCall(DuplexCall):
    """A call over a radio modem."""

    def __init__(self, line: GsmLine, device: GsmDevice, caller: str | None, called: str | None) -> None:
        super().__init__(line, Encoding.S16LE, caller, called)
        self.pcm: PcmPort | None = None
        self._gsm = line
        self._device = device
        self._merge = KeyMerge()
        self._patience: asyncio.TimerHandle | None = None

    def heard(self, ear: Ear, key: str) -> None:
        """One of the two detectors has heard a key."""
        if self._merge.feed(ear, key, asyncio.get_running_loop().time()):
            self.key_pressed(key)

    def flow(self, ready: bool) -> None:
        """The modem's audio buffer is full, or takes more again. One that stays full is a fault."""
        if self.pcm is None:
            return
        self.pcm.flowing = ready
        if self._patience:
            self._patience.cancel()
        self._patience = None if ready else asyncio.get_running_loop().call_later(STALL_S, self._stays_full)

    def _stays_full(self) -> None:
        if self._gsm.call is self and not self.hung_up:
            self._gsm.audio_lost(ModemError(f"the modem has taken no audio for {STALL_S:g} s"))

    async def begin_audio(self) -> None:
        """Open the audio path; the modem may refuse for seconds. A call that ends meanwhile is no fault. Raises a `LineFault`."""
        model = self._device.radio.model
        loop = asyncio.get_running_loop()
        deadline = loop.time() + model.audio_retry_s
        while model.audio_on and not self.hung_up:
            reply = await self._device.at.command("AT" + model.audio_on, expect=(), check=False)
            if reply.ok:
                break
            if loop.time() >= deadline:
                fault = ModemError(f"no audio: {reply} for {model.audio_retry_s:g} s")
                self._device.audio_failed(fault)
                raise fault
            await asyncio.sleep(AUDIO_RETRY_S)
            if self.hung_up:
                raise ModemError(f"no audio: {reply} until the other side hung up")
        if self.hung_up:
            return
        path = self._device.audio
        self.pcm = pcm = PcmPort(await path.begin())
        began = loop.time()

        def tally(received: int, sent: int, gaps: int) -> None:
            path.end()
            self._device.audio_trace.audio(received, sent, gaps)
            self._gsm.poor_audio = path.judge(loop.time() - began, received, sent, gaps, pcm.slips)

        self.begin(
            self._device.pump.start(
                pcm, on_key=lambda key: self.heard(Ear.AUDIO, key), on_lost=self._gsm.audio_lost, tally=tally
            )
        )

    async def _send_key(self, key: str) -> None:
        await self._gsm.send_key(key)

    async def _release(self) -> None:
        if self.stream:
            self.stream.stop()
        if self._gsm.call is not self:
            return  # a fault has taken the call off the line, which may have another by now
        await self._gsm.clear()
        self._gsm.call_over(self)
