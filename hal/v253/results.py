"""Result codes and causes of calls, as errors: whose fault it was.

Sources: ITU-T Q.850, table 1; ITU-T V.250, 6.3.1; isdn4linux (causes behind a slash: `E` with location and cause in
hexadecimal, S13 bit 3).
"""

from __future__ import annotations

import re

from hal.at.engine import Reply
from hal.at.results import NO_CARRIER
from hal.errors import (
    Busy,
    CallFailed,
    Congestion,
    LineFault,
    ModemError,
    NoAnswer,
    NoDialTone,
    RefusedAtOnce,
    Rejected,
)
from hal.q850 import AT_ONCE_S, BUSY, CONGESTION

NAMES = {
    1: "unallocated number",
    3: "no route to destination",
    16: "normal clearing",
    17: "user busy",
    18: "no user responding",
    19: "no answer",
    21: "call rejected",
    22: "number changed",
    27: "destination out of order",
    28: "invalid number format",
    31: "normal, unspecified",
    34: "no circuit available",
    38: "network out of order",
    41: "temporary failure",
    42: "switching equipment congestion",
    44: "requested circuit not available",
    47: "resources unavailable",
    88: "incompatible destination",
}
_OURS = frozenset(
    {6, 43, 49, 50, 57, 58, 63, 65, 66, 69, 70, 79, 81, 82, 91, 95, 96, 97, 98, 99, 100, 101, 102, 111, 127}
)
"""What our exchange or our own signalling could not do: not subscribed, not implemented, protocol errors."""
_DETAIL = re.compile(r"E?[0-9A-F]{2}([0-9A-F]{2})\Z", re.IGNORECASE)


def cause_of(detail: str) -> int | None:
    """The Q.850 cause in what stands behind the slash: `E0011` and `0011` are 17. None for none, or 0000."""
    match = _DETAIL.match(detail)
    return (int(match[1], 16) & 0x7F or None) if match else None


def failure(reply: Reply, after_s: float) -> CallFailed | LineFault:
    """What a call failed of, by the result of its dial command, `after_s` seconds after that was sent.

    A result within two seconds that is only NO CARRIER is the line's doing whatever cause it names: isdn4linux shows
    the cause of the call before.
    """
    cause = cause_of(reply.detail)
    text = f"{reply.code}: {NAMES.get(cause, f'cause {cause}')}" if cause else reply.code
    if reply.code == NO_CARRIER and after_s < AT_ONCE_S:
        return RefusedAtOnce(f"{text}, {after_s:.1f} s after dialling")
    if cause in CONGESTION:
        return Congestion(text)
    if cause in _OURS:
        return LineFault(text)
    if cause in BUSY:
        return Busy(text)
    if cause == 19:
        return NoAnswer(text)
    match reply.code:
        case "BUSY":
            return Rejected(text) if cause else Busy(text)
        case "NO ANSWER":
            return NoAnswer(text)
        case "NO CARRIER":
            return Rejected(text)
        case "NO DIALTONE":
            return NoDialTone(text)
        case _:
            return ModemError(str(reply))
