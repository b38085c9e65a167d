"""Which +VLS takes the telephone line, and in which states the modem hears keys on it: both from its own list, not guessed.

V.253 has modems list their lines (+VLS=?), each with the devices that it connects; exactly "T" is the telephone line, in every
list that was seen: Conexant 102184B p.5-12, Telenetics 56 p.188, mgetty's Multitech_5634ZPX.c, all 1. Behind them stand the
events that it reports while it plays, while it records, and in command state, as bits: V.253's event 4 is a DTMF key, event 0
being the highest bit of the first hexadecimal digit (Multi-Tech MT5600SMI p.109, table 7-6; Rockwell RC56LD p.6-12).
In IS-101 the line is 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hal.errors import ModemError
from hal.v253.model import Dialect, Model
from hal.v253.models import V253

_ENTRY = re.compile(
    r"(?:\+VLS:)?\s*(?P<number>[0-9]{1,3})\s*[,;]\s*\"\s*(?P<devices>[A-Za-z0-9]*)\s*\""
    r"(?:\s*[,;]\s*(?P<playing>[0-9A-F]{8,10})\s*[,;]\s*(?P<recording>[0-9A-F]{8,10})\s*[,;]\s*(?P<idle>[0-9A-F]{8,10}))?",
    re.IGNORECASE,
)
_IS101_LIST = re.compile(r"\s*(\+VSM:)?\s*[0-9]+\s*;")
_DTMF = 0x8
"""Event 4: the highest bit of the second hexadecimal digit."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """The states in which the modem reports keys."""

    playing: bool = True
    recording: bool = True
    idle: bool = True


@dataclass(frozen=True, slots=True)
class LineSelect:
    """How this modem takes the line."""

    command: str
    hears: Hearing = Hearing()


def _hears(events: str | None) -> bool:
    """Where a modem does not say what it reports, the standard has it report keys."""
    return events is None or bool(int(events[1], 16) & _DTMF)


def choose(model: Model, lines: Iterable[str], compressions: Iterable[str]) -> LineSelect:
    """How to take the line. `lines` and `compressions` are the answers to +VLS=? and +VSM=?.

    Raises `ModemError` for a modem that nothing is known of, whose lists are those of IS-101 or name no telephone line.
    """
    if model.dialect is Dialect.IS101:
        return LineSelect(model.line)
    listed = [match for line in lines if (match := _ENTRY.match(line))]
    for entry in listed:
        if entry["devices"] == "T":
            hears = Hearing(_hears(entry["playing"]), _hears(entry["recording"]), _hears(entry["idle"]))
            return LineSelect(f"AT+VLS={int(entry['number'])}", hears)
    if model is V253 and listed:
        raise ModemError(f"+VLS=? lists no telephone line: {', '.join(entry[0] for entry in listed)}")
    if model is V253 and any(_IS101_LIST.match(line) for line in compressions):
        raise ModemError(
            "an unknown modem whose lists are those of IS-101, where +VLS=1 is the handset: name its model, for example is101"
        )
    return LineSelect(model.line)
