"""The schedule, rule by rule."""

from __future__ import annotations

import math

import pytest

from ivr.dialout.schedule import FIRST_HOLD_S, LONGEST_HOLD_S, Dial, Schedule, Wait

LINES = ["a", "b", "c"]


def dial(schedule: Schedule, now: float, free: list[str] | None = None, lines: list[str] | None = None) -> Dial:
    choice = schedule.next(now, LINES if free is None else free, LINES if lines is None else lines)
    assert isinstance(choice, Dial), choice
    schedule.started(choice)
    return choice


def until(schedule: Schedule, now: float, free: list[str] | None = None) -> float:
    choice = schedule.next(now, LINES if free is None else free, LINES)
    assert isinstance(choice, Wait), choice
    return choice.until


def test_fresh_teams_in_roster_order_and_then_nothing() -> None:
    schedule = Schedule()
    schedule.open(1, dict.fromkeys("zay", 1))
    assert [dial(schedule, 0).team for _ in range(3)] == ["z", "a", "y"]
    assert until(schedule, 0) == math.inf


def test_a_retry_waits_the_gap_and_fresh_teams_go_before_it() -> None:
    schedule = Schedule(gap_s=300)
    schedule.open(1, dict.fromkeys("xyz", 1))
    assert schedule.ended(dial(schedule, 0), 10) == ()
    y = dial(schedule, 311)
    assert y.team == "y", "x is due, but z and y are fresh"
    assert dial(schedule, 311).team == "z"
    assert dial(schedule, 311).team == "x"
    schedule.ended(y, 320)
    assert until(schedule, 321) == 620
    assert until(schedule, 619.9) == 620
    assert dial(schedule, 620).team == "y"


def test_among_retries_the_team_with_fewer_calls_goes_first() -> None:
    schedule = Schedule(gap_s=300)
    schedule.open(1, dict.fromkeys("xy", 1))
    schedule.ended(dial(schedule, 0), 1)
    y = dial(schedule, 1)
    schedule.ended(dial(schedule, 301), 302)
    schedule.ended(y, 400)
    assert [dial(schedule, 1000).team for _ in range(2)] == ["y", "x"], "x has two calls behind it"


def test_three_calls_and_no_more() -> None:
    schedule = Schedule(calls=3, gap_s=300)
    schedule.open(1, {"x": 1})
    assert schedule.ended(dial(schedule, 0), 1) == ()
    assert schedule.ended(dial(schedule, 301), 302) == ()
    assert not schedule.done(1)
    last = dial(schedule, 602)
    assert not schedule.done(1)
    assert schedule.ended(last, 603) == (1,)
    assert schedule.done(1)
    assert until(schedule, 10_000) == math.inf


def test_a_reached_team_is_left_alone_even_if_its_call_still_runs() -> None:
    schedule = Schedule()
    schedule.open(1, {"x": 1})
    call = dial(schedule, 0)
    schedule.settle(1, "x")
    assert not schedule.done(1), "the conversation goes on"
    assert schedule.ended(call, 60) == ()
    assert schedule.done(1)


def test_numbers_are_tried_in_turn() -> None:
    schedule = Schedule(calls=3, gap_s=300)
    schedule.open(1, {"x": 2})
    used = []
    for k in range(3):
        call = dial(schedule, 1000 * k)
        used.append(call.number_index)
        schedule.ended(call, 1000 * k + 1)
    assert used == [0, 1, 0]


def test_a_declined_call_makes_the_next_number_due_at_once_and_before_fresh_teams() -> None:
    schedule = Schedule(gap_s=300)
    schedule.open(1, {"x": 2, "y": 1})
    schedule.ended(dial(schedule, 0), 5, declined=True)
    again = dial(schedule, 5)
    assert (again.team, again.number_index) == ("x", 1)
    schedule.ended(again, 9, declined=True)
    assert dial(schedule, 9).team == "y"
    assert until(schedule, 9) == 309, "both numbers have declined: the gap is waited"


def test_the_only_number_declining_waits_the_gap() -> None:
    schedule = Schedule(gap_s=300)
    schedule.open(1, {"x": 1})
    schedule.ended(dial(schedule, 0), 5, declined=True)
    assert until(schedule, 5) == 305


def test_declining_counts_as_one_of_the_three() -> None:
    schedule = Schedule(calls=3, gap_s=300)
    schedule.open(1, {"x": 5})
    for now in (0, 1):
        assert schedule.ended(dial(schedule, now), now + 1, declined=True) == ()
    assert schedule.ended(dial(schedule, 2), 3, declined=True) == (1,)


def test_what_the_line_did_is_tried_at_once_on_another_line_before_fresh_teams() -> None:
    schedule = Schedule()
    schedule.open(1, dict.fromkeys("xy", 2))
    call = dial(schedule, 0)
    assert (call.team, call.line) == ("x", "a")
    assert schedule.failed(call, 1, LINES) == 0
    again = dial(schedule, 1)
    assert (again.team, again.line, again.number_index) == ("x", "b", 0), "same number, other line"


def test_a_line_that_failed_the_team_serves_the_next_team_meanwhile() -> None:
    schedule = Schedule()
    schedule.open(1, dict.fromkeys("xy", 1))
    schedule.failed(dial(schedule, 0), 1, LINES)
    other = dial(schedule, 1, free=["a"])
    assert (other.team, other.line) == ("y", "a")


def test_when_every_line_has_failed_the_team_rests_longer_each_time_and_never_counts() -> None:
    schedule = Schedule(calls=3)
    schedule.open(1, {"x": 1})
    now, rests = 0.0, []
    for _ in range(8):
        for line in LINES[:2]:
            assert schedule.failed(dial(schedule, now, free=[line]), now, LINES) == 0
        rests.append(schedule.failed(dial(schedule, now, free=["c"]), now, LINES))
        assert until(schedule, now) == now + rests[-1]
        now += rests[-1]
    assert rests[:4] == [FIRST_HOLD_S, 2 * FIRST_HOLD_S, 4 * FIRST_HOLD_S, 8 * FIRST_HOLD_S]
    assert rests[-1] == LONGEST_HOLD_S
    assert schedule.calls_made(1, "x") == 0


def test_a_team_does_not_wait_for_a_line_that_is_gone() -> None:
    schedule = Schedule()
    schedule.open(1, {"x": 1})
    schedule.failed(dial(schedule, 0, free=["a"]), 1, LINES)
    assert isinstance(schedule.next(2, ["a"], LINES), Wait), "b and c are busy, and may do better"
    assert isinstance(schedule.next(2, ["a"], ["a"]), Dial), "b and c have left service"


def test_one_call_serves_all_alerts_that_are_due_and_counts_for_those_only() -> None:
    schedule = Schedule(gap_s=300)
    schedule.open(1, {"x": 1})
    schedule.ended(dial(schedule, 0), 10)
    schedule.open(2, {"x": 1})
    second = dial(schedule, 20)
    assert second.alerts == (2,), "alert 1 is not due before 310"
    schedule.ended(second, 30)
    assert (schedule.calls_made(1, "x"), schedule.calls_made(2, "x")) == (1, 1)
    both = dial(schedule, 400)
    assert set(both.alerts) == {1, 2}
    schedule.ended(both, 410)
    assert (schedule.calls_made(1, "x"), schedule.calls_made(2, "x")) == (2, 2)


def test_a_team_is_never_on_two_calls() -> None:
    schedule = Schedule()
    schedule.open(1, {"x": 1})
    call = dial(schedule, 0)
    schedule.open(2, {"x": 1})
    assert until(schedule, 1) == math.inf
    schedule.settle(1, "x")
    schedule.ended(call, 5)
    assert dial(schedule, 5).alerts == (2,)


def test_a_real_alert_goes_before_an_exercise_even_its_retries_before_fresh_teams() -> None:
    schedule = Schedule(gap_s=300)
    schedule.open(1, dict.fromkeys("abc", 1), exercise=True)
    assert dial(schedule, 0).team == "a"
    schedule.open(2, dict.fromkeys("cd", 1))
    first = dial(schedule, 0)
    assert (first.team, first.alerts) == ("c", (2, 1))
    schedule.ended(dial(schedule, 0), 10)
    assert dial(schedule, 310).team == "d"
    assert dial(schedule, 310).team == "b"


def test_an_older_alert_goes_before_a_newer_one() -> None:
    schedule = Schedule()
    schedule.open(1, dict.fromkeys("abc", 1))
    schedule.settle(1, "a")
    schedule.open(2, dict.fromkeys("abc", 1))
    assert [dial(schedule, 0).team for _ in range(3)] == ["b", "c", "a"]


def test_closing_a_campaign_takes_everybody_off_and_leaves_running_calls_alone() -> None:
    schedule = Schedule()
    schedule.open(1, dict.fromkeys("xy", 1))
    schedule.open(2, {"y": 1})
    call = dial(schedule, 0)
    schedule.close(1)
    assert schedule.alerts == (2,)
    assert schedule.ended(call, 3) == ()
    assert dial(schedule, 3).alerts == (2,)
    assert until(schedule, 10_000) == math.inf


def test_restored_teams_keep_their_calls_their_gap_and_their_number() -> None:
    schedule = Schedule(calls=3, gap_s=300)
    schedule.open(1, {"x": 3, "y": 2, "z": 1})
    schedule.restore(1, "x", calls=2, due=500, turn=2)
    schedule.restore(1, "y", calls=1, due=100, turn=1, declines=1)
    assert dial(schedule, 0).team == "z"
    assert until(schedule, 0) == 100
    y = dial(schedule, 100)
    assert (y.team, y.number_index) == ("y", 1)
    x = dial(schedule, 500)
    assert (x.team, x.number_index) == ("x", 2)
    assert schedule.ended(x, 501) == (1,)


def test_it_says_when_somebody_waits_for_a_line() -> None:
    schedule = Schedule()
    schedule.open(1, {"x": 1})
    assert isinstance(schedule.next(0, [], LINES), Wait)
    assert schedule.wanting
    dial(schedule, 0)
    assert not schedule.wanting


def test_a_call_that_is_not_up_cannot_end() -> None:
    schedule = Schedule()
    schedule.open(1, {"x": 1})
    call = dial(schedule, 0)
    with pytest.raises(RuntimeError, match="on a call already"):
        schedule.started(call)
    schedule.failed(call, 1, LINES)
    with pytest.raises(RuntimeError, match="not on this call"):
        schedule.ended(call, 2)


def test_a_team_that_left_and_came_back_is_not_confused_with_its_past() -> None:
    schedule = Schedule()
    schedule.open(1, {"x": 1})
    schedule.settle(1, "x")
    schedule.open(2, {"x": 1})
    assert dial(schedule, 0).alerts == (2,)
    assert until(schedule, 0) == math.inf
