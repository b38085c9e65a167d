"""A short form of the benchmark of events: work a call is the same early and late, and memory is bounded."""

from __future__ import annotations

import sys

from appliance.monitor.overload.monitor import OverloadMonitor
from tests.monitor.overload.traffic import events


def test_state_does_not_grow_with_history() -> None:
    monitor = OverloadMonitor()
    sizes = []
    for count, event in enumerate(events(5, 6000), 1):
        monitor.feed(event)
        if count % 5000 == 0:
            sizes.append(len(str(monitor.snapshot())))
    assert len(sizes) >= 4
    assert max(sizes) < 3 * min(sizes) + 4000
    assert sys.getsizeof(monitor.areas[0].residence.inside) < 100_000
