"""The other side's hang-up, by ear, on lines that tell of it by nothing but tones: all means at once.

Busy, congestion and dial tone and the special information tone end a call as soon as they are recognised. Silence ends it late:
whoever thinks for half a minute must not be cut off, but an exchange that gives no tone must not hold the line for the whole of
a recording. Silence counts only while we do not play: a caller who listens is silent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hal.audio.companding import Samples
from hal.audio.progress import HOP, QUIET, CallProgress, Frames
from hal.audio.sound import RATE
from hal.audio.tones import Signal

SILENCE_S: Final = 45.0
"""Silence that ends a call."""
SILENCE_TOO_S: Final = 15.0
"""Silence that ends it where the modem has reported silence, too (shielded codes s and q)."""
_PER_S: Final = RATE // HOP


class HangUpEar:
    """Listens to one call. An `hal.audio.listening.Ear`."""

    def __init__(
        self, country: str, on_signal: Callable[[Signal | None, int], None], *, playing: Callable[[], bool]
    ) -> None:
        """`on_signal` gets the tone, None for silence (again and again while it lasts), and how many samples before what was
        heard last it began. `playing`: we say something at this moment. Raises KeyError where the country's tones are not known.
        """
        self.country = country
        self._on_signal = on_signal
        self._playing = playing
        self._progress = CallProgress(country)
        self._heard = 0
        self._quiet = 0
        self._limit = SILENCE_S

    def modem_says_silence(self) -> None:
        """Two witnesses need less time than one."""
        self._limit = SILENCE_TOO_S

    def hear(self, signal: Samples, frames: Frames) -> None:
        """See `Ear`."""
        self._heard += len(frames.kinds) * HOP
        for what in self._progress.follow(frames):
            if what.signal is not None:
                self._on_signal(what.signal, self._heard - what.began)
        if set(frames.kinds.tolist()) == {QUIET} and not self._playing():
            self._quiet += len(frames.kinds)
            if self._quiet >= self._limit * _PER_S:
                self._on_signal(None, self._quiet * HOP)
        else:
            self._quiet, self._limit = 0, SILENCE_S
