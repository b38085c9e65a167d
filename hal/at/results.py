"""Result codes: which line ends a command, and which one never belongs to it.

Sources: ITU-T V.250, table 1 and 5.7.1; 3GPP TS 27.007, 9.2 (+CME ERROR); 3GPP TS 27.005, 3.2.5 (+CMS ERROR);
isdn4linux `Documentation/isdn/README` (VCON, NO MSN/EAZ, causes after a slash); TIA IS-101 (VCON).
"""

from __future__ import annotations

import re

OK = "OK"
ERROR = "ERROR"
CONNECT = "CONNECT"
VCON = "VCON"
NO_CARRIER = "NO CARRIER"
BUSY = "BUSY"
NO_ANSWER = "NO ANSWER"
NO_DIALTONE = "NO DIALTONE"

BASIC = frozenset({OK, ERROR, "+CME ERROR", "+CMS ERROR", "COMMAND NOT SUPPORT", "NO MSN/EAZ"})
"""What ends a command that is not about a call. `COMMAND NOT SUPPORT` is Huawei's ERROR."""
CALL = BASIC | {NO_CARRIER, BUSY, NO_ANSWER, NO_DIALTONE, VCON, CONNECT}
"""What ends a command that dials, answers, hangs up or opens an audio stream."""
DATA = frozenset({CONNECT})
"""Results after which the bytes on the wire are no lines any more."""

UNSOLICITED = (
    "RING",
    "RUNG",
    "+CRING:",
    "+CLIP:",
    NO_CARRIER,
    BUSY,
    NO_ANSWER,
    "CALLER",
    "CALLED NUMBER:",
    "REASON FOR NO CALLER",
    "NBR=",
    "NDID",
    "DDN_NMBR",
    "DATE",
    "TIME",
    "NMBR",
    "NAME",
    "CIDM",
    "DRON=",
    "DROF=",
    "FM:",
    "TO:",
    "MESG",
)
"""Beginnings of lines that any telephone modem may send at any moment."""

_CODE = re.compile(
    r"(OK|ERROR|\+CM[ES] ERROR|CONNECT|VCON|NO CARRIER|BUSY|NO ANSWER|NO DIAL ?TONE|NO MSN/EAZ|COMMAND NOT SUPPORT)"
    r"(?:[:/ ]\s*(.*))?\Z"
)
_PLAIN = frozenset({OK, VCON, "NO MSN/EAZ", "COMMAND NOT SUPPORT"})
"""Codes that never carry a detail: `OK THEN` is no result."""
_GLUED = re.compile(r"(?:OK|ERROR)(?=[+^*#$%][A-Z]{2})")


_TAIL = re.compile(r"(.*[0-9\"),])(OK|ERROR)\Z")


def parse_result(line: str) -> tuple[str, str] | None:
    """`(code, detail)` where a line is a result code, else None.

    The detail is what stands behind a colon, a slash or a blank: `+CME ERROR: 10` gives `("+CME ERROR", "10")`,
    `BUSY/0011` gives `("BUSY", "0011")`, `CONNECT 64000` gives `("CONNECT", "64000")`.
    """
    match = _CODE.match(line)
    if not match:
        return None
    code, detail = match[1].replace("DIAL TONE", "DIALTONE"), match[2]
    if detail is not None and code in _PLAIN:
        return None
    return code, (detail or "").strip()


def unglue(line: str) -> tuple[str, str]:
    """Split a result code from a response that follows without a line end: `ERROR+CNUM: 1` (chan_dongle's table)."""
    match = _GLUED.match(line)
    return (line[: match.end()], line[match.end() :]) if match else (line, "")


def unglue_end(line: str) -> tuple[str, str]:
    """Split a response from the result code that follows without a line end: `0OK`, `+CREG: 0,1OK`. Only behind what ends no
    word: a model may be called BOOK."""
    match = _TAIL.match(line)
    return (match[1], match[2]) if match else (line, "")
