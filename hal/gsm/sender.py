"""Messages out of a radio modem, behind the gate, one at a time, and never in the way of a call for longer than one."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

from hal.errors import NotRegistered, Refused
from hal.gsm import outbox
from hal.line import DIALLABLE, DialGate, SmsSender

if TYPE_CHECKING:
    from hal.gsm.driver import GsmDevice

log = logging.getLogger(__name__)


class GsmSms(SmsSender):
    """Sends through one modem. A long text goes in parts; between two parts a call may come first."""

    def __init__(self, device: GsmDevice, gate: DialGate | None) -> None:
        self._gsm = device
        self._gate = gate
        self._reference = secrets.randbelow(256)

    async def send_sms(self, number: str, text: str, *, originator: str) -> str:
        if self._gate is None:
            raise Refused("no dial gate is configured: this device never sends")
        await self._gate.allow_sms(number, originator, self._gsm.name)
        if not DIALLABLE.match(number):
            raise Refused(f"{number!r} is not a number: digits, * and #, with a + in front at most")
        self._reference = (self._reference + 1) % 256
        references = []
        for message in outbox.parts(number, text, self._reference):
            async with self._gsm.turns.message():
                at = self._gsm.at
                if not self._gsm.radio.messages and not (
                    await self._gsm.radio.ask_network(at) or self._gsm.radio.messages
                ):
                    raise NotRegistered("no network that carries messages (+CREG, +CEREG)")
                references.append(await outbox.send(at, message))
                log.info("%s: message %s to %s is with the network", self._gsm.name, references[-1], number)
        return ",".join(references)
