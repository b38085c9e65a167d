"""The pool of lines."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hal.errors import ModemSilent, NoDialTone, RefusedAtOnce
from hal.line import Direction, LineState
from ivr.dialout.blame import Verdict
from ivr.trunks import FIRST_PROBE_S, Trunks
from tests.ivr.dialout.world import FakeDevice, FakeLine
from tests.support.virtualtime import run_virtual


def pool(*directions: Direction, keep: int = 1, sms: bool = False) -> tuple[Trunks, list[FakeLine]]:
    trunks = Trunks(asyncio.get_running_loop().time, keep=keep)
    lines = []
    for i, direction in enumerate(directions):
        world: Any = None
        lines.append(FakeLine(world, f"l{i}", direction, FakeDevice(f"m{i}", sms)))
        trunks.add(lines[-1])
    return trunks, lines


def names(lines: list[Any]) -> list[str]:
    return [line.name for line in lines]


def test_one_line_is_kept_where_two_or_more_take_calls() -> None:
    async def story() -> None:
        trunks, _ = pool(Direction.BOTH)
        assert names(trunks.free()) == ["l0"], "a single line is kept from nothing"
        trunks, lines = pool(Direction.BOTH, Direction.BOTH, Direction.BOTH)
        trunks.take("l0")
        trunks.take("l1")
        assert trunks.free() == [], "the third is kept"
        trunks.release(lines[0])
        with trunks.seized_in(lines[0]):
            assert names(trunks.free()) == ["l2"], "the caller's line counts as the kept one"
            trunks.take("l2")
        assert trunks.free() == []

    run_virtual(story())


def test_lines_out_only_are_never_kept_and_lines_in_only_never_dial() -> None:
    async def story() -> None:
        trunks, _ = pool(Direction.OUT, Direction.BOTH, Direction.IN)
        assert trunks.in_service() == ["l0", "l1"]
        trunks.take("l0")
        trunks.take("l1")
        assert trunks.free() == []

    run_virtual(story())


def test_how_many_are_kept_is_configurable_and_one_may_always_dial() -> None:
    async def story() -> None:
        for keep, may_dial in ((0, 3), (1, 2), (2, 1), (5, 1)):
            trunks, _ = pool(*[Direction.BOTH] * 3, keep=keep)
            count = 0
            while free := trunks.free():
                trunks.take(free[0].name)
                count += 1
            assert count == may_dial

    run_virtual(story())


def test_lines_are_used_in_turn_and_a_faulty_one_last() -> None:
    async def story() -> None:
        trunks, lines = pool(*[Direction.OUT] * 3)
        used = []
        for _ in range(6):
            await asyncio.sleep(1)
            line = trunks.take(trunks.free()[0].name)
            used.append(line.name)
            trunks.release(line)
        assert used == ["l0", "l1", "l2"] * 2
        trunks.faulted(lines[0], "1", NoDialTone())
        assert names(trunks.free()) == ["l1", "l2", "l0"]

    run_virtual(story())


def test_nobody_takes_a_line_twice() -> None:
    async def story() -> None:
        trunks, lines = pool(Direction.OUT)
        trunks.take("l0")
        with pytest.raises(RuntimeError, match="in use"):
            trunks.take("l0")
        with pytest.raises(ValueError, match="already"):
            trunks.add(lines[0])

    run_virtual(story())


def test_everything_else_waits_while_an_alert_wants_lines() -> None:
    async def story() -> None:
        trunks, lines = pool(Direction.OUT)
        trunks.alert_wants = True
        waiting = asyncio.ensure_future(trunks.seize_out())
        await asyncio.sleep(10)
        assert not waiting.done()
        trunks.alert_wants = False
        trunks.notify()
        assert await waiting is lines[0]
        trunks.release(lines[0])
        other = asyncio.ensure_future(trunks.seize_out(avoid={"l0"}))
        await asyncio.sleep(1)
        assert not other.done()
        other.cancel()

    run_virtual(story())


def test_without_a_test_number_the_next_real_call_is_the_test_one_at_a_time() -> None:
    async def story() -> None:
        trunks, lines = pool(Direction.OUT, Direction.OUT, keep=0)
        changes: list[tuple[str, bool]] = []
        trunks.on_service = lambda line, ok, why: changes.append((line, ok))
        recovery = asyncio.ensure_future(trunks.run())
        for line in lines:
            verdicts = [trunks.faulted(line, str(n), NoDialTone()) for n in range(3)]
            assert verdicts[-1] is Verdict.LINE
        assert trunks.free() == []
        assert trunks.working() == []
        await asyncio.sleep(FIRST_PROBE_S + 1)
        assert names(trunks.free()) == ["l0", "l1"]
        assert trunks.working() == []
        first = trunks.take("l0")
        assert trunks.free() == [], "one test at a time"
        trunks.faulted(first, "9", NoDialTone())
        trunks.release(first)
        assert names(trunks.free()) == ["l1"]
        second = trunks.take("l1")
        trunks.carried(second, "9")
        trunks.release(second)
        assert names(trunks.free()) == ["l1"]
        assert trunks.working() == ["l1"]
        await asyncio.sleep(FIRST_PROBE_S + 1)
        assert names(trunks.free()) == ["l1"], "the pause has doubled"
        await asyncio.sleep(FIRST_PROBE_S)
        assert names(trunks.free()) == ["l1", "l0"]
        assert changes == [("l0", False), ("l1", False), ("l1", True)]
        recovery.cancel()

    run_virtual(story())


def test_with_a_test_number_the_test_call_decides_and_no_round_trip_no_test() -> None:
    async def story() -> None:
        trunks, lines = pool(Direction.OUT)
        dialled: list[float] = []
        answers = [False, True]

        async def test_dial(line: object) -> bool:
            assert trunks.free() == []
            dialled.append(asyncio.get_running_loop().time())
            return answers.pop(0)

        trunks.test_dial = test_dial
        lines[0].healthy = False
        recovery = asyncio.ensure_future(trunks.run())
        for n in range(3):
            trunks.faulted(lines[0], str(n), NoDialTone())
        await asyncio.sleep(60)
        assert not dialled
        lines[0].healthy = True
        await asyncio.sleep(300)
        assert len(dialled) == 2
        assert not trunks.outages()
        recovery.cancel()

    run_virtual(story())


def test_a_line_that_is_reopened_while_out_of_service_still_has_to_prove_itself() -> None:
    async def story() -> None:
        trunks, lines = pool(Direction.OUT)
        for n in range(3):
            trunks.faulted(lines[0], str(n), NoDialTone())
        trunks.remove(lines[0])
        assert trunks.lines() == ()
        trunks.add(lines[0])
        assert list(trunks.outages()) == ["l0"]

    run_virtual(story())


def test_a_line_that_is_not_idle_is_not_free_and_says_so() -> None:
    async def story() -> None:
        trunks, lines = pool(Direction.BOTH)
        lines[0].now = LineState.RINGING
        assert trunks.free() == []
        assert trunks.unsettled
        assert trunks.in_service() == ["l0"]
        lines[0].now = LineState.FAULTED
        assert trunks.in_service() == []

    run_virtual(story())


def test_a_probe_that_raises_is_a_probe_that_failed(tmp_path: Path) -> None:
    async def story() -> None:
        trunks, lines = pool(Direction.OUT)

        async def broken() -> Any:
            raise ZeroDivisionError

        lines[0].health = broken
        recovery = asyncio.ensure_future(trunks.run())
        for n in range(3):
            trunks.faulted(lines[0], str(n), NoDialTone())
        await asyncio.sleep(100)
        assert not recovery.done()
        assert trunks.outages()["l0"].wait_s > FIRST_PROBE_S
        recovery.cancel()

    run_virtual(story())


def test_a_line_that_fails_a_call_though_its_modem_answers_is_doubted_until_one_goes_through() -> None:
    async def story() -> None:
        trunks, lines = pool(Direction.BOTH, Direction.BOTH)
        said: list[tuple[str, str]] = []
        trunks.on_doubt = lambda line, reason: said.append((line, reason))
        trunks.faulted(lines[0], "1", ModemSilent("its keeper sees that"))
        assert said == []
        trunks.faulted(lines[0], "1", RefusedAtOnce("NO CARRIER"))
        trunks.carried(lines[1], "2")
        assert said == [("l0", "NO CARRIER")]
        trunks.carried(lines[0], "2")
        trunks.carried(lines[0], "2")
        assert said == [("l0", "NO CARRIER"), ("l0", "")]

    run_virtual(story())


def test_a_doubt_outlives_an_absence_of_its_line() -> None:
    """Its alarm stands until a call goes through, so it must not be forgotten when the line leaves the pool and returns."""

    async def story() -> None:
        trunks, lines = pool(Direction.BOTH, Direction.BOTH)
        doubts: dict[str, str] = {}
        trunks.on_doubt = doubts.__setitem__
        trunks.faulted(lines[0], "1", RefusedAtOnce("NO CARRIER"))
        trunks.remove(lines[0])
        trunks.add(lines[0])
        assert doubts == {"l0": "NO CARRIER"}
        trunks.carried(lines[0], "2")
        assert doubts == {"l0": ""}

    run_virtual(story())


def test_a_number_at_fault_leaves_no_doubt_about_lines() -> None:
    async def story() -> None:
        trunks, lines = pool(Direction.BOTH, Direction.BOTH, Direction.BOTH, keep=0)
        doubts: dict[str, str] = {}
        trunks.on_doubt = doubts.__setitem__
        for line in lines:
            assert trunks.faulted(line, "1", RefusedAtOnce("x")) is Verdict.OPEN
        assert all(doubts.values())
        trunks.carried(lines[1], "2")
        trunks.carried(lines[0], "2")
        assert doubts == {"l0": "", "l1": "", "l2": "x"}
        assert trunks.faulted(lines[0], "1", RefusedAtOnce("x")) is Verdict.NUMBER
        assert not any(doubts.values())

    run_virtual(story())
