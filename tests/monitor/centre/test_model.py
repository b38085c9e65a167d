"""The centre against what can be counted by hand, and against itself under one seed."""

from __future__ import annotations

import math
import random
from dataclasses import replace

from appliance.monitor.centre import traffic
from appliance.monitor.centre.calls import OfferedCall
from appliance.monitor.centre.config import CentreConfig
from appliance.monitor.centre.model import Centre
from appliance.monitor.overload.events import Answered, Area, Ended, Event, Offered, Queued, Rejected, Ringing

SMALL = CentreConfig(lines=3, agents=1, slots_pstn=2, slots_mobile=2, slots_voip=2, ring_least_s=2.0, ring_most_s=2.0)


def run(calls: list[OfferedCall], config: CentreConfig = SMALL, seed: int = 0) -> tuple[list[Event], Centre]:
    told: list[Event] = []
    centre = Centre(config, told.append, seed)
    centre.run(calls)
    return told, centre


def test_one_call_from_offer_to_end() -> None:
    told, centre = run([OfferedCall(1.0, "pstn", 5.0)])
    assert [(type(event), event.at) for event in told] == [
        (Offered, 1.0), (Queued, 1.0), (Ringing, 1.0), (Answered, 3.0), (Ended, 8.0),
    ]  # fmt: skip
    assert (centre.tally.offered, centre.tally.answered, centre.tally.within_15_s) == (1, 1, 1)


def test_slots_first_then_lines_reject() -> None:
    told, centre = run(
        [OfferedCall(at, "voip", 100.0) for at in (0.0, 0.5, 1.0, 2.5)] + [OfferedCall(3.0, "pstn", 1.0)]
    )
    rejected = [(event.at, event.area) for event in told if isinstance(event, Rejected)]
    assert rejected == [(1.0, Area.QUEUE_VOIP), (3.0, Area.INGRESS)]
    assert centre.tally.lines_exhausted_s == 2.5
    assert centre.tally.agents_exhausted_s == 0.0


def test_impatience_also_while_it_rings_frees_the_agent_for_the_next() -> None:
    told, centre = run([OfferedCall(0.0, "pstn", 9.0, 1.0), OfferedCall(0.5, "mobile", 9.0)])
    assert [(type(event).__name__, event.at) for event in told if isinstance(event, Ended | Answered)] == [
        ("Ended", 1.0), ("Answered", 3.0), ("Ended", 12.0),
    ]  # fmt: skip
    assert centre.tally.abandoned == 1


def test_the_oldest_call_of_the_best_rank_is_next() -> None:
    calls = [OfferedCall(0.0, "pstn", 10.0), OfferedCall(1.0, "voip", 10.0), OfferedCall(2.0, "mobile", 10.0)]
    order = {}
    for name, ranks in (("fair", [0, 0, 0]), ("voip last", [0, 0, 1])):
        told: list[Event] = []
        centre = Centre(SMALL, told.append)
        centre.ranks[:] = ranks
        centre.run(calls)
        order[name] = [event.call for event in told if isinstance(event, Answered)]
    assert order["fair"] == sorted(order["fair"])
    assert order["voip last"] != order["fair"]


def test_a_cap_keeps_lines_for_the_others() -> None:
    told: list[Event] = []
    centre = Centre(SMALL, told.append)
    centre.caps[2] = 1
    centre.run([OfferedCall(0.0, "voip", 50.0), OfferedCall(1.0, "voip", 50.0), OfferedCall(2.0, "pstn", 1.0)])
    assert [event.domain for event in told if isinstance(event, Rejected)] == ["voip"]


def test_redials_are_offered_again_but_counted_once() -> None:
    config = replace(SMALL, lines=1, redial=1.0, redials=3, redial_s=1.0)
    _, centre = run([OfferedCall(0.0, "pstn", 1000.0), OfferedCall(1.0, "pstn", 1.0)], config)
    assert centre.tally.offered == 5
    assert centre.tally.genuine == 2


def test_every_call_that_came_has_gone_and_the_seed_is_all() -> None:
    draw = random.Random(3)
    calls = traffic.genuine(draw, 0.0, 4000.0, lambda at: 0.2, 0.2, (0.4, 0.4, 0.2))
    config = CentreConfig(lines=12, agents=5, redial=0.5)
    told, centre = run(calls, config, 1)
    again, _ = run(calls, config, 1)
    other, _ = run(calls, config, 2)
    assert told == again != other
    assert [event.at for event in told] == sorted(event.at for event in told)
    assert centre.lines == [0, 0, 0]
    assert centre.busy == 0
    tally = centre.tally
    assert tally.offered == tally.rejected + tally.abandoned + tally.answered
    assert {type(event) for event in told} == {Offered, Queued, Ringing, Answered, Ended, Rejected}


def test_erlang_b() -> None:
    """Blocking of 5 lines that offer 4 Erlang without queueing is that of Erlang's formula (0.199)."""
    draw = random.Random(5)
    calls = [
        OfferedCall(call.at, "pstn", draw.expovariate(1 / 40))
        for call in traffic.genuine(draw, 0.0, 300_000.0, lambda at: 0.1, 0.1, (1.0, 0.0, 0.0))
    ]
    config = CentreConfig(lines=5, agents=5, slots_pstn=5, ring_least_s=0.0, ring_most_s=0.0)
    _, centre = run(calls, config)
    blocked = math.prod([4.0] * 5) / math.factorial(5) / sum(4.0**k / math.factorial(k) for k in range(6))
    assert abs(centre.tally.rejected / centre.tally.offered - blocked) < 0.01


def test_the_challenged_hold_a_line_until_they_press_the_key_or_are_hung_up_on() -> None:
    told: list[Event] = []
    config = replace(SMALL, challenge_s=8.0, challenge_limit_s=14.0, challenge_genuine=1.0, challenge_attack=0.0)
    centre = Centre(config, told.append)
    centre.challenged[2] = True
    robot = OfferedCall(0.0, "voip", 5.0, math.inf, False)
    centre.run(
        [robot, OfferedCall(1.0, "voip", 5.0), OfferedCall(2.0, "pstn", 5.0), OfferedCall(3.0, "voip", 1.0, 4.0)]
    )
    assert [(type(event).__name__, event.at) for event in told if not isinstance(event, Offered)] == [
        ("Queued", 2.0), ("Ringing", 2.0),  # the fixed line is not asked
        ("Rejected", 3.0),  # three lines are taken
        ("Answered", 4.0), ("Queued", 9.0), ("Ended", 9.0), ("Ringing", 9.0), ("Answered", 11.0),
        ("Ended", 14.0),  # the robot, never queued
        ("Ended", 16.0),
    ]  # fmt: skip
    assert (centre.tally.failed, centre.tally.answered, centre.tally.within_15_s) == (1, 2, 2)
