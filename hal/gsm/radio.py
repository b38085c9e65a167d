"""A radio modem's own affairs: waking, initialisation, identity. Its network, calls and messages are elsewhere.

Sources: 3GPP TS 27.007 (5.1-5.4 identity), TS 27.005 (3.1, 3.2.2, 3.4.1), and the order of chan_dongle's and chan_quectel's own
start as the project's `modems.md` (2.2) gives it.
"""

from __future__ import annotations

import asyncio
import logging
import re
from functools import partial

from hal.at.interpreter import Interpreter
from hal.at.results import UNSOLICITED as ANY_MODEM
from hal.errors import ModemError, ModemSilent
from hal.gsm.models import GENERIC, Model, model_for
from hal.gsm.network import Network
from hal.gsm.reports import UNSOLICITED as RADIO
from hal.gsm.reports import Leg, fields, leg_of
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
_MAY = ("+CRC=1", "+CCWA=0,0,1", "+CREG=1", "+CEREG=1", "+COPS=3,0", "+CTZU=1")


class Radio(Network):
    """What is known of one modem. One `start` after every opening of its port or reset of the modem."""

    def __init__(self, *, name: str, pin: str, memory: PinMemory, model: Model | None = None) -> None:
        super().__init__()
        self.model = model or GENERIC
        self.voice: bool | None = None
        """Whether modem and firmware carry voice; None where they cannot say."""
        self.message_store = False
        """Whether the modem reports messages that it has received."""
        self._name = name
        self._configured = model
        self._pin = pin
        self._memory = memory

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
        self.facts["SIM"] = "locked, or not there"
        self.facts["SIM"] = await unlock(at, self._pin, self._memory, self.model, partial(self._card, at))
        for command in _MUST:
            await at.command("AT" + command, expect=())
        for either in (*_MAY, *self.model.init, self.model.audio_off):
            await self._first_of(at, (either,) if isinstance(either, str) else either)
        await self._message_reports(at)
        await self._ask_voice(at)
        for _ in range(round(registration_s / POLL_S)):
            if await self.ask_network(at):
                break
            await asyncio.sleep(POLL_S)
        await self.ask_signal(at)
        await self.ask_number(at)
        await self.ask_time(at)

    async def ask_network(self, at: Interpreter) -> bool:
        """Ask for the registration; whether voice is there. Raises `ModemSilent`, `Unplugged`."""
        return await self.ask_registration(at, self.model.ims)

    async def check_settings(self, at: Interpreter) -> None:
        """Whether the modem still knows what it was told: not all of them say when they restart, and other programs send ATZ.

        +CNMI is kept in the modem and asked of no network. Raises `ModemError` where it has changed, `ModemSilent`, `Unplugged`.
        """
        if not self.message_store:
            return
        reply = await at.command("AT+CNMI?", expect="+CNMI:", check=False)
        told = fields(reply.value("+CNMI:") or "")
        if reply.ok and len(told) > 1 and told[1] != "1":
            raise ModemError("the modem has forgotten its settings: it has restarted, or another program uses it")

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

    async def _ask_voice(self, at: Interpreter) -> None:
        """Whether modem and firmware carry voice. A product's name is no proof of it."""
        if self.model.voice is None:
            self.facts["voice"] = "cannot be asked"
            return
        reply = await at.command("AT" + self.model.voice.command, expect=self.model.voice.expect, check=False)
        self.voice = reply.ok and self.model.voice.read(reply.lines) is not None
        told = "; ".join(reply.lines) or str(reply)
        self.facts["voice"] = f"{'yes' if self.voice else 'none with this firmware or SIM'} ({told})"
        self.facts["codec"] = "linear 16 bit, 8 kHz, one frame every 20 ms"

    async def _card(self, at: Interpreter) -> str:
        """The number of the SIM card (ICCID), which is no secret of its owner's; the device's name where it cannot be read."""
        for command in self.model.card_number:
            reply = await at.command("AT" + command, check=False)
            numbers = (re.search(r"(?<!\d)(\d{18,20})F?(?!\d)", line) for line in reply.lines)
            found = next((match for match in numbers if match), None)
            if reply.ok and found:
                self.facts["SIM card"] = found[1]
                return found[1]
        self.facts.pop("SIM card", None)
        return self._name

    async def _first_of(self, at: Interpreter, commands: tuple[str, ...]) -> None:
        for command in commands:
            if await self._may(at, command):
                return

    @staticmethod
    async def _may(at: Interpreter, command: str) -> bool:
        if not command:
            return True
        try:
            reply = await at.command("AT" + command, expect=(), check=False)
        except ModemSilent:
            log.warning("%s: no answer to AT%s", at.port.path, command)
            return False
        if not reply.ok:
            log.info("%s: %s", at.port.path, reply)
        return reply.ok
