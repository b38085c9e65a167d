"""Keys that the modem reports and keys that we hear ourselves, each once. No I/O, no clock."""

from __future__ import annotations

import enum

WINDOW_S = 2.0
"""Seconds within which the two detectors speak of the same key press."""


class Ear(enum.Enum):
    """Who has heard a key."""

    MODEM = "modem"
    AUDIO = "audio"


class KeyMerge:
    """Whoever hears a key first counts; the other's word for the same press is swallowed, one for one.

    So two quick presses of one key stay two, and a press that one ear has missed is still heard.
    """

    def __init__(self) -> None:
        self._unmatched: list[tuple[Ear, str, float]] = []

    def feed(self, ear: Ear, key: str, now: float) -> bool:
        """A key was heard at `now` (seconds); whether it is a new press."""
        self._unmatched = [heard for heard in self._unmatched if now - heard[2] <= WINDOW_S]
        for index, (other, other_key, _) in enumerate(self._unmatched):
            if other is not ear and other_key == key:
                del self._unmatched[index]
                return False
        self._unmatched.append((ear, key, now))
        return True
