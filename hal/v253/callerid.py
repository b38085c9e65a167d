"""What a modem says of an incoming call: a ring, who calls, whom.

The forms are those of real modems (reference: vgetty's `cnd.c` and `ring.c`, the issues of callattendant and pycallblock,
isdn4linux); the order and number of lines is never fixed, and a missing one is normal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class RingEnded:
    """The caller has given up."""


_RING = re.compile(r"RING(?: [A-Z0-9]{1,4})?\Z")
_RING_CALLED = re.compile(r"RING/(?P<called>[0-9*#+]+)\Z")
_RING_ELSA = re.compile(r"RING;(?P<caller>[^;]*)(?:;(?P<called>[^;]*))?\Z")
_RING_ZOOM = re.compile(r"RING: \S+ DN(?P<called>\S+) (?P<caller>\S+)\Z")
_FROM_TO = re.compile(r"FM: *(?P<caller>[^ /]*)(?:/[^/]*/)?(?: +TO: *(?P<called>[^ /]*)(?:/[^/]*/)?)?\Z")
_CALLER = re.compile(
    r"(?:NMBR|NBR|DDN_NMBR|CALLER NUMBER|CALLER'S NUMBER|CallerID|CALLER ID) *[=:] *(?P<caller>.*)\Z", re.IGNORECASE
)
_CALLED = re.compile(r"(?:NDID|CALLED NUMBER) *[=:] *(?P<called>.*)\Z", re.IGNORECASE)
_CLIP = re.compile(r'\+CLIP: *"?(?P<caller>[^",]*)"?')
_DIGITS = re.compile(r"(?P<caller>\+?[0-9]{3,20})\Z")
_NUMBER = re.compile(r"\+?[0-9*#]+\Z")

RINGS = (_RING, _RING_CALLED, _RING_ELSA, _RING_ZOOM)
NUMBERS = (_FROM_TO, _CALLER, _CALLED, _CLIP, _DIGITS)


def parse(line: str) -> Ring | CallerId | RingEnded | None:
    """What an unsolicited line says of an incoming call; None where it is about something else."""
    if line == "RUNG":
        return RingEnded()
    for pattern in RINGS:
        if match := pattern.match(line):
            groups = match.groupdict()
            return Ring(_number(groups.get("caller")), _number(groups.get("called")) or None)
    for pattern in NUMBERS:
        if match := pattern.match(line):
            groups = match.groupdict()
            return CallerId(_number(groups.get("caller")), _number(groups.get("called")) or None)
    return None


def _number(text: str | None) -> str | None:
    """A number without the blanks and dashes that some modems put in; empty for P (private), O (out of area) and 0
    (isdn4linux: no number)."""
    if text is None:
        return None
    digits = re.sub(r"[ ()./-]", "", text)
    return digits if _NUMBER.match(digits) and digits != "0" else ""
