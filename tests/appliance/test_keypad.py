"""What is typed becomes keys, speech and hanging up."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.keypad import HangUp, Help, Keypad, Press, Say


@pytest.mark.parametrize(
    ("typed", "actions"),
    [
        ("12#", [Press("1"), Press("2"), Press("#")]),
        ("*D", [Press("*"), Press("D")]),
        ("x \t", []),
        ("?", [Help()]),
        ("h", [HangUp()]),
        ("\x04", [HangUp()]),
        ("shello there\r", [Say("hello there")]),
        ("s123\n4", [Say("123"), Press("4")]),
        ("s\n", []),
        ("sab\x7fc\n", [Say("ac")]),
        ("sab\x1b1", [Press("1")]),
        ("s/tmp/a.wav\nh", [Say("/tmp/a.wav"), HangUp()]),
    ],
)
def test_typing(typed, actions):
    assert Keypad().feed(typed) == actions


@settings(deadline=None, derandomize=True)
@given(st.text(), st.integers(1, 5))
def test_in_pieces_it_is_the_same(typed, size):
    whole, pieces = Keypad(), Keypad()
    found = [action for at in range(0, len(typed), size) for action in pieces.feed(typed[at : at + size])]
    assert found == whole.feed(typed)
    assert pieces.sentence == whole.sentence
