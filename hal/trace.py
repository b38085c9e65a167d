"""What was said on a modem's port, for a technician: the last lines of each way, with their times, and no secret.

    trace.note(Kind.COMMAND, "AT+CPIN=1234")  ->  kept, and returned, as "AT+CPIN=..."

Secrets never enter: what is hidden is hidden before it is kept, and whoever logs a dialogue logs what `note` returns. Hidden
are PINs and PUKs of the SIM, short messages, and every key that a caller or the box has pressed, for callers log in by keys.
Numbers stay: whoever may see a trace may see the call detail records. Audio is only counted.
"""

from __future__ import annotations

import asyncio
import enum
import itertools
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SIZE = 1000
"""Entries that are kept of a port: at a question every ten seconds, about half an hour of an idle modem."""
TEXT_LIMIT = 240
"""Characters of one entry: three lines of a terminal."""
REPEAT_S = 1.0
"""Seconds in which a code that is sent again and again is kept once."""
ECHO_ENTRIES = 50
"""Entries after a secret command in which its digits are still looked for: no echo comes later than that."""


class Kind(enum.Enum):
    """What an entry is; the value is what stands before it on the screen."""

    COMMAND = ">"
    """To the modem: a command line, or the end of a data stream."""
    MESSAGE = ">>"
    """To the modem: a short message, of which only the length is kept."""
    ANSWER = "<"
    """From the modem: a line that belongs to the command, or its result."""
    UNSOLICITED = "*"
    """From the modem, unasked."""
    SHIELDED = "#"
    """From the modem: a code after DLE (TIA IS-101; ITU-T V.253)."""
    NOTE = "-"
    """About the port: opened, closed, lost, audio begins and ends."""


_SECRET = re.compile(
    r"(?is)([+^*$%#&][A-Z]{0,8}(?:CPWD|CLCK|PIN2?|PUK2?)[A-Z]{0,8}\s*=|\*\*0[45]2?\*|\*\*?03\*)(?!\?).*\Z"
)
"""Commands whose arguments are PINs or passwords: +CPIN, +CPWD, +CLCK (3GPP TS 27.007, 8.3, 7.5, 7.4), vendors' forms of them
(^CPIN, +QPIN), and the dial strings that change them (3GPP TS 22.030, 6.6.2: **04, **042, **05, **052; 22.030, 6.5.4: **03).
Bounded on both sides of the name, as a line that only looks like one over and over must not cost time by its square."""
_KEYS = re.compile(r"(?is)([+^][A-Z]{0,4}(?:DTMF|TONEDET)[A-Z]{0,4}\s*:|(?:\+Q?VTS|[+^][A-Z]{0,4}DTMF)=(?!\?)).*\Z")
"""Keys pressed by the other side (SIMCom, Huawei, Quectel) and by us (+VTS: 3GPP TS 27.007, C.2.11; ITU-T V.253)."""
_PDU = re.compile(r"[0-9A-Fa-f]{24,}")
"""A message, or a report on one, in PDU mode (3GPP TS 27.005, 3.1), also glued to something. Longer than any serial number of a
SIM (20 digits)."""
_HEADER = re.compile(r"\+CM(?:T|GR|GL):")
"""What stands before a message (3GPP TS 27.005, 3.4): the next line is its text, where a modem is in text mode against our will."""
_RESULT = re.compile(r"OK\Z|ERROR|\+CM[ES] ERROR")
_DIGITS = re.compile(r"\d{4,}")
_KEY_CODES = frozenset(b"0123456789ABCD*#")


def masked(text: str) -> str:
    """The text of a command or an answer without what nobody is to read: `AT+CPIN=...`, `+RXDTMF: ...`, `(message, 35 octets)`."""
    text = _SECRET.sub(r"\1...", text)
    text = _KEYS.sub(lambda match: f"{match[1]}{' ' if match[1].endswith(':') else ''}...", text)
    return _PDU.sub(lambda match: f"(message, {len(match[0]) // 2} octets)", text)


def _code_name(code: int) -> str:
    """A shielded code for people; keys without their digit."""
    if code in _KEY_CODES:
        return "DLE (a key)"
    return f"DLE {chr(code)}" if 0x21 <= code < 0x7F else f"DLE 0x{code:02x}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a trace."""

    number: int
    """From 1, in the order of time, over all ports of a device."""
    at: float
    """Monotonic seconds."""
    kind: Kind
    text: str
    """Masked, and at most `TEXT_LIMIT` characters; control characters are as they came."""


class Trace:
    """The last entries of one port. `clock` gives monotonic seconds: those of the running loop."""

    def __init__(
        self, size: int = SIZE, clock: Callable[[], float] | None = None, numbers: Iterator[int] | None = None
    ) -> None:
        self.clock = clock or (lambda: asyncio.get_running_loop().time())
        self.received_bytes = 0
        """Bytes of audio from the modem, in all."""
        self.sent_bytes = 0
        """Bytes of audio to the modem, in all."""
        self.gaps = 0
        """Times that the modem ran out of audio in the middle of a sound, in all."""
        self._entries: deque[Entry] = deque(maxlen=size)
        self._numbers = numbers or itertools.count(1)
        self._noted = 0
        self._secrets: frozenset[str] = frozenset()
        self._secrets_until = 0
        self._message: Kind | None = None
        """Lines of this kind are the text of a message."""

    def note(self, kind: Kind, text: str) -> str:
        """Keep one line. Returns what was kept, which is what may be logged."""
        shown = self._without_message(kind, text, masked(text))
        if kind is Kind.COMMAND and shown != text:
            self._secrets = frozenset(_DIGITS.findall(text[len(shown) - 3 :]))
            self._secrets_until = self._noted + ECHO_ENTRIES
        elif self._secrets:
            if self._noted >= self._secrets_until:
                self._secrets = frozenset()
            for secret in self._secrets:  # an echo in pieces is recognised by nobody
                shown = shown.replace(secret, "...")
        if len(shown) > TEXT_LIMIT:
            shown = f"{shown[: TEXT_LIMIT - 20]}... ({len(shown)} in all)"
        self._noted += 1
        self._entries.append(Entry(next(self._numbers), self.clock(), kind, shown))
        return shown

    def _without_message(self, kind: Kind, text: str, shown: str) -> str:
        """Without the text of a message: all lines of an answer up to its result, or the one line behind what came unasked."""
        if _HEADER.match(text):
            self._message = kind if shown == text else None
        elif kind is Kind.COMMAND:
            self._message = None
        elif kind is self._message:
            if kind is not Kind.ANSWER or _RESULT.match(text):
                self._message = None
            if shown == text and not _RESULT.match(text):
                return f"(message, {len(text)} characters)"
        return shown

    def shielded(self, code: int) -> None:
        """Keep a code after DLE. A run of the same one, as a modem that hears busy or runs dry sends it, is one entry each second
        at most: it must not push the dialogue out."""
        name = _code_name(code)
        newest = self._entries[-1] if self._entries else None
        if newest and (newest.kind, newest.text) == (Kind.SHIELDED, name) and self.clock() - newest.at < REPEAT_S:
            return
        self.note(Kind.SHIELDED, name)

    def message(self, payload: bytes) -> None:
        """Keep that a short message was handed over."""
        self.note(Kind.MESSAGE, f"(message, {len(payload) // 2} octets)")

    def audio(self, received: int, sent: int, gaps: int = 0) -> None:
        """Keep how much audio a stream has carried: bytes from and to the modem, and gaps in what it was given."""
        self.received_bytes += received
        self.sent_bytes += sent
        self.gaps += gaps
        self.note(Kind.NOTE, f"audio ends: {received} bytes from the modem, {sent} to it, {gaps} gaps")

    def since(self, number: int = 0) -> list[Entry]:
        """The entries that are kept and newer than `number`, oldest first."""
        return [entry for entry in self._entries if entry.number > number]


class Traces:
    """The traces of a device, one a port, kept over every reopening."""

    def __init__(self) -> None:
        self._traces: dict[str, Trace] = {}
        self._numbers = itertools.count(1)

    def of(self, port: str) -> Trace:
        """The trace of a port, by its name in the configuration."""
        return self._traces.setdefault(port, Trace(numbers=self._numbers))

    def all(self) -> dict[str, Trace]:
        """Those that there are."""
        return dict(self._traces)
