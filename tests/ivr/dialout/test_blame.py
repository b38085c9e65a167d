"""Whose fault: the evidence, case by case."""

from __future__ import annotations

from hal.errors import LineFault, NoDialTone, RefusedAtOnce
from ivr.dialout.blame import LONG_ENOUGH_S, Blame, Verdict

LINES = ["a", "b"]
OPEN, LINE, NUMBER = Verdict.OPEN, Verdict.LINE, Verdict.NUMBER
AT_ONCE, DEAD = RefusedAtOnce("no carrier"), NoDialTone("no dial tone")


def fault(
    blame: Blame, line: str, number: str, error: LineFault = AT_ONCE, now: float = 0, lines: list[str] = LINES
) -> Verdict:
    return blame.faulted(line, number, error, now, lines)


def test_three_numbers_in_a_row_convict_the_line() -> None:
    blame = Blame()
    assert [fault(blame, "a", n) for n in "123"] == [OPEN, OPEN, LINE]


def test_a_success_between_clears_the_line() -> None:
    blame = Blame()
    fault(blame, "a", "1")
    fault(blame, "a", "2")
    blame.carried("a", "3")
    assert [fault(blame, "a", n) for n in "45"] == [OPEN, OPEN]
    assert fault(blame, "a", "6") is LINE


def test_one_number_alone_convicts_no_line_unless_another_line_has_carried_it() -> None:
    blame = Blame()
    assert [fault(blame, "a", "1") for _ in range(5)] == [OPEN] * 5
    blame.carried("b", "1")
    assert fault(blame, "a", "1") is LINE


def test_what_no_number_can_cause_convicts_the_line_by_itself() -> None:
    blame = Blame()
    assert [fault(blame, "a", "1", DEAD) for _ in range(3)] == [OPEN, OPEN, LINE]


def test_a_number_is_convicted_by_two_lines_that_work_for_others_since() -> None:
    blame = Blame()
    assert fault(blame, "a", "dead") is OPEN
    assert fault(blame, "b", "dead") is OPEN
    blame.carried("a", "1")
    assert fault(blame, "a", "dead") is OPEN, "line b has shown nothing since"
    blame.carried("b", "2")
    assert fault(blame, "a", "dead") is NUMBER


def test_a_trunk_group_that_goes_at_once_convicts_no_number() -> None:
    blame = Blame()
    for line, number in zip("abab", "1234", strict=True):
        blame.carried(line, number)
    verdicts = [fault(blame, line, number) for number in "5678" for line in LINES]
    assert NUMBER not in verdicts
    assert LINE in verdicts


def test_a_convicted_number_leaves_no_mark_on_the_lines() -> None:
    blame = Blame()
    for _ in range(2):
        for line in LINES:
            fault(blame, line, "dead")
            blame.carried(line, "1")
    assert fault(blame, "a", "dead") is NUMBER
    assert [fault(blame, "a", n) for n in "23"] == [OPEN, OPEN]
    assert fault(blame, "a", "4") is LINE, "three of its own"


def test_once_convicted_what_lines_did_before_is_enough_until_it_is_carried() -> None:
    blame = Blame()
    for line in LINES:
        fault(blame, line, "dead")
        blame.carried(line, "1")
    assert fault(blame, "a", "dead") is NUMBER
    assert fault(blame, "a", "dead") is OPEN
    assert fault(blame, "b", "dead") is NUMBER, "nobody else is left to call"
    blame.carried("a", "dead")
    blame.carried("a", "1")
    assert [fault(blame, line, "dead") for line in LINES] == [OPEN, OPEN]


def test_the_last_number_of_all_is_convicted_after_two_minutes_on_lines_that_were_well() -> None:
    blame = Blame()
    for line in LINES:
        blame.carried(line, "1")
    assert [fault(blame, line, "dead", now=60) for line in LINES] == [OPEN, OPEN]
    assert fault(blame, "a", "dead", now=60 + LONG_ENOUGH_S) is NUMBER


def test_a_line_that_has_called_nobody_else_does_not_save_a_number_that_a_good_line_cannot_have_either() -> None:
    blame = Blame()
    blame.carried("b", "1")
    assert [fault(blame, line, "dead") for line in LINES] == [OPEN, OPEN]
    assert fault(blame, "a", "dead", now=LONG_ENOUGH_S) is NUMBER


def test_where_no_line_has_shown_that_it_works_no_number_is_convicted() -> None:
    blame = Blame()
    assert [fault(blame, line, "dead", now=now * 100) for now in range(9) for line in LINES] == [OPEN] * 18


def test_on_a_single_line_it_takes_another_call_between() -> None:
    blame = Blame()
    assert fault(blame, "a", "dead", lines=["a"]) is OPEN
    blame.carried("a", "1")
    assert fault(blame, "a", "dead", lines=["a"]) is NUMBER


def test_a_dead_line_never_convicts_a_number() -> None:
    blame = Blame()
    for k in range(10):
        assert fault(blame, "a", "1", DEAD, now=k * 60.0) is not NUMBER
        blame.carried("b", "2")


def test_a_line_that_comes_back_begins_afresh() -> None:
    blame = Blame()
    assert [fault(blame, "a", n) for n in "123"][-1] is LINE
    blame.forget("a")
    assert fault(blame, "a", "4") is OPEN
