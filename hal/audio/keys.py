"""Listening for keys in the audio of all lines at once.

A call to the detector costs about the same for one line as for thirty, so the lines of one tick are put into one array. They
do not deliver in step: each round takes from every line that has some the same number of samples, and whoever has more takes
part in another round. Nobody waits for anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from hal.audio import companding

if TYPE_CHECKING:
    from hal.audio.pump import Stream

BANK = 32
"""Channels of a detector; a line beyond them makes another one. Channels that are not fed cost nothing."""
STEP = 80
"""Samples (10 ms): less is left for the next tick. The detector's own step."""


Heard = Sequence[tuple[int, str, int]]
"""Keys: channel, key, sample."""


class Detector(Protocol):
    """What `hal.audio.dtmf.DtmfDetector` is."""

    @property
    def begun(self) -> Heard: ...

    def feed(self, samples: companding.Samples, channels: Sequence[int] | None = None) -> Heard: ...

    def reset(self, channel: int) -> None: ...


def _dtmf(channels: int) -> Detector:
    from hal.audio.dtmf import DtmfDetector

    return DtmfDetector(channels=channels)


class _Bank:
    """One detector and the lines on its channels."""

    def __init__(self, detector: Detector) -> None:
        self.detector = detector
        self.streams: dict[int, Stream] = {}

    def listen(self) -> None:
        """One tick: feed what the lines have."""
        while ready := {
            channel: stream for channel, stream in self.streams.items() if len(stream.unheard) >= STEP * stream.width
        }:
            count = min([len(stream.unheard) // stream.width for stream in ready.values()]) // STEP * STEP
            keys = self.detector.feed(_samples(list(ready.values()), count), list(ready))
            for channel, _, _ in self.detector.begun:
                ready[channel].hold()
            for channel, key, _ in keys:
                stream = self.streams.get(channel)
                if stream and stream.on_key:
                    stream.on_key(key)


class KeyListener:
    """Which line is on which channel of which detector."""

    def __init__(self, make: Callable[[int], Detector] = _dtmf) -> None:
        """`make` makes a detector with so many channels."""
        self._make = make
        self._banks: list[_Bank] = []
        self._places: dict[Stream, tuple[_Bank, int]] = {}

    def add(self, stream: Stream) -> None:
        """Listen to a stream, with a detector that has heard nothing yet."""
        bank = next((bank for bank in self._banks if len(bank.streams) < BANK), None)
        if bank is None:
            bank = _Bank(self._make(BANK))
            self._banks.append(bank)
        channel = min(set(range(BANK)) - bank.streams.keys())
        bank.detector.reset(channel)
        bank.streams[channel] = stream
        self._places[stream] = bank, channel

    def remove(self, stream: Stream) -> None:
        """Stop listening to it. A stream that nobody listens to is no error."""
        place = self._places.pop(stream, None)
        if place:
            bank, channel = place
            del bank.streams[channel]

    def listen(self) -> None:
        """Take what the streams have received and report the keys in it."""
        for bank in self._banks:
            bank.listen()


def _samples(streams: list[Stream], count: int) -> companding.Samples:
    """`count` samples of each stream, a row each, taken out of their `unheard`."""
    encodings = {stream.port.encoding for stream in streams}
    if len(encodings) == 1:
        return companding.decode(_take(streams, count), encodings.pop()).reshape(len(streams), count)
    out = np.empty((len(streams), count), np.int16)
    for encoding in encodings:
        rows = [row for row, stream in enumerate(streams) if stream.port.encoding is encoding]
        octets = _take([streams[row] for row in rows], count)
        out[rows] = companding.decode(octets, encoding).reshape(len(rows), count)
    return out


def _take(streams: list[Stream], count: int) -> bytes:
    pieces = []
    for stream in streams:
        size = count * stream.width
        if len(stream.unheard) == size:
            pieces.append(stream.unheard)
            stream.unheard = bytearray()
        else:
            pieces.append(stream.unheard[:size])
            del stream.unheard[:size]
    return b"".join(pieces)
