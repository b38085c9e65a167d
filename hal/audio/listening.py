"""Listening for the network's tones in the audio of all lines that need it, at the pump's tick.

Only lines that say nothing else do: an ISDN or radio line has no ear and costs nothing. What a line has received is kept until
it is 100 ms, and looked at together with that of the other lines: a tenth of the calls, and tones last longer than that.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from hal.audio import companding
from hal.audio.companding import Samples
from hal.audio.progress import BEFORE, HOP, Frames, analyser

if TYPE_CHECKING:
    from hal.audio.pump import Stream

log = logging.getLogger(__name__)

CHUNK: Final = 10 * HOP
"""Samples (100 ms) that a line is listened to at once."""
_TOGETHER: Final = 16
"""Lines in one matrix. With more, numpy's library wakes its threads for it, which takes longer than the work."""


class Ear(Protocol):
    """Whoever listens to one line."""

    country: str
    """Whose tones to look for: a key of `tones.COUNTRIES`."""

    def hear(self, signal: Samples, frames: Frames) -> None:
        """The next 100 ms, int16, behind the last `BEFORE` samples of what came before; and what an analyser saw in them."""


class ToneListener:
    """Gives each line's ear what the line has received."""

    def __init__(self) -> None:
        self._before: dict[Stream, Samples] = {}

    def add(self, stream: Stream) -> None:
        """Listen to a stream that has an ear."""
        self._before[stream] = np.zeros(BEFORE, np.int16)

    def remove(self, stream: Stream) -> None:
        """Stop listening. A stream that nobody listens to is no error."""
        self._before.pop(stream, None)

    def listen(self) -> None:
        """Take 100 ms of every line that has them; what is more waits for the next tick."""
        ready = [stream for stream in self._before if len(stream.untold) >= CHUNK * stream.width]
        if not ready:
            return
        countries: dict[str, list[Stream]] = {}
        for stream in ready:
            if stream.ear:
                countries.setdefault(stream.ear.country, []).append(stream)
        for country, streams in countries.items():
            for first in range(0, len(streams), _TOGETHER):
                self._hear(country, streams[first : first + _TOGETHER])

    def _hear(self, country: str, streams: list[Stream]) -> None:
        signals = np.stack([self._next(stream) for stream in streams])
        seen = analyser(country).look(signals)
        for row, stream in enumerate(streams):
            if stream.ear:
                try:
                    stream.ear.hear(signals[row], Frames(seen.kinds[row], seen.levels[row]))
                except Exception:  # one line's trouble is not the others'
                    log.exception("listening for tones")

    def _next(self, stream: Stream) -> Samples:
        size = CHUNK * stream.width
        signal = np.concatenate([self._before[stream], companding.decode(stream.untold[:size], stream.port.encoding)])
        del stream.untold[:size]
        self._before[stream] = signal[-BEFORE:]
        return signal
