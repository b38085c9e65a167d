"""Why a call failed, and whose fault that was; what an error number means.

Sources: `hal.q850` for causes; 3GPP TS 27.007, 9.2 (+CME ERROR) and 6.10 (+CEER),
TS 27.005, 3.2.5 (+CMS ERROR), TS 24.011, annex E (its numbers below 128).
"""

from __future__ import annotations

import re

from hal.errors import (
    Busy,
    CallFailed,
    Congestion,
    LineFault,
    ModemError,
    NoAnswer,
    NoDialTone,
    NotRegistered,
    RefusedAtOnce,
    Rejected,
)
from hal.q850 import AT_ONCE_S, Meaning, meaning_of, name_of

_WORDS = (
    (r"user busy", 17),
    (r"no user respon|not respond", 18),
    (r"no answer|not answer|alerting,? no", 19),
    (r"reject", 21),
    (r"unassigned|unallocated|no route", 1),
    (r"congestion|no circuit|no channel|temporary failure|resources? unavail", 42),
    (r"barr", 8),
    (r"not subscribed", 50),
    (r"normal", 16),
)


def cause_of(report: str) -> int | None:
    """The cause in what +CEER says: a number of its own or, in words, the usual ones. None where it tells nothing.

    The text is the maker's own (TS 27.007, 6.10). A number counts only as the last field or behind the word "cause".
    """
    text = report.strip().strip('"').lower()
    match = re.search(r"cause\D{0,3}(\d{1,3})\b", text) or re.fullmatch(r"(?:.*,\s*)?(\d{1,3})", text)
    if match:
        number = int(match[1])
        return number if 1 <= number <= 127 else None
    return next((number for words, number in _WORDS if re.search(words, text)), None)


def failure(
    code: str, cause: int | None, *, after_s: float, rang: bool, registered: bool | None, detail: str = ""
) -> LineFault | CallFailed:
    """What `Line.dial` raises for a call that ended before it was answered.

    `code`: the result code or empty; `after_s`: seconds since the dial command; `rang`: the network said that it rings;
    `registered`: whether a network with voice was there right after, None if unknown.
    """
    why = detail or code or "the call ended"
    meaning = meaning_of(cause) if cause is not None else Meaning.NOTHING
    if meaning is not Meaning.NOTHING:
        why = f"{why} (cause {cause}: {name_of(cause or 0)})"
    match meaning:
        case Meaning.BUSY:
            return Busy(why)
        case Meaning.NO_ANSWER:
            return NoAnswer(why)
        case Meaning.REJECTED:
            return Rejected(why)
        case Meaning.CONGESTION:
            return Congestion(why)
        case Meaning.NOT_PROVISIONED:
            return NotRegistered(why)
        case Meaning.PROTOCOL:
            return ModemError(why)
    match code:
        case "BUSY":
            return Busy(why)
        case "NO ANSWER":
            return NoAnswer(why)
        case "NO DIALTONE":
            return NoDialTone(why)
    if rang:
        return Rejected(why)
    if registered is False:
        return NotRegistered(f"{why}: no network that carries voice")
    if after_s < AT_ONCE_S:
        return RefusedAtOnce(f"{why} {after_s:.1f} s after dialling")
    if not code:
        # It has gone from the modem's list, and neither modem nor network has said a word: nobody has refused it.
        return ModemError(f"{why}: the modem has lost the call")
    return Rejected(why)


_CME = {
    3: "operation not allowed",
    4: "operation not supported",
    10: "SIM not inserted",
    11: "SIM PIN required",
    12: "SIM PUK required",
    13: "SIM failure",
    14: "SIM busy",
    15: "SIM wrong",
    16: "incorrect password",
    17: "SIM PIN2 required",
    18: "SIM PUK2 required",
    30: "no network service",
    31: "network timeout",
    32: "emergency calls only",
    100: "unknown",
}
_NO_SERVICE = frozenset({10, 11, 12, 13, 14, 15, 16, 30, 31, 32})

_CMS = {
    1: "unassigned number",
    8: "operator determined barring",
    10: "call barred",
    21: "short message transfer rejected",
    27: "destination out of service",
    28: "unidentified subscriber",
    29: "facility rejected",
    30: "unknown subscriber",
    38: "network out of order",
    41: "temporary failure",
    42: "congestion",
    47: "resources unavailable",
    50: "requested facility not subscribed",
    69: "requested facility not implemented",
    300: "ME failure",
    301: "SMS service of ME reserved",
    302: "operation not allowed",
    303: "operation not supported",
    304: "invalid PDU mode parameter",
    305: "invalid text mode parameter",
    310: "SIM not inserted",
    311: "SIM PIN required",
    312: "PH-SIM PIN required",
    313: "SIM failure",
    314: "SIM busy",
    315: "SIM wrong",
    316: "SIM PUK required",
    317: "SIM PIN2 required",
    318: "SIM PUK2 required",
    320: "memory failure",
    321: "invalid memory index",
    322: "memory full",
    330: "SMSC address unknown",
    331: "no network service",
    332: "network timeout",
    340: "no +CNMA acknowledgement expected",
    500: "unknown error",
}


def cms(detail: str) -> str:
    """`+CMS ERROR: 38 (network out of order)`; numbers from 512 on are the maker's."""
    return _named("+CMS ERROR", detail, _CMS, "maker's own")


def cme(detail: str) -> str:
    """`+CME ERROR: 30 (no network service)`."""
    return _named("+CME ERROR", detail, _CME, "")


def refused_dial(code: str, detail: str, registered: bool | None) -> LineFault:
    """What an ERROR to the dial command itself means."""
    if code == "+CME ERROR":
        text = cme(detail)
        return (
            NotRegistered(text) if detail.isdecimal() and int(detail) in _NO_SERVICE else _by_network(text, registered)
        )
    return _by_network(f"{code} {detail}".strip(), registered)


def _by_network(text: str, registered: bool | None) -> LineFault:
    if registered is False:
        return NotRegistered(f"{text}: no network that carries voice")
    return ModemError(f"dialling refused: {text}")


def _named(error: str, detail: str, names: dict[int, str], beyond: str) -> str:
    name = names.get(int(detail), beyond if int(detail) >= 512 else "") if detail.isdecimal() else ""
    return f"{error}: {detail}" + (f" ({name})" if name else "")
