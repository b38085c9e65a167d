"""The user data of a short message: header elements, coding, text or bytes (3GPP TS 23.040, 9.2.3.24; TS 23.038, 4)."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from hal.gsm import alphabet
from hal.gsm.errors import PduError
from hal.gsm.fields import Reader

MAX_OCTETS = 140
"""User data of one message, header included."""
MAX_SEPTETS = 160
"""The same counted in septets."""


class Coding(enum.Enum):
    """How the user data is to be read. The value is the plain data coding scheme that says so."""

    GSM7 = 0x00
    DATA = 0x04
    UCS2 = 0x08


def coding_of(dcs: int) -> Coding:
    """The coding that a data coding scheme octet means; reserved ones are GSM 7 bit (TS 23.038, 4).

    Compressed text counts as data. Of the group 1111 bit 3 is reserved, but modems store UCS-2 with it set (0xF9), so
    bits 3 and 2 are read there as they are in the general group.
    """
    if dcs < 0x80 or dcs >= 0xF0:
        if dcs < 0x80 and dcs & 0x20:
            return Coding.DATA
        return {0x04: Coding.DATA, 0x08: Coding.UCS2}.get(dcs & 0x0C, Coding.GSM7)
    return Coding.UCS2 if dcs & 0xF0 == 0xE0 else Coding.GSM7


@dataclass(frozen=True, slots=True)
class Element:
    """One information element of the user data header."""

    identifier: int
    data: bytes

    def encode(self) -> bytes:
        """Identifier, length, data."""
        return bytes([self.identifier, len(self.data)]) + self.data


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Which part of which long message this is (TS 23.040, 9.2.3.24.1 and 9.2.3.24.8)."""

    reference: int
    """0..65535; above 255 it travels in the element with the 16-bit reference."""
    total: int
    """Parts in all, 1..255."""
    sequence: int
    """This one, from 1."""

    def element(self) -> Element:
        """As a header element: 5 octets, or 6 with a 16-bit reference."""
        if self.reference > 0xFF:
            return Element(0x08, self.reference.to_bytes(2, "big") + bytes([self.total, self.sequence]))
        return Element(0x00, bytes([self.reference, self.total, self.sequence]))

    @classmethod
    def of(cls, elements: tuple[Element, ...]) -> Concatenation | None:
        """The last valid one of a header: later elements win (TS 23.040, 9.2.3.24); impossible ones are ignored."""
        for element in reversed(elements):
            width = {0x00: 1, 0x08: 2}.get(element.identifier)
            if width is None or len(element.data) != width + 2:
                continue
            total, sequence = element.data[width:]
            if 1 <= sequence <= total:
                return cls(int.from_bytes(element.data[:width], "big"), total, sequence)
        return None


@dataclass(frozen=True, slots=True)
class UserData:
    """What a message carries: text, or bytes where the coding says data."""

    payload: str | bytes
    dcs: int = 0x00
    """The data coding scheme octet; class and waiting-indication bits are kept as they came."""
    header: tuple[Element, ...] = ()
    """Elements in order, unknown ones included: whoever needs one looks for it, the rest is skipped."""

    @property
    def text(self) -> str:
        """The text; empty where this is data."""
        return self.payload if isinstance(self.payload, str) else ""

    @property
    def concatenation(self) -> Concatenation | None:
        """Its place in a long message, or None for a message by itself."""
        return Concatenation.of(self.header)

    def encode(self) -> bytes:
        """User data length and user data. Raises `PduError` where it does not fit into one message."""
        elements = b"".join(element.encode() for element in self.header)
        if len(elements) > MAX_OCTETS:
            raise PduError(f"a header of {len(elements)} octets does not fit")
        header = bytes([len(elements)]) + elements if self.header else b""
        coding = coding_of(self.dcs)
        if coding is Coding.GSM7:
            septets = alphabet.encode(self.text)
            fill = -8 * len(header) % 7
            length = (8 * len(header) + fill) // 7 + len(septets)
            body, limit = header + alphabet.pack(septets, fill), MAX_SEPTETS
        else:
            body = header + (
                self.payload.encode("utf-16-be", "replace") if isinstance(self.payload, str) else self.payload
            )
            length, limit = len(body), MAX_OCTETS
        if length > limit:
            raise PduError(f"user data of {length} does not fit into {limit}")
        return bytes([length]) + body

    @classmethod
    def read(cls, reader: Reader, dcs: int, has_header: bool) -> UserData:
        """From user data length on; what follows its end is ignored. Raises `PduError` where it is cut short."""
        length = reader.octet()
        coding = coding_of(dcs)
        septets = coding is Coding.GSM7
        body = reader.take((7 * length + 7) // 8 if septets else length)
        header: tuple[Element, ...] = ()
        header_octets = 0
        if has_header:
            if not body or body[0] >= len(body):
                raise PduError("the user data header is longer than the user data")
            header_octets = 1 + body[0]
            header = _elements(body[1:header_octets])
        if septets:
            fill = -8 * header_octets % 7
            count = length - (8 * header_octets + fill) // 7
            text = alphabet.decode(alphabet.unpack(body[header_octets:], max(0, count), fill if count > 0 else 0))
            return cls(text, dcs, header)
        content = body[header_octets:]
        if coding is Coding.UCS2:
            return cls(content[: len(content) & ~1].decode("utf-16-be", "replace"), dcs, header)
        return cls(content, dcs, header)


def _elements(octets: bytes) -> tuple[Element, ...]:
    """The elements of a header; none at all where the last one is cut short (TS 23.040, 9.2.3.24)."""
    reader = Reader(octets)
    elements: list[Element] = []
    try:
        while not reader.empty:
            identifier, length = reader.octet(), reader.octet()
            elements.append(Element(identifier, reader.take(length)))
    except PduError:
        return ()
    return tuple(elements)
