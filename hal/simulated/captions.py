"""What a telephone's ear makes of what it hears: rendered prompts are recognised in the audio and give their captions.

On A-law paths a prompt arrives byte for byte. A clip is found by an anchor, a short stretch that occurs in no other clip, and
counts as heard when `ENOUGH_S` of it (or all of a shorter one) have come through without a gap.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hal.audio.sound import RATE, Encoding, Sound

_ANCHOR = 32
ENOUGH_S = 0.4
_ENOUGH = round(ENOUGH_S * RATE)


@dataclass(frozen=True, slots=True)
class Clip:
    """A prompt as rendered, and its words."""

    caption: str
    alaw: bytes


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
            if clip.alaw in self._known:
                continue
            self._known.add(clip.alaw)
            self.clips.append(clip)
            for position in self._anchor_positions(clip.alaw):
                self._anchors.setdefault(clip.alaw[position : position + _ANCHOR], []).append((clip, position))

    @staticmethod
    def _anchor_positions(alaw: bytes) -> list[int]:
        """A few stretches with much going on: pauses and pure hums occur in many clips."""
        found: list[int] = []
        for position in range(0, len(alaw) - _ANCHOR, _ANCHOR):
            if len(set(alaw[position : position + _ANCHOR])) >= _ANCHOR // 2:
                found.append(position)
                if len(found) == 8:
                    break
        return found

    def at(self, window: bytes) -> list[tuple[Clip, int]]:
        """The clips that have this anchor, and where."""
        return self._anchors.get(window, [])


@dataclass(slots=True)
class Heard:
    """A prompt that came through."""

    caption: str
    begin: int
    """Sample of the call at which it began."""
    complete: bool
    """To its last sample, without a gap."""


@dataclass(slots=True)
class _Candidate:
    clip: Clip
    begin: int
    """Where the clip begins in the stream; negative if it had begun before."""
    matched: int
    """How many samples of the clip, counted from its start, have come true."""
    told: Heard | None = None


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
        before = len(self.heard), sum(h.complete for h in self.heard[-4:])
        self._stream += frame
        self._follow()
        self._search()
        return before != (len(self.heard), sum(h.complete for h in self.heard[-4:]))

    def _search(self) -> None:
        end = len(self._stream) - _ANCHOR + 1
        stream = bytes(self._stream[self._searched :])
        for offset in range(max(0, end - self._searched)):
            for clip, position in self._captions.at(stream[offset : offset + _ANCHOR]):
                self._suspect(clip, self._searched + offset - position)
        self._searched = max(self._searched, end)

    def _suspect(self, clip: Clip, begin: int) -> None:
        if begin < 0 or any(c.clip is clip and c.begin == begin for c in self._candidates):
            return
        candidate = _Candidate(clip, begin, 0)
        self._candidates.append(candidate)
        self._follow_one(candidate)

    def _follow(self) -> None:
        for candidate in tuple(self._candidates):
            self._follow_one(candidate)

    def _follow_one(self, candidate: _Candidate) -> None:
        clip = candidate.clip
        have = min(len(clip.alaw), len(self._stream) - candidate.begin)
        here = candidate.begin + candidate.matched
        if self._stream[here : candidate.begin + have] != clip.alaw[candidate.matched : have]:
            self._candidates.remove(candidate)
            return
        candidate.matched = have
        whole = have == len(clip.alaw)
        if candidate.told is None and (whole or have >= _ENOUGH):
            candidate.told = Heard(clip.caption, candidate.begin, False)
            self.heard.append(candidate.told)
        if whole:
            assert candidate.told is not None
            candidate.told.complete = True
            self._candidates.remove(candidate)
