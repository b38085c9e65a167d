"""Table 1 and all 2^20 alarm states, against a table and a decoding of their own."""

from __future__ import annotations

import numpy as np
import pytest

from appliance.monitor.overload.config import Reading
from appliance.monitor.overload.decision import suspicious

# VoIP, PSTN, mobile -> attack: the lines of the paper's Table 1; whatever is not listed is no attack.
TABLE_1 = """
2 0 0 Yes
2 0 1 Yes
2 1 0 Yes
2 1 1 No
3 0 0 Yes
3 0 1 Yes
3 1 0 Yes
3 1 1 Yes
"""


def expected_table(prose: bool) -> np.ndarray:
    """attack[suspect, one, other]"""
    table = np.zeros((4, 4, 4), bool)
    for line in TABLE_1.split("\n"):
        if line.endswith("Yes"):
            table[tuple(int(each) for each in line.split()[:3])] = True
    if prose:
        # "If the alarm level is 0 in one or both other domains, we assume an attack", from level 2 on.
        table[2:, 0, :] = True
        table[2:, :, 0] = True
    return table


def expected(suspect: int, prose: bool, residence: bool) -> np.ndarray:
    """The decision for every state, by arrays. Four bits an area: interarrival, occupancy, rejections, residence."""
    bits = (np.arange(1 << 20)[:, None] >> np.arange(20)) & 1
    ingress, *queues, agents = (bits[:, 4 * area : 4 * area + 4].astype(bool) for area in range(5))
    level = [
        np.select([~q[:, 0], ~q[:, 1], ~q[:, 2]], [0, 1, 2], 3)
        for q in queues
    ]  # fmt: skip
    others = [place for place in range(3) if place != suspect]
    attack = expected_table(prose)[level[suspect], level[others[0]], level[others[1]]]
    attack &= ingress[:, 1] | agents[:, 1]
    if residence:
        attack &= queues[others[0]][:, 3] | queues[others[1]][:, 3]
    return attack


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suspect", "reading", "residence"),
    [
        (2, Reading.TABLE, False),
        (2, Reading.PROSE, False),
        (1, Reading.PROSE, True),
    ],
)
def test_every_one_of_the_states(suspect: int, reading: Reading, residence: bool) -> None:
    decided = np.fromiter((suspicious(s, suspect, reading, residence) for s in range(1 << 20)), bool, 1 << 20)
    wanted = expected(suspect, reading is Reading.PROSE, residence)
    assert wanted.any()
    assert not np.flatnonzero(decided != wanted).size


def test_the_readings_differ_only_where_the_table_is_silent() -> None:
    differ = np.argwhere(expected_table(True) != expected_table(False)).tolist()
    assert differ
    assert all(voip >= 2 and 0 in (one, other) and max(one, other) >= 2 for voip, one, other in differ)
