"""The meta IDS: from the 20 alarm bits to "attack", in two stages (the paper, sections 3.3 and 3.4)."""

from __future__ import annotations

from enum import IntEnum

from appliance.monitor.overload.config import Reading
from appliance.monitor.overload.events import QUEUES, Area

BITS = 20


class Metric(IntEnum):
    """The four metrics of an area; the value is the place of the bit among the four."""

    INTERARRIVAL = 0
    OCCUPANCY = 1
    REJECTIONS = 2
    RESIDENCE = 3


def bit(area: Area, metric: Metric) -> int:
    """The bit of one alarm in the state."""
    return 1 << (4 * area + metric)


STAGE1 = bit(Area.INGRESS, Metric.OCCUPANCY) | bit(Area.AGENTS, Metric.OCCUPANCY)


def _level(four: int) -> int:
    """Alarm level of a domain from the four bits of its queue; the residence bit does not count."""
    if not four & 1:
        return 0
    if not four & 2:
        return 1
    return 3 if four & 4 else 2


LEVELS = tuple(_level(four) for four in range(16))


def stage1(state: int) -> bool:
    """Resources run short: an occupancy alarm of INGRESS or AGENTS."""
    return bool(state & STAGE1)


def levels(state: int) -> tuple[int, int, int]:
    """Alarm levels 0 to 3 of PSTN, mobile and VoIP."""
    return LEVELS[state >> 4 & 15], LEVELS[state >> 8 & 15], LEVELS[state >> 12 & 15]


def stage2(suspect: int, one: int, other: int, reading: Reading = Reading.TABLE) -> bool:
    """Table 1 for the level of the suspected domain and those of the two others.

    The table lists no level above 1 in the others. Its prose calls level 2 and more an attack wherever another domain
    is at level 0, and level 3 also against level 1 in both.
    """
    if suspect < 2:
        return False
    calm = one == 0 or other == 0
    if reading is Reading.PROSE:
        return calm or (suspect == 3 and one == other == 1)
    return one <= 1 and other <= 1 and (calm or suspect == 3)


def suspicious(state: int, suspect: int, reading: Reading = Reading.TABLE, residence_condition: bool = False) -> bool:
    """Both stages for one suspected domain (its place in `DOMAINS`).

    With `residence_condition` the quality of service of another domain must have suffered, too: a residence alarm of
    its queue.
    """
    if not state & STAGE1:
        return False
    level = levels(state)
    one, other = (place for place in range(3) if place != suspect)
    if not stage2(level[suspect], level[one], level[other], reading):
        return False
    suffered = bit(QUEUES[one], Metric.RESIDENCE) | bit(QUEUES[other], Metric.RESIDENCE)
    return not residence_condition or bool(state & suffered)
