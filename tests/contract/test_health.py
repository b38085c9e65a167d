"""Asking a line how it is while a call is being set up disturbs nothing, whatever the modem is at."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hal.line import LineHealth
from tests.contract.test_calls import answered, taken
from tests.contract.world import DRIVERS, Driver, World, play
from tests.support.box import speech


@pytest.fixture(params=DRIVERS.values(), ids=DRIVERS.keys())
def driver(request: pytest.FixtureRequest) -> Driver:
    return request.param


async def keep_asking(w: World, found: list[LineHealth]) -> None:
    while True:
        found.append(await w.line.health())
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("setting", ["taken", "answered"])
@pytest.mark.parametrize("delay_s", [0.0, 0.3])
def test_asking_while_a_call_begins(driver: Driver, setting: str, delay_s: float, tmp_path: Path) -> None:
    """The keeper of the lines asks when it pleases: here one question after the other, of modems that take their time."""

    async def story(w: World) -> None:
        found: list[LineHealth] = []
        w.port.faults.delay_s = delay_s
        asking = asyncio.create_task(keep_asking(w, found))
        call, phone = await (taken(w) if setting == "taken" else answered(w))
        await asyncio.gather(call.play(speech(0.5)), phone.wait(0.4))
        assert not call.hung_up
        assert not asking.done(), asking
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert all(health.ok for health in found), [health.detail for health in found if not health.ok]
        await call.hang_up()

    play(driver, tmp_path, story)


def test_a_lost_answer_to_the_question_does_not_reach_into_a_call(driver: Driver, tmp_path: Path) -> None:
    """The question is asked again where its answer was lost, but never behind the dial command that waits for it."""

    async def story(w: World) -> None:
        w.port.faults.swallow_ok = 1
        asked = asyncio.create_task(w.line.health())
        await asyncio.sleep(0.01)
        call, phone = await answered(w)
        assert (await asked).ok
        await asyncio.gather(call.play(speech(0.5)), phone.wait(0.4))
        assert not call.hung_up
        await call.hang_up()

    play(driver, tmp_path, story)
