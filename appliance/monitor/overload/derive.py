"""Thresholds from what a centre has: lines, agents and how long a call takes (the paper, end of section 3.3)."""

from __future__ import annotations

import math
from dataclasses import replace

from appliance.monitor.overload.config import AreaConfig, MonitorConfig


def erlang_c(agents: int, load: float) -> float:
    """The chance that a call must wait, for a load in Erlang. 1 where the load is not less than the agents."""
    if load >= agents:
        return 1.0
    blocked = 1.0
    for servers in range(1, agents + 1):
        blocked = load * blocked / (servers + load * blocked)
    return blocked / (1 - load / agents * (1 - blocked))


def occupied(load: float, chance: float) -> int:
    """The number of places that are taken at once with less than `chance`, for Poisson load in Erlang."""
    probability = total = math.exp(-load)
    places = 0
    while 1 - total >= chance and places < 10_000:
        places += 1
        probability *= load / places
        total += probability
    return places + 1


def derive(
    lines: int, agents: int, service_s: float, calls_a_minute: float, *, emergency: bool = True
) -> MonitorConfig:
    """A configuration for a centre.

    In an emergency centre agents are many for the usual load, and four tenths of them taken at once, or a little over a
    quarter of the lines, are already worth attention (4 of 10 and 8 of 30 in the paper). A commercial call centre runs its
    agents near capacity and keeps callers waiting as a matter of course, so that only what lies beyond 99.9 % of its usual
    occupancy is: its INGRESS, AGENTS and queues alarm there instead, at most when full.

    `service_s` is the mean time that a call takes an agent, `calls_a_minute` the usual load of the busy hour.
    """
    load = calls_a_minute / 60 * service_s
    per_queue = max(lines - agents, 1)
    if emergency:
        ingress, taken, waiting = max(round(lines * 8 / 30), 1), max(round(agents * 0.4), 1), 3
    else:
        usual = occupied(load, 0.001)
        taken = min(max(usual, 1), agents)
        queued = math.ceil(erlang_c(agents, load) * load) if load < agents else lines - agents
        ingress = min(max(usual + queued, 1), lines)
        waiting = max(3, math.ceil((ingress - taken) / 3) + 2)
    # At this rate calls alone keep all agents busy. The suspected domain alarms at three times the rate, which it has to
    # reach on its own; the others at a quarter of it, so that a disaster, which raises all, is soon seen in them.
    filling_s = service_s / agents
    default = MonitorConfig()
    waiting = min(waiting, per_queue)
    # Two calls a minute for each agent leave nobody free: fake ones take half a minute with ringing and clearing. What is
    # slower than 20 a minute is no attack on a larger centre.
    calm = AreaConfig(per_queue, waiting, round(4 * filling_s, 3), default.queue_pstn.residence_s)
    suspect = replace(calm, interarrival_s=round(filling_s / 3, 3))
    stay = round(service_s * 2.5, 1)
    return replace(
        default,
        shares=replace(default.shares, slowest=min(default.shares.slowest, 2.0 * agents)),
        ingress=AreaConfig(lines, ingress, round(filling_s / 2, 3), stay),
        agents=AreaConfig(agents, taken, round(filling_s, 3), stay),
        queue_pstn=calm,
        queue_mobile=calm,
        queue_voip=suspect,
    )
