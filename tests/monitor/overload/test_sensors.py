"""Sensors equal a recomputation from everything that ever happened. Times lie on a grid, so that equality is exact."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.monitor.overload.sensors import Floating, Interarrival, Rejections, Residence

GRID = st.integers(0, 64 * 40).map(lambda ticks: ticks / 64)
CHECK = settings(deadline=None, derandomize=True, max_examples=150)


def interarrival(times: list[float], n: int, now: float) -> float | None:
    if len(times) < n:
        return None
    gaps = [b - a for a, b in zip(times[-n:], times[-n + 1 :], strict=False)]
    mean = sum(gaps) / len(gaps)
    silence = now - times[-1]
    return mean if silence <= mean else sum([*gaps, silence]) / (len(gaps) + 1)


@CHECK
@given(st.lists(GRID, max_size=30), st.integers(2, 9), GRID, st.integers(1, 640).map(lambda t: t / 64))
def test_interarrival(gaps: list[float], n: int, silence: float, threshold: float) -> None:
    sensor, times, now = Interarrival(n), [], 0.0
    for gap in gaps:
        now += gap
        times.append(now)
        sensor.feed(now)
    value = sensor.value(now + silence)
    assert value == interarrival(times, n, now + silence)
    low = value is not None and value * n < threshold * n
    until = sensor.low_until(threshold)
    if not math.isclose(now + silence, until, abs_tol=1e-9):
        assert low == (now + silence < until)


@CHECK
@given(
    st.lists(st.tuples(GRID, GRID.filter(lambda s: s > 0)), max_size=25),
    st.integers(2, 9),
    GRID,
    st.integers(1, 640).map(lambda t: t / 64),
)
def test_residence(calls: list[tuple[float, float]], n: int, extra: float, threshold: float) -> None:
    now = sum(gap for gap, _ in calls) + extra
    came, comings, leavings = 0.0, [], []
    for call, (gap, stay) in enumerate(calls):
        came += gap
        comings.append((came, 1, call))
        if came + stay <= now:
            leavings.append((came + stay, 0, call))
    sensor = Residence(n)
    for at, coming, call in sorted(comings + leavings):
        if coming:
            sensor.enter(call, at)
        else:
            sensor.leave(call, at)
    came_at = {call: at for at, _, call in comings}
    stays = [at - came_at[call] for at, _, call in sorted(leavings)]
    left = {call for _, _, call in leavings}
    inside = [at for at, _, call in comings if call not in left]
    wanted = None
    if len(stays) >= n:
        wanted = sum(stays[-n:]) / n
        if inside and now - min(inside) > wanted:
            wanted = (sum(stays[-n:]) + now - min(inside)) / (n + 1)
    assert sensor.value(now) == wanted
    after = sensor.high_after(threshold)
    if wanted is None:
        assert after == math.inf
    elif not math.isclose(wanted, threshold, abs_tol=1e-9):
        assert (wanted > threshold) == (now > after)


@CHECK
@given(st.lists(st.booleans(), max_size=40), st.integers(2, 9))
def test_rejections(flags: list[bool], n: int) -> None:
    sensor = Rejections(n)
    for done, flag in enumerate(flags, 1):
        sensor.feed(flag)
        assert sensor.count == sum(flags[max(done - n, 0) : done])


def test_a_floating_threshold_is_mean_and_deviation_and_waits_for_enough_values() -> None:
    floating = Floating(100)
    values = [float(k * 37 % 11) for k in range(100)]
    for count, value in enumerate(values, 1):
        floating.feed(value)
        assert (floating.threshold(2.0) is None) == (count < 10)
    mean = sum(values) / 100
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / 100)
    threshold = floating.threshold(2.0)
    assert threshold is not None
    assert math.isclose(threshold, mean + 2 * deviation)
