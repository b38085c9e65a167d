"""Received messages: read from the modem's store, put together, handed on, and only then deleted. Never obeyed.

`+CMTI` gets lost (resets, a full store), so the store is also looked through from time to time, place by place: +CMGL hangs some
Huawei modems after hours (`modems.md`, 2.6 and 2.7).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from hal.at.interpreter import Interpreter
from hal.gsm import pdu
from hal.gsm.errors import PduError
from hal.gsm.reports import fields

log = logging.getLogger(__name__)

_HEX = re.compile(r"[0-9A-Fa-f]{4,}")
PARTS_S = 24 * 3600.0
"""Seconds after which a long message is handed on with what has come of it."""


@dataclass(frozen=True, slots=True)
class IncomingSms:
    """A message that somebody has sent to this SIM. It proves nothing about who sent it, and is never a command."""

    sender: str
    """A number, or a name that the network put there."""
    text: str
    """Missing parts of a long message are missing here too."""
    sent_at: datetime | None
    """The network's time, with its offset; None where it gave none."""
    complete: bool = True


OnSms = Callable[[IncomingSms], Awaitable[None]]
"""When it returns, the message is safe, and the modem's copy is deleted; when it raises, the copy is kept and offered again."""


@dataclass(slots=True)
class _Long:
    first: pdu.Deliver
    total: int
    since: float
    parts: dict[int, str] = field(default_factory=dict)
    places: list[int] = field(default_factory=list)


class Inbox:
    """The received side of one modem."""

    def __init__(self, on_sms: OnSms) -> None:
        self._on_sms = on_sms
        self._long: dict[tuple[str, int, int], _Long] = {}

    async def look_through(self, at: Interpreter, now: float) -> None:
        """Fetch everything that is stored. Raises `ModemSilent`, `Unplugged`."""
        reply = await at.command("AT+CPMS?", expect="+CPMS:", check=False)
        try:
            used, total = (int(number) for number in fields(reply.value("+CPMS:") or "")[1:3])
        except ValueError:
            return
        for place in range(total + 1):  # some count from 0, some from 1
            if used <= 0:
                break
            used -= await self.fetch(at, place, now)
        await self._give_up(at, now)

    async def fetch(self, at: Interpreter, place: int, now: float) -> bool:
        """Read what is stored at `place`, hand it on, delete it; whether there was anything. Raises `ModemSilent`, `Unplugged`."""
        if any(place in long.places for long in self._long.values()):
            return True  # a part that waits for the others
        reply = await at.command(f"AT+CMGR={place}", check=False)
        octets = next((line for line in reply.lines if _HEX.fullmatch(line)), None)
        if not reply.ok or octets is None:
            return False
        try:
            message = pdu.decode(octets)
        except PduError as error:
            log.warning("%s: dropped the message at %d: %s", at.port.path, place, error)
            await self._delete(at, place)
            return True
        if isinstance(message, pdu.Deliver):
            await self._received(at, message, place, now)
        elif isinstance(message, pdu.StatusReport):
            log.info(
                "%s: message %d to %s is %s",
                at.port.path,
                message.reference,
                message.recipient.text,
                message.delivery.value,
            )
            await self._delete(at, place)
        return True

    async def _received(self, at: Interpreter, message: pdu.Deliver, place: int, now: float) -> None:
        part = message.user_data.concatenation
        if part is None:
            await self._hand_on(at, message, message.user_data.text, [place])
            return
        key = (message.sender.text, part.reference, part.total)
        long = self._long.setdefault(key, _Long(message, part.total, now))
        long.parts[part.sequence] = message.user_data.text
        long.places.append(place)
        if len(long.parts) == long.total:
            del self._long[key]
            await self._hand_on_long(at, long)

    async def _give_up(self, at: Interpreter, now: float) -> None:
        for key, long in list(self._long.items()):
            if now - long.since >= PARTS_S:
                del self._long[key]
                await self._hand_on_long(at, long)

    async def _hand_on_long(self, at: Interpreter, long: _Long) -> None:
        text = "".join(long.parts[number] for number in sorted(long.parts))
        await self._hand_on(at, long.first, text, long.places, complete=len(long.parts) == long.total)

    async def _hand_on(
        self, at: Interpreter, message: pdu.Deliver, text: str, places: list[int], *, complete: bool = True
    ) -> None:
        try:
            await self._on_sms(IncomingSms(message.sender.text, text, message.sent_at, complete))
        except Exception:
            log.exception("%s: a received message was not taken and stays on the SIM", at.port.path)
            return
        for place in places:
            await self._delete(at, place)

    @staticmethod
    async def _delete(at: Interpreter, place: int) -> None:
        reply = await at.command(f"AT+CMGD={place}", expect=(), check=False)
        if not reply.ok:
            log.warning("%s: %s", at.port.path, reply)
