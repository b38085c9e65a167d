"""Analogue lines on voice modems that speak ITU-T V.253.

An analogue line says little: who calls comes between the rings if at all, an answer is known by the ring-back tone staying
away, and the other side's hang-up only by a tone that the modem reports. Here +VLS=1 is the line.
"""

from __future__ import annotations

import asyncio

from hal.at import CALL, CommandError, Reply
from hal.audio.pump import AudioPump
from hal.errors import ModemError
from hal.line import Capabilities, Device, DialGate
from hal.registry import DeviceConfig
from hal.v253.codec import DUPLEX_END, PLAY_ABORT, RECORD_END
from hal.v253.device import VoiceModemDevice
from hal.v253.duplex import DuplexModemCall
from hal.v253.halfduplex import HalfDuplexCall
from hal.v253.models import GCI, Dialect, identify
from hal.v253.modemline import ModemLine
from hal.voicecall import DuplexCall, VoiceCall

IDENTITY = ("ATI0", "ATI3", "ATI9", "AT+GMI", "AT+GMM", "AT+FMI")
OPTIONAL = (
    "AT+VCID=1",
    "AT+VSD=128,0",  # no silence detection: it would end a thoughtful caller's recording
    "AT+VIT=0",  # no inactivity timer
    "AT+VRA=45",  # answered: ring-back has been away for 4.5 s (its pauses are 4 s, ITU-T E.180)
    "AT+VRN=10",  # or has not come for 10 s
    "ATS7=120",  # seconds until the modem gives up by itself: later than we do
)
"""Settings of voice mode that a modem may lack."""
OFF_HOOK_S = 4.0
"""Seconds for dial tone and the exchange's own work, which are no ringing."""
DIGIT_S = 0.17
"""Seconds that a digit takes to dial: 95 ms of tone and 70 ms of pause (S11), rounded up."""
GUARD_S = 1.0
"""Seconds on hook until the exchange has certainly noticed."""


def create(config: DeviceConfig, gate: DialGate | None, pump: AudioPump) -> Device:
    """The modem of `config`. ValueError with an unknown model."""
    if config.model:
        identify("", config.model)
    return VoiceModemDevice(
        config.name,
        lambda device: [
            AnalogueLine(config, index, device, gate, pump, device.line_failed) for index in range(len(config.ports))
        ],
    )


class AnalogueLine(ModemLine):
    """One modem on one subscriber line. `capabilities` are certain once it is open."""

    capabilities = Capabilities(duplex=False, caller_id=True, called_number=False)

    async def _initialise(self) -> None:
        at = self.at
        await at.command("ATZ", expect=())
        await at.command("ATE0", expect=())
        await at.command("ATQ0V1", expect=())
        await self._try("ATX4")
        answers = {command: (await at.command(command, check=False)).lines for command in IDENTITY}
        identity = "\n".join(line for lines in answers.values() for line in lines)
        self.model = identify(identity, self.config.model)
        if self.model.dialect is not Dialect.V253:
            raise ModemError(f"{self.path} is {self.model.name}: the driver for it is isdn4linux")
        self.facts = {"model": self.model.name} | {
            command.removeprefix("AT"): " / ".join(lines) for command, lines in answers.items() if lines
        }
        if self.config.country in GCI:
            await self._try(f"AT+GCI={GCI[self.config.country]}")
        try:
            await at.command("AT+FCLASS=8", expect=())
        except CommandError as error:
            raise ModemError(f"{self.path}: this modem has no voice mode (AT+FCLASS=8: {error.reply.code})") from error
        await self.set_compression()
        for command in (*OPTIONAL, *self.model.init):
            await self._try(command)
        self.capabilities = Capabilities(duplex=self.model.duplex, caller_id=True, called_number=False)

    async def _try(self, command: str) -> None:
        await self.at.command(command, expect=(), check=False)

    def _dialling_s(self, number: str) -> float:
        return OFF_HOOK_S + DIGIT_S * len(number)

    def _new_call(self, caller: str | None, called: str | None) -> VoiceCall:
        return (DuplexModemCall if self.model.duplex else HalfDuplexCall)(self, caller, called)

    async def _take_call(self) -> Reply:
        return await self.at.command("AT+VLS=1", expect=(), finals=CALL, check=False)

    async def _connect(self, call: VoiceCall) -> None:
        if isinstance(call, DuplexCall) and await self.data.enter("AT+VTR", call):
            call.begin(self.data.start(receives=True))

    async def leave_stream(self) -> None:
        if self.model.duplex:
            await self.data.leave(DUPLEX_END)
        elif self.data.receives:
            await self.data.leave(RECORD_END)
        else:
            await self.data.leave(PLAY_ABORT)

    async def _on_hook(self) -> None:
        await self.at.command("AT+VLS=0", expect=(), finals=CALL, check=False)
        await asyncio.sleep(GUARD_S)

    async def _after_failed_dial(self) -> None:
        if not self.glare.is_set():  # going on hook now would be harmless, but the modem must not miss a ring
            await self._on_hook()
