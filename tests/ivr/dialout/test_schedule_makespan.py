"""How long campaigns take: every small case against every order that the rules allow, and the bench in small."""

from __future__ import annotations

import itertools
import math
import statistics

import pytest

from ivr.dialout.schedule import Schedule
from tests.bench.dialout import ATTEMPTS, CASES, GAP_S, Fate, campaign, measure

CALL_S = 70.0


def best_of_all_orders(teams: list[Fate], lines: int) -> float:
    """The shortest makespan that the rules allow to somebody who knows the future: tries every order of the retries."""

    def go(free_at: tuple[float, ...], made: tuple[tuple[int, float], ...]) -> float:
        open_teams = [i for i, (calls, _) in enumerate(made) if calls < len(teams[i].calls)]
        if not open_teams:
            return max(end for _, end in made)
        now, *others = sorted(free_at)
        fresh = [i for i in open_teams if made[i][0] == 0]
        due = fresh[:1] or [i for i in open_teams if made[i][1] + GAP_S <= now]
        if not due:
            then = min(made[i][1] + GAP_S for i in open_teams)
            return go((then, *(max(then, t) for t in others)), made)
        best = math.inf
        for i in due:
            end = now + teams[i].calls[made[i][0]]
            best = min(best, go((end, *others), (*made[:i], (made[i][0] + 1, end), *made[i + 1 :])))
        return best

    return go((0.0,) * lines, ((0, 0.0),) * len(teams))


@pytest.mark.parametrize(("count", "lines"), [(4, 1), (4, 2)])
def test_no_order_that_the_rules_allow_is_much_better_even_for_a_prophet(count: int, lines: int) -> None:
    fates = [Fate([CALL_S] * n, reached) for n, reached in ((1, True), (2, True), (ATTEMPTS, False))]
    ratios = []
    for teams in itertools.product(fates, repeat=count):
        ours = campaign(list(teams), lines, Schedule(calls=ATTEMPTS, gap_s=GAP_S))
        best = best_of_all_orders(list(teams), lines)
        assert ours >= best - 1e-6, "the reference misses an order"
        ratios.append(ours / best)
    assert max(ratios) <= 1 + CALL_S / (3 * CALL_S + 2 * GAP_S) + 1e-9, "one call, put in the wrong place"
    assert statistics.fmean(ratios) < 1.02


@pytest.mark.parametrize("case", [case for case in CASES if case.goal and case.teams <= 500], ids=str)
def test_the_bench_keeps_its_goals(case: object) -> None:
    row = measure(case, 20 if case.teams == 50 else 2)
    assert row.ratio <= case.goal
    assert row.ratio < row.peers[1], "better than retries first"
