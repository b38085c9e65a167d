"""The dialogue of AT commands without any I/O: `begin(command)` gives bytes to write, `feed(bytes)` gives events.

One command at a time. Every line that arrives is given to whom it belongs: the echo to nobody, a result code to the
command that is running, lines with the expected prefix to that command too, everything else to the unsolicited side. So an
unsolicited line between a command and its answer changes nothing, wherever it falls.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from hal.at.framing import CR, LF, Framer, Shielded, TextLine
from hal.at.results import BASIC, DATA, OK, UNSOLICITED, parse_result, unglue, unglue_end
from hal.trace import masked

RESPONSE_LIMIT = 512
"""Information lines of one command that are kept; a modem that sends more is talking nonsense."""
ANYTHING = ("",)
"""`expect` of a command whose answer has no prefix, for example ATI."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command line and what may come back."""

    text: str = field(repr=False)
    """As sent, without the CR: `AT+CSQ`. Printable ASCII only; ValueError otherwise. It may hold a PIN: see `shown`."""
    expect: tuple[str, ...] = ()
    """Beginnings of the lines that are its answer: `("+CSQ:",)`. `ANYTHING` takes every line that is not unsolicited."""
    finals: Collection[str] = BASIC
    """Result codes (`hal.at.results`) that end it. Others are unsolicited."""
    payload: bytes | None = field(default=None, repr=False)
    """Sent when the prompt `> ` comes, with Ctrl-Z behind it (3GPP TS 27.005, 3.5.1)."""

    def __post_init__(self) -> None:
        if not (self.text.isascii() and self.text.isprintable()):
            raise ValueError(f"not a command line: {self.shown!r}")

    @property
    def shown(self) -> str:
        """For logs and errors: without PINs and keys (`hal.trace`)."""
        return masked(self.text)


@dataclass(frozen=True, slots=True)
class Reply:
    """How a command ended."""

    command: str
    code: str
    """The result code: `OK`, `ERROR`, `+CME ERROR`, `NO CARRIER`, `CONNECT`, ..."""
    detail: str = ""
    """The error number or the cause, as text."""
    lines: tuple[str, ...] = ()
    """The lines of the answer, prefix included."""
    aborted: bool = False
    """We made the modem give the command up: at its time limit, or sooner (`Interpreter.limit`)."""

    @property
    def ok(self) -> bool:
        return self.code == OK

    def value(self, prefix: str) -> str | None:
        """What stands behind `prefix` in the first line that has it, or None."""
        return next((line[len(prefix) :].strip() for line in self.lines if line.startswith(prefix)), None)

    def __str__(self) -> str:
        return f"{self.command}: {self.code}{' ' + self.detail if self.detail else ''}"


@dataclass(frozen=True, slots=True)
class Finished:
    """The running command has its result."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Unsolicited:
    """A line that answers nothing."""

    line: str


@dataclass(frozen=True, slots=True)
class Prompted:
    """The modem waits for the payload: write `data`."""

    data: bytes = field(repr=False)


Event = Finished | Unsolicited | Prompted | Shielded

PAIRED = ("+CDS:", "+CMT:")
"""Unsolicited lines behind which a PDU comes as a line of its own (3GPP TS 27.005, 3.4.1): without the two being kept together
it would be taken for the answer to a command that takes any line."""
_PDU = re.compile(r"[0-9A-Fa-f]{4,}")


@dataclass(slots=True)
class _Running:
    command: Command
    echo: str = field(repr=False)
    """What of the command's echo has not been seen yet."""
    lines: list[str] = field(default_factory=list)


class Engine:
    """The state of one dialogue. `unsolicited` are beginnings of lines that never answer a command, even one that takes
    anything; `shielded` as for the `Framer`."""

    def __init__(self, *, unsolicited: tuple[str, ...] = UNSOLICITED, shielded: bool = False) -> None:
        self.unsolicited = unsolicited
        self.rest = b""
        """After a result that opens a data stream (CONNECT): the bytes behind it, which are no lines."""
        self._framer = Framer(shielded=shielded)
        self._running: _Running | None = None
        self._connected: Reply | None = None
        self._prompted = False
        self._announced: str | None = None
        """A line of `PAIRED`, before its PDU has come."""

    @property
    def running(self) -> Command | None:
        """The command that waits for its result."""
        return self._running.command if self._running else None

    @property
    def lines(self) -> tuple[str, ...]:
        """What the running command has been answered so far."""
        return tuple(self._running.lines) if self._running else ()

    @property
    def prompted(self) -> bool:
        """The command begun last has had its prompt, so its payload may have arrived. True until the next one begins."""
        return self._prompted

    @property
    def shielded(self) -> bool:
        """DLE pairs are taken out of the lines (voice mode)."""
        return self._framer.shielded

    @shielded.setter
    def shielded(self, value: bool) -> None:
        self._framer.shielded = value

    def begin(self, command: Command) -> bytes:
        """Start a command; the bytes to write. RuntimeError while another one runs."""
        if self._running:
            raise RuntimeError(f"{self._running.command.shown} is still running")
        self._running = _Running(command, command.text)
        self._prompted = False
        self.rest = b""
        return command.text.encode() + b"\r"

    def abandon(self) -> None:
        """Forget the running command and the line that has begun, for example after its time limit."""
        self._running = None
        self._connected = None
        self._framer.reset()

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes as they come, in pieces of any size. Never raises.

        Stops behind a result that opens a data stream: what follows is in `rest`.
        """
        events: list[Event] = []
        for index, byte in enumerate(data):
            if self._connected:
                if byte == CR:
                    continue
                events.append(Finished(self._connected))
                self._connected = None
                self.rest = data[index + (byte == LF) :]
                return events
            item = self._framer.feed(byte)
            if isinstance(item, TextLine):
                self._line(item.text, events)
            elif item:
                events.append(item)
            elif self._running and self._running.command.payload is not None and not self._prompted:
                self._prompt(events)
        return events

    def _prompt(self, events: list[Event]) -> None:
        running = self._running
        assert running
        assert running.command.payload is not None
        partial = self._framer.partial
        if not partial.endswith(">"):
            return
        before = partial[:-1].strip()
        if before and not before.endswith(running.command.text):
            return
        self._framer.take_partial()
        self._prompted = True
        running.echo = running.command.payload.decode("latin-1")
        events.append(Prompted(running.command.payload + b"\x1a"))

    def _line(self, line: str, events: list[Event]) -> None:
        announced, self._announced = self._announced, None
        if announced is not None:
            together = _PDU.fullmatch(line) is not None
            events.append(Unsolicited(f"{announced} {line}" if together else announced))
            if together:
                return
        if line.startswith(PAIRED):
            self._announced = line
            return
        running = self._running
        if running:
            line = self._without_echo(running, line)
            if not line:
                return
            line, glued = unglue(line)
        else:
            glued = ""
        self._route(line, events)
        if glued:
            self._line(glued, events)

    def _route(self, line: str, events: list[Event]) -> None:
        running = self._running
        if running is None:
            events.append(Unsolicited(line))
            return
        result = parse_result(line)
        if result and result[0] in running.command.finals:
            self._running = None
            reply = Reply(running.command.shown, *result, tuple(running.lines))
            if reply.code in DATA:
                self._connected = reply  # reported when its LF has come, so that `rest` begins with data
            else:
                events.append(Finished(reply))
            return
        line, result_behind = unglue_end(line)
        if not self._belongs(running.command, line):
            events.append(Unsolicited(line))
        elif len(running.lines) < RESPONSE_LIMIT:
            running.lines.append(line)
        if result_behind:
            self._route(result_behind, events)

    def _belongs(self, command: Command, line: str) -> bool:
        expect = command.expect
        if not expect:
            return False
        if expect == ANYTHING:
            return not line.startswith(self.unsolicited)
        return line.startswith(expect)

    @staticmethod
    def _without_echo(running: _Running, line: str) -> str:
        """The line without the echo of what was sent: whole, in pieces around another line, or glued to the answer."""
        echo = running.echo
        if not echo:
            return line
        if line.startswith(echo):
            running.echo = ""
            return line[len(echo) :].lstrip("\x1a ")
        begun = echo not in (running.command.text, (running.command.payload or b"").decode("latin-1"))
        if len(line) >= (1 if begun else 2) and echo.startswith(line):
            running.echo = echo[len(line) :]
            return ""
        return line
