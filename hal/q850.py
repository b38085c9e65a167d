"""Causes of the network (ITU-T Q.850, table 1; the same numbers in 3GPP TS 24.008, annex H), read alike by every driver.

The rule of the house: only what the called side did is one of a team's calls. What the line, the SIM or the network did is not,
and the team is tried at once on another line. So each cause has one of the meanings below, for wired and radio lines alike.
"""

from __future__ import annotations

import enum

AT_ONCE_S = 2.0
"""NO CARRIER sooner than this after the dial command: no telephone can have rung."""


class Meaning(enum.Enum):
    """Whose doing a cause is. The first three are the called side's."""

    BUSY = "busy"
    NO_ANSWER = "no answer"
    REJECTED = "rejected"
    """Refused, switched off, unobtainable: the called side's exchange has answered for it, and another line changes nothing."""
    CONGESTION = "congestion"
    """No free circuit, here or on the way."""
    NOT_PROVISIONED = "not provisioned"
    """Our line or SIM has no such service, or no credit."""
    PROTOCOL = "protocol error"
    """Our signalling and the network's do not understand each other."""
    NOTHING = "nothing"
    """True of every call that ends: says nothing."""


_B, _A, _R = Meaning.BUSY, Meaning.NO_ANSWER, Meaning.REJECTED
_C, _P, _E, _0 = Meaning.CONGESTION, Meaning.NOT_PROVISIONED, Meaning.PROTOCOL, Meaning.NOTHING

CAUSES: dict[int, tuple[str, Meaning]] = {
    1: ("unallocated number", _R),  # the roster is wrong, and stays so on another line
    2: ("no route to transit network", _E),
    3: ("no route to destination", _R),
    6: ("channel unacceptable", _E),
    8: ("operator determined barring", _P),  # as radio networks use it (TS 24.008, H.1.4)
    16: ("normal clearing", _0),
    17: ("user busy", _B),
    18: ("no user responding", _R),  # not even a ring: switched off or out of reach, for every line
    19: ("no answer", _A),
    20: ("subscriber absent", _R),
    21: ("call rejected", _R),
    22: ("number changed", _R),
    26: ("non-selected user clearing", _R),
    27: ("destination out of order", _R),  # theirs, unlike 38
    28: ("invalid number format", _R),
    29: ("facility rejected", _P),
    31: ("normal, unspecified", _0),
    34: ("no circuit available", _C),
    38: ("network out of order", _C),
    41: ("temporary failure", _C),
    42: ("switching equipment congestion", _C),
    43: ("access information discarded", _E),
    44: ("requested circuit not available", _C),
    47: ("resources unavailable", _C),
    49: ("quality of service unavailable", _P),
    50: ("requested facility not subscribed", _P),
    55: ("incoming calls barred within closed user group", _P),
    57: ("bearer capability not authorised", _P),
    58: ("bearer capability not available", _P),
    63: ("service or option not available", _P),
    65: ("bearer service not implemented", _P),
    66: ("channel type not implemented", _P),
    68: ("credit used up", _P),  # ACM at ACMmax, TS 24.008, H.5.3
    69: ("requested facility not implemented", _P),
    70: ("only restricted digital information", _P),
    79: ("service or option not implemented", _P),
    81: ("invalid call reference", _E),
    82: ("identified channel does not exist", _E),
    87: ("user not member of closed user group", _P),
    88: ("incompatible destination", _R),  # a fax machine, or a data terminal
    91: ("invalid transit network selection", _E),
}
BUSY = frozenset({17})
CONGESTION = frozenset(cause for cause, (_, meaning) in CAUSES.items() if meaning is Meaning.CONGESTION)
"""The network has no free circuit: the line's trouble, never the team's."""


def name_of(cause: int) -> str:
    """In words, or its number."""
    return CAUSES[cause][0] if cause in CAUSES else f"cause {cause}"


def meaning_of(cause: int) -> Meaning:
    """Whose doing it is. One that is no row is read by its class (Q.850, 2.2.5): normal events are the called side's, what is about
    resources, services and messages is ours."""
    if cause in CAUSES:
        return CAUSES[cause][1]
    if cause < 32:
        return Meaning.REJECTED
    if cause < 48:
        return Meaning.CONGESTION
    return Meaning.NOT_PROVISIONED if cause < 80 else Meaning.PROTOCOL
