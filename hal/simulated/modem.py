"""What all simulated modems share: a serial port, command lines (ITU-T V.250), results, and their faults."""

from __future__ import annotations

import asyncio
import re
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hal.simulated import atline
from hal.simulated.atline import Command
from hal.simulated.faults import Faults
from hal.simulated.ptyport import PtyPort
from hal.simulated.wire import Wire

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange

Handler = Callable[[Command], "str | Awaitable[str | None] | None"]
"""Carries out a command. Returns a final result, which ends the line, or None to go on with the next command."""

_VOICE = re.compile(r"\+FCLASS=8|\+CPCMREG|\+QPCMV|\^CVOICE|\^DDSETEX", re.IGNORECASE)
"""What a firmware without voice does not know."""
_CALL_ENDED = re.compile(
    r"NO CARRIER|VOICE CALL: END|REMOTE CALL END|MISSED_CALL|\^CEND|\+CLCC: \d,\d,6|\+QIND: \"ccinfo\",\d,\d,-1|\^DSCI: \d,\d,6"
)
"""Unsolicited lines that tell of the end of a call."""


class Modem:
    """A modem in command state; subclasses know the commands and what else it can do."""

    whole_line = ""
    dial_to_semicolon = False
    latency_s = 0.01
    """Between a command line and its answer."""
    numeric: tuple[str, ...] = ("OK", "CONNECT", "RING", "NO CARRIER", "ERROR", "", "NO DIALTONE", "BUSY", "NO ANSWER")
    """Results by their number in V0 (V.250, table 1)."""
    echo_default = True

    def __init__(self, exchange: Exchange, name: str, link: Path) -> None:
        self.exchange = exchange
        self.name = name
        self.faults = Faults()
        self.commands: dict[str, Handler] = {
            "E": self._echo,
            "Q": self._quiet,
            "V": self._verbose,
            "Z": self._reset,
            "&F": self._reset,
        }
        self._echoing = self.echo_default
        self._quiet_results = False
        self._verbose_results = True
        self._line = bytearray()
        self._previous = ""
        self._typeahead = bytearray()
        self._executing: asyncio.Task[None] | None = None
        self._abort: asyncio.Event | None = None
        self._kept_back: bytearray | None = None
        """What the running command says, where it is kept back (`Faults.shifted`)."""
        self._owed = b""
        self.port = PtyPort(link, self, exchange.watch)
        self.wire = Wire(self.port, self.faults, exchange.spawn)
        self.faults.watch(self.wire.fault_changed)

    # --- the port ---

    def unplug(self) -> None:
        """Pull the modem out of its socket. What it was doing ends."""
        self.port.unplug()
        self.dtr_dropped()

    def plug(self, name: str | None = None) -> None:
        """Plug it in again, perhaps under another node name (renumbering)."""
        self.port.plug(self.exchange.directory / name if name else None)

    def description(self, kind: str, model: str, number: str, **more: str) -> dict[str, object]:
        """A device of one line, for the control socket."""
        line = {"name": self.name, "node": str(self.port.link), "number": number, **more}
        return {"name": self.name, "kind": kind, "model": model, "lines": [line]}

    def port_opened(self) -> None:
        """Every open begins afresh: an empty line, echo as delivered."""
        self._line.clear()
        self._typeahead.clear()
        self._echoing = self.echo_default
        self._owed = b""
        self.wire.opened()

    def port_closed(self) -> None:
        """The box has closed its end: DTR drops, so does a call."""
        self._stop_executing()
        self.dtr_dropped()

    def _stop_executing(self) -> None:
        if self._executing:
            self._executing.cancel()
        self._executing = self._abort = self._kept_back = None

    def port_data(self, data: bytes) -> None:
        """Bytes from the host."""
        if self.wire.heard(data):
            return
        if self.faults.prompt:
            end = re.search(rb"[\x1a\x1b]", data)
            if end is None:
                return
            self.faults.prompt = False
            self.send(b"\r\nOK\r\n")
            data = data[end.end() :]
        if self._executing:
            self._typeahead += data
            if self._abort and data.strip(b"\n"):
                self._typeahead.clear()
                self._abort.set()
        else:
            self._type(data)

    @abstractmethod
    def dtr_dropped(self) -> None:
        """The host is gone: hang up, leave any data state."""

    # --- command lines ---

    def _type(self, data: bytes) -> None:
        for position, byte in enumerate(data):
            if self._swallow(byte):
                continue
            if self._echoing or self.faults.echo:
                self.send(bytes((byte,)))
            if byte == 8:
                del self._line[-1:]
            elif byte == 13:
                text = self._line.decode("latin-1").strip()
                self._line.clear()
                if self._start(text):
                    self._typeahead += data[position + 1 :]
                    return
            elif byte >= 32:
                self._line.append(byte)

    def _swallow(self, byte: int) -> bool:
        """A byte that is no part of a command line: hook for modems that read something else at times."""
        return False

    def _start(self, text: str) -> bool:
        upper = text.upper()
        if upper == "A/":
            text = self._previous
        elif (begin := upper.find("AT")) >= 0:
            text = self._previous = text[begin + 2 :]
        else:
            return False
        self._executing = self.exchange.spawn(self._execute(text), f"{self.name} AT{text}")
        return True

    async def _execute(self, text: str) -> None:
        await asyncio.sleep(self.latency_s + self.faults.delay_s)
        if self.faults.unsolicited:
            self.info(self.faults.unsolicited)
        if self.faults.hangs_on and self.faults.hangs_on in text.upper():
            self.faults.silent = True
            self._executing = None
            return
        if self.faults.shifted:
            self._kept_back = bytearray()
        if result := await self._run(text):
            self.result(result)
        if self._kept_back is not None:
            owed, self._owed, self._kept_back = self._owed, bytes(self._kept_back), None
            self.send(owed)
        self._executing = None
        self.settled()
        typeahead = bytes(self._typeahead)
        self._typeahead.clear()
        if typeahead:
            self.port_data(typeahead)

    async def _run(self, text: str) -> str:
        if self.faults.error:
            return "ERROR"
        if self.faults.ok_to_all:
            return "OK"
        if self.faults.no_voice and _VOICE.search(text):
            return self.error()
        try:
            commands = atline.split(text, whole_line=self.whole_line, dial_to_semicolon=self.dial_to_semicolon)
        except atline.BadLine:
            return self.error()
        for command in commands:
            handler = self.commands.get(command.name)
            if handler is None:
                outcome = self.unknown(command)
            else:
                answer = handler(command)
                outcome = await answer if isinstance(answer, Awaitable) else answer
            if outcome is not None:
                return outcome
        return self.final()

    def final(self) -> str:
        """The result of a line whose commands have all been carried out."""
        return "OK"

    def settled(self) -> None:
        """A command line has been carried out: hook."""

    def unknown(self, command: Command) -> str | None:
        """A command that this modem does not know."""
        return self.error()

    def error(self, number: int = 100) -> str:
        """The result for a failed command; radio modems give a number (27.007, 9.2)."""
        return "ERROR"

    async def pausing(self, seconds: float) -> bool:
        """Wait; True when the host typed something meanwhile, which aborts what goes on (V.250, 5.6.1)."""
        self._abort = asyncio.Event()
        try:
            async with asyncio.timeout(seconds):
                await self._abort.wait()
            return True
        except TimeoutError:
            return False
        finally:
            self._abort = None

    # --- what it says ---

    def info(self, text: str) -> None:
        """An information line, or an unsolicited result."""
        if self.faults.end_lost and _CALL_ENDED.match(text):
            return
        self.send(f"\r\n{text}".encode("latin-1") if self.faults.glued else f"\r\n{text}\r\n".encode("latin-1"))

    def result(self, text: str) -> None:
        """A final result."""
        if text == "OK" and self.faults.swallow_ok > 0:
            self.faults.swallow_ok -= 1
            return
        if self._quiet_results:
            return
        if not self._verbose_results and text in self.numeric:
            self.send(f"{self.numeric.index(text)}\r".encode())
        else:
            self.send(f"{text}\r\n".encode("latin-1") if self.faults.glued else f"\r\n{text}\r\n".encode("latin-1"))

    def send(self, data: bytes) -> None:
        """Text to the host, as the faults leave it."""
        if self._kept_back is None:
            self.wire.text(data)
        else:
            self._kept_back += data

    def send_raw(self, data: bytes) -> None:
        """Audio and shielded codes to the host."""
        self.wire.raw(data)

    # --- commands that all have ---

    def _echo(self, command: Command) -> str | None:
        self._echoing = command.arg == "1"
        return None

    def _quiet(self, command: Command) -> str | None:
        self._quiet_results = command.arg == "1"
        return None

    def _verbose(self, command: Command) -> str | None:
        self._verbose_results = command.arg != "0"
        return None

    def _reset(self, command: Command) -> str | None:
        self._echoing = self.echo_default
        self._quiet_results = False
        self._verbose_results = True
        self.reset()
        return None

    def reset(self) -> None:
        """ATZ and AT&F: everything else as delivered."""

    def restarts(self) -> None:
        """The firmware starts again without leaving the bus, as after a dip of its supply: the port stays, all else goes."""
        self._stop_executing()
        self.dtr_dropped()
        self._line.clear()
        self._reset(Command("Z"))


def ok(_: Command) -> str | None:
    """A command that is accepted and changes nothing that could be noticed from outside."""
    return None
