"""Answers about the network, as modems write them and as nobody would."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.gsm.models import MODELS, Question
from hal.gsm.network import _numbers, _own, clock_of
from hal.gsm.reports import parse

MORE = st.text(st.sampled_from('0123456789+-,:/" ^QABCDEFNIMSCP'), max_size=60)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"26/11/22,13:01:02+04"', datetime(2026, 11, 22, 13, 1, 2, tzinfo=timezone(timedelta(hours=1)))),
        ('"26/11/22,03:01:02-22"', datetime(2026, 11, 22, 3, 1, 2, tzinfo=timezone(timedelta(hours=-5.5)))),
        ("26/11/22,13:01:02", datetime(2026, 11, 22, 13, 1, 2, tzinfo=timezone(timedelta(0)))),
        ('"80/01/06,00:00:00+00"', None),  # nobody has told it
        ('"70/01/01,00:00:00+00"', None),
        ('"04/01/01,00:00:00+00"', None),
        ('"26/13/45,13:01:02+04"', None),
        ('"26/11/22,13:01:02+99"', None),
        ("", None),
    ],
)
def test_clocks(text, expected):
    assert clock_of(text) == expected


@settings(derandomize=True, max_examples=300)
@given(MORE | st.from_regex(r'"\d\d/\d\d/\d\d,\d\d:\d\d:\d\d[+-]\d\d"', fullmatch=True))
def test_no_answer_can_do_harm(text):
    told = clock_of(text)
    assert told is None or told.tzinfo is not None
    _own(text)
    assert all(isinstance(number, int) for number in _numbers(text))
    for prefix in (
        "+CREG: ",
        "+CDS: ",
        "+CMT: ",
        "+CMTI: ",
        "+CLCC: ",
        '+QIND: "ccinfo",',
        "^CEND:",
        "+QPCMV: ",
        "^DSCI: ",
        "",
    ):
        parse(prefix + text)


@settings(derandomize=True)
@given(st.lists(MORE, max_size=4))
def test_questions_read_any_answer(lines):
    for model in MODELS:
        for question in (*model.ims, *model.pin_tries, *([model.voice] if model.voice else [])):
            match = question.read(tuple(lines))
            assert match is None or match.re.pattern == question.pattern
            assert question.expect.endswith(":")


@pytest.mark.parametrize(
    ("model", "line", "tries"),
    [
        ("sim7600", "+SPIC: 3,10,0,10", "3"),
        ("quectel-ec2x", '+QPINC: "SC",2,10', "2"),
        ("huawei", "^CPIN: SIM PIN,1,10,1,10,3", "1"),
        ("generic", "+CPINR: SIM PIN,3,3", "3"),
        ("huawei", "^CPIN: READY,,10,3,10,3", None),
    ],
)
def test_tries_left(model, line, tries):
    row = next(row for row in MODELS if row.name == model)
    match = row.pin_tries[0].read((line,))
    assert (match[1] if match else None) == tries


def test_a_question_knows_how_its_answer_begins():
    assert Question('+QCFG="ims"', "x").expect == "+QCFG:"
    assert Question("^CVOICE?", "x").expect == "^CVOICE:"
