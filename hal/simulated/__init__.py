"""A telephone exchange in software: modems on real ptys, telephones that answer, are busy, press keys, speak and hear.

    async with Exchange(directory) as exchange:
        isdn = exchange.isdn_adapter("isdn", ["4711", "4711"])
        phone = exchange.phone("03012345")
        async with phone.dial("4711") as call:
            await call.hears("welcome")
            await call.press("123456789")

It shares no protocol code with the drivers that it exercises, so that mistakes do not cancel out.
"""

from hal.simulated.causes import Cause
from hal.simulated.circuit import CallLog
from hal.simulated.exchange import Exchange, Sms, UnexpectedCall
from hal.simulated.phone import CallEnded, IncomingRing, NotAnswered, NotHeard, Phone, PhoneCall

__all__ = [
    "CallEnded",
    "CallLog",
    "Cause",
    "Exchange",
    "IncomingRing",
    "NotAnswered",
    "NotHeard",
    "Phone",
    "PhoneCall",
    "Sms",
    "UnexpectedCall",
]
