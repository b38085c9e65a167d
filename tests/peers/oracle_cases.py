"""Generated messages: texts at every limit, numbers of every type, and PDUs from a network that uses every bit it may.

The PDUs are put together here octet by octet, with nothing of `hal.gsm`, so that an error there cannot cancel out.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"
"""3GPP TS 23.038, 6.2.1 and 6.2.1.1, without the escape."""
WIDE = "ШтабΨ漢字čő’“—😀🚨𝄞"
EDGES = (0, 1, 2, 6, 7, 8, 9, 13, 14, 15, 16, 66, 67, 68, 69, 70, 71, 133, 134, 135, 140, 141)
EDGES += (151, 152, 153, 154, 159, 160, 161, 162, 304, 305, 306, 307, 458, 459, 460, 612, 613)


@dataclass(frozen=True)
class Text:
    """A message to be sent."""

    number: str
    text: str
    reference: int
    report: bool


def texts(seed: int, count: int) -> list[Text]:
    """Every character alone, then lengths at every edge with the expensive character at every place that matters, then chance."""
    rng = random.Random(seed)
    found = [*BASIC, *EXTENSION, BASIC, EXTENSION * 16]
    found += ["a" * edge for edge in EDGES]
    for edge in EDGES:
        for place in (edge - 3, edge - 2, edge - 1, edge):
            for dear in ("€", "Ш", "😀"):
                if place >= 0:
                    found.append("b" * place + dear + "c" * (edge - place))
    found += ["Ш" * edge for edge in EDGES] + ["😀" * edge for edge in EDGES[:24]]
    while len(found) < count:
        alphabet = rng.choice((BASIC, BASIC + EXTENSION, BASIC + EXTENSION + WIDE, WIDE))
        found.append("".join(rng.choices(alphabet, k=rng.choice((*EDGES, rng.randrange(700))))))
    return [
        Text(number(rng), text, rng.choice((rng.randrange(256), rng.randrange(65536))), rng.random() < 0.5)
        for text in found
    ]


def number(rng: random.Random) -> str:
    """What a DIALLABLE destination may be."""
    return rng.choice(("", "+")) + "".join(rng.choices("0123456789", k=rng.randrange(3, 21)))


@dataclass(frozen=True)
class Received:
    """A PDU from the network, and what is in it."""

    pdu: str
    kind: str
    address_type: int
    digits: str
    dcs: int
    septets: bool
    header: bytes | None
    size: int
    """Septets or octets of the text behind the header."""
    sent: datetime
    quarters: int
    body: bytes = b""
    """The text as it travels, where it is not septets."""
    codes: tuple[int, ...] = ()
    """The text's septets."""
    status: int | None = None

    @property
    def truth(self) -> dict:
        """What a reader must see."""
        moment = {"sent": str(self.sent)} if self.kind == "Status_Report" else {"when": str(self.sent)}
        number = "+" + self.digits if self.address_type & 0x70 == 0x10 else self.digits
        seen = {"kind": self.kind, "number": number, **moment}
        if self.kind == "Status_Report":
            return {**seen, "status": self.status}
        basic, wide = is_basic(self.dcs), wide_by_standard(self.dcs)
        text = _text(self.codes) if basic else self.body.decode("utf-16-be") if wide else None
        return {**seen, "text": text, "data": None if basic or wide else self.body.hex(), "part": self._part()}

    def _part(self) -> list[int] | None:
        at = 0
        found = None
        while self.header and at < len(self.header):
            identifier, length = self.header[at : at + 2]
            data = self.header[at + 2 : at + 2 + length]
            if identifier in (0, 8):
                found = [int.from_bytes(data[:-2], "big"), data[-2], data[-1]]
            at += 2 + length
        return found


def _text(codes: tuple[int, ...]) -> str:
    extension = dict(zip((0x0A, 0x14, 0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E, 0x40, 0x65), "\f^{}\\[~]|€", strict=True))
    text, escaped = "", False
    for code in codes:
        text += "" if code == 0x1B else extension[code] if escaped else TABLE[code]
        escaped = code == 0x1B
    return text


def delivers(seed: int, count: int) -> list[Received]:
    """Messages from the network: every data coding scheme, every type of number, headers that nobody here has asked for."""
    rng = random.Random(seed)
    return [_deliver(rng, dcs % 256) for dcs in range(count)]


def reports(seed: int, count: int) -> list[Received]:
    """Status reports with every status."""
    rng = random.Random(seed)
    found = []
    for status in range(count):
        kind, digits, address = _address(rng, rng.choice((0x91, 0x81, 0xA1, 0x91)))
        sent, quarters, stamp = _stamp(rng)
        _, _, discharged = _stamp(rng)
        octets = _centre(rng) + bytes([0x06, status * 7 % 256]) + address + stamp + discharged + bytes([status % 256])
        pdu = octets.hex().upper()
        found.append(
            Received(pdu, "Status_Report", kind, digits, 0, False, None, 0, sent, quarters, status=status % 256)
        )
    return found


def _deliver(rng: random.Random, dcs: int) -> Received:
    kind, digits, address = _address(rng, rng.choice((0x91, 0x91, 0x81, 0xA1, 0xB1, 0xC1, 0xD0, 0xE1, 0xF1)))
    sent, quarters, stamp = _stamp(rng)
    header = rng.choice((None, None, *_headers(rng)))
    front = b"" if header is None else bytes([len(header)]) + header
    septets = is_basic(dcs)
    body, codes = b"", ()
    if septets:
        room = 160 - (8 * len(front) + 6) // 7
        codes = tuple(_codes(rng, rng.choice((0, 1, 7, 8, room, rng.randrange(room + 1)))))
        fill = -8 * len(front) % 7
        length = (8 * len(front) + fill) // 7 + len(codes)
        bits = sum(code << (7 * place + fill) for place, code in enumerate(codes))
        data = front + bits.to_bytes((fill + 7 * len(codes) + 7) // 8, "little")
        size = len(codes)
    else:
        room = 140 - len(front)
        if wide_by_standard(dcs):
            body = "".join(rng.choices(WIDE + "abc ", k=rng.choice((0, 1, rng.randrange(room // 4))))).encode(
                "utf-16-be"
            )
        else:
            body = rng.randbytes(rng.choice((0, 1, room, rng.randrange(room))))
        data, length, size = front + body, len(front) + len(body), len(body)
    first = (
        0x04
        | (0x40 if header is not None else 0)
        | (0x20 if rng.random() < 0.2 else 0)
        | (0x80 if rng.random() < 0.1 else 0)
    )
    octets = _centre(rng) + bytes([first]) + address + bytes([0, dcs]) + stamp + bytes([length]) + data
    return Received(
        octets.hex().upper(), "Deliver", kind, digits, dcs, septets, header, size, sent, quarters, body, codes
    )


def is_basic(dcs: int) -> bool:
    """3GPP TS 23.038, 4: general groups 00xx and 01xx by bits 3 and 2 unless compressed, reserved groups as plain text, message
    waiting 1100 and 1101 plain, 1110 UCS-2, data coding group 1111 by bit 2."""
    if dcs < 0x80:
        return not dcs & 0x20 and dcs & 0x0C in (0x00, 0x0C)
    if dcs < 0xE0:
        return True
    return dcs >= 0xF0 and dcs & 0x0C in (0x00, 0x0C)


def wide_by_standard(dcs: int) -> bool:
    """UCS-2: general groups by bits 3 and 2, and message waiting group 1110; 0xF8 to 0xFB as modems use it (gammu's dump 14)."""
    if dcs < 0x80:
        return not dcs & 0x20 and dcs & 0x0C == 0x08
    return dcs & 0xF0 == 0xE0 or 0xF8 <= dcs <= 0xFB


def _codes(rng: random.Random, count: int) -> list[int]:
    """Septets; an escape is always followed by something of the extension table."""
    codes: list[int] = []
    while len(codes) < count:
        if len(codes) + 2 <= count and rng.random() < 0.1:
            codes += [0x1B, rng.choice((0x0A, 0x14, 0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E, 0x40, 0x65))]
        else:
            codes.append(rng.choice([code for code in range(128) if code != 0x1B]))
    return codes


def _headers(rng: random.Random) -> list[bytes]:
    total = rng.randrange(1, 256)
    part = rng.randrange(1, total + 1)
    narrow = bytes([0, 3, rng.randrange(256), total, part])
    wide = bytes([8, 4, rng.randrange(1, 256), rng.randrange(256), total, part])
    ports = bytes([5, 4]) + rng.randbytes(4)
    unknown = bytes([0x70 + rng.randrange(16), 2]) + rng.randbytes(2)
    return [narrow, wide, narrow + ports, unknown + narrow, ports, unknown + ports + wide, b"\x01\x02\x80\x02"]


def _address(rng: random.Random, kind: int) -> tuple[int, str, bytes]:
    if kind == 0xD0:
        name = "".join(rng.choices("AlertBox +-0123456789&ÄöÜ", k=rng.randrange(1, 12)))
        bits = sum(BASIC_CODE[char] << (7 * place) for place, char in enumerate(name))
        octets = (7 * len(name) + 7) // 8
        return kind, name, bytes([(7 * len(name) + 3) // 4, kind]) + bits.to_bytes(octets, "little")
    digits = "".join(rng.choices("0123456789", k=rng.randrange(3, 16)))
    return kind, digits, bytes([len(digits), kind]) + _swapped(digits)


def _stamp(rng: random.Random) -> tuple[datetime, int, bytes]:
    moment = datetime(2000, 1, 1) + timedelta(
        seconds=rng.randrange(68 * 365 * 86400)
    )  # later ones are a matter of century
    quarters = rng.randrange(-48, 57)
    tens, units = divmod(abs(quarters), 10)
    zone = units << 4 | tens | (0x08 if quarters < 0 else 0)
    return moment, quarters, _swapped(f"{moment:%y%m%d%H%M%S}") + bytes([zone])


def _centre(rng: random.Random) -> bytes:
    if rng.random() < 0.3:
        return b"\0"
    digits = "".join(rng.choices("0123456789", k=rng.randrange(5, 14)))
    octets = bytes([rng.choice((0x91, 0x81))]) + _swapped(digits)
    return bytes([len(octets)]) + octets


def _swapped(digits: str) -> bytes:
    padded = digits + "F" * (len(digits) % 2)
    return bytes.fromhex("".join(padded[at + 1] + padded[at] for at in range(0, len(padded), 2)))


TABLE = BASIC[:27] + "\x1b" + BASIC[27:]
BASIC_CODE = {char: code for code, char in enumerate(TABLE)}
