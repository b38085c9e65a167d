"""Short messages as the network sees them (3GPP TS 23.040, 23.038): the exchange's own small codec.

It reads what a modem submits, and writes what the network delivers: messages and status reports.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

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
_ESCAPED = {character: septet for septet, character in _EXTENSION.items()}
_references = itertools.count(1)
CENTRE = "+491710760000"
_FROM_CENTRE = "0791947101670000"
"""The service centre in front of what comes from the network: its octets, its type, its number."""


class BadPdu(ValueError):
    """Not a PDU that the network takes (+CMS ERROR 304)."""


@dataclass(frozen=True, slots=True)
class Submit:
    """A message on its way into the network (23.040, 9.2.2.2)."""

    recipient: str
    text: str
    report: bool
    """The sender wants a status report."""
    part: tuple[int, int, int] | None
    """(reference, parts in all, this part from 1) of a concatenated message (9.2.3.24.1)."""


class Octets:
    """Takes octets off the front; `BadPdu` where there are too few."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, count: int = 1) -> bytes:
        taken = self._data[self._position : self._position + count]
        if len(taken) != count:
            raise BadPdu("too short")
        self._position += count
        return taken

    def one(self) -> int:
        return self.take()[0]

    def rest(self) -> bytes:
        return self._data[self._position :]


def unpack(data: bytes, count: int, skip_bits: int) -> str:
    """The text of `count` septets, after so many bits."""
    bits = int.from_bytes(data, "little") >> skip_bits
    text, escaped = "", False
    for position in range(count):
        septet = bits >> (7 * position) & 0x7F
        if escaped:
            text += _EXTENSION.get(septet, _BASIC[septet])
            escaped = False
        elif septet == 0x1B:
            escaped = True
        else:
            text += _BASIC[septet]
    return text


def read_number(octets: Octets) -> str:
    """An address (23.040, 9.1.2.5). Raises `BadPdu`."""
    digits = octets.one()
    kind = octets.one()
    raw = octets.take((digits + 1) // 2)
    if kind & 0x70 == 0x50:
        return unpack(raw, digits * 4 // 7, 0)
    text = "".join("0123456789*#abc"[n] if n < 15 else "" for octet in raw for n in (octet & 15, octet >> 4))
    if len(text) != digits:
        raise BadPdu("number does not fit its length")
    return "+" + text if kind & 0x70 == 0x10 else text


def read_submit(hexadecimal: str, length: int) -> Submit:
    """A SUBMIT as handed to AT+CMGS=`length` (octets without the service centre). Raises `BadPdu`."""
    try:
        octets = Octets(bytes.fromhex(hexadecimal))
    except ValueError:
        raise BadPdu("not hexadecimal") from None
    octets.take(octets.one())
    if len(octets.rest()) != length:
        raise BadPdu("length does not fit")
    first = octets.one()
    if first & 3 != 1:
        raise BadPdu("no SUBMIT")
    octets.one()  # the message reference is the modem's to choose
    recipient = read_number(octets)
    octets.one()
    coding = octets.one()
    octets.take({0: 0, 1: 7, 2: 1, 3: 7}[first >> 3 & 3])
    text, header, _ = read_text(octets, coding, bool(first & 0x40))
    return Submit(recipient, text, bool(first & 0x20), _concatenation(header))


def read_text(octets: Octets, coding: int, has_header: bool) -> tuple[str, bytes, bytes]:
    """User data from its length on: (text, header, all its octets). Raises `BadPdu`."""
    count = octets.one()
    data = octets.rest()
    header = data[1 : 1 + data[0]] if has_header and data else b""
    begin = len(header) + 1 if has_header else 0
    if is_basic(coding):
        if len(data) != (count * 7 + 7) // 8:
            raise BadPdu("text does not fit its length")
        septets = (begin * 8 + 6) // 7
        text = unpack(data, count, 0) if not begin else unpack(data, count - septets, septets * 7)
    elif len(data) != count:
        raise BadPdu("text does not fit its length")
    elif coding & 0x0C == 0x08:
        try:
            text = data[begin:].decode("utf-16-be")
        except UnicodeDecodeError:
            raise BadPdu("no UCS2") from None
    else:
        text = data[begin:].decode("latin-1")
    return text, header, data


def is_basic(coding: int) -> bool:
    """The data coding scheme means the 7 bit alphabet."""
    return coding == 0xF0 or coding & 0xCC == 0


def _concatenation(header: bytes) -> tuple[int, int, int] | None:
    position = 0
    while position + 2 <= len(header):
        element, size = header[position], header[position + 1]
        body = header[position + 2 : position + 2 + size]
        if element == 0 and size == 3:
            return body[0], body[1], body[2]
        if element == 8 and size == 4:
            return body[0] << 8 | body[1], body[2], body[3]
        position += 2 + size
    return None


def _swap(digits: str) -> bytes:
    padded = digits + "F" * (len(digits) % 2)
    return bytes.fromhex("".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2)))


def septets_of(text: str) -> list[int] | None:
    """A text in the 7 bit alphabet; None where it lacks a character."""
    found = []
    for character in text:
        if character in _ESCAPED:
            found += [0x1B, _ESCAPED[character]]
        elif character in _BASIC and character != "\x1b":
            found.append(_BASIC.index(character))
        else:
            return None
    return found


def pack(septets: list[int], fill_bits: int = 0) -> bytes:
    """Septets as octets, after so many zero bits."""
    bits = 0
    for position, septet in enumerate(septets):
        bits |= septet << (7 * position + fill_bits)
    return bits.to_bytes((7 * len(septets) + fill_bits + 7) // 8, "little")


def address(number: str) -> bytes:
    """A number, or a name, as 23.040, 9.1.2.5 wants it."""
    if number.startswith("+"):
        return bytes([len(number) - 1, 0x91]) + _swap(number[1:])
    if number.isdigit():
        return bytes([len(number), 0x81]) + _swap(number)
    name = pack(septets_of(number) or [])
    return bytes([len(name) * 2, 0xD0]) + name


def _stamp(moment: datetime) -> bytes:
    return _swap(f"{moment:%y%m%d%H%M%S}00")


def deliver(sender: str, text: str, moment: datetime) -> list[tuple[str, int]]:
    """A message as the network delivers it (23.040, 9.2.2.1), in parts where needed: (PDU in hexadecimal, octets of the TPDU)."""
    septets = septets_of(text)
    units: list[list[int]]
    if septets is not None:
        units = _parts(septets, 160, 153, lambda unit: unit == 0x1B)
    else:
        code_units = list(memoryview(text.encode("utf-16-le")).cast("H"))
        units = _parts(code_units, 70, 67, lambda unit: 0xD800 <= unit < 0xDC00)
    reference = next(_references) & 0xFF
    pdus = []
    for number, unit in enumerate(units, start=1):
        header = bytes((5, 0, 3, reference, len(units), number)) if len(units) > 1 else b""
        first = 0x04 | (0x40 if header else 0)
        if septets is not None:
            body = header + pack(unit, 1 if header else 0)
            count = len(unit) + (7 if header else 0)
        else:
            body = header + b"".join(code.to_bytes(2, "big") for code in unit)
            count = len(body)
        coding = 0 if septets is not None else 8
        tpdu = bytes([first]) + address(sender) + bytes([0, coding]) + _stamp(moment) + bytes([count]) + body
        pdus.append(((_FROM_CENTRE + tpdu.hex()).upper(), len(tpdu)))
    return pdus


def _parts(units: list[int], single: int, multiple: int, binds: Callable[[int], bool]) -> list[list[int]]:
    """Cut a message; `binds(unit)` tells a unit that must not be parted from the next."""
    if len(units) <= single:
        return [units]
    parts = []
    while units:
        size = multiple - 1 if len(units) > multiple and binds(units[multiple - 1]) else multiple
        parts.append(units[:size])
        units = units[size:]
    return parts


def status_report(reference: int, recipient: str, sent: datetime, done: datetime, status: int) -> tuple[str, int]:
    """A status report (23.040, 9.2.2.3); `status` 0 delivered, 0x20.. still trying, 0x40.. failed (9.2.3.15)."""
    tpdu = bytes((0x06, reference)) + address(recipient) + _stamp(sent) + _stamp(done) + bytes([status])
    return (_FROM_CENTRE + tpdu.hex()).upper(), len(tpdu)
