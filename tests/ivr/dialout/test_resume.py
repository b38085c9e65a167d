"""What a team has behind it after a restart."""

from __future__ import annotations

import pytest

from ivr.dialout.resume import Present, gap_over, progress
from storage.campaigns import Attempt
from storage.journal import Stamp

GAP = 300.0
NOW = Present(wall=10_000.0, mono=500.0, boot="b", trusted=True)


def attempt(outcome: str | None, *, ended: float | None = 100.0, counted: bool = True, number: int = 0) -> Attempt:
    stamp = None if ended is None else Stamp(9_000.0 + ended, ended, "b")
    return Attempt(1, "x", (1,), number, "0", "l", Stamp(0, 0, "b"), stamp, outcome, counted)


@pytest.mark.parametrize(
    ("ended", "now", "doubtful", "due"),
    [
        (Stamp(9_999, 450, "b"), NOW, False, 750),  # same boot: monotonic, whatever the wall says
        (Stamp(9_999, 450, "b"), Present(5, 500, "b", False), False, 750),
        (Stamp(9_900, 77_777, "a"), NOW, False, 700),  # other boot, 100 s ago by a good clock
        (Stamp(2_000, 77_777, "a"), NOW, False, 500),  # long ago
        (Stamp(9_900, 77_777, "a"), NOW, True, 800),  # written by a doubtful clock
        (Stamp(9_900, 77_777, "a"), Present(10_000, 500, "b", False), False, 800),  # doubtful now
        (Stamp(10_001, 7, "a"), NOW, False, 800),  # from the future
        (Stamp(9_900, 450, "unknown"), Present(10_000, 500, "unknown", True), False, 700),  # who knows which boot
        (None, NOW, False, 800),  # cut off: over at this moment at the latest
        (Stamp(9_999, 900, "b"), NOW, False, 800),  # never more than a whole gap
    ],
)
def test_the_gap_over_a_restart(ended: Stamp | None, now: Present, doubtful: bool, due: float) -> None:
    assert gap_over(ended, now, GAP, {ended} if doubtful else ()) == due


def test_nothing_counted_is_a_fresh_team() -> None:
    done = progress([attempt("line-fault", counted=False)], NOW, GAP)
    assert (done.calls, done.turn, done.declines) == (0, 0, 0)
    assert done.due <= NOW.mono


def test_an_attempt_without_an_end_counts_as_made() -> None:
    done = progress([attempt("busy"), attempt(None, ended=None, number=1)], NOW, GAP)
    assert (done.calls, done.turn, done.due) == (2, 2, NOW.mono + GAP)


def test_a_fault_after_the_last_call_changes_nothing() -> None:
    done = progress([attempt("busy", ended=300), attempt("line-fault", ended=490, counted=False)], NOW, GAP)
    assert (done.calls, done.due) == (1, 600)


def test_declined_calls_in_a_row() -> None:
    assert progress([attempt("declined"), attempt("busy"), attempt("declined", number=1)], NOW, GAP).declines == 1
    assert progress([attempt("declined"), attempt("declined", number=1)], NOW, GAP).declines == 2
    assert progress([attempt("declined"), attempt("busy")], NOW, GAP).declines == 0
