"""What all simulated modems share: a serial port, command lines (ITU-T V.250), results, and their faults."""

from __future__ import annotations

import asyncio
import random
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hal.simulated import atline
from hal.simulated.atline import Command
from hal.simulated.faults import Faults, Splitter
from hal.simulated.ptyport import PtyPort

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange

Handler = Callable[[Command], "str | Awaitable[str | None] | None"]
"""Carries out a command. Returns a final result, which ends the line, or None to go on with the next command."""

_GARBAGE_S = 0.02


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
        self.faults.watch(self._fault_changed)
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
        self._splitter: Splitter | None = None
        self._pieces: asyncio.Queue[bytes] | None = None
        self._garbage = random.Random(0)  # noqa: S311 - a test wants it repeatable
        self.port = PtyPort(link, self, exchange.watch)

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
        if self.faults.garbage:
            self._send_garbage()

    def port_closed(self) -> None:
        """The box has closed its end: DTR drops, so does a call."""
        if self._executing:
            self._executing.cancel()
            self._executing = None
        self._abort = None
        self.dtr_dropped()

    def port_data(self, data: bytes) -> None:
        """Bytes from the host."""
        if self.faults.silent or self.faults.garbage:
            return
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
        if result := await self._run(text):
            self.result(result)
        self._executing = None
        self.settled()
        typeahead = bytes(self._typeahead)
        self._typeahead.clear()
        if typeahead:
            self.port_data(typeahead)

    async def _run(self, text: str) -> str:
        if self.faults.error:
            return "ERROR"
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
        """Bytes to the host, as the faults leave them."""
        if self.faults.silent or self.faults.garbage:
            return
        if self.faults.doubled_cr:
            data = data.replace(b"\r", b"\r\r")
        self.send_raw(data)

    def send_raw(self, data: bytes) -> None:
        """Bytes to the host; with `split_writes` in pieces, otherwise at once."""
        if self.faults.silent or self.faults.garbage:
            return
        if self._pieces is None:
            self.port.write(data)
        else:
            self._pieces.put_nowait(data)

    # --- faults ---

    def _fault_changed(self, name: str) -> None:
        if name == "garbage" and self.faults.garbage:
            self._send_garbage()
        elif name == "split_writes":
            seed = self.faults.split_writes
            if seed is not None and self._pieces is None:
                self._splitter, self._pieces = Splitter(seed), asyncio.Queue()
                self.exchange.spawn(self._send_pieces(self._pieces), f"{self.name} pieces")

    async def _send_pieces(self, pieces: asyncio.Queue[bytes]) -> None:
        while self._splitter and (self.faults.split_writes is not None or not pieces.empty()):
            for pause, piece in self._splitter.cut(await pieces.get()):
                await asyncio.sleep(pause)
                self.port.write(piece)
        self._pieces = None

    def _send_garbage(self) -> None:
        if self.faults.garbage and self.port.open:
            self.port.write(self._garbage.randbytes(round(1000 * _GARBAGE_S)))
            self.exchange.loop.call_later(_GARBAGE_S, self._send_garbage)

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


def ok(_: Command) -> str | None:
    """A command that is accepted and changes nothing that could be noticed from outside."""
    return None
