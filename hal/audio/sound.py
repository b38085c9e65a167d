"""A piece of audio and its encoding: 8000 samples a second, mono, always."""

from __future__ import annotations

import enum
from dataclasses import dataclass

RATE = 8000
"""Samples per second of everything in this house (ITU-T G.711, clause 2)."""
FRAME = 160
"""Samples in one 20 ms tick."""


class Encoding(enum.Enum):
    """How one sample is stored. The value is what stands in the database."""

    ALAW = "alaw"
    """ITU-T G.711 A-law with even bits inverted, one byte a sample; silence is 0xD5."""
    ULAW = "ulaw"
    """ITU-T G.711 mu-law, one byte a sample; silence is 0xFF."""
    S16LE = "s16le"
    """Signed 16 bit, little endian, two bytes a sample."""
    U8 = "u8"
    """Unsigned 8 bit linear, one byte a sample; silence is 0x80."""

    @property
    def width(self) -> int:
        """Bytes a sample."""
        return 2 if self is Encoding.S16LE else 1

    @property
    def silence(self) -> bytes:
        """One sample of silence."""
        return {"alaw": b"\xd5", "ulaw": b"\xff", "s16le": b"\0\0", "u8": b"\x80"}[self.value]


@dataclass(frozen=True, slots=True)
class Sound:
    """Audio as bytes in one encoding. `caption` says what it speaks, for logs and people who read."""

    data: bytes
    encoding: Encoding = Encoding.ALAW
    caption: str = ""

    def __post_init__(self) -> None:
        if len(self.data) % self.encoding.width:
            raise ValueError(f"{len(self.data)} bytes are no whole number of {self.encoding.value} samples")

    @property
    def samples(self) -> int:
        """Length in samples at 8 kHz."""
        return len(self.data) // self.encoding.width

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.samples / RATE

    def to(self, encoding: Encoding) -> Sound:
        """The same audio in another encoding; itself, bit for bit, when it is that already."""
        if encoding is self.encoding:
            return self
        from hal.audio.companding import decode, encode  # here, because companding knows the encodings

        return Sound(encode(decode(self.data, self.encoding), encoding), encoding, self.caption)

    @classmethod
    def pause(cls, seconds: float, encoding: Encoding = Encoding.ALAW) -> Sound:
        """Silence."""
        return cls(encoding.silence * round(seconds * RATE), encoding)
