"""Between the octets of a line and linear 16-bit samples: ITU-T G.711 A-law and mu-law, s16le, u8, s8; whole streams of ADPCM too.

Everything is one table look-up over the whole array: 20 ms of thirty lines cost little more than 20 ms of one. The tables
are computed at import from the segments of the Recommendation, scaled to 16 bits: an A-law magnitude (13 bits with its
sign) is shifted left by 3, a mu-law magnitude (14 bits) by 2.

Round trips: octets -> linear -> octets is exact for A-law, s16le, u8 and s8. Mu-law has two zeros: 0x7F comes back as 0xFF.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from hal.audio import adpcm
from hal.audio.sound import Encoding

Samples = npt.NDArray[np.int16]
"""Linear samples at 8 kHz, -32768..32767."""
Octets = npt.NDArray[np.uint8]
"""Encoded samples as they travel on the line."""
_Levels = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]


def _alaw_levels() -> _Levels:
    """G.711 table 1: the 128 values of one sign by rising magnitude, and the decision value below each."""
    segment, interval = _RANK >> 4, _RANK & 15
    shift = np.maximum(segment - 1, 0)
    below = np.where(segment == 0, interval * 16, (interval * 16 + 256) << shift)
    return below + (8 << shift), below


def _ulaw_levels() -> _Levels:
    """G.711 table 2, likewise: each segment begins at a power of two less the bias of 33 (132 in 16 bits)."""
    segment, interval = _RANK >> 4, _RANK & 15
    value = ((interval * 8 + 132) << segment) - 132
    return value, np.maximum(value - (4 << segment), 0)


def _to_linear(levels: _Levels, inverted: int, positive: int) -> Samples:
    """256 values by code. A code is sign bit and rank, with the bits of `inverted` inverted for the line."""
    code = np.arange(256) ^ inverted
    value = levels[0][code & 0x7F]
    return np.asarray(np.where((code & 0x80) == positive, value, -value), np.int16)


def _to_code(levels: _Levels, inverted: int, positive: int) -> Octets:
    """65,536 codes by sample, taken as unsigned 16 bits. A sample on a decision value takes the greater magnitude.

    A-law has no zero: there the decision value belongs to the interval above it on both sides of zero, hence `~`.
    """
    sample = np.arange(65536).astype(np.uint16).view(np.int16).astype(np.int32)
    has_zero = levels[0][0] == 0
    magnitude = np.where(sample < 0, -sample if has_zero else ~sample, sample)
    rank = np.searchsorted(levels[1], magnitude, side="right") - 1
    sign = np.where(sample < 0, positive ^ 0x80, positive)
    return ((sign | rank) ^ inverted).astype(np.uint8)


_RANK: Final = np.arange(128)
_ALAW_LINEAR: Final = _to_linear(_alaw_levels(), inverted=0x55, positive=0x80)
_ULAW_LINEAR: Final = _to_linear(_ulaw_levels(), inverted=0xFF, positive=0x00)
_LINEAR_ALAW: Final = _to_code(_alaw_levels(), inverted=0x55, positive=0x80)
_LINEAR_ULAW: Final = _to_code(_ulaw_levels(), inverted=0xFF, positive=0x00)


def decode_array(octets: Octets, encoding: Encoding) -> Samples:
    """Linear samples of octets of shape (..., n * width), for example one row a channel; shape (..., n), a new array.

    ValueError for ADPCM, whose streams are decoded one by one from their beginning.
    """
    match encoding:
        case Encoding.ALAW:
            return _ALAW_LINEAR[octets]
        case Encoding.ULAW:
            return _ULAW_LINEAR[octets]
        case Encoding.U8:
            return (octets.astype(np.int16) - 128) * np.int16(256)
        case Encoding.S8:
            return octets.view(np.int8).astype(np.int16) * np.int16(256)
        case Encoding.S16LE:
            return np.ascontiguousarray(octets).view("<i2").astype(np.int16)
        case _:
            raise ValueError(f"{encoding.value} is a stream")


def encode_array(samples: Samples, encoding: Encoding) -> Octets:
    """Octets of linear samples of shape (..., n), for example one row a channel; shape (..., n * width), a new array.

    Raises TypeError for anything but int16 (a silent wrap-around would be a crack in somebody's ear), ValueError for ADPCM.
    """
    if samples.dtype != np.int16:
        raise TypeError(f"samples are {samples.dtype}, not int16")
    match encoding:
        case Encoding.ALAW:
            return _LINEAR_ALAW[samples.view(np.uint16)]
        case Encoding.ULAW:
            return _LINEAR_ULAW[samples.view(np.uint16)]
        case Encoding.U8:
            return ((np.minimum(samples, np.int16(32639)) + np.int16(128) >> 8) + 128).astype(np.uint8)
        case Encoding.S8:
            return encode_array(samples, Encoding.U8) ^ np.uint8(0x80)
        case Encoding.S16LE:
            return np.array(samples, dtype="<i2", order="C").view(np.uint8)
        case _:
            raise ValueError(f"{encoding.value} is a stream")


def decode(data: bytes | bytearray | memoryview, encoding: Encoding) -> Samples:
    """Linear samples, shape (n,), writable. Raises ValueError where `data` is no whole number of samples.

    ADPCM from its beginning: about 0.1 s of computing for a minute of it on a PC.
    """
    if encoding.adpcm:
        return adpcm.decoder(encoding).decode(bytes(data))
    return decode_array(np.frombuffer(data, np.uint8), encoding)


def encode(samples: Samples, encoding: Encoding) -> bytes:
    """Octets of samples of shape (n,) (of several channels one after the other, if there are more). TypeError as above.

    ADPCM from its beginning, one channel; what fills no byte is left out.
    """
    if encoding.adpcm:
        return adpcm.encoder(encoding).encode(samples)
    return encode_array(samples, encoding).tobytes()
