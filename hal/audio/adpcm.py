"""ADPCM as modems speak it: a few bits a sample, each code the distance from a prediction, in a step that follows the sound.

The state goes on from code to code, so audio can only be decoded from the beginning of a stream; a `Decoder` or `Encoder` is one
direction of one stream. Where a modem can do better, ADPCM is not used (`hal.v253.compression`).

IMA ADPCM: the IMA's recommended practice, 1992; 4 bits, the earlier code in the lower half of the byte (mgetty,
voice/libpvf/multitech.c). ZyXEL's ADPCM of 2, 3 and 4 bits, the earlier code in the higher bits: mgetty, voice/libpvf/zyxel.c;
that of isdn4linux (drivers/isdn/isdn_audio.c) is the same without the leak of 3/4096 a sample in the predictor.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from hal.audio.sound import Encoding

Samples = npt.NDArray[np.int16]


class Decoder(Protocol):
    """From a modem."""

    def decode(self, data: bytes) -> Samples:
        """Samples of the next bytes; a code that is not yet complete waits for the rest of it."""


class Encoder(Protocol):
    """To a modem."""

    def encode(self, samples: Samples) -> bytes:
        """The bytes of the next samples; codes that do not fill a byte wait for more."""


def decoder(encoding: Encoding) -> Decoder:
    """At the beginning of a stream. ValueError for an encoding that is no ADPCM."""
    return _codec(encoding)


def encoder(encoding: Encoding) -> Encoder:
    """At the beginning of a stream. ValueError for an encoding that is no ADPCM."""
    return _codec(encoding)


def _codec(encoding: Encoding) -> _Ima | _Zyxel:
    if not encoding.adpcm:
        raise ValueError(f"{encoding.value} is no ADPCM")
    if encoding is Encoding.IMA_ADPCM:
        return _Ima()
    return _Zyxel(encoding.bits, leak=encoding.value.startswith("zyxel"))


_IMA_STEPS: Final = """
    7 8 9 10 11 12 13 14 16 17 19 21 23 25 28 31 34 37 41 45 50 55 60 66 73 80 88 97 107 118 130 143 157 173 190 209 230 253 279
    307 337 371 408 449 494 544 598 658 724 796 876 963 1060 1166 1282 1411 1552 1707 1878 2066 2272 2499 2749 3024 3327 3660
    4026 4428 4871 5358 5894 6484 7132 7845 8630 9493 10442 11487 12635 13899 15289 16818 18500 20350 22385 24623 27086 29794
    32767
"""
_IMA_INDEX: Final = (-1, -1, -1, -1, 2, 4, 6, 8)


def _ima_tables() -> tuple[list[int], list[int], list[list[int]]]:
    """By place in the table of steps and code: the change of the value, and the next place (times 16); by place the distances
    from which on each greater code is used."""
    change, following, least = [], [], []
    steps = [int(step) for step in _IMA_STEPS.split()]
    for place, step in enumerate(steps):
        distances = [
            (step if c & 4 else 0) + (step >> 1 if c & 2 else 0) + (step >> 2 if c & 1 else 0) for c in range(8)
        ]
        least.append(distances[1:])
        for code in range(16):
            size = (step >> 3) + distances[code & 7]
            change.append(-size if code & 8 else size)
            following.append(16 * min(max(place + _IMA_INDEX[code & 7], 0), len(steps) - 1))
    return change, following, least


_CHANGE, _FOLLOWING, _LEAST = _ima_tables()


class _Ima:
    def __init__(self) -> None:
        self._value = 0
        self._place = 0
        """Of the step in the table, times 16."""
        self._odd: list[int] = []
        """A code that waits for its other half."""

    def decode(self, data: bytes) -> Samples:
        octets = np.frombuffer(data, np.uint8)
        codes = np.column_stack((octets & 15, octets >> 4)).ravel().tolist()
        value, place = self._value, self._place
        samples = []
        for code in codes:
            key = place | code
            value += _CHANGE[key]
            if not -32768 <= value <= 32767:
                value = 32767 if value > 0 else -32768
            place = _FOLLOWING[key]
            samples.append(value)
        self._value, self._place = value, place
        return np.array(samples, np.int16)

    def encode(self, samples: Samples) -> bytes:
        value, place = self._value, self._place
        codes = self._odd
        for sample in samples.tolist():
            distance = sample - value
            code = bisect_right(_LEAST[place >> 4], abs(distance)) | (8 if distance < 0 else 0)
            key = place | code
            value = min(max(value + _CHANGE[key], -32768), 32767)
            place = _FOLLOWING[key]
            codes.append(code)
        self._value, self._place = value, place
        whole = len(codes) & ~1
        self._odd = codes[whole:]
        pairs = np.array(codes[:whole], np.uint8).reshape(-1, 2)
        return (pairs[:, 0] | pairs[:, 1] << 4).astype(np.uint8).tobytes()


_GROWTH: Final = {
    2: (0x3800, 0x5600),
    3: (0x399A, 0x3A9F, 0x4D14, 0x6607),
    4: (0x3556, 0x3556, 0x399A, 0x3A9F, 0x4200, 0x4D14, 0x6607, 0x6607),
}
"""By which a code of this size changes the step, in 1/16384."""
_LEAST_STEP: Final = 5
_Row = list[tuple[int, int]]


class _Zyxel:
    """Values have 14 bits."""

    def __init__(self, bits: int, *, leak: bool) -> None:
        self._bits = bits
        self._leak = leak
        self._value = 0
        self._step = _LEAST_STEP
        self._rows: dict[int, _Row] = {}
        self._rest = np.zeros(0, np.uint8)
        """Bits that make no whole code, or no whole byte, yet."""

    def _row(self, step: int) -> _Row:
        """For each code at this step: the change of the value, and the next step."""
        row = self._rows.get(step)
        if row is None:
            row = self._rows[step] = [self._change(step, code) for code in range(1 << self._bits)]
        return row

    def _change(self, step: int, code: int) -> tuple[int, int]:
        if self._bits == 4 and code == 0:
            step = 4  # the encoder never sends it: silence of a modem, which starts afresh
        sign = 1 << (self._bits - 1)
        size = code & (sign - 1)
        change = (2 * size + 1) * step * (-1 if code & sign else 1) >> 1
        growth = step * _GROWTH[self._bits][size] + 0x2000 >> 14
        return change + (step & 1), max(growth, _LEAST_STEP)

    def decode(self, data: bytes) -> Samples:
        bits = np.concatenate((self._rest, np.unpackbits(np.frombuffer(data, np.uint8))))
        whole = len(bits) // self._bits * self._bits
        self._rest = bits[whole:]
        weights = 1 << np.arange(self._bits)[::-1]
        codes = (bits[:whole].reshape(-1, self._bits) @ weights).tolist()
        value, step, leak, row_of = self._value, self._step, self._leak, self._row
        values = []
        for code in codes:
            if leak:
                value = value * 4093 + 2048 >> 12
            change, step = row_of(step)[code]
            value += change
            values.append(value)
        self._value, self._step = value, step
        return np.clip(np.array(values, np.int64) * 4, -32768, 32767).astype(np.int16)

    def encode(self, samples: Samples) -> bytes:
        sign = 1 << (self._bits - 1)
        codes = []
        for sample in (samples >> 2).tolist():
            distance = sample - self._value
            code = sign if distance < 0 else 0
            code |= min(max(abs(distance) - 1, 0) // self._step, sign - 1)
            if self._bits == 4 and code == 0:
                code = sign
            if self._leak:
                self._value = self._value * 4093 + 2048 >> 12
            change, self._step = self._row(self._step)[code]
            self._value += change
            codes.append(code)
        bits = np.unpackbits(np.array(codes, np.uint8)[:, np.newaxis], axis=1)[:, 8 - self._bits :].ravel()
        bits = np.concatenate((self._rest, bits))
        whole = len(bits) & ~7
        self._rest = bits[whole:]
        return np.packbits(bits[:whole]).tobytes()
