"""The monitor's settings for a centre of a given size, where nobody has written any: the box's own lines."""

from __future__ import annotations

import dataclasses

from appliance.monitor.overload.config import AreaConfig, MonitorConfig
from appliance.monitor.overload.derive import derive

SERVICE_S = 60.0
"""A caller logs in, records and confirms, or listens, in about this time."""
CALLS_A_MINUTE = 0.05


def for_size(lines: int, agents: int) -> MonitorConfig:
    """As for an emergency centre, but no threshold of occupancy below two: one call is no overload even of a box with two lines.

    A box with a single line is thus never short of lines: nobody could tell one caller from an attack.
    """
    lines, agents = max(1, lines), max(1, agents)
    derived = derive(lines, agents, SERVICE_S, CALLS_A_MINUTE)

    def never_one(area: AreaConfig, capacity: int) -> AreaConfig:
        return dataclasses.replace(area, capacity=capacity, occupancy=max(2, area.occupancy))

    return dataclasses.replace(
        derived,
        ingress=never_one(derived.ingress, lines),
        queue_pstn=never_one(derived.queue_pstn, lines),
        queue_mobile=never_one(derived.queue_mobile, lines),
        queue_voip=never_one(derived.queue_voip, lines),
        agents=never_one(derived.agents, agents),
    )
