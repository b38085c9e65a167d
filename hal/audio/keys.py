"""Listening for keys in the audio of all lines at once.

The detector costs about the same for one line as for thirty (`shared/reference` figures: 80 us a call), so the lines of one
tick are put into one array. They do not deliver in step: each round takes from every line that has some the same number of
samples, and whoever has more takes part in a second round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from hal.audio import companding
from hal.audio.sound import Encoding

if TYPE_CHECKING:
    from hal.audio.pump import Stream

BANK = 32
"""Channels that a detector is made with; a line beyond them makes another detector."""
STEP = 80
"""Samples (10 ms): less is left for the next tick. The detector's own step."""


class Detector(Protocol):
    """What `hal.audio.dtmf.DtmfDetector` is."""

    def feed(
        self, samples: companding.Samples, channels: Sequence[int] | None = None
    ) -> Sequence[tuple[int, str, int]]: ...

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
        while ready := [(ch, s) for ch, s in self.streams.items() if len(s.unheard) >= STEP * s.width]:
            count = min(len(stream.unheard) // stream.width for _, stream in ready) // STEP * STEP
            channels = [channel for channel, _ in ready]
            keys = self.detector.feed(_samples([stream for _, stream in ready], count), channels=channels)
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
    """`count` samples of each stream as int16 of shape (streams, count), taken out of their `unheard`."""
    out = np.empty((len(streams), count), np.int16)
    rows: dict[Encoding, list[int]] = {}
    for row, stream in enumerate(streams):
        rows.setdefault(stream.port.encoding, []).append(row)
    for encoding, members in rows.items():
        size = count * encoding.width
        octets = b"".join([bytes(streams[row].unheard[:size]) for row in members])
        out[members] = companding.decode(octets, encoding).reshape(len(members), count)
        for row in members:
            del streams[row].unheard[:size]
    return out
