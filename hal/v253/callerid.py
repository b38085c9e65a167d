"""What a modem says of an incoming call: a ring, who calls, whom.

The forms are those of real modems (reference: vgetty's `cnd.c` and `ring.c`, the issues of callattendant and pycallblock,
isdn4linux); the order and number of lines is never fixed, and a missing one is normal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hal.v253 import cidmessage


@dataclass(frozen=True, slots=True)
class Ring:
    """The bell rings. Some modems say with it who calls whom."""

    caller: str | None = None
    called: str | None = None


@dataclass(frozen=True, slots=True)
class CallerId:
    """Who calls, or whom. None: this line does not say it. An empty caller is withheld or unknown."""

    caller: str | None = None
    called: str | None = None
    bare: bool = False
    """A line of digits only: without a ring before it, it may be the late answer to anything."""


@dataclass(frozen=True, slots=True)
class Detail:
    """Something else of a call: when, a name, who diverted it. The numbers may still come, or have come."""


@dataclass(frozen=True, slots=True)
class RingEnded:
    """The caller has given up."""


NUMBER_LIMIT = 20
"""Digits of a number: E.164 has 15, before them stand prefixes. Longer ones are no numbers."""

_RINGS = tuple(
    map(
        re.compile,
        (
            r"RING(?: [A-Z0-9]{1,2})?\Z",  # distinctive rings: RING 1, RING A
            r"RING (?P<caller>\+?[0-9*#]{3,})\Z",  # USR, type B
            r"RING/(?P<called>[0-9*#+]+)\Z",  # isdn4linux
            r"RING;(?P<caller>[^;]*)(?:;(?P<called>[^;]*))?\Z",  # ELSA
            r"RING: \S+ DN(?P<called>\S+) (?P<caller>\S+)\Z",  # Zoom MX/S
        ),
    )
)
_NUMBERS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"FM: *(?P<caller>[^ /]*)(?:/[^/]*/)?(?: +TO: *(?P<called>[^ /]*)(?:/[^/]*/)?)?\Z",  # ZyXEL 2864I, Blatzheim
        r"TO: *(?P<called>[^ /]*)(?:/[^/]*/)?\Z",
        r"(?:NMBR|NBR|DDN_NMBR|CALLER NUMBER|CALLER'S NUMBER|CALLER ?ID) *[=:] *(?P<caller>.*)\Z",
        r"REASON FOR NO CALLER NUMBER *[=:] *(?P<caller>).*\Z",
        r"(?:NDID|CALLED NUMBER) *[=:] *(?P<called>.*)\Z",
        r'\+CLIP: *"?(?P<caller>[^",]*)"?',
    )
)
_BARE = re.compile(r"\+?[0-9]{3,20}\Z")  # ELINK 301
_MESSAGE = re.compile(r"MESG *= *(?P<hex>[0-9A-F ]*)\Z", re.IGNORECASE)
_DETAIL = re.compile(
    r"(?:DATE|TIME|NAME|CALLER NAME|REASON FOR NO CALLER NAME|DIVERTING NUMBER|CIDM)\b *(?:[=:]|\Z)", re.IGNORECASE
)
_NUMBER = re.compile(r"\+?[0-9*#]+\Z")


def parse(line: str) -> Ring | CallerId | Detail | RingEnded | None:
    """What an unsolicited line says of an incoming call; None where it is about something else.

    Distinctive rings (DRON, DROF) and waiting messages (MSG_WAITING) are something else.
    """
    if line == "RUNG":
        return RingEnded()
    for pattern in _RINGS:
        if match := pattern.match(line):
            groups = match.groupdict()
            return Ring(_number(groups.get("caller")), _number(groups.get("called")) or None)
    for pattern in _NUMBERS:
        if match := pattern.match(line):
            groups = match.groupdict()
            return CallerId(_number(groups.get("caller")), _number(groups.get("called")) or None)
    if _BARE.match(line):
        return CallerId(_number(line), bare=True)
    if match := _MESSAGE.match(line):
        caller = cidmessage.caller(match["hex"])
        return Detail() if caller is None else CallerId(_number(caller))
    return Detail() if _DETAIL.match(line) else None


def _number(text: str | None) -> str | None:
    """A number without the blanks and dashes that some modems put in; empty for P (private), O (out of area), 0 (isdn4linux: no
    number), and for what is too long to be one."""
    if text is None:
        return None
    digits = re.sub(r"[ ()./-]", "", text)
    return digits if _NUMBER.match(digits) and digits != "0" and len(digits.lstrip("+")) <= NUMBER_LIMIT else ""
