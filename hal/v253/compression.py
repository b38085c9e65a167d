"""Which codec to ask for: read from the modem's own list (+VSM=?), never guessed.

ITU-T V.253, table 17 numbers the codecs, but makers number their own from 128 on and isdn4linux and IS-101 have other
numbers again (5 is A-law and 6 mu-law on isdn4linux), so the names decide.
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


_NAMES = (
    (Encoding.ALAW, re.compile(r"A-?LAW\b|G\.?711 ?A")),
    (Encoding.ULAW, re.compile(r"(U|MU|µ|Μ)-?LAW\b|G\.?711 ?U")),
    (Encoding.U8, re.compile(r"UNSIGNED PCM|UNSIGNED LINEAR|8-?BIT (UNSIGNED )?(LINEAR|PCM)|^LINEAR")),
)
_PREFERENCE = (Encoding.ALAW, Encoding.ULAW, Encoding.U8)
"""A-law is the network's own in Europe, and companded audio has 38 dB where 8-bit linear has little for quiet voices."""


def parse(lines: Iterable[str]) -> list[Compression]:
    """The codecs in the lines of +VSM=? that this house can use: 8 bits, 8 kHz, a known name. In the modem's order."""
    return [codec for line in lines if (codec := _parse_line(line))]


def _parse_line(line: str) -> Compression | None:
    fields = [field.strip() for field in re.split(r"[;,](?![^(]*\))", line.removeprefix("+VSM:").strip())]
    if len(fields) < 5 or not fields[0].isdigit():
        return None
    number, name, bits, rates = int(fields[0]), fields[1].strip('"').upper(), fields[2], fields[4]
    if bits != "8" or not _offers(rates, RATE):
        return None
    encoding = next((encoding for encoding, pattern in _NAMES if pattern.search(name)), None)
    return Compression(number, encoding) if encoding else None


def _offers(rates: str, rate: int) -> bool:
    for item in rates.strip("()").split(","):
        low, _, high = item.strip().partition("-")
        if low.isdigit() and int(low) <= rate <= int(high if high.isdigit() else low):
            return True
    return False


def choose(lines: Iterable[str]) -> Compression:
    """The best codec. Raises `ModemError` where there is none.

    Of several with the same name the last counts: the first may be there for old software only (vgetty does the same).
    """
    offered = list(lines)
    codecs = {codec.encoding: codec for codec in parse(offered)}
    for encoding in _PREFERENCE:
        if encoding in codecs:
            return codecs[encoding]
    raise ModemError(f"no codec that can be used in +VSM=?: {'; '.join(offered) or 'nothing listed'}")
