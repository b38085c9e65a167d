"""Caller identification as it comes over the wire, where a modem passes it on unread (+VCID=2, `MESG = hex`).

Sources: Bellcore GR-30 and ETSI EN 300 659-3 (single and multiple data message formats), mgetty's cnd.c (Bell Canada's modems give
one parameter alone: 03, length, digits).
"""

from __future__ import annotations

SINGLE, MULTIPLE = 0x04, 0x80
_CALLER, _DIALABLE, _NO_CALLER = 0x02, 0x03, 0x04
_STAMP = 8
"""Month, day, hour and minute before the number of a single data message."""


def caller(text: str) -> str | None:
    """The caller's digits in a hexadecimal message; empty where they are withheld or out of area, None where it tells nothing."""
    try:
        octets = bytes.fromhex(text)
    except ValueError:
        return None
    if len(octets) < 3:
        return None
    kind, length, body = octets[0], octets[1], octets[2:]
    if kind == MULTIPLE:
        return _of_parameters(body[:length])
    if kind == SINGLE and length > _STAMP and body[:_STAMP].isdigit():
        return _digits(body[_STAMP:length])
    return _of_parameters(octets)


def _of_parameters(body: bytes) -> str | None:
    found: dict[int, bytes] = {}
    while len(body) >= 2 and len(body) >= 2 + body[1]:
        found.setdefault(body[0], body[2 : 2 + body[1]])
        body = body[2 + body[1] :]
    if _CALLER in found:
        return _digits(found[_CALLER])
    if _NO_CALLER in found:
        return ""
    return _digits(found[_DIALABLE]) if _DIALABLE in found else None


def _digits(field: bytes) -> str:
    return field.decode() if field.isdigit() else ""
