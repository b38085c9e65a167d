"""A radio modem's own affairs: waking, initialisation, identity, network. Calls and messages are elsewhere.

Sources: 3GPP TS 27.007 (5.1-5.4 identity, 7.2 +CREG, 7.3 +COPS, 8.5 +CSQ, 8.71 +CIREG, 10.1.22 +CEREG), TS 27.005 (3.1, 3.2.2,
3.4.1), and the order of chan_dongle's and chan_quectel's own start as the project's `modems.md` (2.2) gives it.
"""

from __future__ import annotations

import asyncio
import logging
import re

from hal.at.interpreter import Interpreter
from hal.at.results import UNSOLICITED as ANY_MODEM
from hal.errors import ModemSilent
from hal.gsm.models import GENERIC, Model, model_for
from hal.gsm.reports import REGISTERED, Leg, Registration, leg_of, parse
from hal.gsm.reports import UNSOLICITED as RADIO
from hal.gsm.sim import PinMemory, unlock

log = logging.getLogger(__name__)

UNSOLICITED = ANY_MODEM + RADIO
"""For the interpreter of a radio modem."""
ESCAPE_S = 0.1
"""Seconds that a modem in the message prompt wants after ESC (chan_dongle, BUGS 13)."""
REGISTRATION_S = 20.0
"""Seconds that a start waits for the network; after that it goes on without, and calls fail as not registered."""
POLL_S = 1.0

_CANCEL = b"\x1b\r"
_WORDS = b"ATQ0V1\r"
"""Results, and as words: only for a modem that has shown none, as its own result would be taken for another command's."""
_MUST = ("+CLIP=1", "+CMGF=0")
_MAY = ("+CRC=1", "+CCWA=0,0,1", "+CREG=1", "+CEREG=1", "+COPS=3,0")


class Radio:
    """What is known of one modem. One `start` after every opening of its port or reset of the modem."""

    def __init__(self, *, pin: str, memory: PinMemory, model: Model | None = None) -> None:
        self.model = model or GENERIC
        self.facts: dict[str, str] = {}
        """Manufacturer, model, firmware, serial number, operator."""
        self.voice: bool | None = None
        """Whether modem and firmware carry voice; None where they cannot say."""
        self.message_store = False
        """Whether the modem reports messages that it has received."""
        self._configured = model
        self._pin = pin
        self._memory = memory
        self._circuit: int | None = None
        self._packet: int | None = None
        self._ims = False
        self._dbm: float | None = None

    @property
    def registered(self) -> bool | None:
        """Has a network that carries voice: +CREG 1 or 5, or IMS on LTE. None before it was asked."""
        if self._circuit is None:
            return None
        return self._circuit in REGISTERED or (self._packet in REGISTERED and self._ims)

    @property
    def messages(self) -> bool:
        """Has a network that carries short messages."""
        return bool({self._circuit, self._packet} & (REGISTERED | {6, 7, 9, 10}))

    @property
    def signal_dbm(self) -> float | None:
        """At the last asking."""
        return self._dbm

    def note(self, report: Registration) -> None:
        """The modem has reported a change."""
        if report.packet:
            self._packet = report.state
        else:
            self._circuit = report.state

    async def wake(self, at: Interpreter) -> None:
        """Out of whatever the modem is stuck in - a message prompt, half a command, numeric results. Raises `ModemSilent`."""
        at.write(_CANCEL)
        await asyncio.sleep(ESCAPE_S)
        try:
            await at.resynchronise()
        except ModemSilent:
            at.write(_WORDS)
            await at.resynchronise()

    async def start(self, at: Interpreter, *, registration_s: float = REGISTRATION_S) -> None:
        """Everything that a modem must be told after power-up. Raises a `LineFault`."""
        await self.wake(at)
        await at.command("ATE0", expect=())
        await self._may(at, "+CMEE=1")  # ofono-phonesim has no error numbers and says so; it works all the same
        await self._identify(at)
        await unlock(at, self._pin, self._memory)
        for command in _MUST:
            await at.command("AT" + command, expect=())
        for command in (*_MAY, *self.model.init, self.model.audio_off):
            await self._may(at, command)
        await self._message_reports(at)
        if self.model.voice_check:
            reply = await at.command("AT" + self.model.voice_check, check=False)
            self.voice = reply.ok
        for _ in range(round(registration_s / POLL_S)):
            if await self.ask_network(at):
                break
            await asyncio.sleep(POLL_S)
        await self.ask_signal(at)

    async def ask_network(self, at: Interpreter) -> bool:
        """Ask for the registration; whether voice is there. Raises `ModemSilent`, `Unplugged`."""
        for command in ("+CREG", "+CEREG"):
            reply = await at.command(f"AT{command}?", expect=f"{command}:", check=False)
            for line in reply.lines:
                report = parse(line)
                if isinstance(report, Registration):
                    self.note(report)
        if self._circuit is None:
            self._circuit = 0  # asked, and no answer that says otherwise
        if self._circuit not in REGISTERED and self._packet in REGISTERED:
            reply = await at.command("AT+CIREG?", expect="+CIREG:", check=False)
            self._ims = re.match(r"\d+\s*,\s*1\b", reply.value("+CIREG:") or "") is not None
        return bool(self.registered)

    async def ask_signal(self, at: Interpreter) -> None:
        """Ask for signal and operator. Raises `ModemSilent`, `Unplugged`."""
        reply = await at.command("AT+CSQ", expect="+CSQ:", check=False)
        match = re.match(r"(\d+)", reply.value("+CSQ:") or "")
        rssi = int(match[1]) if match else 99
        self._dbm = -113.0 + 2 * rssi if rssi <= 31 else None
        reply = await at.command("AT+COPS?", expect="+COPS:", check=False)
        match = re.search(r'"([^"]*)"', reply.value("+COPS:") or "")
        if match:
            self.facts["operator"] = match[1]

    async def legs(self, at: Interpreter) -> list[Leg] | None:
        """The voice calls that the modem has; None where it did not answer the question. Raises `ModemSilent`, `Unplugged`."""
        reply = await at.command("AT+CLCC", expect="+CLCC:", check=False)
        if not reply.ok:
            return None
        parsed = (leg_of(line.removeprefix("+CLCC:")) for line in reply.lines)
        return [leg for leg in parsed if leg]

    async def _identify(self, at: Interpreter) -> None:
        for fact, command in (("manufacturer", "+CGMI"), ("model", "+CGMM"), ("firmware", "+CGMR"), ("imei", "+CGSN")):
            reply = await at.command("AT" + command, check=False)
            own = (line.removeprefix(f"{command}:").strip().strip('"') for line in reply.lines)
            told = next((line for line in own if line[:1].isalnum()), None)  # what begins otherwise was said unasked
            if reply.ok and told:
                self.facts[fact] = told
        self.model = self._configured or model_for(
            f"{self.facts.get('manufacturer', '')} {self.facts.get('model', '')}"
        )
        self.facts["driver model"] = self.model.name

    async def _message_reports(self, at: Interpreter) -> None:
        """Received messages go to one store and are reported with their place there."""
        stored = False
        for store in ("SM", "ME"):
            if (await at.command(f'AT+CPMS="{store}","{store}","{store}"', expect="+CPMS:", check=False)).ok:
                stored = True
                break
        for delivery, word in ((1, "at once"), (2, "stored"), (0, "none")):
            if (await at.command(f"AT+CNMI=2,1,0,{delivery},0", expect=(), check=False)).ok:
                self.facts["delivery reports"] = word
                self.message_store = stored
                return
        self.message_store = False

    @staticmethod
    async def _may(at: Interpreter, command: str) -> None:
        if not command:
            return
        try:
            reply = await at.command("AT" + command, expect=(), check=False)
        except ModemSilent:
            log.warning("%s: no answer to AT%s", at.port.path, command)
            return
        if not reply.ok:
            log.info("%s: %s", at.port.path, reply)
