"""Listening for keys in the audio of all lines at once.

A detector costs about the same for one line as for thirty, so the lines of one tick are put into one array. They do not
deliver in step, and the array has a row for each: a round takes from all lines what the slowest of them has. A line that is
late holds the others up for two ticks at most; then silence stands in for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from hal.audio import companding
from hal.audio.sound import Encoding

if TYPE_CHECKING:
    from hal.audio.pump import Stream

FIRST_BANK = 4
"""Channels of the first detector: most boxes have no more lines."""
NEXT_BANK = 32
"""Channels of every further one."""
STEP = 80
"""Samples (10 ms): less is left for the next tick. The detector's own step."""
HELD_TICKS = 2
"""Ticks that the lines of a detector wait for one that is late."""


class Detector(Protocol):
    """What `hal.audio.dtmf.DtmfDetector` is."""

    def feed(self, samples: companding.Samples) -> Sequence[tuple[int, str, int]]: ...

    def reset(self, channel: int) -> None: ...


def _dtmf(channels: int) -> Detector:
    from hal.audio.dtmf import DtmfDetector

    return DtmfDetector(channels=channels)


class _Bank:
    """One detector and the lines on its channels."""

    def __init__(self, detector: Detector, channels: int) -> None:
        self.detector = detector
        self.channels = channels
        self.streams: dict[int, Stream] = {}
        self._late: dict[Stream, int] = {}

    def listen(self) -> None:
        """One tick: feed what all lines have."""
        ready: dict[int, Stream] = {}
        held = False
        for channel, stream in self.streams.items():
            if len(stream.unheard) >= STEP * stream.width:
                ready[channel] = stream
                self._late[stream] = 0
            else:
                self._late[stream] = self._late.get(stream, HELD_TICKS) + 1  # a new line holds nobody up
                held = held or self._late[stream] <= HELD_TICKS
        if not ready or held:
            return
        count = min(len(stream.unheard) // stream.width for stream in ready.values()) // STEP * STEP
        for channel, key, _ in self.detector.feed(self._samples(ready, count)):
            stream_there = self.streams.get(channel)
            if stream_there and stream_there.on_key:
                stream_there.on_key(key)

    def forget(self, stream: Stream, channel: int) -> None:
        """The line has no call any more."""
        del self.streams[channel]
        self._late.pop(stream, None)

    def _samples(self, streams: dict[int, Stream], count: int) -> companding.Samples:
        """`count` samples of each stream, taken out of its `unheard`, and zeros for channels without."""
        out = np.zeros((self.channels, count), np.int16)
        rows: dict[Encoding, list[int]] = {}
        for channel, stream in streams.items():
            rows.setdefault(stream.port.encoding, []).append(channel)
        for encoding, channels in rows.items():
            size = count * encoding.width
            octets = b"".join([streams[channel].unheard[:size] for channel in channels])
            out[channels] = companding.decode(octets, encoding).reshape(len(channels), count)
            for channel in channels:
                del streams[channel].unheard[:size]
        return out


class KeyListener:
    """Which line is on which channel of which detector."""

    def __init__(self, make: Callable[[int], Detector] = _dtmf) -> None:
        """`make` makes a detector with so many channels."""
        self._make = make
        self._banks: list[_Bank] = []
        self._places: dict[Stream, tuple[_Bank, int]] = {}

    def add(self, stream: Stream) -> None:
        """Listen to a stream, with a detector that has heard nothing yet."""
        bank = next((bank for bank in self._banks if len(bank.streams) < bank.channels), None)
        if bank is None:
            channels = NEXT_BANK if self._banks else FIRST_BANK
            bank = _Bank(self._make(channels), channels)
            self._banks.append(bank)
        channel = min(set(range(bank.channels)) - bank.streams.keys())
        bank.detector.reset(channel)
        bank.streams[channel] = stream
        self._places[stream] = bank, channel

    def remove(self, stream: Stream) -> None:
        """Stop listening to it. A stream that nobody listens to is no error."""
        place = self._places.pop(stream, None)
        if place:
            bank, channel = place
            bank.forget(stream, channel)

    def listen(self) -> None:
        """Take what the streams have received and report the keys in it."""
        for bank in self._banks:
            bank.listen()
