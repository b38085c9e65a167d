"""Tones as the telephone network makes them: DTMF keys, sines at a level, the supervisory tones of each country, a beep.

Levels are in dBm0 a tone. A sine at the load capacity of A-law is +3.14 dBm0 (ITU-T G.711, clause 4); on this house's
16-bit scale that is a peak of 32768. The standard milliwatt of G.711, table 5, decodes to 0.00 dBm0 here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
import numpy.typing as npt

from hal.audio import companding
from hal.audio.sound import RATE, Encoding, Sound

FULL_SCALE_DBM0: Final = 3.14
"""Level of a sine whose peak is 32768 (ITU-T G.711, clause 4, A-law)."""

LOW_GROUP: Final = (697, 770, 852, 941)
HIGH_GROUP: Final = (1209, 1336, 1477, 1633)
KEYPAD: Final = ("123A", "456B", "789C", "*0#D")
"""DTMF frequencies in Hz and the keys where their rows and columns cross (ITU-T Q.23)."""
KEY_FREQUENCIES: Final[Mapping[str, tuple[int, int]]] = {
    key: (low, high)
    for low, row in zip(LOW_GROUP, KEYPAD, strict=True)
    for high, key in zip(HIGH_GROUP, row, strict=True)
}
"""The two frequencies in Hz of each of the sixteen keys."""

_RAMP_S = 0.002
"""Rise and fall of every tone: short against Q.24's 40 ms, long enough not to click."""


def peak(level_dbm0: float) -> float:
    """Peak, on the 16-bit scale, of a sine of this level."""
    return 32768.0 * 10 ** ((level_dbm0 - FULL_SCALE_DBM0) / 20)


def tone(frequencies: Sequence[float], seconds: float, level_dbm0: float = -10.0) -> companding.Samples:
    """Sines of these frequencies (Hz) added up, `level_dbm0` each, ramped at both ends. No frequency is silence.

    Raises ValueError where the peaks together would pass full scale.
    """
    amplitude = peak(level_dbm0)
    if amplitude * len(frequencies) > 32767:
        raise ValueError(f"{len(frequencies)} tones at {level_dbm0} dBm0 would clip")
    t = np.arange(round(seconds * RATE)) / RATE
    wave = sum((np.sin(2 * math.pi * f * t) for f in frequencies), start=np.zeros_like(t))
    return np.rint(wave * amplitude * _ramps(len(t))).astype(np.int16)


def _ramps(samples: int) -> npt.NDArray[np.float64]:
    """A gain that rises and falls as half a cosine."""
    length = min(round(_RAMP_S * RATE), samples // 2)
    rise = 0.5 - 0.5 * np.cos(math.pi * (np.arange(length) + 0.5) / max(length, 1))
    return np.concatenate([rise, np.ones(samples - 2 * length), rise[::-1]])


def dtmf(
    keys: str, *, on_s: float = 0.1, off_s: float = 0.1, low_dbm0: float = -9.0, high_dbm0: float = -7.0
) -> companding.Samples:
    """Keys as tones, each followed by its pause; a comma is one more second of pause.

    The defaults are those of a telephone seen from the exchange: the high group 2 dB above the low one, because the
    subscriber's wire attenuates it more, and far above the 40 ms of tone and of pause that a receiver must accept
    (ITU-T Q.24). Raises ValueError for what is no key, or where the tones would clip.
    """
    pieces = [np.zeros(0, np.int16)]
    for key in keys:
        if key == ",":
            pieces.append(silence(1.0))
            continue
        if key not in KEY_FREQUENCIES:
            raise ValueError(f"{key!r} is no DTMF key")
        low, high = KEY_FREQUENCIES[key]
        if peak(low_dbm0) + peak(high_dbm0) > 32767:
            raise ValueError(f"{low_dbm0} and {high_dbm0} dBm0 together would clip")
        pieces += [tone([low], on_s, low_dbm0) + tone([high], on_s, high_dbm0), silence(off_s)]
    return np.concatenate(pieces)


def silence(seconds: float) -> companding.Samples:
    """Zeros."""
    return np.zeros(round(seconds * RATE), np.int16)


class Signal(Enum):
    """What the network tells a caller by a tone (ITU-T E.180)."""

    DIAL = "dial tone"
    RING_BACK = "ringing tone"
    BUSY = "busy tone"
    CONGESTION = "congestion tone"
    UNOBTAINABLE = "special information tone"


@dataclass(frozen=True, slots=True)
class Cadence:
    """A supervisory tone: steps of (frequencies in Hz sounding together, seconds), over and over."""

    steps: tuple[tuple[tuple[int, ...], float], ...]

    @property
    def period_s(self) -> float:
        """Seconds after which it repeats. All frequencies are whole, so one period of a continuous tone joins the next."""
        return sum(seconds for _, seconds in self.steps)

    @property
    def continuous(self) -> bool:
        """It never pauses."""
        return all(frequencies for frequencies, _ in self.steps)

    def samples(self, seconds: float, level_dbm0: float = -10.0) -> companding.Samples:
        """That much of it, from the beginning of its period. The level is E.180's nominal one."""
        wanted = round(seconds * RATE)
        if self.continuous and len(self.steps) == 1:
            return tone(self.steps[0][0], seconds, level_dbm0)
        period = np.concatenate([tone(frequencies, length, level_dbm0) for frequencies, length in self.steps])
        return np.resize(period, wanted)


def _beat(frequencies: tuple[int, ...], *on_off: float) -> Cadence:
    """Seconds on, off, on, off ... of one mixture of frequencies; a single figure is a continuous tone."""
    return Cadence(tuple((frequencies if i % 2 == 0 else (), seconds) for i, seconds in enumerate(on_off)))


SPECIAL_INFORMATION: Final = Cadence((((950,), 0.33), ((1400,), 0.33), ((1800,), 0.33), ((), 1.0)))
"""Three rising tones and a second of pause (ITU-T E.180, clause 7): the same everywhere."""

COUNTRIES: Final[Mapping[str, Mapping[Signal, Cadence]]] = {
    country: {
        Signal.DIAL: dial,
        Signal.RING_BACK: ring_back,
        Signal.BUSY: busy,
        Signal.CONGESTION: congestion,
        Signal.UNOBTAINABLE: SPECIAL_INFORMATION,
    }
    for country, dial, ring_back, busy, congestion in (
        ("AT", _beat((420,), 1), _beat((420,), 1, 5), _beat((420,), 0.4, 0.4), _beat((420,), 0.2, 0.2)),
        ("CH", _beat((425,), 1), _beat((425,), 1, 4), _beat((425,), 0.5, 0.5), _beat((425,), 0.2, 0.2)),
        ("DE", _beat((425,), 1), _beat((425,), 1, 4), _beat((425,), 0.48, 0.48), _beat((425,), 0.24, 0.24)),
        ("FR", _beat((440,), 1), _beat((440,), 1.5, 3.5), _beat((440,), 0.5, 0.5), _beat((440,), 0.25, 0.25)),
        (
            "GB",
            _beat((350, 440), 1),
            _beat((400, 450), 0.4, 0.2, 0.4, 2.0),
            _beat((400,), 0.375, 0.375),
            _beat((400,), 0.4, 0.35, 0.225, 0.525),
        ),
        ("NL", _beat((425,), 1), _beat((425,), 1, 4), _beat((425,), 0.5, 0.5), _beat((425,), 0.25, 0.25)),
        *(
            (
                country,
                _beat((350, 440), 1),
                _beat((440, 480), 2, 4),
                _beat((480, 620), 0.5, 0.5),
                _beat((480, 620), 0.25, 0.25),
            )
            for country in ("US", "CA")
        ),
    )
}
"""Country (ISO 3166-1) -> signal -> cadence (ITU-T E.180 Supplement 2)."""


def cadences(country: str) -> Mapping[Signal, Cadence]:
    """The supervisory tones of a country. Raises KeyError naming the countries that are known."""
    try:
        return COUNTRIES[country]
    except KeyError:
        raise KeyError(f"no tones known for {country!r}; known are {', '.join(COUNTRIES)}") from None


def cadence(country: str, signal: Signal) -> Cadence:
    """One of them. Raises KeyError likewise."""
    return cadences(country)[signal]


def beep() -> Sound:
    """The tone before a recording: 1000 Hz, 0.25 s, -12 dBm0, far from every DTMF and supervisory frequency."""
    return sound(tone([1000], 0.25, -12.0), caption="beep")


def sound(samples: companding.Samples, encoding: Encoding = Encoding.ALAW, caption: str = "") -> Sound:
    """Samples as a `Sound`."""
    return Sound(companding.encode(samples, encoding), encoding, caption)
