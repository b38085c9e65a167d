"""ITU-T G.711, by table: the exchange's own, so that a mistake in `hal.audio.companding` cannot hide in it.

Linear samples here are 16 bit, full scale as in G.711 after shifting its 13-bit A-law values left by three.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SILENCE = 0xD5
"""A-law of a zero sample (positive, even bits inverted)."""

Linear = npt.NDArray[np.int16]


def _expand_alaw(code: int) -> int:
    code ^= 0x55
    chord, step = (code >> 4) & 7, code & 15
    magnitude = (step << 4) + 8 if chord == 0 else ((step << 4) + 0x108) << (chord - 1)
    return magnitude if code & 0x80 else -magnitude


def _expand_ulaw(code: int) -> int:
    code ^= 0xFF
    magnitude = ((((code & 15) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return -magnitude if code & 0x80 else magnitude


def _compress_alaw(sample: int) -> int:
    magnitude = (sample if sample >= 0 else ~sample) >> 4
    chord = max(0, magnitude.bit_length() - 4)
    step = (magnitude >> (chord - 1) if chord else magnitude) & 15
    return ((0x80 if sample >= 0 else 0) | chord << 4 | step) ^ 0x55


def _compress_ulaw(sample: int) -> int:
    magnitude = min(abs(sample), 32635) + 0x84
    chord = magnitude.bit_length() - 8
    return ((0x80 if sample < 0 else 0) | chord << 4 | (magnitude >> (chord + 3)) & 15) ^ 0xFF


_EXPAND_ALAW = np.array([_expand_alaw(code) for code in range(256)], np.int16)
_COMPRESS_ALAW = np.array([_compress_alaw(s) for s in range(-32768, 32768)], np.uint8)

ALAW_TO_ULAW = bytes(_compress_ulaw(_expand_alaw(code)) for code in range(256))
ULAW_TO_ALAW = bytes(_compress_alaw(_expand_ulaw(code)) for code in range(256))
ALAW_TO_U8 = bytes((_expand_alaw(code) >> 8) + 128 for code in range(256))
U8_TO_ALAW = bytes(_compress_alaw((value - 128) << 8) for value in range(256))
"""Translation tables for `bytes.translate`, one byte a sample either side; u8 is unsigned linear with silence at 0x80."""


def decode(data: bytes) -> Linear:
    """A-law bytes to linear samples."""
    linear: Linear = _EXPAND_ALAW[np.frombuffer(data, np.uint8)]
    return linear


def encode(samples: npt.NDArray[np.integer]) -> bytes:
    """Linear samples (clipped to 16 bit) to A-law bytes."""
    clipped = np.clip(samples, -32768, 32767).astype(np.int32)
    compressed: npt.NDArray[np.uint8] = _COMPRESS_ALAW[clipped + 32768]
    return compressed.tobytes()


def to_s16le(data: bytes) -> bytes:
    """A-law to signed 16 bit, little endian."""
    return decode(data).astype("<i2").tobytes()


def from_s16le(data: bytes) -> bytes:
    """Signed 16 bit, little endian (an odd last byte is dropped) to A-law."""
    return encode(np.frombuffer(data[: len(data) & ~1], "<i2"))
