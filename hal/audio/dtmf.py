"""DTMF detection for all lines at once (ITU-T Q.23, Q.24), in one setting for every line, dial tone or none.

`dtmf_frames` looks at the signals every 10 ms, all channels in one batch; `dtmf_tone` follows what looks like a key until it has
lasted long enough and was good enough to be one. Nearly all of the time nothing looks like a key, and then a call costs
one matrix product and a comparison.

The thresholds' figures were measured by `python -m tests.bench.dtmf` on its training seeds; docs/bench-dtmf.md has the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from hal.audio.dtmf_frames import HOP, FrameAnalyser, Frames, Look
from hal.audio.dtmf_tone import Tone

BEGUN_PURITY: Final = 0.85
"""Purity of a single frame from which on a prompt may give way, see `DtmfDetector.begun`."""


class Key(NamedTuple):
    """A key that was pressed."""

    channel: int
    digit: str
    """One of 0-9, *, #, A-D."""
    sample: int
    """Where its tone begins, counted in samples of this channel since it was made or reset; good to about 5 ms."""


class DtmfDetector:
    """Detects keys on `channels` lines at once.

    Feed 20 ms of all lines in one call: the cost of a call hardly depends on their number. A key is reported once, as
    soon as it is certain: some 40 ms after it began where it is clean, later where speech or a codec spoils it.
    """

    def __init__(self, channels: int = 1) -> None:
        if channels < 1:
            raise ValueError(f"{channels} channels")
        self.channels = channels
        self.begun: list[Key] = []
        """Keys that seem to have begun in the last `feed`, before it is certain that they are keys: the moment to duck or stop a
        prompt. One good frame is enough, so this comes 10 to 20 ms before the key; one that is spoilt may never show up here."""
        self._frames = FrameAnalyser(channels)
        self._tones: dict[int, Tone] = {}

    def reset(self, channel: int) -> None:
        """Forget what was heard on a channel: a new call begins."""
        self._tones.pop(channel, None)
        self._frames.forget(channel)

    def feed(self, samples: npt.NDArray[np.int16], channels: Sequence[int] | None = None) -> list[Key]:
        """Keys that became certain with these samples; those of one channel in order.

        `samples` is int16 at 8 kHz, one row for each of `channels` (all, if not given; different ones), of any length; for one
        channel shape (n,) will do. How a signal is cut into pieces, and what shares a call with it, does not change the
        result. Raises ValueError for another shape or type.
        """
        which = list(range(self.channels)) if channels is None else list(channels)
        if samples.ndim == 1:
            samples = samples[None]
        if samples.dtype != np.int16 or samples.ndim != 2 or len(samples) != len(which):
            raise ValueError(f"{samples.dtype} {samples.shape} is not int16 of {len(which)} channel(s)")
        self.begun = []
        if not which:
            return []
        found = self._frames.feed(samples, which, all_spectra=bool(self._tones))
        return [key for frames in found for key in self._keys(frames)]

    def _keys(self, frames: Frames) -> Iterator[Key]:
        rows = {row for _, row in frames.looks} | {row for row, ch in enumerate(frames.channels) if ch in self._tones}
        for row in sorted(rows):
            channel, first = frames.channels[row], frames.first_samples[row]
            for number, (before, now) in enumerate(pairwise(frames.spectra(row))):
                tone = self._follow(channel, frames.looks.get((number, row)), before, now, first + number * HOP)
                if tone and not tone.reported and tone.is_key():
                    tone.reported = True
                    yield Key(channel, tone.digit, max(0, tone.begin()))

    def _follow(
        self, channel: int, look: Look | None, before: list[complex], now: list[complex], start: int
    ) -> Tone | None:
        """Take one frame of one channel. The tone that was recognised in it, if one was."""
        tone = self._tones.get(channel)
        if tone:
            recognised = tone.hear(look, before, now)
            if tone.ended_by(recognised, look, now):
                del self._tones[channel]
            elif not recognised:
                return None
        if look and channel not in self._tones:
            tone = self._tones[channel] = Tone(look, start, before)
        elif channel not in self._tones:
            return None
        assert tone
        assert look
        if look.purity >= BEGUN_PURITY and not tone.begun:
            tone.begun = True
            self.begun.append(Key(channel, tone.digit, max(0, tone.begin())))
        return tone
