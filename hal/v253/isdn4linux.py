"""ISDN lines on the ttyI ports of isdn4linux, and on terminal adapters that speak as they do (IS-101).

What is peculiar (isdn4linux, `Documentation/isdn/README`, `README.audio`, `drivers/isdn/isdn_tty.c`): +VLS=2 is the line;
+VSM=5 is A-law; AT+VTX+VRX in one command line is duplex, with a CONNECT for each; DLE DC4 ends listening and DLE ETX
playing; +FCLASS=8 also admits data calls, which S18=1 takes back; a call needs an own number (AT&E); without extended
results every failed call is BUSY.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from hal.at import CALL, Reply
from hal.at.results import OK
from hal.audio.pump import AudioPump
from hal.errors import LineFault, ModemError
from hal.line import Capabilities, Device, DialGate
from hal.registry import DeviceConfig
from hal.v253.device import VoiceModemDevice
from hal.v253.duplex import DuplexModemCall
from hal.v253.halfduplex import HalfDuplexCall
from hal.v253.models import identify
from hal.v253.modemline import ANSWER_S, ModemLine
from hal.voicecall import DuplexCall, VoiceCall
from hal.voiceline import RingingCall

_S13_EXTENDED, _S13_CALLER_ONCE, _S13_RUNG = 8, 16, 64
_S23_CALLED_IN_RING, _S23_RINGING = 1, 8
SETUP_S = 10.0
"""Seconds from the dial command that are no ringing, for an adapter that does not tell when it rings (Q.931, timers T303, T310)."""
_MSN = re.compile(r"[0-9]{1,20}\Z")
"""In AT&E and AT&L anything else would be a pattern, or another command."""
_NOBODY = "-"
"""A pattern for AT&L that no number matches: a line that only dials is not rung."""


def create(config: DeviceConfig, gate: DialGate | None, pump: AudioPump) -> Device:
    """The adapter of `config`. ValueError without an own number (MSN) for each line, with one that is none, or an unknown model."""
    if not config.msns or not all(config.msns):
        raise ValueError(f"{config.name}: an ISDN line needs its own number (msns)")
    for number in (*config.msns, *config.listen):
        if not _MSN.match(number):
            raise ValueError(f"{config.name}: {number!r} is no number of an ISDN line")
    if config.model:
        identify("", config.model)

    def lines(device: VoiceModemDevice) -> Sequence[ModemLine]:
        return [IsdnLine(config, index, device, gate, pump, device.line_failed) for index in range(len(config.ports))]

    return VoiceModemDevice(config.name, lines)


class IsdnLine(ModemLine):
    """One B channel."""

    capabilities = Capabilities(duplex=True, caller_id=True, called_number=True)
    _answers = CALL - {OK}  # a late OK of another command would be an answered call: here only VCON is one
    details_s = 0.2
    ring_gap_s = (
        240.0  # with RUNG the first ring is the only one; the network ends ringing after 3 minutes (Q.931, T301)
    )

    async def _initialise(self) -> None:
        at = self.at
        await at.command("ATZ", expect=())
        await at.command("ATE0", expect=())
        identity = "\n".join((await at.command("ATI")).lines)
        self.model = identify(identity, self.config.model)
        if self.model.driver != "isdn4linux":
            raise ModemError(
                f"{self.path} says {identity!r}: not isdn4linux; the driver for it is v253, or name its model"
            )
        self.facts = {"model": identity.splitlines()[0]} if identity else {}
        self.noted("driver model", self.model.name)
        self.noted("dialect", self.model.dialect.value)
        self.noted("own number", ", ".join(dict.fromkeys((self.own_number, *self.config.listen))))
        await at.command("AT+FCLASS=8", expect=())
        self.noted("voice", "yes")
        await at.command("ATS18=1", expect=())
        await at.command(f"AT&E{self.own_number}", expect=())
        taken = (self.own_number, *self.config.listen) if self.direction.takes_calls else (_NOBODY,)
        await at.command(f"AT&L{';'.join(dict.fromkeys(taken))}", expect=())
        await self._register(13, set_bits=_S13_EXTENDED | _S13_RUNG, clear_bits=_S13_CALLER_ONCE)
        await self._register(23, set_bits=_S23_CALLED_IN_RING | _S23_RINGING)
        await self.set_compression(await self.compressions())
        self.capabilities = Capabilities(duplex=self.duplex, caller_id=True, called_number=True)

    async def _register(self, number: int, *, set_bits: int, clear_bits: int = 0) -> None:
        lines = (await self.at.command(f"ATS{number}?")).lines
        if not lines or not lines[-1].isdigit():
            raise ModemError(f"ATS{number}? is answered by {lines}")
        value = (int(lines[-1]) | set_bits) & ~clear_bits
        await self.at.command(f"ATS{number}={value}", expect=())

    def _dialling_s(self, number: str) -> float:
        return SETUP_S

    def _new_call(self, caller: str | None, called: str | None) -> VoiceCall:
        return (DuplexModemCall if self.duplex else HalfDuplexCall)(self, caller, called)

    async def _take_call(self) -> Reply:
        return await self.at.command("ATA", expect=(), finals=CALL, timeout=ANSWER_S, check=False)

    async def _connect(self, call: VoiceCall) -> None:
        await self.at.command(self.model.line, expect=())
        if isinstance(call, DuplexCall) and await self.data.enter("AT+VTX+VRX", call):
            call.begin(self.data.start(receives=True, connects=1))

    async def leave_stream(self) -> None:
        await self.data.leave(self.model.duplex_end)

    async def _on_hook(self) -> None:
        await self.hang_up_by("ATH", "AT+VLS=0")

    async def _reject(self, ringing: RingingCall) -> None:
        try:
            await self._on_hook()
        except LineFault as fault:
            self.lost(fault)
        self._rings.stopped()
