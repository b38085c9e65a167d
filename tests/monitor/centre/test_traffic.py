"""Rates, shares and shapes of the synthetic traffic; reading and writing traces."""

from __future__ import annotations

import io
import itertools
import random
from collections import Counter
from pathlib import Path

import pytest

from appliance.monitor.centre import traffic
from appliance.monitor.centre.calls import BadTrace, OfferedCall, read_trace, write_trace

LOG = Path(__file__).parents[2] / "data" / "seattle-911-excerpt.csv"


def test_rate_shares_and_shift() -> None:
    shift = traffic.Shift("voip", 0.25, 50_000.0)
    calls = traffic.genuine(random.Random(1), 0.0, 100_000.0, lambda at: 0.1, 0.2, (0.5, 0.3, 0.2), shift)
    assert 9_500 < len(calls) < 10_500
    for half, voip in ((calls[: len(calls) // 2], 0.2), (calls[len(calls) // 2 :], 0.45)):
        assert Counter(call.domain for call in half)["voip"] / len(half) == pytest.approx(voip, abs=0.02)


def test_a_slow_shift_is_half_done_half_way_and_the_others_give_way_in_proportion() -> None:
    shift = traffic.Shift("voip", 0.2, 100.0, 60.0)
    assert traffic.shares_at((0.4, 0.4, 0.2), shift, 130.0) == pytest.approx((0.35, 0.35, 0.3))
    assert traffic.shares_at((0.4, 0.4, 0.2), shift, 99.0) == (0.4, 0.4, 0.2)


def test_an_attack_has_its_rate_and_a_ramp_grows() -> None:
    flat = list(traffic.attack(random.Random(2), 100.0, 60, 600.0))
    assert 560 < len(flat) < 640
    assert all(call.domain == "voip" and not call.genuine for call in flat)
    ramp = [call.at for call in traffic.attack(random.Random(2), 100.0, 60, 600.0, ramp_s=600.0)]
    first = sum(at < 400 for at in ramp)
    assert first < 0.4 * len(ramp)


def test_clumps_have_the_size_asked_for() -> None:
    clumps = traffic.Clumps(5.0)
    calls = traffic.genuine(random.Random(3), 0.0, 200_000.0, lambda at: 0.1, 0.1, (0.5, 0.3, 0.2), clumps=clumps)
    assert len(calls) == pytest.approx(20_000, rel=0.08)


def test_a_day_has_its_number_of_calls_and_the_storm_its_top() -> None:
    rate = traffic.day_rate(1200)
    assert sum(rate(minute * 60.0) * 60 for minute in range(1440)) == pytest.approx(1200, rel=0.01)
    shape = traffic.storm_rate(1000.0, 0.5)
    assert (shape(0), shape(1000 + 450), shape(1000 + 2000)) == (0, 0.25, 0.5)
    assert 0 < shape(9000) < 0.1


def test_the_real_log_is_read_with_networks_by_lot() -> None:
    with open(LOG, encoding="utf-8") as file:
        calls = traffic.read_log(file, random.Random(1), (0.4, 0.4, 0.2))
    assert len(calls) == 200
    assert 0 <= calls[0].at < 86_400
    assert all(a.at <= b.at for a, b in itertools.pairwise(calls))


def test_a_trace_is_read_as_it_was_written() -> None:
    calls = [OfferedCall(0.5, "pstn", 10.0), OfferedCall(1.25, "voip", 3.0, 7.5, False)]
    file = io.StringIO()
    write_trace(calls, file)
    assert read_trace(file.getvalue().splitlines(), "x") == calls


def test_a_trace_may_do_without_header_patience_and_order() -> None:
    assert read_trace(["3,mobile,1", "", "# note", "2,PSTN,1,"], "x") == [
        OfferedCall(2.0, "pstn", 1.0),
        OfferedCall(3.0, "mobile", 1.0),
    ]


def test_every_mistake_of_a_trace_is_reported_at_its_line() -> None:
    with pytest.raises(BadTrace) as error:
        read_trace(["time_s,domain,hold_s", "0,fax,1", "x,pstn,1", "1,voip,-1", "2,voip,nan", "3,voip,1"], "t.csv")
    assert [line.split(":")[1] for line in str(error.value).splitlines()] == ["2", "3", "4", "5"]
    with pytest.raises(BadTrace, match="no domain"):
        read_trace(["time_s,hold_s", "0,1"], "t.csv")
