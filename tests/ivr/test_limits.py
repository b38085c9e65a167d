"""Limits: the defaults of the issue, and no nonsense."""

import dataclasses

import pytest

from ivr.limits import Limits


def test_the_defaults():
    limits = Limits()
    assert (limits.uid_digits, limits.pin_digits, limits.group_pin_digits) == (4, 5, 4)
    assert (limits.first_digit_s, limits.next_digit_s, limits.attempts) == (10, 5, 3)
    assert (limits.recording_s, limits.short_recording_s, limits.hold_s) == (120, 1, 72 * 3600)
    assert (limits.ring_s, limits.calls_per_team, limits.gap_s, limits.welcome_s) == (45, 3, 300, 60)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"attempts": 0}, "attempts"),
        ({"attempts": 2.5}, "attempts"),
        ({"attempts": True}, "attempts"),
        ({"first_digit_s": -1}, "first_digit_s"),
        ({"first_digit_s": float("nan")}, "first_digit_s"),
        ({"gap_s": float("inf")}, "gap_s"),
        ({"gap_s": "300"}, "gap_s"),
        ({"uid_digits": 5}, "uid_digits"),
        ({"group_pin_digits": 9}, "group_pin_digits"),
        ({"silent_dbm0": -90}, "silent_dbm0"),
        ({"recording_s": 601}, "recording_s"),
    ],
)
def test_nonsense_is_named(changes, named):
    with pytest.raises(ValueError, match=named):
        Limits(**changes)


def test_uid_and_pin_may_share_nine_digits_otherwise():
    assert Limits(uid_digits=3, pin_digits=6).pin_digits == 6


def test_every_limit_says_what_it_is():
    import inspect

    from ivr import limits

    source = inspect.getsource(limits.Limits)
    for field in dataclasses.fields(Limits):
        after = source.split(f"    {field.name}: ")[1].split("\n")[1]
        assert after.strip().startswith('"""'), field.name
