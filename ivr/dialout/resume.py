"""What a team has behind it, from the store: pure. Used after a restart."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from storage.campaigns import Attempt
from storage.journal import Stamp


@dataclass(frozen=True, slots=True)
class Present:
    """This moment, on all clocks."""

    wall: float
    mono: float
    boot: str
    trusted: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """As `Schedule.restore` takes it."""

    calls: int
    due: float
    turn: int
    declines: int


def gap_over(ended: Stamp | None, now: Present, gap_s: float, doubtful: Collection[Stamp] = ()) -> float:
    """The moment (monotonic, this boot) at which the gap after a call is over.

    Within one boot the monotonic clock decides. Over a boot the wall clock does, where it is trusted now and was when the
    end was written (`Journal.doubtful`); else the whole gap is waited again. An end that nobody saw (None) was now at the
    latest. Never later than a whole gap from now, whatever the clocks say.
    """
    if ended is None:
        return now.mono + gap_s
    if ended.boot == now.boot and ended.boot != "unknown":
        return min(ended.mono, now.mono) + gap_s
    if not now.trusted or ended in doubtful or ended.wall > now.wall:
        return now.mono + gap_s
    return now.mono + max(0.0, gap_s - (now.wall - ended.wall))


def progress(attempts: Sequence[Attempt], now: Present, gap_s: float, doubtful: Collection[Stamp] = ()) -> Progress:
    """From the attempts to one team for one alert, in the order in which they began.

    An attempt without an end counts as made.
    """
    counted = [a for a in attempts if a.counted or a.ended is None]
    if not counted:
        return Progress(0, now.mono, 0, 0)
    declines = 0
    for attempt in reversed(counted):
        if attempt.outcome != "declined":
            break
        declines += 1
    last = counted[-1]
    return Progress(len(counted), gap_over(last.ended, now, gap_s, doubtful), last.number_index + 1, declines)
