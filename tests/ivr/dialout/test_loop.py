"""The dial-out loop on lines without a wire, with a real store, under virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hal.errors import Busy, Glare, NoAnswer, NoDialTone, Refused, RefusedAtOnce, Rejected
from hal.line import LineState
from storage.records import (
    AlarmRaised,
    AlertEnded,
    AttemptEnded,
    CallAnswered,
    CallEnded,
    CallStarted,
    TeamNotReached,
    TeamReached,
)
from tests.ivr.dialout.world import GAP_S, Result, World, team
from tests.support.virtualtime import run_virtual

SENDER = team("sender", mobile="+49151000")


def numbers_of(world: World, key: str) -> list[str]:
    found = world.roster.by_key(key)
    assert found is not None
    return [n.number for n in found.numbers]


def test_everybody_but_the_sender_is_called_in_roster_order_and_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [team("c"), SENDER, team("a"), team("b")], lines=1)
        async with world.box():
            begun = world.loop.time()
            alert = await world.alert()
            await world.until_ended(alert)
            assert [t.team for t in world.tries] == ["c", "a", "b"]
            assert world.tries[0].at - begun <= 3, "the first call begins within three seconds"
            campaign = await world.store.campaigns.get(alert)
            assert set(campaign.reached) == {"a", "b", "c"}
            assert campaign.ended == "complete"
            world.judge(alert)

    run_virtual(story(), limit_s=3600)


def test_every_try_is_in_the_call_detail_records(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, team("x")])
        world.numbers[numbers_of(world, "x")[0]] = [Busy("busy"), "reached"]
        async with world.box():
            alert = await world.alert()
            await world.until_ended(alert)
            first, second = sorted(await world.store.calls.recent(9), key=lambda c: c.id)
            assert (first.outcome, first.talk_s) == ("busy", 0)
            assert (second.outcome, second.target) == ("completed", numbers_of(world, "x")[0])
            assert second.originator == f"campaign:{alert}"
            assert second.account == "alert"
            assert second.talk_s == pytest.approx(55, abs=0.1)
            assert second.duration_s == pytest.approx(65, abs=0.1)
            assert len(world.records(CallAnswered)) == 1

    run_virtual(story())


def test_three_calls_five_minutes_apart_and_then_it_is_loud(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, team("x"), team("y")])
        world.management = "+4930999"
        world.numbers[numbers_of(world, "x")[0]] = [Busy(), NoAnswer(), "unacknowledged"]
        async with world.box():
            alert = await world.alert()
            await world.until_ended(alert)
            await asyncio.sleep(10_000)
            tries = world.tries_of("x")
            assert [t.outcome for t in tries] == ["busy", "no-answer", "unacknowledged"]
            world.judge(alert)
            campaign = await world.store.campaigns.get(alert)
            assert campaign.not_reached == {"x": "3 calls: busy, no-answer, unacknowledged"}
            assert any(a.key == f"alert.{alert}.not-reached" and "x" in a.text for a in world.store.alarms.active())
            texts = {s.purpose: s.text for s in await world.store.sms.for_alert(alert) if s.number == world.management}
            assert "x was not reached" in texts["not-reached"]
            assert "1 of 2 teams reached. Not reached: x." in texts["result"]
            assert (await world.store.journal.verify(anchor=texts["result"].split()[-1])).ok

    run_virtual(story(), limit_s=20_000)


def test_a_declined_call_goes_on_to_the_next_number_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, team("x", "01", "02")])
        world.numbers["01"] = ["declined"]
        async with world.box():
            alert = await world.alert()
            await world.until_ended(alert)
            assert [t.number for t in world.tries] == ["01", "02"]
            assert world.tries[1].at - world.tries[0].ended < 2

    run_virtual(story())


def test_the_lines_fault_is_not_the_teams_and_the_call_goes_elsewhere_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, team("x")], lines=2)
        async with world.box():
            world.lines[0].broken = lambda: NoDialTone("no dial tone")
            alert = await world.alert()
            await world.until_ended(alert)
            first, second = world.tries
            assert (first.line, first.outcome, first.counted) == ("line.0", "line-fault", False)
            assert (second.line, second.outcome) == ("line.1", "reached")
            assert second.at - first.ended < 2

    run_virtual(story())


def test_a_bad_line_leaves_service_and_comes_back(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, *(team(f"t{i}") for i in range(12))], lines=2)
        async with world.box():
            bad = world.lines[0]
            bad.broken = lambda: NoDialTone("no dial tone")
            bad.healthy = False
            alert = await world.alert()
            await asyncio.sleep(120)
            assert len(bad.dialled) == 3, "three calls failed on it, and that was that"
            assert list(world.trunks.outages()) == ["line.0"]
            assert not world.store.lines["line.0"].in_service
            bad.broken, bad.healthy = None, True
            await world.until_ended(alert)
            assert not world.trunks.outages()
            assert world.store.lines["line.0"].in_service
            assert not [a for a in world.store.alarms.active() if a.key.startswith(("trunk", "dialout"))]
            assert all(t.counted or t.line == "line.0" for t in world.tries)
            world.judge(alert)

    run_virtual(story(), limit_s=10_000)


def test_with_every_line_dead_nothing_is_counted_nobody_gives_up_and_an_alarm_goes_out(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, team("x"), team("y")], lines=2)
        world.management = "+4930999"
        async with world.box():
            for line in world.lines:
                line.broken = lambda: NoDialTone("no dial tone")
            alert = await world.alert()
            await asyncio.sleep(3600)
            alarms = [a for a in world.records(AlarmRaised) if a.key == "dialout.no-line"]
            assert alarms
            assert alarms[0].severity == "critical"
            assert any(s.purpose == "alarm" for s in await world.store.sms.pending())
            assert not [r for r in world.records(AttemptEnded) if r.counted]
            assert len(world.tries) < 120, "back-off"
            for line in world.lines:
                line.broken = None
            await world.until_ended(alert)
            assert {t.team for t in world.tries if t.counted} == {"x", "y"}
            assert not [a for a in world.store.alarms.active() if a.key.startswith(("trunk", "dialout"))]

    run_virtual(story(), limit_s=10_000)


def test_a_dead_number_is_the_numbers_trouble_and_takes_no_line_out(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, team("dead"), *(team(f"t{i}") for i in range(8))], lines=2)
        world.numbers[numbers_of(world, "dead")[0]] = [RefusedAtOnce("NO CARRIER")] * 100
        async with world.box():
            alert = await world.alert()
            await world.until_ended(alert)
            campaign = await world.store.campaigns.get(alert)
            assert campaign.not_reached == {"dead": "3 calls: rejected, rejected, rejected"}
            assert len(campaign.reached) == 8
            assert not [a for a in world.records(AlarmRaised) if a.key.startswith("trunk")]
            world.judge(alert)

    run_virtual(story(), limit_s=10_000)


def test_glare_puts_the_call_back_and_it_goes_elsewhere(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, team("x")], lines=2)
        async with world.box():
            world.lines[0].broken = lambda: Glare("a call came in")
            alert = await world.alert()
            await world.until_ended(alert)
            assert [(t.line, t.counted) for t in world.tries] == [("line.0", False), ("line.1", True)]
            assert not world.trunks.outages()

    run_virtual(story())


def test_a_refusal_by_the_gate_is_alarmed_with_its_rule(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, team("x")])
        world.numbers[numbers_of(world, "x")[0]] = [Refused("rule `no premium numbers`")] * 3
        async with world.box():
            alert = await world.alert()
            await world.until_ended(alert)
            assert any("no premium numbers" in a.text for a in world.records(AlarmRaised))
            assert world.records(TeamNotReached)[0].reason == "3 calls: refused, refused, refused"

    run_virtual(story())


def test_a_conversation_that_crashes_ends_its_attempt_and_nothing_else(tmp_path: Path) -> None:
    async def story() -> None:
        async def crash(*_: object) -> Result:
            raise ZeroDivisionError("a mistake")

        world = World(tmp_path, [SENDER, team("x"), team("y")])
        world.numbers[numbers_of(world, "x")[0]] = [crash]
        async with world.box():
            alert = await world.alert()
            await world.until_ended(alert)
            assert [t.outcome for t in world.tries_of("x")] == ["interrupted", "reached"]
            assert any(a.key == "dialout.interrupted.x" and "a mistake" in a.text for a in world.records(AlarmRaised))
            assert all(line.now is LineState.IDLE for line in world.lines)
            world.judge(alert)

    run_virtual(story())


def test_a_line_that_dies_in_the_call_is_not_the_teams_fault(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, team("x")], lines=2)

        async def dies(call: object, *_: object) -> Result:
            call.line.device.fault.set()
            call.line.now = LineState.FAULTED
            return Result("hung-up")

        world.numbers[numbers_of(world, "x")[0]] = [dies]
        async with world.box():
            alert = await world.alert()
            await world.until_ended(alert)
            assert [(t.outcome, t.counted) for t in world.tries] == [("line-fault", False), ("reached", True)]

    run_virtual(story())


def test_an_all_clear_stops_the_ringing_and_goes_to_those_who_were_called(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, team("a"), team("b"), team("c"), team("d")], lines=1)
        world.rings_s = 30
        async with world.box():
            alert = await world.alert()
            await asyncio.sleep(100)
            assert [t.team for t in world.tries] == ["a", "b"], "a is reached, b rings"
            await world.store.commit(AlertEnded(alert, "all-clear", "sender"))
            clear = await world.alert(all_clear_of=alert)
            await world.until_ended(clear)
            assert [(t.team, t.outcome) for t in world.tries] == [
                ("a", "reached"), ("b", "abandoned"), ("a", "reached"), ("b", "reached"),
            ]  # fmt: skip
            results = [s.text for s in await world.store.sms.for_alert(alert) if s.purpose == "result"]
            assert "ended early by all-clear: 1 of 4" in results[0]

    run_virtual(story())


def test_one_call_serves_all_alerts_and_an_exercise_waits_for_a_real_alert(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, team("a"), team("b"), team("c")], lines=1)
        async with world.box():
            exercise = await world.alert(exercise=True)
            await asyncio.sleep(10)
            real = await world.alert()
            await world.until_ended(exercise, real)
            assert [(t.team, t.alerts) for t in world.tries] == [
                ("a", (exercise,)), ("a", (real,)), ("b", (real, exercise)), ("c", (real, exercise)),
            ]  # fmt: skip

    run_virtual(story())


def test_a_team_that_hears_the_alert_on_a_call_in_is_called_no_more(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, team("x"), team("y")], lines=1)
        async with world.box():
            alert = await world.alert()
            await asyncio.sleep(5)
            await world.store.commit(
                TeamReached(alert, "y", "playback", "", 0), TeamReached(alert, "x", "playback", "", 0)
            )
            await world.until_ended(alert)
            assert [(t.team, t.outcome) for t in world.tries] == [("x", "abandoned")]

    run_virtual(story())


def test_one_line_is_kept_for_callers_and_a_caller_on_it_counts(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, *(team(f"t{i}") for i in range(6))], lines=3)
        world.keep = 1
        async with world.box():
            alert = await world.alert()
            await asyncio.sleep(20)
            assert sum(bool(line.dialled) for line in world.lines) == 2
            await world.until_ended(alert)
        world.lines_wanted = 2
        async with world.box():
            with world.trunks.seized_in(world.lines[0]):
                begun = world.loop.time()
                alert = await world.alert()
                await asyncio.sleep(3)
                assert world.tries[-1].line == "line.1", "the sender is still on the other one"
                assert world.tries[-1].at - begun < 3

    run_virtual(story())


def test_draining_ends_what_is_up_and_begins_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, team("a"), team("b")], lines=1)
        async with world.box() as dialout:
            alert = await world.alert()
            await asyncio.sleep(20)
            assert dialout.calling == {"a": "line.0"}
            await dialout.drain()
            await asyncio.sleep(600)
            assert [t.outcome for t in world.tries] == ["reached"]
            assert (await world.store.campaigns.get(alert)).ended is None
        async with world.box():
            await world.until_ended(alert)
            assert [t.team for t in world.tries] == ["a", "b"]

    run_virtual(story())


def test_nobody_to_call_ends_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER])
        async with world.box():
            alert = await world.alert()
            await world.until_ended(alert)
            results = [s for s in await world.store.sms.for_alert(alert) if s.purpose == "result"]
            assert [s.number for s in results] == [SENDER.mobile]

    run_virtual(story())


def test_rejected_on_every_line_counts_for_the_team(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, team("x")])
        world.default = Rejected("unobtainable")
        async with world.box():
            alert = await world.alert()
            await world.until_ended(alert)
            assert len(world.tries) == 3
            assert all(t.counted for t in world.tries)
            assert world.tries[1].at - world.tries[0].ended >= GAP_S
            assert {r.outcome for r in world.records(CallEnded)} == {"rejected"}
            assert len(world.records(CallStarted)) == 3

    run_virtual(story())


def test_a_busy_number_shows_that_the_line_is_well(tmp_path: Path) -> None:
    async def story() -> None:
        teams = [team(f"t{i}") for i in range(6)]
        world = World(tmp_path, [SENDER, *teams], lines=1)
        for i, t in enumerate(teams):
            world.numbers[t.numbers[0].number] = [Busy() if i % 2 else RefusedAtOnce("at once")]
        async with world.box():
            alert = await world.alert()
            await world.until_ended(alert)
            assert not [a for a in world.records(AlarmRaised) if a.key.startswith("trunk")]
            assert len((await world.store.campaigns.get(alert)).reached) == 6

    run_virtual(story(), limit_s=10_000)


def test_an_acknowledgement_that_comes_before_the_alert_is_opened_counts(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, team("x"), team("y")], lines=1)
        async with world.box():
            alert = world.store._ids["alert"] + 1
            both = asyncio.gather(world.alert(), world.store.commit(TeamReached(alert, "x", "playback", "", 0)))
            assert (await both)[0] == alert
            await world.until_ended(alert)
            assert [t.team for t in world.tries] == ["y"]

    run_virtual(story())


def test_the_loop_may_fail_and_be_run_again(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, team("a"), team("b")], lines=1)
        async with world.box() as dialout:
            alert = await world.alert()
            await asyncio.sleep(5)
            world.jobs[0].cancel()
            await asyncio.sleep(1)
            assert not dialout.calling
            world.jobs[0] = asyncio.create_task(dialout.run())
            await world.until_ended(alert)
            assert [t.outcome for t in world.tries_of("a")] == ["interrupted", "reached"]
            world.judge(alert)

    run_virtual(story())
