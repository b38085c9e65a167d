"""What counts and what does not (design, decision 5)."""

from __future__ import annotations

import pytest

from hal import errors
from hal.errors import CallFailed, LineFault
from ivr.dialout import outcome as outcomes


def test_every_fault_of_the_line_counts_for_nothing() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LineFault)]
    assert len(kinds) > 8
    for kind in kinds:
        assert not outcomes.of_error(kind("x")).counted


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (errors.Busy(), "busy"),
        (errors.NoAnswer(), "no-answer"),
        (errors.Rejected(), "rejected"),
        (CallFailed(), "rejected"),
    ],
)
def test_what_the_called_side_did_counts(error: Exception, outcome: str) -> None:
    found = outcomes.of_error(error)
    assert (found.outcome, found.call, found.counted) == (outcome, outcome, True)


def test_a_mistake_of_ours_under_the_line_counts_for_nothing() -> None:
    found = outcomes.of_error(KeyError("x"))
    assert (found.outcome, found.counted) == ("line-fault", False)
    assert "KeyError" in found.detail


def test_a_line_that_dies_after_acknowledgement_takes_nothing_back() -> None:
    assert outcomes.of_conversation("reached", "listened", line_died=True).outcome == "reached"
    assert not outcomes.of_conversation("hung-up", "", line_died=True).counted
    assert outcomes.of_conversation("hung-up", "", line_died=False).counted
