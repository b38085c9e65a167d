"""Sending one message part, and knowing afterwards whether it went (3GPP TS 27.005, 3.5.1)."""

from __future__ import annotations

from datetime import timedelta

from hal.at.engine import Reply
from hal.at.interpreter import Interpreter
from hal.errors import LineFault, SmsFailed, SmsUnknown
from hal.gsm.causes import cms
from hal.gsm.errors import PduError
from hal.gsm.pdu import Submit, submit

PROMPT_S = 5.0
"""Seconds for the prompt."""
RESULT_S = 60.0
"""Seconds for the network to take a message."""
_NO_WORD = ("332", "network timeout")
"""+CMS ERROR (TS 27.005, 3.2.5) where the modem has waited in vain for the network's word: the message may have gone out."""
VALIDITY = timedelta(hours=72)
"""An alert notice that could not be delivered for as long as an alert counts as new is of no use any more."""


def parts(number: str, text: str, reference: int) -> tuple[Submit, ...]:
    """The messages of a text. Raises `SmsFailed` where there can be none."""
    try:
        return submit(number, text, reference=reference, validity=VALIDITY, status_report=True)
    except PduError as error:
        raise SmsFailed(f"no message to {number!r}: {error}") from error


async def send(at: Interpreter, message: Submit) -> str:
    """Send one part; the network's reference. Whatever happens, the modem is told to leave the prompt.

    Raises `SmsFailed` (refused: not sent), `SmsUnknown` (handed over, and no word of it), `ModemSilent` (no prompt: not sent),
    `Unplugged` (gone before it was handed over).
    """
    octets, length = message.encode()
    if at.port.lost:
        raise at.port.lost
    try:
        reply = await at.command(
            f"AT+CMGS={length}",
            expect="+CMGS:",
            timeout=PROMPT_S,
            payload=octets.encode(),
            payload_s=RESULT_S,
            check=False,
        )
    except LineFault as fault:
        if at.engine.prompted:
            raise SmsUnknown(f"the message was handed over, and then: {fault}") from fault
        raise
    return _reference(reply, at.engine.prompted)


def _reference(reply: Reply, handed_over: bool) -> str:
    reference = reply.value("+CMGS:")
    if reply.ok and reference:
        return reference.split(",")[0].strip()
    if handed_over and reply.code == "+CMS ERROR" and reply.detail.lower() in _NO_WORD:
        raise SmsUnknown(f"the message was handed over, and the network said nothing of it: {cms(reply.detail)}")
    if not reply.ok:
        raise SmsFailed(cms(reply.detail) if reply.code == "+CMS ERROR" else str(reply))
    if handed_over:
        raise SmsUnknown("the message was handed over, and the modem says OK without a reference")
    raise SmsFailed("the modem gave no prompt for the message")
