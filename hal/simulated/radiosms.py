"""The short-message half of a simulated radio modem (3GPP TS 27.005): sending, receiving, reports. Its stores are `radiostores`."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hal.simulated import pdu, textmode
from hal.simulated.atline import Command
from hal.simulated.radiostores import BAD_INDEX, NOT_ALLOWED, NOT_SUPPORTED, SENT, UNREAD, UNSENT, MessageStores, Stored

if TYPE_CHECKING:
    from hal.simulated.radiomodem import RadioModem

_SEND_S = 1.5
_BETWEEN_PARTS_S = 0.5
"""The air interface carries one message at a time; ModemManager, too, reads but the first of a burst of +CMTI."""
_ACKNOWLEDGE_S = 15.0
"""Seconds for +CNMA, where +CSMS=1 asks for it; then the network keeps the message and direct delivery ends (27.005, 3.4.1)."""
_NO_NETWORK, _BAD_PDU, _BAD_TEXT = 331, 304, 305
_FULL, _NOT_EXPECTED = 322, 340


class ShortMessages(MessageStores):
    """Messages of one modem."""

    def __init__(self, modem: RadioModem, capacity: dict[str, int], first: str) -> None:
        super().__init__(modem, capacity, first)
        self.report_statuses: tuple[int, ...] = (0,)
        """TP-ST of the reports on each message, `report_s` apart: 0 delivered, 0x20.. still trying, 0x40.. failed."""
        self.report_s = 2.0
        self._waiting: deque[tuple[str, int]] = deque()
        """Messages that the network keeps until there is room."""
        self._reference = 0
        self._notify = [0, 0, 0, 0, 0]
        self._parameters = (17, 167, 0, 0)
        self._prompt: asyncio.Future[str | None] | None = None
        self._typed = bytearray()
        self._unacknowledged: deque[tuple[str, int, asyncio.TimerHandle | None]] = deque()
        self._service = "0"
        modem.commands |= {
            "+CSMP": self._set_parameters,
            "+CNMI": self._set_notify,
            "+CMGS": self._send,
            "+CMGW": self._write,
            "+CMSS": self._send_stored,
            "+CNMA": self._acknowledge,
            "+CSMS": self._choose_service,
            "+CSCA": self._centre,
        }

    def reset(self) -> None:
        """As after power-up. The SIM and the flash keep their messages."""
        super().reset()
        self._notify = [0, 0, 0, 0, 0]
        self._parameters = (17, 167, 0, 0)
        self._reference = 0
        self._service = "0"
        self.cancel()

    def cancel(self) -> None:
        """Leave the prompt."""
        if self._prompt and not self._prompt.done():
            self._prompt.set_result(None)

    # --- sending ---

    @property
    def prompting(self) -> bool:
        return self._prompt is not None and not self._prompt.done()

    def typed(self, data: bytes) -> bytes:
        """What the host types at the prompt; gives back what follows its end."""
        assert self._prompt
        for position, byte in enumerate(data):
            if self._modem.echoing:
                self._modem.send(bytes((byte,)))
            if byte in (0x1A, 0x1B):
                text = self._typed.decode("latin-1")
                self._prompt.set_result(text if byte == 0x1A else None)
                return data[position + 1 :]
            if byte == 8:
                del self._typed[-1:]
            else:
                self._typed.append(byte)
        return b""

    async def _ask_text(self) -> str | None:
        self._typed.clear()
        self._prompt = asyncio.get_running_loop().create_future()
        self._modem.send(b"\r\n> ")
        try:
            return await self._prompt
        finally:
            self._prompt = None

    async def _compose(self, command: Command) -> tuple[str, int] | str | None:
        """What +CMGS and +CMGW have in common: (PDU, octets), an error, or None where it was given up."""
        number = command.arg.split(",")[0].strip()
        if not self._text_mode and not number.isdigit():
            return self.error(_BAD_PDU)
        if self._text_mode and not number.strip('"'):
            return self.error(_BAD_TEXT)
        typed = await self._ask_text()
        if typed is None:
            return None
        if not self._text_mode:
            return typed.strip(), int(number)
        try:
            recipient = textmode.from_terminal(number.strip('"'), self._charset)
            kind = command.arg.split(",")[1].strip() if "," in command.arg else ""
            if kind == "145" and not recipient.startswith("+"):
                recipient = "+" + recipient
            text = textmode.from_terminal(typed.replace("\r\n", "\n").replace("\r", "\n"), self._charset)
            return textmode.submit(recipient, text, self._parameters)
        except pdu.BadPdu:
            return self.error(_BAD_TEXT)

    async def _send(self, command: Command) -> str | None:
        if command.op != "=":
            return None if command.op == "=?" else self.error(NOT_SUPPORTED)
        if (refused := self.without_sim()) is not None:
            return refused
        composed = await self._compose(command)
        if composed is None:
            return "OK"
        return composed if isinstance(composed, str) else await self._transmit(*composed, "+CMGS")

    async def _transmit(self, hexadecimal: str, octets: int, answer: str) -> str | None:
        modem = self._modem
        if modem.faults.cmgs_error is not None:
            return self.error(modem.faults.cmgs_error)
        if not modem.reachable:
            return self.error(_NO_NETWORK)
        try:
            message = pdu.read_submit(hexadecimal, octets)
        except pdu.BadPdu:
            return self.error(_BAD_PDU)
        await asyncio.sleep(_SEND_S)
        self._reference = (self._reference + 1) & 0xFF
        modem.exchange.accept_sms(modem.number, message)
        if message.report:
            for round_, status in enumerate(self.report_statuses, start=1):
                later = modem.exchange.loop.call_later
                later(self.report_s * round_, self._report, self._reference, message.recipient, self._now(), status)
        if modem.faults.cmgs_stuck:
            modem.send(b"\r\n")
            return ""
        modem.info(f"{answer}: {self._reference}")
        return None

    async def _write(self, command: Command) -> str | None:
        """+CMGW: to the store, unsent unless a state says otherwise."""
        if command.op == "=?":
            return None
        if self._text_mode and not command.arg:
            command = Command("+CMGW", "=", '"0"')
        composed = await self._compose(command)
        if composed is None or isinstance(composed, str):
            return "OK" if composed is None else composed
        store = self._selected[1]
        if len(self.stores[store]) >= self.capacity[store]:
            return self.error(_FULL)
        try:
            textmode.look(composed[0])
        except (pdu.BadPdu, ValueError):
            return self.error(_BAD_PDU)
        states = [part.strip('" ') for part in command.arg.split(",")[1:]]
        given = [textmode.STATES.index(state) for state in states if state in textmode.STATES]
        given += [int(state) for state in states[:1] if state in ("0", "1", "2", "3") and not self._text_mode]
        index = self.store(store, Stored(given[0] if given else UNSENT, *composed))
        self._modem.info(f"+CMGW: {index}")
        return None

    async def _send_stored(self, command: Command) -> str | None:
        if command.op == "=?":
            return None
        index = self._index(command.arg.split(",")[0], 1)
        if index is None:
            return self.error(BAD_INDEX)
        stored = self.stores[self._selected[1]][index]
        outcome = await self._transmit(stored.pdu, stored.octets, "+CMSS")
        if outcome is None:
            stored.state = SENT
        return outcome

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._modem.exchange.wall(), UTC)

    # --- receiving ---

    def deliver(self, sender: str, text: str) -> None:
        """The network has a message for this modem; its parts come one after the other."""
        for position, part in enumerate(pdu.deliver(sender, text, self._now())):
            if position:
                self._modem.exchange.loop.call_later(_BETWEEN_PARTS_S * position, self.deliver_pdu, *part)
            else:
                self.deliver_pdu(*part)

    def deliver_pdu(self, hexadecimal: str, octets: int) -> None:
        """One PDU from the network, service centre first, of so many octets without it."""
        modem = self._modem
        store = self._selected[2]
        full = self.is_full
        if not modem.reachable or (full and self._notify[1] != 2):
            self._waiting.append((hexadecimal, octets))
            if full and modem.model.full:
                modem.urc(modem.model.full.format(store=store))
        elif self._notify[1] == 2:
            self._hand_over(hexadecimal, octets)
        else:
            index = self.store(store, Stored(UNREAD, hexadecimal, octets))
            if self._notify[1] in (1, 3) and not modem.faults.cmti_lost:
                modem.urc(f'+CMTI: "{store}",{-1 if modem.faults.cmti_minus_one else index}')

    def _hand_over(self, hexadecimal: str, octets: int) -> None:
        """Directly to the host (+CMT), which answers for it with +CNMA where it has chosen +CSMS=1."""
        if self._text_mode:
            header, data = textmode.lines(textmode.look(hexadecimal), self._charset, details=self._details)
            self._modem.urc(f"+CMT: {header}\r\n{data}")
        else:
            self._modem.urc(f"+CMT: ,{octets}\r\n{hexadecimal}")
        timer = None
        if self._service == "1":
            timer = self._modem.exchange.loop.call_later(_ACKNOWLEDGE_S, self._not_acknowledged)
        self._unacknowledged.append((hexadecimal, octets, timer))

    def _not_acknowledged(self) -> None:
        self._notify[1] = self._notify[3] = 0
        for hexadecimal, octets, timer in self._unacknowledged:
            if timer:
                timer.cancel()
            if hexadecimal:
                self._waiting.append((hexadecimal, octets))
        self._unacknowledged.clear()

    def try_again(self) -> None:
        """There may be room, or a network, now."""
        waiting, self._waiting = self._waiting, deque()
        for hexadecimal, octets in waiting:
            self.deliver_pdu(hexadecimal, octets)

    def _report(self, reference: int, recipient: str, sent: datetime, status: int) -> None:
        hexadecimal, octets = pdu.status_report(reference, recipient, sent, self._now(), status)
        if self._notify[3] == 1 and self._text_mode:
            self._modem.urc(f"+CDS: {textmode.report_line(textmode.look(hexadecimal))}")
        elif self._notify[3] == 1:
            self._modem.urc(f"+CDS: {octets}\r\n{hexadecimal}")
            if self._service == "1":  # to be answered for like a message; here the network does not send it again
                self._unacknowledged.append(("", 0, None))
        elif self._notify[3] == 2 and not self.is_full:
            index = self.store(self._selected[2], Stored(UNREAD, hexadecimal, octets))
            if not self._modem.faults.cmti_lost:
                self._modem.urc(f'+CDSI: "{self._selected[2]}",{index}')

    # --- commands ---

    def _set_parameters(self, command: Command) -> str | None:
        """First octet, validity, protocol, coding of what text mode sends (27.005, 3.3.3)."""
        if command.op == "?":
            self._modem.info("+CSMP: " + ",".join(map(str, self._parameters)))
        elif command.op == "=":
            values = list(self._parameters)
            for position, value in enumerate(command.arg.split(",")[:4]):
                if value.strip().isdigit() and int(value) <= 255:
                    values[position] = int(value)
                elif value.strip():
                    return self.error(_BAD_TEXT)
            self._parameters = (values[0], values[1], values[2], values[3])
        return None

    def _set_notify(self, command: Command) -> str | None:
        if command.op == "?":
            self._modem.info("+CNMI: " + ",".join(map(str, self._notify)))
        elif command.op == "=?":
            self._modem.info("+CNMI: (0,1,2),(0,1,2,3),(0,2,3),(0,1,2),(0,1)")
        else:
            values = [value or "0" for value in command.arg.split(",")]
            limits = (2, 3, 3, 2, 1)
            if len(values) > 5 or not all(
                v.isdigit() and int(v) <= top for v, top in zip(values, limits, strict=False)
            ):
                return self.error(NOT_ALLOWED)
            self._notify[: len(values)] = map(int, values)
        return None

    async def _acknowledge(self, command: Command) -> str | None:
        """+CNMA[=n[,length]]; with a length the PDU of the answer follows at a prompt (27.005, 4.6), as ofono does it."""
        if command.op == "=?":
            self._modem.info("+CNMA: (0-2)")
            return None
        if not self._unacknowledged:
            return self.error(_NOT_EXPECTED)
        if command.arg.partition(",")[2].strip() not in ("", "0") and await self._ask_text() is None:
            return "OK"
        _, _, timer = self._unacknowledged.popleft()
        if timer:
            timer.cancel()
        return None

    def _choose_service(self, command: Command) -> str | None:
        if command.op == "=?":
            self._modem.info("+CSMS: (0-1)")
        elif command.op == "?":
            self._modem.info(f"+CSMS: {self._service},1,1,1")
        elif command.arg in ("0", "1"):
            self._service = command.arg
            self._modem.info("+CSMS: 1,1,1")
        else:
            return self.error(NOT_ALLOWED)
        return None

    def _centre(self, command: Command) -> str | None:
        if command.op == "?":
            self._modem.info(f'+CSCA: "{self._modem.chars(pdu.CENTRE)}",145')
        return None
