"""A response is worth having: a few runs of `tests.bench.response`, which has the figures."""

from __future__ import annotations

import pytest

from tests.bench.response import one, share


@pytest.mark.parametrize("response", ["after others", "cap", "both", "challenge", "all three"])
def test_genuine_callers_are_answered_again(response):
    runs = {name: [one("ordinary hour", 100, name, 0.11, seed) for seed in range(3)] for name in ("none", response)}
    answered = {
        name: share([each.within_20_s[0] for each in outcomes], [each.offered[0] for each in outcomes])[0]
        for name, outcomes in runs.items()
    }
    assert answered["none"] < 20
    assert answered[response] > 60


def test_without_an_attack_nothing_changes():
    assert one("ordinary hour", 0, "both", 0.11, 1) == one("ordinary hour", 0, "none", 0.11, 1)
