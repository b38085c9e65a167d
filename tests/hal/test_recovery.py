"""The recovery ladder: order, pauses, bounds."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.recovery import RELAPSE_S, TIMES, Ladder, Rung


def climb(ladder, now, count, took_s=5.0, allowed=tuple(Rung)):
    """The next `count` steps that do not help: (when, rung)."""
    steps = []
    for _ in range(count):
        step = ladder.next(now, allowed)
        now += step.wait_s
        steps.append((now, step.rung))
        ladder.tried(now, step.rung)
        now += took_s
    return steps


def test_a_round_goes_from_the_gentlest_to_the_last():
    assert [rung for _, rung in climb(Ladder(Rung), 0.0, 5)] == list(Rung)


def test_the_first_step_comes_at_once_and_the_first_three_within_a_minute():
    steps = climb(Ladder(Rung), 0.0, 3)
    assert steps[0][0] == 0.0
    assert steps[2][0] < 60.0


def test_a_device_has_only_the_rungs_it_has():
    ladder = Ladder([Rung.REOPEN, Rung.INIT])
    assert [rung for _, rung in climb(ladder, 0.0, 4)] == [Rung.INIT, Rung.REOPEN] * 2
    with pytest.raises(ValueError, match="rung"):
        Ladder([])


def test_what_is_not_allowed_now_is_left_out():
    assert {rung for _, rung in climb(Ladder(Rung), 0.0, 9, allowed=[Rung.REOPEN])} == {Rung.REOPEN}


def test_the_pauses_between_rounds_double_and_never_end():
    steps = climb(Ladder([Rung.REOPEN], wait_s=2.0, wait_limit_s=120.0), 0.0, 12, took_s=0.0)
    assert [round(b - a) for (a, _), (b, _) in pairwise(steps)] == [2, 4, 8, 16, 32, 64, 120, 120, 120, 120, 120]


def test_what_did_not_last_is_taken_one_rung_higher():
    ladder = Ladder([Rung.INIT, Rung.REOPEN, Rung.RESET])
    climb(ladder, 0.0, 1)
    ladder.well(6.0)
    assert ladder.next(6.0 + RELAPSE_S - 10).rung is Rung.REOPEN
    ladder.tried(300.0, Rung.REOPEN)
    ladder.well(301.0)
    assert ladder.next(310.0).rung is Rung.RESET


def test_a_fault_long_after_begins_at_the_bottom():
    ladder = Ladder([Rung.INIT, Rung.REOPEN])
    climb(ladder, 0.0, 2)
    ladder.well(12.0)
    assert ladder.next(12.0 + RELAPSE_S + 1).rung is Rung.INIT


def test_a_modem_that_gets_well_by_itself_starts_at_the_bottom_too():
    ladder = Ladder(Rung)
    ladder.next(0.0)
    ladder.well(1.0)
    assert ladder.next(2.0).rung is Rung.INIT


@given(
    st.lists(st.tuples(st.floats(0, 900), st.booleans()), min_size=1, max_size=400),
    st.sets(st.sampled_from(list(Rung)), min_size=1),
)
def test_no_rung_is_used_more_often_than_its_bounds_allow(story, rungs):
    """Whatever happens, and however often the device gets well and fails again: the relay and the SIM are spared."""
    ladder, now, uses = Ladder(rungs), 0.0, []
    for pause, helped in story:
        step = ladder.next(now)
        now += step.wait_s
        assert step.rung in rungs
        uses.append((now, step.rung))
        ladder.tried(now, step.rung)
        now += 1.0
        if helped:
            ladder.well(now)
            now += pause
    for rung, times in TIMES.items():
        mine = [at for at, used in uses if used is rung]
        if len(rungs & set(Rung)) > 1 and rung is not min(rungs, key=list(Rung).index):
            assert all(b - a >= times.every_s for a, b in pairwise(mine))
            if times.a_day:
                assert all(b - a >= 86400 for a, b in zip(mine, mine[times.a_day :], strict=False))


def test_power_is_cut_six_times_a_day_at_most_and_never_twice_in_ten_minutes():
    cuts = [at for at, rung in climb(Ladder(Rung), 0.0, 3000, took_s=20.0) if rung is Rung.POWER]
    assert all(b - a >= 600 for a, b in pairwise(cuts))
    day = [at for at in cuts if at < 86400]
    assert len(day) == 6
