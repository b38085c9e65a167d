"""Asking a modem that nobody uses what it is and whether it has voice. Nothing is set that a restart would keep.

A name on the box is no proof of voice (modems.md, 1.1): a voice modem must take AT+FCLASS=8 and list its codecs, a radio modem
must know the commands of its audio path (^CVOICE, +CPCMREG, +QPCMV).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from hal.at import Interpreter, Reply
from hal.errors import LineFault, ModemSilent
from hal.gsm.models import MODELS as RADIO_MODELS
from hal.gsm.models import model_for
from hal.serialport import SerialPort
from hal.trace import Trace
from hal.usb.names import SYSTEM, Bus
from hal.v253.models import Dialect, identify

ANSWER_S = 2.0
"""Seconds for an answer: an idle modem needs milliseconds, a radio modem that reads its SIM a second or two."""
LIMIT_S = 30.0
"""Seconds for all of it."""
_ESCAPE = b"\x1b\r"
_WIRED = ("ATI0", "ATI3", "ATI9", "AT+GMI", "AT+GMM", "AT+FMI", "ATI")


@dataclass(frozen=True, slots=True)
class Found:
    """What a modem says of itself."""

    answers: bool
    driver: str = ""
    """Of `hal.registry`; empty where it is none of ours."""
    identity: str = ""
    """Manufacturer and model in its own words."""
    firmware: str = ""
    voice: bool | None = None
    """None: it could not be asked."""
    detail: str = ""
    """One sentence."""


async def probe(port: str, *, bus: Bus = SYSTEM, trace: Trace | None = None) -> Found:
    """Ask the modem at a port that nobody has open. Never raises; takes `LIMIT_S` seconds at most."""
    try:
        async with asyncio.timeout(LIMIT_S):
            opened = await SerialPort.open(port, bus=bus, trace=trace)
            try:
                return await _ask(opened)
            finally:
                opened.close()
    except TimeoutError:  # ModemSilent is one
        return Found(False, detail="no answer to AT")
    except LineFault as fault:
        return Found(False, detail=str(fault))


async def _ask(port: SerialPort) -> Found:
    at = Interpreter(port, on_line=lambda line: None, on_lost=lambda fault: None, on_shielded=lambda code: None)
    at.write(_ESCAPE)
    await at.resynchronise()
    await at.command("ATE0", expect=(), timeout=ANSWER_S, check=False)
    manufacturer = await _try(at, "AT+CGMI")
    if manufacturer.ok and manufacturer.lines:
        return await _ask_radio(at, _words(manufacturer))
    return await _ask_wired(at)


async def _ask_radio(at: Interpreter, manufacturer: str) -> Found:
    product = _words(await _try(at, "AT+CGMM"))
    firmware = _words(await _try(at, "AT+CGMR")).removeprefix("+CGMR:").strip()
    identity = f"{manufacturer} {product}"
    model = model_for(identity)
    if model.voice is None:
        generic = model is RADIO_MODELS[-1]
        why = "its model is not known here: its audio may need a setting" if generic else "it cannot be asked for voice"
        return Found(True, "gsm", identity, firmware, None, why)
    reply = await _try(at, f"AT{model.voice.command}")
    asked = f"AT{model.voice.command}: {' '.join(reply.lines) or reply.code}"
    return Found(True, "gsm", identity, firmware, reply.ok and model.voice.read(reply.lines) is not None, asked)


async def _ask_wired(at: Interpreter) -> Found:
    answers = {command: await _try(at, command) for command in _WIRED}
    words = "\n".join(line for reply in answers.values() for line in reply.lines)
    model = identify(words)
    driver = "isdn4linux" if model.dialect is Dialect.IS101 else "v253"
    identity = " ".join(dict.fromkeys(words.split("\n"))) if words else "a modem that does not say what it is"
    firmware = _words(answers["ATI3"])
    voice = await _try(at, "AT+FCLASS=8")
    codecs = await _try(at, "AT+VSM=?") if voice.ok else voice
    with suppress(LineFault):
        await at.command("AT+FCLASS=0", expect=(), timeout=ANSWER_S, check=False)
        await at.command("ATZ", expect=(), timeout=ANSWER_S, check=False)
    if not voice.ok:
        return Found(True, driver, identity, firmware, False, f"AT+FCLASS=8: {voice.code}")
    return Found(True, driver, identity, firmware, codecs.ok, f"AT+VSM=?: {len(codecs.lines)} codecs; {model.name}")


async def _try(at: Interpreter, command: str) -> Reply:
    """The answer; an empty one with the code `silent` where none came."""
    try:
        return await at.command(command, timeout=ANSWER_S, check=False)
    except ModemSilent:
        return Reply(command, "silent")


def _words(reply: Reply) -> str:
    return " ".join(line.strip('" ') for line in reply.lines)
