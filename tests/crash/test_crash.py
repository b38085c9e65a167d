"""SIGKILL at random moments of running alerts, in short. The long version is `make crash-test`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.rounds import Plan, crash

pytestmark = pytest.mark.slow


def test_an_alert_survives_every_kill(tmp_path: Path) -> None:
    results = list(crash(Plan(tmp_path, speed=20.0), kills=12, seed=1, jobs=2))
    results = [result for result in results if not result.void]
    assert [violation for result in results for violation in result.violations] == []
    assert sum(result.kills for result in results) >= 12
