"""Result codes and causes of calls, as errors: whose fault it was.

Sources: `hal.q850` for causes; ITU-T V.250, 6.3.1; isdn4linux (causes behind a slash: `E` with location and cause in
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
from hal.q850 import AT_ONCE_S, Meaning, meaning_of, name_of

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
    text = f"{reply.code}: {name_of(cause)}" if cause else reply.code
    if reply.code == NO_CARRIER and after_s < AT_ONCE_S:
        return RefusedAtOnce(f"{text}, {after_s:.1f} s after dialling")
    match meaning_of(cause) if cause else None:
        case Meaning.CONGESTION:
            return Congestion(text)
        case Meaning.NOT_PROVISIONED | Meaning.PROTOCOL:
            return LineFault(text)
        case Meaning.BUSY:
            return Busy(text)
        case Meaning.NO_ANSWER:
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
