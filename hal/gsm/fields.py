"""Fields that the PDUs share: a reader, addresses, time stamps, validity periods (3GPP TS 23.040, 9.1.2 and 9.2.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from hal.gsm import alphabet
from hal.gsm.errors import PduError

INTERNATIONAL = 0x91
"""Type of address: international number, ISDN numbering plan (TS 23.040, 9.1.2.5)."""
UNKNOWN = 0x81
"""Type of address: no prefix known; what the subscriber would dial."""
ALPHANUMERIC = 0xD0
"""Type of address: a name in GSM 7 bit characters; only ever received."""

_DIGITS = "0123456789*#abc"  # semi-octet 15 is the fill


class Reader:
    """Takes octets off the front; `PduError` where there are not enough."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next `count` octets."""
        piece = self._octets[self._at : self._at + count]
        if len(piece) < count:
            raise PduError(f"ends after {len(self._octets)} octets, {count - len(piece)} short")
        self._at += count
        return piece

    def octet(self) -> int:
        """The next octet."""
        return self.take(1)[0]

    @property
    def empty(self) -> bool:
        """Nothing is left."""
        return self._at >= len(self._octets)


def semi_octets(digits: str) -> bytes:
    """Digits in swapped nibbles, an odd one filled with 0xF (TS 23.040, 9.1.2.3)."""
    codes = [_DIGITS.find(digit) for digit in digits]
    if -1 in codes:
        raise PduError(f"{digits!r} is no number")
    if len(codes) % 2:
        codes.append(0xF)
    return bytes(high << 4 | low for low, high in zip(codes[::2], codes[1::2], strict=True))


def digits_of(octets: bytes) -> str:
    """The digits of swapped nibbles. A fill at the end is dropped, one in the middle is a `PduError`."""
    codes = [nibble for octet in octets for nibble in (octet & 0xF, octet >> 4)]
    while codes and codes[-1] == 0xF:
        codes.pop()
    if 0xF in codes:
        raise PduError("a fill in the middle of a number")
    return "".join(_DIGITS[code] for code in codes)


@dataclass(frozen=True, slots=True)
class Address:
    """A telephone number, or the name that a network puts in its place."""

    text: str
    """`+` and digits (international), digits, or a name of up to 11 characters."""
    kind: int = UNKNOWN
    """The type-of-address octet. A name may look like a number: only this tells."""

    @classmethod
    def of(cls, number: str) -> Address:
        """From a diallable number. International only with a plus (TS 23.040, 9.1.2.5). Raises `PduError`."""
        if not re.fullmatch(r"\+?[0-9*#]{1,20}", number):
            raise PduError(f"{number!r} is no number for a message")
        return cls(number, INTERNATIONAL if number.startswith("+") else UNKNOWN)

    @property
    def is_name(self) -> bool:
        """Whether this is a name, which proves nothing about the sender."""
        return self.kind & 0x70 == 0x50

    def encode(self) -> bytes:
        """Length in digits, type, semi-octets."""
        if self.is_name:
            septets = alphabet.encode(self.text)
            packed = alphabet.pack(septets)
            return bytes([(7 * len(septets) + 3) // 4, self.kind]) + packed
        digits = self.text.removeprefix("+")
        return bytes([len(digits), self.kind]) + semi_octets(digits)

    @classmethod
    def read(cls, reader: Reader) -> Address:
        """An address whose length counts semi-octets."""
        length, kind = reader.octet(), reader.octet()
        return cls._decode(reader.take((length + 1) // 2), kind, length)

    @classmethod
    def read_service_centre(cls, reader: Reader) -> Address | None:
        """The service centre in front of the TPDU, whose length counts octets (TS 27.005, 3.1, `<pdu>`)."""
        length = reader.octet()
        if length == 0:
            return None
        kind = reader.octet()
        return cls._decode(reader.take(length - 1), kind, 2 * (length - 1))

    @classmethod
    def _decode(cls, octets: bytes, kind: int, semi_octet_count: int) -> Address:
        if kind & 0x70 == 0x50:
            return cls(alphabet.decode(alphabet.unpack(octets, semi_octet_count * 4 // 7)), kind)
        digits = digits_of(octets)
        return cls("+" + digits if kind & 0x70 == 0x10 else digits, kind)


def timestamp(octets: bytes) -> datetime | None:
    """A service centre time stamp, seven octets of 20yy local time with its offset in quarters of an hour (TS 23.040, 9.2.3.11).

    None where it is no moment: networks do send zeroes.
    """
    pairs = [(octet & 0xF, octet >> 4) for octet in octets]
    *fields, zone = pairs
    if any(tens > 9 or units > 9 for tens, units in fields) or zone[1] > 9:
        return None
    year, month, day, hour, minute, second = (tens * 10 + units for tens, units in fields)
    quarters = (zone[0] & 0x7) * 10 + zone[1]
    offset = timedelta(minutes=15 * (-quarters if zone[0] & 0x8 else quarters))
    try:
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=timezone(offset))
    except ValueError:
        return None


def validity_octet(validity: timedelta) -> int:
    """The shortest relative validity period that is not shorter than asked; at most 63 weeks (TS 23.040, 9.2.3.12.1)."""
    for octet in range(256):
        if validity_of(octet) >= validity:
            return octet
    return 255


def validity_of(octet: int) -> timedelta:
    """What a relative validity octet means: from 5 minutes to 63 weeks."""
    if octet <= 143:
        return timedelta(minutes=5 * (octet + 1))
    if octet <= 167:
        return timedelta(hours=12, minutes=30 * (octet - 143))
    if octet <= 196:
        return timedelta(days=octet - 166)
    return timedelta(weeks=octet - 192)
