"""What comes from elsewhere steers no terminal and forges no line of the log."""

from __future__ import annotations

import logging
import sys

from appliance.answers import Answer, Grid
from appliance.console import render
from appliance.console.visible import LogFormatter, visible


def test_what_steers_a_terminal_is_spelt_out():
    assert visible("a\x1b[2Jb\x9b1m\r\x7f\u202e\ud800") == r"a\x1b[2Jb\x9b1m\r\x7f\u202e\ud800"
    assert visible("Zürich — 10 €\nnext") == "Zürich — 10 €\nnext"


def test_answers_and_errors_are_shown_so(capsys):
    render.show(Answer(["team \x1b[2J", Grid("", ("name",), [("\x1b]0;x\x07",)])]))
    render.complain(ValueError("\x1b[1A"))
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err
    assert r"team \x1b[2J" in shown.out
    assert r"\x1b]0;x\x07" in shown.out
    assert shown.err == r"\x1b[1A" + "\n"


def test_a_message_is_one_line_of_the_log():
    try:
        raise ValueError("\x1b[2J")
    except ValueError:
        trouble = sys.exc_info()
    record = logging.LogRecord("x", logging.INFO, "", 0, "caller %s", ("1\nCRITICAL forged",), trouble)
    first, *rest = LogFormatter("%(levelname)s %(message)s").format(record).splitlines()
    assert first == r"INFO caller 1\nCRITICAL forged"
    assert rest[0].startswith("Traceback")
    assert rest[-1] == r"ValueError: \x1b[2J"
