"""The monitor always comes to an end of an event: no deadline stays where it has been met."""

from __future__ import annotations

import pytest

from appliance.monitor.overload.config import SharesConfig
from appliance.monitor.overload.events import Offered
from appliance.monitor.overload.monitor import OverloadMonitor
from appliance.monitor.overload.shares import Shares
from tests.bench.response import one


def test_an_alarm_that_fades_while_resources_suffice_leaves_no_deadline_behind():
    shares = Shares(SharesConfig(release_s=30))
    at = 0.0
    while not any(shares.active):
        at += 0.5
        shares.arrive(2, at, True)
        shares.judge(at, True)
    shares.judge(at + 1, False)
    assert shares.deadline == at + 31
    while any(shares.active):
        at += 1
        shares.arrive(0, at, False)
        shares.judge(at, False)
    shares.judge(at + 100, False)
    assert shares.deadline == float("inf")


def test_a_run_that_never_ended():
    assert one("ordinary hour", 25, "cap", 0.11, 900_045).in_force_s > 0


def test_a_deadline_that_stays_is_an_error_and_no_endless_loop():
    class Stuck(Shares):
        deadline = 5.0

    monitor = OverloadMonitor()
    monitor.shares = Stuck(SharesConfig())
    monitor.feed(Offered(1, "pstn", 1.0))
    with pytest.raises(RuntimeError, match="deadlines without end"):
        monitor.feed(Offered(2, "pstn", 10.0))
