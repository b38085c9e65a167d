"""Received messages and delivery reports: read from the modem's store, handed on, and only then deleted. Never obeyed.

`+CMTI` gets lost (resets, a full store), so the store is also looked through from time to time, place by place: +CMGL hangs some
Huawei modems after hours (`modems.md`, 2.6 and 2.7). Parts of long messages are handed on as they come: whoever takes them keeps
them better than a SIM of twenty places does.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from hal.at.interpreter import Interpreter
from hal.gsm import pdu
from hal.gsm.errors import PduError
from hal.gsm.reports import fields
from hal.line import DeliveryReport, IncomingSms, SmsPart, SmsReceiver

log = logging.getLogger(__name__)

PLACES = 1000
"""Places of a store that are looked at, whatever the modem says that it has; SIMs have 10 to 50, modems up to 255."""
_HEX = re.compile(r"[0-9A-Fa-f]{4,}")


class Inbox:
    """The received side of one modem. Without a receiver everything stays where it is."""

    def __init__(self, device: str, receiver: Callable[[], SmsReceiver | None]) -> None:
        self._device = device
        self._receiver = receiver

    async def look_through(self, at: Interpreter, turn: Callable[[], AbstractAsyncContextManager[None]]) -> None:
        """Fetch everything that is stored, each place in a `turn` of its own: no call waits for more than one.

        Raises `ModemSilent`, `Unplugged`.
        """
        receiver = self._receiver()
        if receiver is None:
            return
        async with turn():
            used, total = await self._places(at)
        full = used >= total > 0
        if full:
            receiver.store_full(self._device, True)
        for place in range(min(total, PLACES) + 1):  # some count from 0, some from 1
            if used <= 0:
                break
            async with turn():
                used -= await self.fetch(at, place, emptying=full)
        if full:
            async with turn():
                used, total = await self._places(at)
        receiver.store_full(self._device, used >= total > 0)

    async def _places(self, at: Interpreter) -> tuple[int, int]:
        """Used and all places of the store; (0, 0) where the modem does not say."""
        reply = await at.command("AT+CPMS?", expect="+CPMS:", check=False)
        try:
            used, total = (int(number) for number in fields(reply.value("+CPMS:") or "")[1:3])
        except ValueError:
            return 0, 0
        return used, total

    async def fetch(self, at: Interpreter, place: int, *, emptying: bool = False) -> bool:
        """Read what is stored at `place`, hand it on, delete it; whether there was anything. Raises `ModemSilent`, `Unplugged`.

        What another program has put there to be sent is left alone, unless the store is full (`emptying`).
        """
        if self._receiver() is None:
            return False
        reply = await at.command(f"AT+CMGR={place}", check=False)
        octets = next((line for line in reply.lines if _HEX.fullmatch(line)), None)
        if not reply.ok or octets is None:
            return False
        if await self._hand_on(octets, emptying=emptying):
            reply = await at.command(f"AT+CMGD={place}", expect=(), check=False)
            if not reply.ok:
                log.warning("%s: %s", self._device, reply)
        return True

    async def direct(self, octets: str) -> None:
        """A PDU that the modem has not stored: a delivery report (+CDS), or a message for immediate display (+CMT)."""
        await self._hand_on(octets)

    async def _hand_on(self, octets: str, *, emptying: bool = False) -> bool:
        """Whether the modem's copy is no longer needed."""
        receiver = self._receiver()
        if receiver is None:
            return False
        try:
            message = pdu.decode(octets)
        except PduError as error:
            log.warning("%s: a message that cannot be read: %s", self._device, error)
            message = None
        try:
            match message:
                case pdu.Submit():
                    return emptying
                case pdu.StatusReport():
                    await receiver.reported(self._device, _report(message))
                case pdu.Deliver():
                    await receiver.received(self._device, _incoming(message))
                case None:
                    await receiver.received(self._device, IncomingSms("", f"unreadable message: {octets}"))
        except Exception:
            log.exception("%s: what came in was not taken, and stays on the SIM", self._device)
            return False
        return True


def _incoming(message: pdu.Deliver) -> IncomingSms:
    place = message.user_data.concatenation
    payload = message.user_data.payload
    return IncomingSms(
        message.sender.text,
        payload if isinstance(payload, str) else f"data: {payload.hex()}",
        message.sent_at,
        SmsPart(place.reference, place.total, place.sequence) if place and place.total > 1 else None,
    )


def _report(report: pdu.StatusReport) -> DeliveryReport:
    return DeliveryReport(report.reference, report.recipient.text, report.delivery, report.status, report.sent_at)
