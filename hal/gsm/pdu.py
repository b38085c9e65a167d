"""SMS in PDU mode: octets in, messages out, and back (3GPP TS 23.040, 9.2.2; TS 27.005, 3.1). No I/O, no clock.

Any octets give a value or a `PduError`, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from hal.gsm import alphabet
from hal.gsm.errors import PduError
from hal.gsm.fields import Address, Reader, timestamp, validity_octet, validity_of
from hal.gsm.userdata import MAX_OCTETS, MAX_SEPTETS, Coding, Concatenation, UserData
from hal.line import Delivery

_HEADER = 0x40  # TP-UDHI
_STATUS_REPORT_REQUEST = 0x20  # TP-SRR
_MAX_PARTS = 255


@dataclass(frozen=True, slots=True)
class Submit:
    """A message to the network (SMS-SUBMIT)."""

    destination: Address
    user_data: UserData
    validity: timedelta | None = None
    """How long the network tries, 5 minutes to 63 weeks, rounded up to what the field can say; None leaves it to the network."""
    status_report: bool = False
    reference: int = 0
    """0 lets the modem number it."""
    protocol: int = 0
    service_centre: Address | None = None
    """None: the one on the SIM."""

    def encode(self) -> tuple[str, int]:
        """The PDU in hexadecimal, and the octets of its TPDU, which is what `AT+CMGS=` wants. Raises `PduError`."""
        first = 0x01 | (0x10 if self.validity is not None else 0)
        first |= (_STATUS_REPORT_REQUEST if self.status_report else 0) | (_HEADER if self.user_data.header else 0)
        tpdu = bytes([first, self.reference]) + self.destination.encode() + bytes([self.protocol, self.user_data.dcs])
        if self.validity is not None:
            tpdu += bytes([validity_octet(self.validity)])
        tpdu += self.user_data.encode()
        centre = b"\0"
        if self.service_centre is not None:
            centre = self.service_centre.encode()
            centre = bytes([len(centre) - 1]) + centre[1:]
        return (centre + tpdu).hex().upper(), len(tpdu)

    @classmethod
    def _read(cls, first: int, reader: Reader, centre: Address | None) -> Submit:
        reference = reader.octet()
        destination = Address.read(reader)
        protocol, dcs = reader.octet(), reader.octet()
        validity: timedelta | None = None
        match first >> 3 & 0x3:
            case 0b10:
                validity = validity_of(reader.octet())
            case 0b01 | 0b11:  # enhanced or absolute: seven octets that only another program could have stored
                reader.take(7)
        user_data = UserData.read(reader, dcs, bool(first & _HEADER))
        return cls(destination, user_data, validity, bool(first & _STATUS_REPORT_REQUEST), reference, protocol, centre)


@dataclass(frozen=True, slots=True)
class Deliver:
    """A message from the network (SMS-DELIVER)."""

    sender: Address
    sent_at: datetime | None
    """When the service centre took it, with its offset; None where the network gives no valid time."""
    user_data: UserData
    protocol: int = 0
    service_centre: Address | None = None

    @classmethod
    def _read(cls, first: int, reader: Reader, centre: Address | None) -> Deliver:
        sender = Address.read(reader)
        protocol, dcs = reader.octet(), reader.octet()
        sent_at = timestamp(reader.take(7))
        return cls(sender, sent_at, UserData.read(reader, dcs, bool(first & _HEADER)), protocol, centre)


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What the network says about a message that we sent (SMS-STATUS-REPORT)."""

    reference: int
    """The message reference that `+CMGS:` gave, 0..255; it wraps, and restarts with the modem."""
    recipient: Address
    sent_at: datetime | None
    discharged_at: datetime | None
    status: int
    """TP-ST as it came."""
    service_centre: Address | None = None

    @property
    def delivery(self) -> Delivery:
        """Reserved values count as failed, as TS 23.040 wants them read."""
        if self.status < 0x20:
            return Delivery.DELIVERED
        return Delivery.TRYING if self.status < 0x40 else Delivery.FAILED

    @classmethod
    def _read(cls, reader: Reader, centre: Address | None) -> StatusReport:
        reference = reader.octet()
        recipient = Address.read(reader)
        sent_at, discharged_at = timestamp(reader.take(7)), timestamp(reader.take(7))
        return cls(reference, recipient, sent_at, discharged_at, reader.octet(), centre)


def decode(pdu: str | bytes) -> Deliver | Submit | StatusReport:
    """A PDU as `+CMGR` and `+CMGL` give it: hexadecimal (or octets), service centre first. Raises `PduError`.

    What the service centre sent and what a user has stored are told apart by the message type alone; the reserved type
    is read as SMS-DELIVER (TS 23.040, 9.2.3.1).
    """
    if isinstance(pdu, str):
        try:
            pdu = bytes.fromhex(pdu)
        except ValueError:
            raise PduError("not hexadecimal") from None
    reader = Reader(pdu)
    centre = Address.read_service_centre(reader)
    first = reader.octet()
    match first & 0x03:
        case 0b01:
            return Submit._read(first, reader, centre)
        case 0b10:
            return StatusReport._read(reader, centre)
        case _:
            return Deliver._read(first, reader, centre)


def submit(
    number: str,
    text: str,
    *,
    reference: int = 0,
    validity: timedelta | None = None,
    status_report: bool = False,
) -> tuple[Submit, ...]:
    """A text as one message, or as many in a row as it needs. Raises `PduError` (bad number, more than 255 parts).

    GSM 7 bit where the alphabet has every character, UCS-2 otherwise. `reference` (0..65535) tells the long messages to
    one number apart; above 255 each part loses an octet to it. No part ends inside an escape or surrogate pair.
    """
    destination = Address.of(number)
    coding = Coding.GSM7 if all(alphabet.septets_of(char) for char in text) else Coding.UCS2
    single, in_parts = (MAX_SEPTETS, 153 if reference <= 0xFF else 152) if coding is Coding.GSM7 else (MAX_OCTETS, 134)
    if coding is Coding.UCS2 and reference > 0xFF:
        in_parts = 132  # 133 octets are left: no whole number of UCS-2 units
    if _size(text, coding) <= single:
        datas = [UserData(text, coding.value)]
    else:
        parts = list(_split(text, coding, in_parts))
        if len(parts) > _MAX_PARTS:
            raise PduError(f"a text of {len(text)} characters needs more than {_MAX_PARTS} messages")
        datas = [
            UserData(part, coding.value, (Concatenation(reference, len(parts), number_of).element(),))
            for number_of, part in enumerate(parts, 1)
        ]
    return tuple(Submit(destination, data, validity, status_report) for data in datas)


def _size(char: str, coding: Coding) -> int:
    """Septets or octets."""
    if coding is Coding.GSM7:
        return sum(len(alphabet.septets_of(one) or ()) for one in char)
    return len(char.encode("utf-16-be", "replace"))


def _split(text: str, coding: Coding, limit: int) -> Iterator[str]:
    part, size = "", 0
    for char in text:
        width = _size(char, coding)
        if size + width > limit:
            yield part
            part, size = "", 0
        part, size = part + char, size + width
    yield part
