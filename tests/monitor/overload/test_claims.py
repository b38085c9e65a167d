"""The bench in small: what is claimed must hold in a handful of seeded runs, too."""

from __future__ import annotations

from statistics import fmean

import pytest

from appliance.monitor.overload.config import MonitorConfig
from appliance.overload.ownlines import for_size
from tests.bench.overload.measure import EVALUATION, Bench, upper, wilson
from tests.bench.overload.report import full_s

pytestmark = pytest.mark.slow


@pytest.fixture
def bench(tmp_path):
    return Bench(1, EVALUATION + 50_000, tmp_path)


@pytest.mark.parametrize("rate", [25, 100, 1200])
def test_both_detectors_are_well_before_exhaustion_at_small_shares(bench, rate):
    runs = bench.runs("attack", 8, rate=rate, voip=0.11)
    for detector in ("table1", "shares"):
        assert all(run["first"][detector] < (run["agents"] or 1e9) for run in runs)
    assert fmean(run["first"]["shares"] for run in runs) < 0.75 * fmean(full_s(rate, run["busy"], 10) for run in runs)


@pytest.mark.parametrize("voip", [0.33, 0.5])
def test_at_great_shares_ours_is_before_the_lines_are_exhausted(bench, voip):
    for run in bench.runs("attack", 6, rate=100, voip=voip):
        assert run["first"]["shares"] < full_s(100, run["busy"], 30)


@pytest.mark.parametrize("kw", [{}, {"shift": "step"}], ids=["constant", "step"])
def test_storms_are_no_attacks(bench, kw):
    for run in bench.runs("open", 25, voip=0.33, **kw):
        assert run["quiet"] < MonitorConfig().shares.quiet
        assert run["storm"] < MonitorConfig().shares.storm


def test_a_storm_through_centre_and_monitor_and_an_attack_hidden_in_one(bench):
    (storm,) = bench.runs("storm", 1, voip=0.11)
    assert storm["alarms"]["shares"] == 0
    assert storm["stage1"] > 0.4
    assert storm["lost"] > 0.3
    (hidden,) = bench.runs("storm", 1, voip=0.11, hidden=400.0)
    assert hidden["first"]["shares"] < 30


def test_results_are_kept_and_found_again(bench):
    first = bench.runs("open", 1, voip=0.2)
    assert bench.runs("open", 1, voip=0.2) == first
    assert len(list(bench.out.iterdir())) == 1


def test_intervals():
    assert upper(0, 1000) == pytest.approx(0.003, abs=1e-4)
    assert wilson(0, 100)[0] == 0
    assert wilson(95, 100) == pytest.approx((0.888, 0.978), abs=2e-3)


def test_a_box_with_two_lines_sees_robots_that_hold_them(bench):
    for run in bench.runs("flood", 4, for_size(2, 2), lines=2, rate=30.0, hold_s=30.0):
        assert run["first"]["shares"] < 400
    for run in bench.runs("incident", 8, for_size(2, 2), lines=2, teams=15, shares=(0.85, 0.15, 0.0)):
        assert run["alarms"] == {"table1": 0, "shares": 0}
