"""One table of causes: every driver lays the same cause at the same door."""

from __future__ import annotations

import pytest

from hal.at.engine import Reply
from hal.errors import Busy, CallFailed, Congestion, LineFault, NoAnswer, Rejected
from hal.gsm import causes
from hal.q850 import CAUSES, CONGESTION, Meaning, meaning_of, name_of
from hal.v253 import results

THEIRS = (Meaning.BUSY, Meaning.NO_ANSWER, Meaning.REJECTED)


def wired(cause: int) -> CallFailed | LineFault:
    return results.failure(Reply("ATD1", "BUSY", f"E02{cause:02X}"), 9.0)


def radio(cause: int) -> CallFailed | LineFault:
    return causes.failure("NO CARRIER", cause, after_s=9.0, rang=False, registered=True)


@pytest.mark.parametrize("cause", [cause for cause in range(1, 128) if meaning_of(cause) is not Meaning.NOTHING])
def test_wired_and_radio_agree(cause):
    assert isinstance(wired(cause), CallFailed) is isinstance(radio(cause), CallFailed) is (meaning_of(cause) in THEIRS)
    for kind in (Busy, NoAnswer, Rejected, Congestion):
        assert isinstance(wired(cause), kind) is isinstance(radio(cause), kind)
    assert name_of(cause) in str(wired(cause))
    assert name_of(cause) in str(radio(cause))


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (17, Busy),
        (18, Rejected),  # switched off: theirs, as the sister cause 20
        (19, NoAnswer),
        (21, Rejected),
        (1, Rejected),
        (27, Rejected),
        (38, Congestion),
        (34, Congestion),
        (8, LineFault),
        (68, LineFault),
        (102, LineFault),
        (120, LineFault),  # no row: by its class
        (45, Congestion),
        (25, Rejected),
    ],
)
def test_whose_fault(cause, expected):
    assert isinstance(wired(cause), expected)
    assert isinstance(radio(cause), expected)


@pytest.mark.parametrize("cause", [16, 31])
def test_what_is_true_of_every_call_says_nothing(cause):
    assert isinstance(causes.failure("NO CARRIER", cause, after_s=0.5, rang=False, registered=True), LineFault)
    assert isinstance(causes.failure("NO CARRIER", cause, after_s=0.5, rang=True, registered=True), Rejected)
    assert isinstance(causes.failure("BUSY", cause, after_s=9.0, rang=True, registered=True), Busy)


def test_the_causes_of_congestion_are_those_of_the_house():
    assert {34, 38, 41, 42, 44, 47} == CONGESTION
    assert all(0 < cause < 128 for cause in CAUSES)
