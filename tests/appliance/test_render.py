"""Answers on paper: tables that fit into 80 columns, whatever is in them."""

from __future__ import annotations

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.answers import Answer, Grid
from appliance.console.render import plain

WORDS = st.text(alphabet=string.ascii_letters + " .,-äöü€", max_size=120)


def test_a_table():
    grid = Grid("Teams", ("team", "calls"), [("alpha", "3"), ("beta-cert", "12")], right=(1,))
    assert plain(Answer(["Hello.", grid])).splitlines() == [
        "Hello.",
        "Teams",
        "team       calls",
        "---------  -----",
        "alpha          3",
        "beta-cert     12",
    ]


def test_a_long_cell_goes_on_below():
    grid = Grid("", ("a", "detail"), [("x", "one two three four five six seven")])
    assert plain(Answer([grid]), 20).splitlines() == [
        "a  detail",
        "-  -----------------",
        "x  one two three",
        "   four five six",
        "   seven",
    ]


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(WORDS, WORDS, WORDS, WORDS, WORDS, WORDS, WORDS), max_size=5), WORDS)
def test_no_line_is_wider_than_eighty_columns(rows, text):
    answer = Answer([text, Grid("", ("a", "b", "c", "d", "e", "f", "g"), rows, right=(0,))])
    for line in plain(answer).splitlines():
        assert len(line) <= 80


def test_nothing_of_a_cell_is_lost():
    cell = "Unplugged: /dev/serial/by-path/platform-fd500000.pcie-pci-0000:01:00.0-usb-0:1.2:1.2 is gone"
    shown = plain(Answer([Grid("", ("a", "b"), [("x" * 60, cell)])]))
    for character in set(cell) - {" "}:
        assert shown.count(character) >= cell.count(character)


def test_an_answer_survives_the_socket():
    answer = Answer(["a", Grid("t", ("x", "y"), [("1", "2")], (1,))], 2, {"k": [1]})
    assert Answer.from_json(answer.to_json()) == answer
