"""The fold as a whole: bits against sensors, time that passes, snapshots, calls that nobody knows."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from appliance.monitor.overload.config import AreaConfig, MonitorConfig, SharesConfig
from appliance.monitor.overload.decision import suspicious
from appliance.monitor.overload.events import (
    MOBILE,
    VOIP,
    Alarm,
    Answered,
    Area,
    Ended,
    Offered,
    Queued,
    Rejected,
    Ringing,
)
from appliance.monitor.overload.monitor import OverloadMonitor
from tests.monitor.overload.traffic import events

PLAIN = MonitorConfig(window=4, ingress=AreaConfig(30, 8, 2.0, 15.0), agents=AreaConfig(10, 4, 4.0, 15.0))
VARIANTS = {
    "plain": PLAIN,
    "dynamic": replace(PLAIN, dynamic=True, dynamic_memory=50),
    "persistent": replace(PLAIN, persistence_s=2.5),
    "eager": replace(PLAIN, shares=SharesConfig(quiet=2.0, storm=3.0, margin=0.0, release_s=5.0)),
}


@pytest.mark.parametrize("config", VARIANTS.values(), ids=VARIANTS)
def test_a_restart_from_a_snapshot_equals_no_restart(config: MonitorConfig) -> None:
    steady, restarted = OverloadMonitor(config), OverloadMonitor(config)
    seen = set()
    for count, event in enumerate(events(1, 600)):
        if count % 7 == 0:
            saved = json.loads(json.dumps(restarted.snapshot()))
            restarted = OverloadMonitor(config)
            restarted.restore(saved)
        alarms = steady.feed(event)
        seen.update(alarm.detector for alarm in alarms)
        assert restarted.feed(event) == alarms
        assert restarted.next_deadline() == steady.next_deadline()
        assert restarted.status() == steady.status()
    assert {"area", "stage1"} <= seen


@pytest.mark.parametrize("config", VARIANTS.values(), ids=VARIANTS)
def test_ticks_change_nothing_but_when_it_is_known(config: MonitorConfig) -> None:
    lazy, ticked = OverloadMonitor(config), OverloadMonitor(config)
    one: list[Alarm] = []
    other: list[Alarm] = []
    last = 0.0
    for event in events(2, 400):
        one += lazy.feed(event)
        while last + 0.75 < event.at:
            last += 0.75
            other += ticked.tick(last)
        deadline = ticked.next_deadline()
        assert deadline is None or deadline > last or last == 0
        other += ticked.feed(event)
        last = max(last, event.at)
    assert one == other


def test_alarm_bits_are_thresholds_on_the_values_of_the_status() -> None:
    monitor = OverloadMonitor(PLAIN)
    for event in events(3, 800):
        monitor.feed(event)
        for area in monitor.status().areas:
            short, full, long = area.thresholds
            assert ("interarrival" in area.alarms) == (area.interarrival_s is not None and area.interarrival_s < short)
            assert ("occupancy" in area.alarms) == (area.occupancy >= full)
            assert ("rejections" in area.alarms) == (area.rejections >= 1)
            assert ("residence" in area.alarms) == (area.residence_s is not None and area.residence_s > long)


def test_table_1_is_told_when_it_changes() -> None:
    monitor = OverloadMonitor(PLAIN)
    told = False
    for event in events(4, 2000):
        for alarm in monitor.feed(event):
            if alarm.detector == "table1":
                told = alarm.state == "set"
                assert alarm.domain == VOIP
        assert told == suspicious(monitor.state, 2)


def attack(monitor: OverloadMonitor, domain: str, calls: int, gap_s: float, at: float = 1000.0) -> list[Alarm]:
    alarms = []
    for call in range(calls):
        alarms += monitor.feed(Offered(f"a{call}", domain, at))
        alarms += monitor.feed(Queued(f"a{call}", at))
        alarms += monitor.feed(Ringing(f"a{call}", at))
        at += gap_s
    return [alarm for alarm in alarms if alarm.alarm == "attack"]


def test_a_flood_from_voip_is_seen_by_both_and_one_from_mobiles_by_ours() -> None:
    assert {(a.detector, a.domain) for a in attack(OverloadMonitor(), VOIP, 12, 1.0)} == {
        ("table1", VOIP),
        ("shares", VOIP),
    }
    assert {(a.detector, a.domain) for a in attack(OverloadMonitor(), MOBILE, 25, 1.0)} == {("shares", MOBILE)}


def test_an_attack_is_over_when_resources_have_been_sufficient_for_a_while() -> None:
    monitor = OverloadMonitor()
    assert attack(monitor, VOIP, 10, 1.0)
    alarms = []
    for call in range(10):
        alarms += monitor.feed(Ended(f"a{call}", 1020.0))
    assert [a[1:] for a in alarms if a.detector == "stage1"] == [("stage1", "overload", "clear", "")]
    assert monitor.attacks("shares") == (VOIP,)
    deadline = monitor.next_deadline()
    assert deadline is not None
    while deadline is not None and monitor.attacks("shares"):
        alarms = monitor.tick(deadline)
        deadline = monitor.next_deadline()
    assert alarms == [Alarm(1050.0, "shares", "attack", "clear", VOIP)]


def test_learning_stands_still_while_resources_are_short() -> None:
    monitor = OverloadMonitor()
    attack(monitor, VOIP, 3, 2.0)
    assert monitor.shares is not None
    before = list(monitor.shares.shares)
    attack(monitor, MOBILE, 500, 2.0, at=1010.0)
    assert monitor.shares.shares == before


def test_nothing_is_learnt_where_every_call_takes_the_last_free_line() -> None:
    """Robots that hold both lines of a box: each comes when one is free, so that no call finds a shortage, and each makes one."""
    two = AreaConfig(2, 2, 10.0, 240.0)
    monitor = OverloadMonitor(replace(MonitorConfig(), ingress=two, agents=two))
    before = list(monitor.shares.shares)
    for n in range(200):
        if n > 1:
            monitor.feed(Ended(n - 2, 15.0 * n - 1))
        monitor.feed(Offered(n, "voip", 15.0 * n))
        monitor.feed(Answered(n, 15.0 * n))
    assert monitor.shares.shares == before


def test_a_day_moves_a_share_only_so_far() -> None:
    config = SharesConfig(known=1_000_000, learn_calls=200, learn_a_day=0.02, voip=0.1, pstn=0.4, mobile=0.5)
    monitor = OverloadMonitor(MonitorConfig(shares=config))
    assert monitor.shares is not None
    for call in range(5000):
        at = call * 86_400 / 5000
        monitor.feed(Offered(call, VOIP, at))
        monitor.feed(Ended(call, at + 1.0))
    assert 0.115 < monitor.shares.shares[2] <= 0.12 + 1e-12
    assert sum(monitor.shares.shares) == pytest.approx(1)


def test_events_of_calls_that_were_never_offered_are_counted_and_ignored() -> None:
    monitor = OverloadMonitor()
    for event in (Queued(1, 1.0), Ringing(1, 2.0), Answered(1, 3.0), Ended(1, 4.0)):
        assert monitor.feed(event) == []
    assert monitor.status().ignored == 4
    with pytest.raises(ValueError, match="is no domain"):
        monitor.feed(Offered(1, "fax", 5.0))


def test_calls_whose_end_was_lost_are_forgotten_and_memory_is_bounded() -> None:
    monitor = OverloadMonitor(replace(PLAIN, forget_s=100.0))
    for call in range(3000):
        monitor.feed(Offered(call, VOIP, call * 1.0))
        monitor.feed(Queued(call, call * 1.0))
    assert monitor.status().calls <= 102
    assert len(json.dumps(monitor.snapshot())) < 20_000


def test_a_rejection_counts_in_the_queue_of_its_domain() -> None:
    monitor = OverloadMonitor()
    monitor.feed(Offered(1, VOIP, 0.0))
    monitor.feed(Rejected(1, VOIP, 0.0, Area.QUEUE_PSTN))
    assert [area.rejections for area in monitor.status().areas] == [0, 0, 0, 1, 0]


def test_time_never_goes_back() -> None:
    monitor = OverloadMonitor()
    monitor.feed(Offered(1, VOIP, 10.0))
    monitor.feed(Queued(1, 9.0))
    assert monitor.status().time_s == 10.0


def test_a_snapshot_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        OverloadMonitor().restore({"version": 99})
