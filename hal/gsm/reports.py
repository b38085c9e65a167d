"""What a radio modem says by itself, in one vocabulary for every maker: a line in, a report out. No state.

Sources: 3GPP TS 27.007 (+CRING 6.11, +CLIP 7.11, +CLCC 7.18, +CREG 7.2, +CEREG 10.1.22); TS 27.005, 3.4.1 (+CMTI, +CDSI);
SIMCom SIM7600 AT manual (VOICE CALL, +RXDTMF, +DTMF, MISSED_CALL); Quectel EC2x (+QIND "ccinfo", ^DSCI, +QTONEDET, +QPCMV);
Huawei (^ORIG, ^CONF, ^CONN, ^CEND, ^DDTMF, ^BOOT) - the forms as in the project's reference `modems.md`, 2.2 to 2.6.
"""

from __future__ import annotations

import csv
import enum
import re
from collections.abc import Callable
from dataclasses import dataclass

from hal.line import ALL_KEYS


class LegState(enum.IntEnum):
    """State of one leg, numbered as in +CLCC (TS 27.007, 7.18)."""

    ACTIVE = 0
    HELD = 1
    DIALLING = 2
    ALERTING = 3
    INCOMING = 4
    WAITING = 5
    RELEASED = 6
    """SIMCom's addition, only in unsolicited lines."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A voice call as the modem sees it."""

    index: int
    outgoing: bool
    state: LegState
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Ring:
    """The telephone rings."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who rings; None where the number is withheld."""

    number: str | None


@dataclass(frozen=True, slots=True)
class Connected:
    """The modem believes that the call is answered; +CLCC is asked before anyone else believes it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A call is over."""

    code: str = ""
    """`BUSY`, `NO CARRIER`, `NO ANSWER`, `NO DIALTONE`, or empty where the modem says no more than that."""
    cause: int | None = None
    """The network's cause (ITU-T Q.850), where it is given."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A caller has given up."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that the modem has heard."""

    key: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A message or a status report has been stored."""

    index: int


@dataclass(frozen=True, slots=True)
class Direct:
    """A PDU that was not stored: a status report (+CDS), or a message for immediate display (+CMT)."""

    octets: str
    """Hexadecimal, service centre first."""


@dataclass(frozen=True, slots=True)
class Registration:
    """The network state has changed."""

    packet: bool
    """From +CEREG (LTE packet side), which alone carries no voice."""
    state: int


@dataclass(frozen=True, slots=True)
class Restarted:
    """The modem has just booted: it has forgotten everything that it was told."""


@dataclass(frozen=True, slots=True)
class AudioFlow:
    """The modem's audio buffer wants more, or none for now."""

    ready: bool


@dataclass(frozen=True, slots=True)
class MemoryFull:
    """No room for further messages."""


Report = (
    Leg
    | Ring
    | Caller
    | Connected
    | Ended
    | Missed
    | Key
    | Stored
    | Direct
    | Registration
    | Restarted
    | AudioFlow
    | MemoryFull
)

REGISTERED = frozenset({1, 5})
"""Home and roaming, with voice (TS 27.007, 7.2). 6 and 7 are for messages only, 9 and 10 have circuit-switched fallback for
messages only."""


def fields(text: str) -> list[str]:
    """The parameters of a response: commas separate, quotation marks protect."""
    return [field.strip() for field in next(csv.reader([text.strip()], skipinitialspace=True), [])]


def number_of(text: str, kind: str = "") -> str | None:
    """A presented number: with a plus where its type of address says international; None for none."""
    digits = text if re.fullmatch(r"\+?[0-9*#]{1,32}", text) else ""
    if not digits:
        return None
    return "+" + digits if kind == "145" and not digits.startswith("+") else digits


def leg_of(parameters: str) -> Leg | None:
    """`idx,dir,stat,mode,mpty[,number,type[,...]]`; None for data legs and for what cannot be understood.

    Quectel modems list their packet connection as a leg of mode 1. Whatever follows the type is ignored: makers add to it.
    """
    try:
        index, direction, state, mode, _, *more = fields(parameters)
        if mode != "0":
            return None
        return Leg(int(index), direction == "0", _state(state), number_of(more[0], more[1]) if len(more) > 1 else None)
    except (ValueError, csv.Error):
        return None


def _state(text: str) -> LegState:
    return LegState.RELEASED if text == "-1" else LegState(int(text))


_DSCI_STATES = {
    "1": LegState.HELD,
    "2": LegState.DIALLING,
    "3": LegState.ACTIVE,
    "4": LegState.INCOMING,
    "5": LegState.WAITING,
    "6": LegState.RELEASED,
    "7": LegState.ALERTING,
}


def _dsci(text: str) -> Report | None:
    index, direction, state, kind, *more = fields(text)
    if kind != "0" or state not in _DSCI_STATES:
        return None
    return Leg(
        int(index), direction == "0", _DSCI_STATES[state], number_of(more[0], more[1]) if len(more) > 1 else None
    )


def _qind(text: str) -> Report | None:
    what, _, rest = text.partition(",")
    match what.strip().strip('"'):
        case "ccinfo":
            return leg_of(rest)
        case "smsfull":
            return MemoryFull()
        case _:
            return None


def _clip(text: str) -> Report:
    number, *more = fields(text)
    return Caller(number_of(number, more[0] if more else ""))


def _cend(text: str) -> Report:
    """`idx,seconds,end_status[,cc_cause]`; every field may be missing."""
    parameters = fields(text)
    cause = parameters[3] if len(parameters) > 3 else ""
    return Ended(cause=int(cause) if cause.isdecimal() and int(cause) <= 127 else None)


def _huawei_leg(state: LegState) -> Callable[[str], Report | None]:
    def parse(text: str) -> Report | None:
        return Leg(int(fields(text)[0]), True, state)

    return parse


def _key(text: str) -> Report | None:
    key = fields(text)[0].upper()
    return Key(key) if key in ALL_KEYS and key else None


def _ascii_key(text: str) -> Report | None:
    return _key(chr(int(fields(text)[0])))


def _stored(text: str) -> Report | None:
    index = int(fields(text)[1])
    return Stored(index) if index >= 0 else None  # chan_dongle has seen -1


def _direct(text: str) -> Report | None:
    """The length, and behind it the PDU: `hal.at` keeps the two lines together."""
    octets = text.rpartition(" ")[2]
    return Direct(octets) if re.fullmatch(r"[0-9A-Fa-f]{8,}", octets) else None


def _registration(packet: bool) -> Callable[[str], Report | None]:
    def parse(text: str) -> Report | None:
        """The unsolicited form lacks `n`; the answer to the query has it in front."""
        parameters = fields(text)
        with_n = len(parameters) > 1 and parameters[1].isdecimal() and len(parameters[1]) <= 2
        return Registration(packet, int(parameters[1] if with_n else parameters[0]))

    return parse


def _flow(text: str) -> Report | None:
    first, second = fields(text)[:2]
    return AudioFlow(first == "1") if second == "0" else None


_PREFIXES: dict[str, Callable[[str], Report | None]] = {
    "+CRING:": lambda _: Ring(),
    "RING": lambda text: None if text else Ring(),
    "+CLIP:": _clip,
    "+CLCC:": leg_of,
    "+QIND:": _qind,
    "^DSCI:": _dsci,
    "^ORIG:": _huawei_leg(LegState.DIALLING),
    "^CONF:": _huawei_leg(LegState.ALERTING),
    "^CONN:": lambda _: Connected(),
    "VOICE CALL: BEGIN": lambda _: Connected(),
    "VOICE CALL:BEGIN": lambda _: Connected(),  # the A7672 leaves the blank out at times
    "^CEND:": _cend,
    "VOICE CALL: END": lambda _: Ended(),
    "VOICE CALL:END": lambda _: Ended(),
    "REMOTE CALL END": lambda _: Ended(),
    "MISSED_CALL:": lambda _: Missed(),
    "NO CARRIER": lambda _: Ended("NO CARRIER"),
    "BUSY": lambda _: Ended("BUSY"),
    "NO ANSWER": lambda _: Ended("NO ANSWER"),
    "NO DIALTONE": lambda _: Ended("NO DIALTONE"),
    "NO DIAL TONE": lambda _: Ended("NO DIALTONE"),
    "+RXDTMF:": _key,
    "+DTMF:": _key,
    "^DDTMF:": _key,
    "+QTONEDET:": _ascii_key,
    "+CMTI:": _stored,
    "+CDSI:": _stored,
    "+CDS:": _direct,
    "+CMT:": _direct,
    "+CREG:": _registration(packet=False),
    "+CEREG:": _registration(packet=True),
    "+QPCMV:": _flow,
    "^SMMEMFULL": lambda _: MemoryFull(),
    "+SMS FULL": lambda _: MemoryFull(),
    "RDY": lambda text: None if text else Restarted(),
    "^BOOT:": lambda _: None,  # Huawei repeats it while it runs
    "*ATREADY:": lambda _: Restarted(),
}
UNSOLICITED = tuple(_PREFIXES)
"""Beginnings of lines that never answer a command that takes any line."""


def parse(line: str) -> Report | None:
    """The report in a line, or None for everything that this house has no use for. Never raises."""
    for prefix, read in _PREFIXES.items():
        if line.startswith(prefix):
            try:
                return read(line[len(prefix) :].strip())
            except (ValueError, IndexError, csv.Error):
                return None
    return None
