"""Analogue lines on voice modems that speak ITU-T V.253.

An analogue line says little: who calls comes between the rings if at all, an answer is known by the ring-back tone staying
away, and the other side's hang-up only by a tone that the modem reports. Modems of TIA IS-101 (ZyXEL) are driven here too: they
differ in the rows of the model table.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager

from hal.at import CALL, CommandError, Reply
from hal.audio.listening import Ear
from hal.audio.pump import AudioPump, Stream
from hal.errors import HalError, ModemError
from hal.line import Capabilities, Device, DialGate
from hal.registry import DeviceConfig
from hal.v253 import lineselect
from hal.v253.device import VoiceModemDevice
from hal.v253.duplex import DuplexModemCall
from hal.v253.halfduplex import HalfDuplexCall
from hal.v253.models import GCI, Progress, identify
from hal.v253.modemline import ANSWER_S, ModemLine
from hal.v253.progress import LineEar
from hal.voicecall import DuplexCall, VoiceCall

IDENTITY = ("ATI0", "ATI3", "ATI9", "AT+GMI", "AT+GMM", "AT+FMI")
FACTS = {
    "manufacturer": ("AT+GMI", "AT+FMI"),
    "model": ("AT+GMM", "ATI0"),
    "firmware": ("ATI3",),
    "self-description": ("ATI9",),
}
"""What a technician is shown of the answers, the first that there is."""
OPTIONAL = (
    "AT+IFC=2,2",  # XON and XOFF would be missing from the audio; nobody waits for CTS, the pump sends by the clock
    "AT+FLO=2",  # the same in IS-101
    "AT+VCID=1",
    "AT+VSD=128,0",  # no silence detection: it would end a thoughtful caller's recording
    "AT+VIT=0",  # no inactivity timer
    "ATS7=120",  # seconds until the modem gives up by itself: later than we do
)
"""Settings of voice mode that a modem may lack."""
ANSWERED = {
    Progress.MODEM: (
        "AT+VRA=45",  # answered: ring-back has been away for 4.5 s (its pauses are 4 s, ITU-T E.180)
        "AT+VRN=10",  # or has not come for 10 s
    ),
    Progress.SOFTWARE: ("AT+VRN=0",),  # OK right after dialling (Conexant 100722B, p.6-15)
}
"""When the modem ends its dial command."""
ROCKWELL = "AT#CLS=8"
"""Voice mode of Rockwell's own commands, which have other names and other units for everything."""
OFF_HOOK_S = 4.0
"""Seconds for dial tone and the exchange's own work, which are no ringing."""
DIGIT_S = 0.17
"""Seconds that a digit takes to dial: 95 ms of tone and 70 ms of pause (S11), rounded up."""
AT_ONCE_S = 3.0
"""Seconds beyond dialling after which a modem that was to end its dial command at once has not done so: it has waited for an
answer all the same, and means one."""
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
    _line_select = lineselect.LineSelect("AT+VLS=1")
    _progress = Progress.MODEM

    def __init__(
        self,
        config: DeviceConfig,
        index: int,
        device: Device,
        gate: DialGate | None,
        pump: AudioPump,
        on_fault: Callable[[], None],
    ) -> None:
        super().__init__(config, index, device, gate, pump, on_fault)
        self._ear = LineEar(self)

    async def _initialise(self) -> None:
        at = self.at
        await at.command("ATZ", expect=())
        await at.command("ATE0", expect=())
        await at.command("ATQ0V1", expect=())
        await self._try("ATX4")
        answers = {command: (await at.command(command, check=False)).lines for command in IDENTITY}
        identity = "\n".join(line for lines in answers.values() for line in lines)
        self.model = identify(identity, self.config.model)
        if self.model.driver != "v253":
            raise ModemError(f"{self.path} is {self.model.name}: the driver for it is {self.model.driver}")
        said = {command: " / ".join(lines) for command, lines in answers.items() if lines}
        self.facts = {
            fact: told
            for fact, commands in FACTS.items()
            if (told := next((said[command] for command in commands if command in said), ""))
        }
        self.noted("driver model", self.model.name)
        self.noted("dialect", self.model.dialect.value)
        if self.config.country in GCI:
            await self._try(f"AT+GCI={GCI[self.config.country]}")
        for command in self.model.before:
            await self._try(command)
        await self._voice_mode()
        compressions = await self.compressions()
        lines = (await at.command("AT+VLS=?", check=False)).lines
        self._line_select = lineselect.choose(self.model, lines, compressions)
        await self.set_compression(compressions)
        self.hear(self._line_select.hears)
        for command in (*OPTIONAL, *self.model.init):
            await self._try(command)
        await self._progress_by(self.model.progress if self._ear.can_hear else Progress.MODEM)
        self.capabilities = Capabilities(duplex=self.duplex, caller_id=True, called_number=False)

    async def _voice_mode(self) -> None:
        try:
            await self.at.command("AT+FCLASS=8", expect=())
        except CommandError as error:
            if (await self.at.command(ROCKWELL, expect=(), check=False)).ok:
                await self._try("AT#CLS=0")
                raise ModemError(
                    f"{self.path}: this modem speaks Rockwell's old #V commands only ({self.facts.get('firmware', 'unnamed')}); "
                    "a V.253 modem is needed"
                ) from error
            self.noted("voice", "no")
            raise ModemError(f"{self.path}: this modem has no voice mode (AT+FCLASS=8: {error.reply.code})") from error
        self.noted("voice", "yes")

    async def _progress_by(self, progress: Progress) -> None:
        """Tell the modem when to end its dial command; where it does not let us decide, it decides."""
        replies = [await self.at.command(command, expect=(), check=False) for command in ANSWERED[progress]]
        if progress is Progress.SOFTWARE and not all(reply.ok for reply in replies):
            await self._progress_by(Progress.MODEM)
            return
        self._progress = progress
        self.noted(
            "call progress", f"{progress.value}{'' if self._ear.can_hear else ': no tones known of this country'}"
        )

    async def _try(self, command: str) -> None:
        await self.at.command(command, expect=(), check=False)

    def _dialling_s(self, number: str) -> float:
        return OFF_HOOK_S + DIGIT_S * len(number)

    def _new_call(self, caller: str | None, called: str | None) -> VoiceCall:
        self._ear.new_call()
        return (DuplexModemCall if self.duplex else HalfDuplexCall)(self, caller, called)

    async def _take_call(self) -> Reply:
        return await self.at.command(self._line_select.command, expect=(), finals=CALL, timeout=ANSWER_S, check=False)

    async def _connect(self, call: VoiceCall) -> None:
        if isinstance(call, DuplexCall) and await self.data.enter("AT+VTR", call):
            call.begin(self.data.start(receives=True))

    async def _dialled(self, call: VoiceCall, left_s: float) -> HalError | None:
        waited = asyncio.get_running_loop().time() > self._dialled_at + AT_ONCE_S
        self._ear.dialling(left_s, doubt=waited or self._progress is Progress.MODEM)
        try:
            await self._connected(call)
            return await self._ear.verdict(call)
        except BaseException:
            self._ear.new_call()
            raise

    def ear(self) -> Ear | None:
        return self._ear.ear()

    def heard_key(self, source: str, key: str) -> None:
        if not self._ear.is_our_own(key):
            super().heard_key(source, key)

    def playing(self, stream: Stream, audio: bytes) -> AbstractContextManager[None]:
        return self._ear.measuring(stream, audio)

    def _takes_code(self, code: int) -> bool:
        return self._ear.takes_code(chr(code))

    async def leave_stream(self) -> None:
        if self.duplex:
            await self.data.leave(self.model.duplex_end)
        elif self.data.receives:
            await self.data.leave(self.model.record_end)
        else:
            await self.data.leave(self.model.play_abort)

    async def _on_hook(self) -> None:
        await self.hang_up_by("AT+VLS=0", "ATH")
        await asyncio.sleep(GUARD_S)

    async def _after_failed_dial(self) -> None:
        if not self.glare.is_set():  # going on hook now would be harmless, but the modem must not miss a ring
            await self._on_hook()
