"""The radio network's time is a hint: it raises an alarm, and sets nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from appliance.clockhint import KEY, ClockHint
from hal.clock import Clock, ClockTrust


class Announcer:
    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def alarm(self, key: str, severity: str, text: str) -> None:
        self.said.append((key, text))

    def clear(self, key: str, text: str = "") -> None:
        self.said.append((key, "clear"))


NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(("apart_s", "word"), [(0, "clear"), (-290, "clear"), (301, "slow"), (-86400, "fast")])
def test_hint(apart_s, word):
    announcer = Announcer()
    clock = Clock(_Loop(), wall=NOW.timestamp, trust=ClockTrust.DOUBTFUL, boot_id="b")
    local = (NOW + timedelta(seconds=apart_s)).astimezone(timezone(timedelta(hours=1)))
    ClockHint(clock, announcer).told(local)
    ((key, text),) = announcer.said
    assert key == KEY
    assert word in text
    assert clock.wall() == NOW.timestamp()
    assert clock.trust is ClockTrust.DOUBTFUL


def test_a_simulation_that_runs_faster_says_nothing():
    announcer = Announcer()
    clock = Clock(_Loop(), wall=NOW.timestamp, boot_id="b", speed=10.0)
    ClockHint(clock, announcer).told(NOW + timedelta(days=1))
    assert not announcer.said


class _Loop:
    def time(self) -> float:
        return 0.0
