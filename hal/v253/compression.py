"""Which codec to ask for: read from the modem's own list (+VSM=?), never guessed.

ITU-T V.253, table 17 numbers the codecs, but makers number their own from 128 on and isdn4linux and IS-101 have other
numbers again (5 is A-law and 6 mu-law on isdn4linux), so the names decide.

Forms of a line that modems really send: `130,"UNSIGNED PCM",8,0,8000,0,0` (Conexant, NCID's log of a CX93001),
`128,"8-BIT LINEAR",(7200,8000,11025)` without bits (Lucent and USR 5637: mgetty, README.lucent; NCID), `5;ALAW;8;0;(8000)`
(isdn4linux, ZyXEL), `128,"SIGNED PCM",12,0,(7200-8000,11025),(127-129),(0-50)` (Multi-Tech MT5634SMI).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hal.audio.sound import RATE, Encoding
from hal.errors import ModemError


@dataclass(frozen=True, slots=True)
class Compression:
    """One codec of a modem."""

    number: int
    """What +VSM wants."""
    encoding: Encoding

    @property
    def needs_bps(self) -> int:
        """Bits a second that the port must carry: ten for each byte of eight, start and stop bit counted."""
        return self.encoding.bits * RATE * 10 // 8


_NAMES = (
    (Encoding.ALAW, 8, re.compile(r"\bA-?LAW\b|G\.?711 ?A")),
    (Encoding.ULAW, 8, re.compile(r"\b(U|MU|µ|Μ)-?LAW\b|G\.?711 ?U")),
    (Encoding.U8, 8, re.compile(r"\bUNSIGNED|8-?BIT LINEAR|^LINEAR|8-?BIT PCM")),
    (Encoding.S8, 8, re.compile(r"\bSIGNED PCM")),
    (Encoding.IMA_ADPCM, 4, re.compile(r"\bIMA\b")),
)
_PREFERENCE = (
    *(Encoding.ALAW, Encoding.ULAW, Encoding.U8, Encoding.S8, Encoding.IMA_ADPCM),
    *(Encoding.ZYXEL_ADPCM_4, Encoding.ISDN_ADPCM_4, Encoding.ZYXEL_ADPCM_3, Encoding.ISDN_ADPCM_3),
    *(Encoding.ZYXEL_ADPCM_2, Encoding.ISDN_ADPCM_2),
)
"""A-law is the network's own in Europe, and companded audio has 38 dB where 8-bit linear has little for quiet voices. ADPCM is
for modems that have nothing else: 20 to 25 dB with 4 bits, 13 with 2."""
_SEPARATOR = re.compile(r"[;,](?![^(\[<]*[)\]>])")


def parse(lines: Iterable[str], adpcm: str = "") -> list[Compression]:
    """The codecs in the lines of +VSM=? that this house can use: 8 kHz, a known name. In the modem's order.

    `adpcm`: whose ADPCM an entry means that is only called that (`zyxel`, `isdn4linux`); empty where nobody knows.
    """
    return [codec for line in lines if (codec := _parse_line(line, adpcm))]


def _fields(line: str) -> list[str]:
    return [field.strip() for field in _SEPARATOR.split(line.strip().removeprefix("+VSM:"))]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _parse_line(line: str, adpcm: str) -> Compression | None:
    fields = _fields(line)
    if len(fields) < 3 or (number := _number(fields[0])) is None:
        return None
    name = fields[1].strip("\"' ").upper()
    bits = _number(fields[2])
    rates = fields[4] if bits is not None and len(fields) > 4 else fields[2]
    if not _offers(rates, RATE):
        return None
    for encoding, size, pattern in _NAMES:
        if pattern.search(name) and bits in (size, None):
            return Compression(number, encoding)
    if adpcm and name == "ADPCM" and bits in (2, 3, 4):
        return Compression(number, Encoding(f"{adpcm}-adpcm-{bits}"))
    return None


def _offers(rates: str, rate: int) -> bool:
    for item in rates.strip("()[]<> ").split(","):
        low, _, high = item.strip().partition("-")
        least, most = _number(low.strip()), _number(high.strip() or low.strip())
        if least is not None and most is not None and least <= rate <= most:
            return True
    return False


def choose(lines: Iterable[str], *, adpcm: str = "", bps: int = 115200) -> Compression:
    """The best codec that a port of `bps` bits a second can carry. Raises `ModemError` where there is none, with the reason.

    Of several with the same name the last counts: the first may be there for old software only (vgetty does the same).
    """
    offered = list(lines)
    codecs = {codec.encoding: codec for codec in parse(offered, adpcm)}
    for encoding in _PREFERENCE:
        if encoding in codecs and codecs[encoding].needs_bps <= bps:
            return codecs[encoding]
    listed = "; ".join(offered) or "nothing listed"
    if codecs:
        least = min(codec.needs_bps for codec in codecs.values())
        raise ModemError(f"the port's {bps} bit/s are too few for audio, which needs {least}: {listed}")
    raise ModemError(f"no codec of {RATE} samples a second that can be used in +VSM=?: {listed}")
