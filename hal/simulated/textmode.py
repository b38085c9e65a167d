"""Messages as text-mode clients see them (3GPP TS 27.005, 3.4 and 3.5): a modem turns its PDUs into lines, and lines into PDUs."""

from __future__ import annotations

from dataclasses import dataclass

from hal.simulated import pdu
from hal.simulated.pdu import BadPdu, Octets

STATES = ("REC UNREAD", "REC READ", "STO UNSENT", "STO SENT", "ALL")


@dataclass(frozen=True, slots=True)
class Seen:
    """A stored PDU, taken apart."""

    kind: int
    """0 DELIVER, 1 SUBMIT, 2 STATUS-REPORT (23.040, 9.2.3.1)."""
    first: int
    number: str
    stamp: str = ""
    """yy/MM/dd,hh:mm:ss+zz."""
    protocol: int = 0
    coding: int = 0
    data: str = ""
    """Text, or hexadecimal where it is none of the 7 bit alphabet."""
    length: int = 0
    reference: int = 0
    discharged: str = ""
    status: int = 0

    @property
    def number_type(self) -> int:
        return 145 if self.number.startswith("+") else 129


def _stamp(octets: bytes) -> str:
    digits = "".join(f"{octet & 15}{octet >> 4}" for octet in octets[:6])
    zone = (octets[6] & 7) * 10 + (octets[6] >> 4)
    pairs = [digits[i : i + 2] for i in range(0, 12, 2)]
    return f"{'/'.join(pairs[:3])},{':'.join(pairs[3:])}{'-' if octets[6] & 8 else '+'}{zone:02d}"


def look(hexadecimal: str) -> Seen:
    """Take a PDU apart, service centre first. Raises `BadPdu`."""
    octets = Octets(bytes.fromhex(hexadecimal))
    octets.take(octets.one())
    first = octets.one()
    kind = first & 3
    if kind == 2:
        reference = octets.one()
        number = pdu.read_number(octets)
        stamp, discharged = _stamp(octets.take(7)), _stamp(octets.take(7))
        return Seen(2, first, number, stamp, reference=reference, discharged=discharged, status=octets.one())
    if kind == 1:
        octets.one()
    number = pdu.read_number(octets)
    protocol, coding = octets.one(), octets.one()
    stamp = _stamp(octets.take(7)) if kind == 0 else ""
    if kind == 1:
        octets.take({0: 0, 1: 7, 2: 1, 3: 7}[first >> 3 & 3])
    text, _, raw = pdu.read_text(octets, coding, bool(first & 0x40))
    plain = pdu.is_basic(coding) and not first & 0x40
    return Seen(kind, first, number, stamp, protocol, coding, text if plain else raw.hex().upper(), len(raw))


def from_terminal(text: str, charset: str) -> str:
    """What was typed, in the terminal's character set (+CSCS). Raises `BadPdu`."""
    if charset == "UCS2":
        try:
            return bytes.fromhex(text).decode("utf-16-be")
        except (ValueError, UnicodeDecodeError):
            raise BadPdu("not UCS2 in hexadecimal") from None
    if charset == "GSM":
        septets = [ord(character) for character in text]
        return pdu.unpack(pdu.pack(septets), len(septets), 0) if all(code < 128 for code in septets) else text
    return text


def to_terminal(text: str, charset: str) -> str:
    """A text in the terminal's character set; what that lacks is a question mark."""
    if charset == "UCS2":
        return text.encode("utf-16-be").hex().upper()
    if charset == "GSM":
        return "".join(chr(code) for code in pdu.septets_of(text) or [])
    return text.encode("ascii", "replace").decode()


def submit(number: str, text: str, parameters: tuple[int, int, int, int]) -> tuple[str, int]:
    """A SUBMIT from text mode: (PDU, octets of the TPDU). `parameters` as in +CSMP: first octet, validity, protocol, coding.

    Raises `BadPdu` for what fits into no message.
    """
    first, validity, protocol, coding = parameters
    period = bytes([validity]) if first >> 3 & 3 == 2 else b""
    if not number or len(number) > 21 or first & 0x48 or first & 3 != 1:
        raise BadPdu("headers and absolute validity are for PDU mode")
    if pdu.is_basic(coding):
        septets = pdu.septets_of(text)
        if septets is None or len(septets) > 160:
            raise BadPdu("no message of one part in the 7 bit alphabet")
        count, body = len(septets), pdu.pack(septets)
    else:
        body = text.encode("utf-16-be") if coding & 0x0C == 8 else text.encode("latin-1", "replace")
        count = len(body)
        if count > 140:
            raise BadPdu("more than one part")
    tpdu = bytes([first, 0]) + pdu.address(number) + bytes([protocol, coding]) + period + bytes([count]) + body
    return ("00" + tpdu.hex()).upper(), len(tpdu)


def report_line(seen: Seen) -> str:
    """A status report: what stands behind `+CDS:`, and behind the state in `+CMGR:`."""
    return f'{seen.first},{seen.reference},"{seen.number}",{seen.number_type},"{seen.stamp}","{seen.discharged}",{seen.status}'


def lines(seen: Seen, charset: str, *, details: bool, listed: bool = False) -> tuple[str, str]:
    """(header, data) of a message. `details` as +CSDH=1 wants them; `listed`: as +CMGL has them, which are fewer."""
    data = seen.data
    if pdu.is_basic(seen.coding) and not seen.first & 0x40:
        data = to_terminal(data, charset)
    stamp = f',"{seen.stamp}"' if seen.kind == 0 else "," if listed else ""
    more = ""
    if details:
        more = f",{seen.number_type}"
        if not listed:
            period = "" if seen.kind == 0 else ",167"
            more += f',{seen.first},{seen.protocol},{seen.coding}{period},"{pdu.CENTRE}",145'
        more += f",{len(data) if pdu.is_basic(seen.coding) else seen.length}"
    return f'"{to_terminal(seen.number, charset)}",{stamp}{more}', data
