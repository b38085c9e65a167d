"""What a telephone's ear makes of what it hears: rendered prompts are recognised in the audio and give their captions.

On A-law paths a prompt arrives byte for byte. A clip is found by an anchor, a short stretch with much going on, and counts as
heard when `ENOUGH_S` of it (or all of a shorter one) have come through without a gap and no other clip fits as well. On paths
that are not exact (eight-bit linear modems) `hal.simulated.likeness` compares instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hal.audio.sound import RATE, Encoding, Sound

_ANCHOR = 32
_ANCHORS = 4
_STRIDE = 16
"""The audio is looked at every so many samples; so each anchor is known at as many places in a row."""
ENOUGH_S = 0.4
_ENOUGH = round(ENOUGH_S * RATE)


@dataclass(frozen=True, slots=True)
class Clip:
    """A prompt as rendered, and its words."""

    caption: str
    alaw: bytes


@dataclass(slots=True)
class Heard:
    """A prompt that came through."""

    caption: str
    begin: int
    """Sample of the call at which it began."""
    complete: bool
    """To its last sample, without a gap."""


class Captions:
    """All prompts that can be told from each other. Shared by the telephones of an exchange."""

    def __init__(self) -> None:
        self.clips: list[Clip] = []
        self._known: set[bytes] = set()
        self._anchors: dict[bytes, list[tuple[Clip, int]]] = {}
        self._stamps: dict[Path, int] = {}

    def learn(self, *sounds: Sound) -> None:
        """Know these sounds by their captions (those without one are left out)."""
        self._add([Clip(s.caption, s.to(Encoding.ALAW).data) for s in sounds if s.caption])

    def read(self, directory: Path) -> None:
        """Know the prompts of a directory and those below it, by each `index.json`; again when an index has changed."""
        for index in sorted(directory.rglob("index.json")):
            stamp = index.stat().st_mtime_ns
            if self._stamps.get(index) == stamp:
                continue
            self._stamps[index] = stamp
            entries = json.loads(index.read_text())
            self._add([Clip(caption, (index.parent / name).read_bytes()) for name, caption in sorted(entries.items())])

    def _add(self, clips: Iterable[Clip]) -> None:
        for clip in clips:
            if not clip.alaw or clip.alaw in self._known:
                continue
            self._known.add(clip.alaw)
            self.clips.append(clip)
            for begin in _anchor_positions(clip.alaw):
                for position in range(begin, begin + _STRIDE):
                    self._anchors.setdefault(clip.alaw[position : position + _ANCHOR], []).append((clip, position))

    def at(self, window: bytes) -> list[tuple[Clip, int]]:
        """The clips that have this anchor, and where."""
        return self._anchors.get(window, [])


def _anchor_positions(alaw: bytes) -> list[int]:
    """A few stretches with much going on: pauses and pure hums occur in many clips."""
    found: list[int] = []
    for position in range(0, len(alaw) - _ANCHOR - _STRIDE + 1, _ANCHOR):
        if len(set(alaw[position + _STRIDE : position + _ANCHOR])) >= _STRIDE // 2:
            found.append(position)
            if len(found) == _ANCHORS:
                break
    return found


@dataclass(slots=True)
class _Candidate:
    clip: Clip
    begin: int
    """Where the clip begins in the stream."""
    matched: int = 0
    """How many samples of the clip, counted from its start, have come true."""
    told: Heard | None = None

    @property
    def whole(self) -> bool:
        return self.matched == len(self.clip.alaw)


class Ear:
    """Finds captions in one call's audio. Feed it frames; `heard` grows."""

    def __init__(self, captions: Captions) -> None:
        self._captions = captions
        self._stream = bytearray()
        self._searched = 0
        self._candidates: list[_Candidate] = []
        self.heard: list[Heard] = []

    @property
    def audio(self) -> bytes:
        """Everything heard, A-law."""
        return bytes(self._stream)

    def feed(self, frame: bytes) -> bool:
        """More audio. True when a caption has been recognised or completed."""
        self._stream += frame
        self._search()
        self._candidates = [candidate for candidate in self._candidates if self._still(candidate)]
        return self._tell()

    def _search(self) -> None:
        while self._searched + _ANCHOR <= len(self._stream):
            for clip, position in self._captions.at(bytes(self._stream[self._searched : self._searched + _ANCHOR])):
                begin = self._searched - position
                if begin >= 0 and not any(c.clip is clip and c.begin == begin for c in self._candidates):
                    self._candidates.append(_Candidate(clip, begin))
            self._searched += _STRIDE

    def _still(self, candidate: _Candidate) -> bool:
        """Follow a candidate as far as the audio goes."""
        alaw = candidate.clip.alaw
        have = min(len(alaw), len(self._stream) - candidate.begin)
        here = candidate.begin + candidate.matched
        if self._stream[here : candidate.begin + have] != alaw[candidate.matched : have]:
            return candidate.whole and candidate.told is None
        candidate.matched = have
        return True

    def _tell(self) -> bool:
        """Believe a candidate when enough of it has come and nothing else fits from the same place."""
        told = False
        for candidate in tuple(self._candidates):
            rivals = [c for c in self._candidates if c.begin == candidate.begin and c is not candidate]
            if candidate.whole and any(c.matched > candidate.matched for c in rivals):
                self._candidates.remove(candidate)  # it was only the beginning of a longer one
                continue
            if candidate.told is None and not rivals and (candidate.whole or candidate.matched >= _ENOUGH):
                candidate.told = Heard(candidate.clip.caption, candidate.begin, False)
                self.heard.append(candidate.told)
                told = True
            if candidate.whole and candidate.told:
                candidate.told.complete = told = True
                self._candidates.remove(candidate)
        return told
