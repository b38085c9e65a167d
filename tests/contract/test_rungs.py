"""Each rung of the recovery ladder that is a driver's own: it fails in bounded time on a dead modem, and mends a live one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hal.errors import LineFault
from hal.line import LineState
from hal.recovery import TIMES, Rung
from tests.contract.test_calls import driver
from tests.contract.test_faults import works
from tests.contract.world import Driver, World, play

__all__ = ["driver"]


def test_every_rung_mends_a_modem_that_has_come_to_its_senses(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        assert {Rung.INIT, Rung.REOPEN} <= set(w.device.rungs)
        for rung in w.device.rungs:
            w.port.faults.silent = True
            assert not (await w.line.health()).ok
            w.port.faults.silent = False
            async with asyncio.timeout(TIMES[rung].limit_s):
                await w.device.recover(rung)
            assert not w.device.fault.is_set()
            assert w.line.state is LineState.IDLE
        await works(w)

    play(driver, tmp_path, story)


def test_every_rung_fails_on_a_dead_modem_in_time(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.port.faults.silent = True
        assert not (await w.line.health()).ok
        for rung in w.device.rungs:
            async with asyncio.timeout(TIMES[rung].limit_s):
                with pytest.raises(LineFault):
                    await w.device.recover(rung)
            assert w.line.state is not LineState.IDLE

    play(driver, tmp_path, story)
