"""The monitor's settings for a centre of a given size, where nobody has written any: the box's own lines."""

from __future__ import annotations

import dataclasses
import math

from appliance.monitor.overload.config import AreaConfig, MonitorConfig


def for_size(lines: int, agents: int) -> MonitorConfig:
    """Occupancy thresholds in the proportions that the paper found best: 8 of 30 lines, 4 of 10 agents. Never below two: one call
    is no overload even of a box with two lines."""
    base = MonitorConfig()
    lines, agents = max(1, lines), max(1, agents)

    def area(old: AreaConfig, capacity: int, share: float) -> AreaConfig:
        return dataclasses.replace(old, capacity=capacity, occupancy=max(2, math.ceil(share * capacity)))

    return dataclasses.replace(
        base,
        ingress=area(base.ingress, lines, 8 / 30),
        queue_pstn=area(base.queue_pstn, lines, 3 / 10),
        queue_mobile=area(base.queue_mobile, lines, 3 / 10),
        queue_voip=area(base.queue_voip, lines, 3 / 10),
        agents=area(base.agents, agents, 4 / 10),
    )
