"""Answer supervision by ear: what has become of a call that was dialled on a line that does not say it.

An analogue exchange tells a caller everything by sound: ringing tone while it rings, busy or congestion tone, three rising tones
and a voice where the number does not exist, dial tone where it never understood the digits, and nothing at all at the moment of
an answer but a voice where the ringing tone was. So the answer is the first of these:

* somebody speaks where a ringing tone was (0.15 s of sound that is no tone and stands out of the line's noise),
* or longer where none was: answered at once, or an announcement, which no ear can tell from an answer,
* or the ringing tone has stayed away for longer than its pause.

The levels, times and the order of precedence are our own; the tones are those of ITU-T E.180 Supplement 2. What it takes for an
answer and is none: an announcement without the three tones before it, and music in place of the ringing tone.

Time is counted in samples heard, so that a test needs no clock.
"""

from __future__ import annotations

import enum
from typing import Final

import numpy as np
import numpy.typing as npt

from hal.audio.companding import Samples
from hal.audio.levels import power_dbm0
from hal.audio.progress import FRAME, HOP, OTHER, QUIET, CallProgress, Frames
from hal.audio.sound import RATE
from hal.audio.tones import Signal, cadence

VOICE_DBM0: Final = -40.0
"""A voice is louder. Whoever says hello has -30 to -10 dBm0, an idle line -65 to -50."""
ABOVE_NOISE_DB: Final = 10.0
"""And stands out of what the line's noise was in the two seconds before by as much."""
TONAL: Final = 0.96
"""Share of a frame's energy in its two strongest frequencies from which on it is a tone: a foreign ringing tone, a fax."""
VOICE_S: Final = 0.15
"""Voice within a second that answers a call whose ringing tone was heard. `Oui?` has 0.19 s, `Hallo?` 0.3; what the edges of
tones look like in noise adds up to 0.05."""
VOICE_ALONE_S: Final = 0.5
"""Voice within two seconds that answers a call without a ringing tone: more than a crackle in the exchange."""
TONE_S: Final = 0.2
"""Tone after which something is known to sound: the shortest step of busy and ringing tones."""
GONE_S: Final = 0.5
"""Beyond a tenth more than its pause that the ringing tone must stay away."""
NOTHING_S: Final = 20.0
"""Nothing at all is heard for as long after dialling: the line is dead. Mobile networks take up to 12 s to the first tone."""
LATE_S: Final = 15.0
"""Seconds after dialling from which on the ring limit counts where no ringing tone was recognised."""
MODEM_BUSY_S: Final = 2.0
"""A modem says that it hears busy tone: so long our own ear may still say which of busy and congestion it is."""
_PER_S: Final = RATE // HOP


class Verdict(enum.Enum):
    """What has become of the call."""

    ANSWERED = "answered"
    BUSY = "busy tone"
    CONGESTION = "congestion tone"
    UNOBTAINABLE = "special information tone"
    DIAL_TONE = "dial tone after dialling"
    NO_ANSWER = "no answer"
    NOTHING = "nothing heard after dialling"


_VERDICTS: Final = {
    Signal.BUSY: Verdict.BUSY,
    Signal.CONGESTION: Verdict.CONGESTION,
    Signal.UNOBTAINABLE: Verdict.UNOBTAINABLE,
    Signal.DIAL: Verdict.DIAL_TONE,
}
_CODES: Final = {
    "b": (Verdict.BUSY, MODEM_BUSY_S),
    "K": (Verdict.BUSY, MODEM_BUSY_S),
    "d": (Verdict.DIAL_TONE, MODEM_BUSY_S),
    "i": (Verdict.DIAL_TONE, MODEM_BUSY_S),
    "J": (Verdict.UNOBTAINABLE, 1.0),
}
"""What a modem's shielded codes say (ITU-T V.253, event codes; ZyXEL), and how long our ear may contradict it."""


def ringing_pause_s(country: str) -> float:
    """The longest pause in a country's ringing tone. Raises KeyError where it is not known."""
    return max(seconds for mixture, seconds in cadence(country, Signal.RING_BACK).steps if not mixture)


class Supervision:
    """Listens to one call from the end of dialling to its verdict. An `hal.audio.listening.Ear`."""

    def __init__(self, country: str, ring_limit_s: float, *, doubt_s: float | None = None) -> None:
        """`ring_limit_s`: seconds of ringing after which it is given up. `doubt_s`: the modem has said that it was answered, and is
        believed unless a tone is heard within so many seconds. Raises KeyError where the country's tones are not known."""
        self.country = country
        self.verdict: Verdict | None = None
        self.why = ""
        """What decided, for people."""
        self.voice = False
        """Answered, and a voice said so."""
        self._progress = CallProgress(country, silence_s=NOTHING_S)
        self._voice = VoiceSpotter()
        self.limit_s = ring_limit_s
        self._doubt_s = doubt_s
        self._pause = 1.1 * ringing_pause_s(country) + GONE_S
        self._frames = 0
        self._tones = 0
        """Frames of any tone of the country since dialling."""
        self._last_tone: int | None = None
        self._rang_at: int | None = None
        self._sounded = False
        """Anything but silence was heard."""
        self._modem: tuple[Verdict, float, float] | None = None

    @property
    def now(self) -> float:
        """Seconds heard."""
        return self._frames / _PER_S

    def modem_says(self, code: str) -> None:
        """A shielded code from the modem: it is believed where our own ear does not know better in time."""
        if code == "r":
            self._sounded, self._last_tone = True, self._frames
            self._rang_at = self._frames if self._rang_at is None else self._rang_at
            self._doubt_s = None
        elif code in _CODES and self._modem is None:
            verdict, patience = _CODES[code]
            self._modem = verdict, self.now, patience

    def hear(self, signal: Samples, frames: Frames) -> None:
        """See `Ear`. Nothing more after the verdict."""
        kinds = frames.kinds
        if self.verdict:
            return
        heard = self._progress.follow(frames)
        self._voice.hear(signal, frames)
        tones = np.flatnonzero(kinds > OTHER)
        self._tones += len(tones)
        if len(tones):
            self._last_tone = self._frames + int(tones[-1])
        self._sounded = self._sounded or bool((kinds != QUIET).any())
        self._frames += len(kinds)
        for what in heard:
            if what.signal is Signal.RING_BACK:
                self._doubt_s = None
                if self._rang_at is None:
                    self._rang_at = what.began // HOP
            elif what.signal is not None:
                self._decide(_VERDICTS[what.signal], f"{what.signal.value} heard")
                return
        self._judge()

    def _judge(self) -> None:
        tone = self._tones >= TONE_S * _PER_S
        if self._voice.seconds(1.0) >= VOICE_S and (tone or self._rang_at is not None or self._doubt_s is not None):
            self.voice = True
            self._decide(Verdict.ANSWERED, "a voice")
        elif self._voice.seconds(2.0) >= VOICE_ALONE_S:
            self.voice = True
            self._decide(Verdict.ANSWERED, "a voice, without a ringing tone before it")
        elif self._modem and self.now - self._modem[1] >= self._modem[2]:
            self._decide(self._modem[0], f"the modem hears it: {self._modem[0].value}")
        elif self._doubt_s is not None and not tone:
            if self.now >= self._doubt_s:
                self._decide(Verdict.ANSWERED, "the modem says so, and no tone contradicts")
        elif tone and self._last_tone is not None and self._frames - self._last_tone > self._pause * _PER_S:
            self._decide(Verdict.ANSWERED, "the ringing tone stays away")
        elif self._rang_at is not None and self.now - self._rang_at / _PER_S > self.limit_s:
            self._decide(Verdict.NO_ANSWER, f"it rang for {self.limit_s:g} s")
        elif not self._sounded and self.now >= NOTHING_S:
            self._decide(Verdict.NOTHING, f"silence for {NOTHING_S:g} s")
        elif self._rang_at is None and self.now > self.limit_s + LATE_S:
            self._decide(Verdict.NO_ANSWER, "neither a tone of this country nor a voice")

    def _decide(self, verdict: Verdict, why: str) -> None:
        self.verdict, self.why = verdict, why


class VoiceSpotter:
    """How much of the last seconds was sound that is no tone, and louder than the line's noise."""

    def __init__(self) -> None:
        self._voiced: list[bool] = []
        self._floors = [np.inf, np.inf]
        """The quietest 100 ms of this second, and of the one before."""
        self._age = 0

    def seconds(self, last: float) -> float:
        """Seconds of voice in the last 2 s at most."""
        return sum(self._voiced[-round(last * _PER_S) :]) / _PER_S

    def hear(self, signal: Samples, seen: Frames) -> None:
        """As `Ear.hear`."""
        kinds = seen.kinds
        frames = np.lib.stride_tricks.sliding_window_view(signal, FRAME)[::HOP] * _WINDOW
        spectra = np.abs(np.fft.rfft(frames, axis=1)[:, _BAND]) ** 2
        powers = spectra.sum(axis=1)
        levels = 10 * np.log10(np.maximum(powers * _SCALE, 1e-9)) + _REFERENCE
        floor = max(min(self._floors), -90.0) if np.isfinite(min(self._floors)) else -60.0
        loud = levels > max(VOICE_DBM0, floor + ABOVE_NOISE_DB)
        voiced = (kinds == OTHER) & loud
        if voiced.any():
            voiced &= ~_tonal(spectra, powers)
        self._voiced = [*self._voiced[-2 * _PER_S :], *voiced.tolist()]
        self._floors[0] = min(self._floors[0], float(levels.mean()))
        self._age += len(kinds)
        if self._age >= _PER_S:
            self._age = 0
            self._floors = [np.inf, self._floors[0]]


_WINDOW: Final = np.hanning(FRAME + 2)[1:-1]
_BAND: Final = slice(round(200 * FRAME / RATE), round(3400 * FRAME / RATE) + 1)
_SCALE: Final = 2 / (FRAME * float((_WINDOW**2).sum()))
_REFERENCE: Final = power_dbm0(1.0)


def _tonal(spectra: npt.NDArray[np.float64], powers: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Frames of one or two steady tones."""
    rest = np.pad(spectra, ((0, 0), (2, 2)))
    rows = np.arange(len(spectra))
    found = np.zeros(len(spectra))
    for _ in range(2):
        top = rest[:, 2:-2].argmax(axis=1)
        for offset in range(5):
            found += rest[rows, top + offset]
            rest[rows, top + offset] = 0
    tonal: npt.NDArray[np.bool_] = found > TONAL * powers
    return tonal
