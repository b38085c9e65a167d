"""ADPCM as modems speak it: the exchange's own, so that a mistake in `hal.audio.adpcm` cannot hide in it.

One object is one direction of one stream: it keeps its state between calls. `bits` is the size of a code; `decode` makes A-law
of codes, `encode` codes of A-law.

Sources: the IMA's recommended practice of 1992 (4 bits); isdn4linux, drivers/isdn/isdn_audio.c (ZyXEL's ADPCM of 2, 3 and 4 bits,
with a predictor that never leaks); mgetty, voice/libpvf/zyxel.c (the same with one that does) and multitech.c (the earlier of two
IMA codes is the lower half of the byte).
"""

from __future__ import annotations

import numpy as np

from hal.simulated import g711

_STEPS = (
    *(7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107),
    *(
        118,
        130,
        143,
        157,
        173,
        190,
        209,
        230,
        253,
        279,
        307,
        337,
        371,
        408,
        449,
        494,
        544,
        598,
        658,
        724,
        796,
        876,
        963,
    ),
    *(1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894),
    *(6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794),
    32767,
)
_WIDER = (-1, -1, -1, -1, 2, 4, 6, 8)


class Ima:
    """IMA ADPCM, 4 bits, the earlier code in the lower half of the byte."""

    bits = 4

    def __init__(self) -> None:
        self._value = 0
        self._index = 0
        self._half: int | None = None

    def _follow(self, code: int) -> int:
        step = _STEPS[self._index]
        change = step >> 3
        for bit in range(3):
            if code & 4 >> bit:
                change += step >> bit
        self._value = max(-32768, min(32767, self._value - change if code & 8 else self._value + change))
        self._index = max(0, min(88, self._index + _WIDER[code & 7]))
        return self._value

    def decode(self, data: bytes) -> bytes:
        """A-law, two samples a byte."""
        return g711.encode(np.array([self._follow(code) for byte in data for code in (byte & 15, byte >> 4)], np.int32))

    def encode(self, alaw: bytes) -> bytes:
        """Codes; an odd sample waits for the next call."""
        out = bytearray()
        for sample in g711.decode(alaw).tolist():
            distance = sample - self._value
            code, distance = (8, -distance) if distance < 0 else (0, distance)
            step = _STEPS[self._index]
            for bit in (4, 2, 1):
                if distance >= step:
                    code |= bit
                    distance -= step
                step >>= 1
            self._follow(code)
            if self._half is None:
                self._half = code
            else:
                out.append(code << 4 | self._half)
                self._half = None
        return bytes(out)


_FACTORS = {
    2: (0x3800, 0x5600),
    3: (0x399A, 0x3A9F, 0x4D14, 0x6607),
    4: (0x3556, 0x3556, 0x399A, 0x3A9F, 0x4200, 0x4D14, 0x6607, 0x6607),
}
"""By which the step grows or shrinks after a code of this size, in 1/16384."""


class Zyxel:
    """ZyXEL's ADPCM of `bits` bits, the first code in the highest bits. Samples have 14 bits. isdn4linux does not `leak`."""

    def __init__(self, bits: int, *, leak: bool = False) -> None:
        self.bits = bits
        self._leak = leak
        self._sign = 1 << bits - 1
        self._value = 0
        self._step = 5
        self._word = 0
        self._waiting = 0

    def _follow(self, code: int) -> int:
        size = code & self._sign - 1
        if self._leak:
            self._value = self._value * 4093 + 2048 >> 12
        swing = (2 * size + 1) * self._step
        self._value += ((-swing if code & self._sign else swing) >> 1) + (self._step & 1)
        self._step = max(5, self._step * _FACTORS[self.bits][size] + 0x2000 >> 14)
        return self._value

    def decode(self, data: bytes) -> bytes:
        """A-law; bits that make no whole code wait for the next call."""
        samples = []
        for byte in data:
            self._word = (self._word << 8 | byte) & 0xFFFF
            self._waiting += 8
            while self._waiting >= self.bits:
                self._waiting -= self.bits
                code = self._word >> self._waiting & 2 * self._sign - 1
                if self.bits == 4 and code == 0:
                    self._step = 4
                samples.append(self._follow(code) * 4)
        return g711.encode(np.array(samples, np.int32))

    def encode(self, alaw: bytes) -> bytes:
        """Codes; those that make no whole byte wait for the next call."""
        out = bytearray()
        for sample in g711.decode(alaw).tolist():
            distance = (sample >> 2) - self._value
            code, distance = (self._sign, -distance) if distance < 0 else (0, distance)
            code += min(max(0, -(-distance // self._step) - 1), self._sign - 1)
            if self.bits == 4 and code == 0:
                code = 8
            self._follow(code)
            self._word = (self._word << self.bits | code) & 0xFFFF
            self._waiting += self.bits
            if self._waiting >= 8:
                self._waiting -= 8
                out.append(self._word >> self._waiting & 0xFF)
        return bytes(out)
