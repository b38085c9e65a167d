"""The GSM 7 bit default alphabet and its packing into octets (3GPP TS 23.038, 6.1.2.1 and 6.2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hal.gsm.errors import PduError

ESC = 0x1B
"""Introduces a character of the extension table; the pair must never be torn apart."""

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}

_ENCODE: dict[str, tuple[int, ...]] = {char: (code,) for code, char in enumerate(_BASIC) if code != ESC} | {
    char: (ESC, code) for code, char in _EXTENSION.items()
}


def septets_of(char: str) -> tuple[int, ...] | None:
    """One or two septets for a character; None where the alphabet does not have it."""
    return _ENCODE.get(char)


def encode(text: str) -> list[int]:
    """The septets of a text. Raises `PduError` for a character that the alphabet does not have."""
    septets: list[int] = []
    for char in text:
        codes = _ENCODE.get(char)
        if codes is None:
            raise PduError(f"{char!r} is not in the GSM 7 bit default alphabet")
        septets += codes
    return septets


def decode(septets: Iterable[int]) -> str:
    """The text of septets (0..127); never fails.

    An escape before a code that the extension table lacks shows the basic character; an escape before an escape, or at
    the end, shows a space (TS 23.038, 6.2.1.1 and note 1 there).
    """
    text: list[str] = []
    escaped = False
    for septet in septets:
        if escaped:
            text.append(" " if septet == ESC else _EXTENSION.get(septet, _BASIC[septet]))
            escaped = False
        elif septet == ESC:
            escaped = True
        else:
            text.append(_BASIC[septet])
    if escaped:
        text.append(" ")
    return "".join(text)


def pack(septets: Sequence[int], fill: int = 0) -> bytes:
    """Septets as octets, least significant bit first, after `fill` (0..6) zero bits."""
    value = 0
    for position, septet in enumerate(septets):
        value |= septet << (fill + 7 * position)
    return value.to_bytes((fill + 7 * len(septets) + 7) // 8, "little")


def unpack(octets: bytes, count: int, fill: int = 0) -> list[int]:
    """The first `count` septets after `fill` bits. Raises `PduError` where the octets hold fewer."""
    if fill + 7 * count > 8 * len(octets):
        raise PduError(f"{len(octets)} octets hold fewer than {count} septets")
    value = int.from_bytes(octets, "little") >> fill
    return [value >> (7 * position) & 0x7F for position in range(count)]
