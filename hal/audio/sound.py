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
    S8 = "s8"
    """Signed 8 bit linear, one byte a sample; silence is 0."""
    IMA_ADPCM = "ima-adpcm"
    """4 bits a sample. This and the others of ADPCM are codes of a stream from its beginning, see `hal.audio.adpcm`."""
    ZYXEL_ADPCM_2 = "zyxel-adpcm-2"
    ZYXEL_ADPCM_3 = "zyxel-adpcm-3"
    ZYXEL_ADPCM_4 = "zyxel-adpcm-4"
    ISDN_ADPCM_2 = "isdn4linux-adpcm-2"
    ISDN_ADPCM_3 = "isdn4linux-adpcm-3"
    ISDN_ADPCM_4 = "isdn4linux-adpcm-4"

    @property
    def adpcm(self) -> bool:
        """A sample is a code whose meaning depends on all before it."""
        return "adpcm" in self.value

    @property
    def bits(self) -> int:
        """Bits a sample."""
        if self is Encoding.S16LE:
            return 16
        if self is Encoding.IMA_ADPCM:
            return 4
        return int(self.value[-1]) if self.adpcm else 8

    @property
    def width(self) -> int:
        """Bytes a sample. ValueError for ADPCM, whose samples are fewer bits than a byte."""
        if self.adpcm:
            raise ValueError(f"a sample of {self.value} is no whole number of bytes")
        return self.bits // 8

    @property
    def silence(self) -> bytes:
        """One sample of silence. KeyError for ADPCM."""
        return {"alaw": b"\xd5", "ulaw": b"\xff", "s16le": b"\0\0", "u8": b"\x80", "s8": b"\0"}[self.value]

    def size(self, samples: int) -> int:
        """Bytes of at most so many samples, the last byte full."""
        return samples * self.bits // 8


@dataclass(frozen=True, slots=True)
class Sound:
    """Audio as bytes in one encoding. `caption` says what it speaks, for logs and people who read."""

    data: bytes
    encoding: Encoding = Encoding.ALAW
    caption: str = ""

    def __post_init__(self) -> None:
        if not self.encoding.adpcm and len(self.data) % self.encoding.width:
            raise ValueError(f"{len(self.data)} bytes are no whole number of {self.encoding.value} samples")

    @property
    def samples(self) -> int:
        """Length in samples at 8 kHz."""
        return len(self.data) * 8 // self.encoding.bits

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
