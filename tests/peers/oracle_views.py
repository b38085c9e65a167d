"""What our two PDU codecs - the driver's and the simulated network's - make of a message, in the oracles' words."""

from __future__ import annotations

from datetime import UTC

from hal.gsm import pdu
from hal.gsm.errors import PduError
from hal.simulated import pdu as network
from tests.peers.oracle_cases import Text


def decoded(octets: str) -> dict:
    """What the driver's codec reads."""
    try:
        message = pdu.decode(octets)
    except PduError as error:
        return {"error": str(error)}
    centre = message.service_centre.text if message.service_centre else ""
    if isinstance(message, pdu.StatusReport):
        return {
            "kind": "Status_Report",
            "number": message.recipient.text,
            "reference": message.reference,
            "status": message.status,
            "sent": _local(message.sent_at),
            "when": _local(message.discharged_at),
            "centre": centre,
        }
    data = message.user_data
    part = data.concatenation
    view = {
        "text": data.payload if isinstance(data.payload, str) else None,
        "data": data.payload.hex() if isinstance(data.payload, bytes) else None,
        "part": [part.reference, part.total, part.sequence] if part else None,
        "centre": centre,
    }
    if isinstance(message, pdu.Submit):
        return {"kind": "Submit", "number": message.destination.text, "report": message.status_report, **view}
    utc = message.sent_at.astimezone(UTC).replace(tzinfo=None) if message.sent_at else None
    return {
        "kind": "Deliver",
        "number": message.sender.text,
        "when": _local(message.sent_at),
        "utc": str(utc) if utc else None,
        **view,
    }


def _local(moment) -> str | None:
    return str(moment.replace(tzinfo=None)) if moment else None


def encoded(case: Text) -> list[tuple[str, int]]:
    """The PDUs that the driver's codec makes of a text, each with its length for AT+CMGS."""
    return [
        part.encode()
        for part in pdu.submit(case.number, case.text, reference=case.reference, status_report=case.report)
    ]


def submitted(octets: str, length: int) -> dict:
    """What the simulated network reads of what it is given."""
    try:
        message = network.read_submit(octets, length)
    except network.BadPdu as error:
        return {"error": str(error)}
    return {
        "number": message.recipient,
        "text": message.text,
        "report": message.report,
        "part": list(message.part) if message.part else None,
    }
