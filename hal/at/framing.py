"""Bytes to lines. Any run of CR and LF ends a line, empty lines do not exist, nothing is ever waited for.

Modems in voice mode also send pairs of DLE and a code between the lines (TIA IS-101 and ITU-T V.253, shielded codes);
they are taken out here and reported beside the lines.
"""

from __future__ import annotations

from dataclasses import dataclass

CR, LF, DLE = 0x0D, 0x0A, 0x10
LINE_LIMIT = 4096
"""Bytes of one line that are kept: more than the longest PDU response (3GPP TS 27.005: 2 x 176 characters and a header)."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line without its ends. Bytes beyond ASCII are kept as Latin-1 characters, so nothing can fail to decode."""

    text: str
    overlong: bool = False


@dataclass(frozen=True, slots=True)
class Shielded:
    """The byte after a DLE, outside a data stream: `b` for busy, `5` for a key, ..."""

    code: int


class Framer:
    """Feed bytes, get lines. With `shielded`, DLE pairs are reported instead of becoming part of a line."""

    def __init__(self, *, shielded: bool = False) -> None:
        self.shielded = shielded
        self._line = bytearray()
        self._overlong = False
        self._after_dle = False

    @property
    def partial(self) -> str:
        """The line that has begun and not ended: a prompt is one."""
        return self._line.decode("latin-1")

    def take_partial(self) -> str:
        """Forget the begun line and return it."""
        text = self.partial
        self._line.clear()
        self._overlong = False
        return text

    def reset(self) -> None:
        """Forget everything that has begun."""
        self._line.clear()
        self._overlong = self._after_dle = False

    def feed(self, byte: int) -> TextLine | Shielded | None:
        """Take one byte. What it completed, if anything."""
        if self._after_dle:
            self._after_dle = False
            return Shielded(byte)
        if byte == DLE and self.shielded:
            self._after_dle = True
            return None
        if byte in (CR, LF):
            if not self._line:
                return None
            overlong = self._overlong
            text = self.take_partial().strip(" \0")
            return TextLine(text, overlong) if text else None
        if len(self._line) < LINE_LIMIT:
            self._line.append(byte)
        else:
            self._overlong = True
        return None
