"""What the monitor is told: plain events, in the order of time, whatever their source.

A call is `Offered` when it takes a line, `Queued` when it begins to wait (for the first agent, too), `Ringing` when an agent is
being called for it, `Answered` when it has one, and `Ended` when it has left, from wherever it was. A call that finds no place is
`Rejected`: at INGRESS instead of being offered, at its QUEUE instead of being queued (its line is free again with `Ended`).
Events of calls that were never offered are ignored: a source may begin to watch in the middle of a call.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

PSTN, MOBILE, VOIP = "pstn", "mobile", "voip"
DOMAINS = (PSTN, MOBILE, VOIP)
"""Originating networks of calls, in the order of the areas."""

CallId = int | str
"""How a source tells its calls apart; unique among those in progress."""


class Area(IntEnum):
    """The five functional areas (the paper, figure 3); the value is the place of their bits in the state."""

    INGRESS = 0
    QUEUE_PSTN = 1
    QUEUE_MOBILE = 2
    QUEUE_VOIP = 3
    AGENTS = 4


QUEUES = (Area.QUEUE_PSTN, Area.QUEUE_MOBILE, Area.QUEUE_VOIP)
"""The queue of each domain, in the order of `DOMAINS`."""


class Offered(NamedTuple):
    """A call has taken a line."""

    call: CallId
    domain: str
    at: float
    """Seconds of any clock that only goes forward, here as in every event."""


class Queued(NamedTuple):
    """It waits, or rings, in the queue of its domain."""

    call: CallId
    at: float


class Ringing(NamedTuple):
    """An agent is taken for it, but has not answered yet: it is still in its queue."""

    call: CallId
    at: float


class Answered(NamedTuple):
    """An agent speaks with the caller; straight from the line, too, where there is no queue."""

    call: CallId
    at: float


class Ended(NamedTuple):
    """It has left: hung up by either side, abandoned, or cleared after a rejection."""

    call: CallId
    at: float


class Rejected(NamedTuple):
    """It found no place in an area. At a queue or the agents, `call` keeps its line until `Ended`."""

    call: CallId
    domain: str
    at: float
    area: Area


Event = Offered | Queued | Ringing | Answered | Ended | Rejected


class Alarm(NamedTuple):
    """An alarm or its release."""

    time_s: float
    detector: str
    """`table1` or `shares` for attacks; `area` for one metric of one area, `stage1` for resources that run short."""
    alarm: str
    """`attack`; of an area its name and metric, as `queue-voip.occupancy`; `overload` of stage 1."""
    state: str
    """`set` or `clear`."""
    domain: str
    """The suspected domain, or the domain of the queue; empty where it is of none."""
