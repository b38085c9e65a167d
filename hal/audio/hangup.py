"""The other side's hang-up, by ear, on lines that tell of it by nothing but tones: all means at once.

Busy, congestion and dial tone and the special information tone end a call as soon as they are recognised. Silence ends it late:
whoever thinks for half a minute must not be cut off, but an exchange that gives no tone must not hold the line for the whole of
a recording. Silence counts only while we do not play: a caller who listens is silent. A modem's word that it hears a tone counts
where nobody speaks after it: voices and alarms in the background are taken for tones by modems that look at the level alone, and
a caller whose recording is cut off for that is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hal.audio.companding import Samples
from hal.audio.progress import HOP, QUIET, CallProgress, Frames
from hal.audio.sound import RATE
from hal.audio.supervision import VOICE_S, VoiceSpotter
from hal.audio.tones import Signal

SILENCE_S: Final = 45.0
"""Silence that ends a call."""
SILENCE_TOO_S: Final = 15.0
"""Silence that ends it where the modem has reported silence, too (shielded codes s and q)."""
DOUBT_S: Final = 3.0
"""Seconds for which a voice contradicts the modem that hears a tone."""
_PER_S: Final = RATE // HOP


class HangUpEar:
    """Listens to one call. An `hal.audio.listening.Ear`."""

    def __init__(
        self,
        country: str,
        on_signal: Callable[[Signal | None, int], None],
        *,
        playing: Callable[[], bool],
        on_modem: Callable[[str], None] = lambda what: None,
    ) -> None:
        """`on_signal` gets the tone, None for silence (again and again while it lasts), and how many samples before what was
        heard last it began; `on_modem` what the modem hears, where nobody contradicts it. `playing`: we say something at this
        moment. Raises KeyError where the country's tones are not known.
        """
        self.country = country
        self._on_signal = on_signal
        self._playing = playing
        self._progress = CallProgress(country)
        self._heard = 0
        self._quiet = 0
        self._limit = SILENCE_S
        self._on_modem = on_modem
        self.doubted = ""
        """What the modem says that it hears, while that may be contradicted."""
        self._voice = VoiceSpotter()
        self._doubt = 0

    def modem_says_tone(self, what: str) -> None:
        """It is believed after `DOUBT_S` unless somebody speaks meanwhile."""
        if not self.doubted:
            self.doubted, self._doubt, self._voice = what, 0, VoiceSpotter()

    def modem_says_silence(self) -> None:
        """Two witnesses need less time than one."""
        self._limit = SILENCE_TOO_S

    def hear(self, signal: Samples, frames: Frames) -> None:
        """See `Ear`."""
        self._heard += len(frames.kinds) * HOP
        for what in self._progress.follow(frames):
            if what.signal is not None:
                self._on_signal(what.signal, self._heard - what.began)
        if self.doubted:
            self._judge_modem(signal, frames)
        if set(frames.kinds.tolist()) == {QUIET} and not self._playing():
            self._quiet += len(frames.kinds)
            if self._quiet >= self._limit * _PER_S:
                self._on_signal(None, self._quiet * HOP)
        else:
            self._quiet, self._limit = 0, SILENCE_S

    def _judge_modem(self, signal: Samples, frames: Frames) -> None:
        if not self._playing():  # else it may be the echo of what we say
            self._voice.hear(signal, frames)
        self._doubt += len(frames.kinds)
        if self._voice.seconds(1.0) >= VOICE_S:
            self.doubted = ""
        elif self._doubt >= DOUBT_S * _PER_S:
            what, self.doubted = self.doubted, ""
            self._on_modem(what)
