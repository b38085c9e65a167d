"""The message stores of a simulated radio modem: what selects, reads, lists and deletes (3GPP TS 27.005, 3.2 and 3.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hal.simulated import textmode
from hal.simulated.atline import Command

if TYPE_CHECKING:
    from hal.simulated.radiomodem import RadioModem

BAD_INDEX, NOT_SUPPORTED, NOT_ALLOWED = 321, 303, 302
_NO_SIM = {"": 310, "SIM PIN": 311, "SIM PUK": 316}
UNREAD, READ, UNSENT, SENT = range(4)


@dataclass(slots=True)
class Stored:
    """A message in a store. `state` 0 unread, 1 read, 2 unsent, 3 sent."""

    state: int
    pdu: str
    octets: int


class MessageStores:
    """The stores of one modem. They outlive every restart."""

    def __init__(self, modem: RadioModem, capacity: dict[str, int], first: str) -> None:
        self._modem = modem
        self._first = first
        self.capacity = capacity
        self.stores: dict[str, dict[int, Stored]] = {name: {} for name in capacity}
        self._selected = [first] * 3
        self._text_mode = False
        modem.commands |= {
            "+CMGF": self._format,
            "+CPMS": self._select,
            "+CMGR": self._read,
            "+CMGL": self._list,
            "+CMGD": self._delete,
        }

    def reset(self) -> None:
        """As after power-up: the selection goes, the messages stay."""
        self._selected = [self._first] * 3
        self._text_mode = False

    def try_again(self) -> None:
        """There may be room now: hook."""

    @property
    def is_full(self) -> bool:
        """No room where messages are received."""
        store = self._selected[2]
        return self._modem.faults.memory_full or len(self.stores[store]) >= self.capacity[store]

    @property
    def _charset(self) -> str:
        return self._modem.setting("+CSCS").strip('"').upper()

    def error(self, number: int) -> str:
        """+CMS ERROR, or ERROR where no numbers are wanted."""
        return f"+CMS ERROR: {number}" if self._modem.numeric_errors else "ERROR"

    def without_sim(self) -> str | None:
        """The error of a command that needs a SIM, or None where it is ready."""
        if self._modem.sim_ready:
            return None
        return self.error(314 if not self._modem.sim_read else _NO_SIM.get(self._modem.sim, 313))

    @property
    def _details(self) -> bool:
        return self._modem.setting("+CSDH") == "1"

    def store(self, store: str, message: Stored) -> int:
        """Put a message into a store; its place."""
        messages = self.stores[store]
        index = next(i for i in range(len(messages) + 1) if i not in messages)
        messages[index] = message
        return index

    # --- commands ---

    def _format(self, command: Command) -> str | None:
        if command.op == "?":
            self._modem.info(f"+CMGF: {int(self._text_mode)}")
        elif command.op == "=?":
            self._modem.info("+CMGF: (0,1)")
        elif command.arg not in ("", "0", "1"):
            return self.error(NOT_SUPPORTED)
        else:
            self._text_mode = command.arg == "1"
        return None

    def _select(self, command: Command) -> str | None:
        if (refused := self.without_sim()) is not None:
            return refused
        names = ",".join(f'"{name}"' for name in self.stores)
        if command.op == "=?":
            self._modem.info(f"+CPMS: ({names}),({names}),({names})")
            return None
        if command.op == "=":
            wanted = [part.strip().strip('"') for part in command.arg.split(",")]
            if not 1 <= len(wanted) <= 3 or any(name not in self.stores for name in wanted):
                return self.error(NOT_ALLOWED)
            self._selected[: len(wanted)] = wanted
        used = [(name, len(self.stores[name]), self.capacity[name]) for name in self._selected]
        with_names = command.op == "?"
        self._modem.info("+CPMS: " + ",".join((f'"{n}",' if with_names else "") + f"{u},{c}" for n, u, c in used))
        return None

    def _index(self, text: str, which: int = 0) -> int | None:
        store = self.stores[self._selected[which]]
        return int(text) if text.isdigit() and int(text) in store else None

    def _read(self, command: Command) -> str | None:
        if command.op == "=?":
            return None
        index = self._index(command.arg)
        if index is None:
            return self.without_sim() or self.error(BAD_INDEX)
        message = self.stores[self._selected[0]][index]
        if self._text_mode:
            state = f'"{textmode.STATES[message.state]}"'
            seen = textmode.look(message.pdu)
            if seen.kind == 2:
                self._modem.info(f"+CMGR: {state},{textmode.report_line(seen)}")
            else:
                header, data = textmode.lines(seen, self._charset, details=self._details)
                self._modem.info(f"+CMGR: {state},{header}\r\n{data}")
        else:
            self._modem.info(f"+CMGR: {message.state},,{message.octets}\r\n{message.pdu}")
        message.state = message.state or READ
        return None

    def _list(self, command: Command) -> str | None:
        modem = self._modem
        if command.op == "=?":
            names = ",".join(f'"{state}"' for state in textmode.STATES)
            modem.info(f"+CMGL: ({names})" if self._text_mode else "+CMGL: (0-4)")
            return None
        wanted = command.arg.strip('"') or (textmode.STATES[0] if self._text_mode else "0")
        states = textmode.STATES if self._text_mode else ("0", "1", "2", "3", "4")
        if wanted not in states:
            return self.error(NOT_ALLOWED)
        state = states.index(wanted)
        for index, message in sorted(self.stores[self._selected[0]].items()):
            if state in (4, message.state):
                self._show_listed(index, message)
                message.state = message.state or READ
        return None

    def _show_listed(self, index: int, message: Stored) -> None:
        if not self._text_mode:
            self._modem.info(f"+CMGL: {index},{message.state},,{message.octets}\r\n{message.pdu}")
            return
        state = f'"{textmode.STATES[message.state]}"'
        seen = textmode.look(message.pdu)
        if seen.kind == 2:
            self._modem.info(f"+CMGL: {index},{state},{textmode.report_line(seen)}")
        else:
            header, data = textmode.lines(seen, self._charset, details=self._details, listed=True)
            self._modem.info(f"+CMGL: {index},{state},{header}\r\n{data}")

    def _delete(self, command: Command) -> str | None:
        store = self.stores[self._selected[0]]
        if command.op == "=?":
            self._modem.info(f"+CMGD: ({','.join(map(str, sorted(store)))}),(0-4)")
            return None
        index, _, which = command.arg.partition(",")
        if which and which != "0":
            states = {"1": (1,), "2": (1, 3), "3": (1, 2, 3), "4": (0, 1, 2, 3)}.get(which)
            if states is None:
                return self.error(NOT_ALLOWED)
            for number in [n for n, message in store.items() if message.state in states]:
                del store[number]
        elif not index.isdigit() or int(index) > self.capacity[self._selected[0]]:
            return self.error(BAD_INDEX)
        else:
            store.pop(int(index), None)
        if not self._modem.faults.memory_full:
            self.try_again()
        return None
