"""The short-message half of a simulated radio modem (3GPP TS 27.005): stores, sending, receiving, reports."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hal.simulated import pdu
from hal.simulated.atline import Command

if TYPE_CHECKING:
    from hal.simulated.radiomodem import RadioModem

_SEND_S = 1.5
_REPORT_S = 2.0
_NO_NETWORK, _BAD_PDU, _BAD_INDEX, _NOT_SUPPORTED = 331, 304, 321, 303


@dataclass(slots=True)
class Stored:
    """A message in a store. `state` 0 unread, 1 read, 2 unsent, 3 sent."""

    state: int
    pdu: str
    octets: int


class ShortMessages:
    """Messages of one modem."""

    def __init__(self, modem: RadioModem, capacity: dict[str, int]) -> None:
        self._modem = modem
        self.capacity = capacity
        self.stores: dict[str, dict[int, Stored]] = {name: {} for name in capacity}
        self._selected = ["SM", "SM", "SM"]
        self._waiting: deque[tuple[str, int]] = deque()
        """Messages that the network keeps until there is room."""
        self._reference = 0
        self._notify = [0, 0, 0, 0, 0]
        self._prompt: asyncio.Future[str | None] | None = None
        self._typed = bytearray()
        self._unacknowledged = 0
        self._service = "0"
        modem.commands |= {
            "+CMGF": self._format,
            "+CPMS": self._select,
            "+CNMI": self._set_notify,
            "+CMGS": self._send,
            "+CMGR": self._read,
            "+CMGL": self._list,
            "+CMGD": self._delete,
            "+CNMA": self._acknowledge,
            "+CSMS": self._choose_service,
            "+CSCA": self._centre,
        }

    def reset(self) -> None:
        """As after power-up. The SIM and the flash keep their messages."""
        self._notify = [0, 0, 0, 0, 0]
        self._selected = ["SM", "SM", "SM"]
        self._reference = 0
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
                text = self._typed.decode("latin-1").strip()
                self._prompt.set_result(text if byte == 0x1A else None)
                return data[position + 1 :]
            self._typed.append(byte)
        return b""

    async def _send(self, command: Command) -> str | None:
        modem = self._modem
        if command.op != "=" or not command.arg.isdigit():
            return None if command.op == "=?" else self._error(_NOT_SUPPORTED)
        self._typed.clear()
        self._prompt = asyncio.get_running_loop().create_future()
        modem.send(b"\r\n> ")
        typed = await self._prompt
        self._prompt = None
        if typed is None:
            return "OK"
        if modem.faults.cmgs_error is not None:
            return self._error(modem.faults.cmgs_error)
        if not modem.registered:
            return self._error(_NO_NETWORK)
        try:
            message = pdu.read_submit(typed, int(command.arg))
        except pdu.BadPdu:
            return self._error(_BAD_PDU)
        await asyncio.sleep(_SEND_S)
        self._reference = (self._reference + 1) & 0xFF
        modem.exchange.accept_sms(modem.number, message)
        if message.report:
            modem.exchange.loop.call_later(_REPORT_S, self._report, self._reference, message.recipient, self._now())
        if modem.faults.cmgs_stuck:
            modem.send(b"\r\n")
            return ""
        modem.info(f"+CMGS: {self._reference}")
        return None

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._modem.exchange.wall(), UTC)

    # --- receiving ---

    def deliver(self, sender: str, text: str) -> None:
        """The network has a message for this modem."""
        for part in pdu.deliver(sender, text, self._now()):
            self._incoming(*part)

    def _incoming(self, hexadecimal: str, octets: int) -> None:
        modem = self._modem
        store = self._selected[2]
        full = modem.faults.memory_full or len(self.stores[store]) >= self.capacity[store]
        if not modem.registered or (full and self._notify[1] != 2):
            self._waiting.append((hexadecimal, octets))
            if full:
                modem.urc(f'^SMMEMFULL: "{store}"')
        elif self._notify[1] == 2:
            modem.urc(f"+CMT: ,{octets}\r\n{hexadecimal}")
            self._unacknowledged += 1
        else:
            index = self._store(store, Stored(0, hexadecimal, octets))
            if self._notify[1] == 1 and not modem.faults.cmti_lost:
                modem.urc(f'+CMTI: "{store}",{-1 if modem.faults.cmti_minus_one else index}')

    def try_again(self) -> None:
        """There may be room, or a network, now."""
        waiting, self._waiting = self._waiting, deque()
        for hexadecimal, octets in waiting:
            self._incoming(hexadecimal, octets)

    def _report(self, reference: int, recipient: str, sent: datetime) -> None:
        hexadecimal, octets = pdu.status_report(reference, recipient, sent, self._now(), 0)
        if self._notify[3] == 1:
            self._modem.urc(f"+CDS: {octets}\r\n{hexadecimal}")
        elif self._notify[3] == 2:
            index = self._store(self._selected[2], Stored(0, hexadecimal, octets))
            self._modem.urc(f'+CDSI: "{self._selected[2]}",{index}')

    def _store(self, store: str, message: Stored) -> int:
        messages = self.stores[store]
        index = next(i for i in range(len(messages) + 1) if i not in messages)
        messages[index] = message
        return index

    # --- commands ---

    def _error(self, number: int) -> str:
        return f"+CMS ERROR: {number}" if self._modem.numeric_errors else "ERROR"

    def _format(self, command: Command) -> str | None:
        if command.op == "?":
            self._modem.info("+CMGF: 0")
        elif command.op == "=?":
            self._modem.info("+CMGF: (0)")
        elif command.arg != "0":
            return self._error(_NOT_SUPPORTED)  # PDU mode only
        return None

    def _select(self, command: Command) -> str | None:
        names = ",".join(f'"{name}"' for name in self.stores)
        if command.op == "=?":
            self._modem.info(f"+CPMS: ({names}),({names}),({names})")
            return None
        if command.op == "=":
            wanted = [part.strip().strip('"') for part in command.arg.split(",")]
            if not 1 <= len(wanted) <= 3 or any(name not in self.stores for name in wanted):
                return self._error(302)
            self._selected[: len(wanted)] = wanted
        used = [(name, len(self.stores[name]), self.capacity[name]) for name in self._selected]
        with_names = command.op == "?"
        self._modem.info("+CPMS: " + ",".join((f'"{n}",' if with_names else "") + f"{u},{c}" for n, u, c in used))
        return None

    def _set_notify(self, command: Command) -> str | None:
        if command.op == "?":
            self._modem.info("+CNMI: " + ",".join(map(str, self._notify)))
        elif command.op == "=?":
            self._modem.info("+CNMI: (0,1,2),(0,1,2,3),(0,2,3),(0,1,2),(0,1)")
        else:
            values = [value or "0" for value in command.arg.split(",")]
            if len(values) > 5 or not all(value.isdigit() for value in values):
                return self._error(302)
            self._notify[: len(values)] = map(int, values)
        return None

    def _index(self, text: str) -> int | None:
        store = self.stores[self._selected[0]]
        return int(text) if text.isdigit() and int(text) in store else None

    def _read(self, command: Command) -> str | None:
        if command.op == "=?":
            return None
        index = self._index(command.arg)
        if index is None:
            return self._error(_BAD_INDEX)
        message = self.stores[self._selected[0]][index]
        self._modem.info(f"+CMGR: {message.state},,{message.octets}\r\n{message.pdu}")
        message.state = message.state or 1
        return None

    def _list(self, command: Command) -> str | None:
        if command.op == "=?":
            self._modem.info("+CMGL: (0-4)")
            return None
        wanted = command.arg or "0"
        if wanted not in ("0", "1", "2", "3", "4"):
            return self._error(302)
        for index, message in sorted(self.stores[self._selected[0]].items()):
            if wanted == "4" or message.state == int(wanted):
                self._modem.info(f"+CMGL: {index},{message.state},,{message.octets}\r\n{message.pdu}")
                message.state = message.state or 1
        return None

    def _delete(self, command: Command) -> str | None:
        store = self.stores[self._selected[0]]
        if command.op == "=?":
            self._modem.info(f"+CMGD: ({','.join(map(str, sorted(store)))}),(0-4)")
            return None
        index, _, which = command.arg.partition(",")
        if which and which != "0":
            states = {"1": (1,), "2": (1, 3), "3": (1, 2, 3), "4": (0, 1, 2, 3)}.get(which)
            if states is None:
                return self._error(302)
            for number in [n for n, message in store.items() if message.state in states]:
                del store[number]
        elif not index.isdigit() or int(index) >= self.capacity[self._selected[0]]:
            return self._error(_BAD_INDEX)
        else:
            store.pop(int(index), None)
        if not self._modem.faults.memory_full:
            self.try_again()
        return None

    def _acknowledge(self, _: Command) -> str | None:
        if not self._unacknowledged:
            return self._error(340)
        self._unacknowledged -= 1
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
            return self._error(302)
        return None

    def _centre(self, command: Command) -> str | None:
        if command.op == "?":
            self._modem.info('+CSCA: "+491710760000",145')
        return None
