"""A modem that dies, at any point, ends in a line fault within bounded time, and comes back by `recover`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hal.audio.sound import Sound
from hal.errors import HungUp, LineFault, ModemSilent, Unplugged
from hal.line import LineState
from tests.contract.test_calls import answered, driver, taken
from tests.contract.world import Driver, World, play

__all__ = ["driver"]

BOUND_S = 90.0
"""Virtual seconds within which everything must have ended."""


async def works(w: World) -> None:
    """The line carries a call out and a call in."""
    assert w.line.state is LineState.IDLE
    assert (await w.line.health()).ok
    for make in (answered, taken):
        call, _ = await make(w)
        assert (await call.play(Sound.pause(0.3))).complete
        await call.hang_up()
        await asyncio.sleep(2)


def test_a_modem_that_goes_silent_while_idle(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.port.faults.silent = True
        async with asyncio.timeout(BOUND_S):
            assert not (await w.line.health()).ok
            with pytest.raises(ModemSilent):
                await w.line.dial(w.request())
        assert w.device.fault.is_set()
        assert w.line.state is LineState.FAULTED
        async with asyncio.timeout(BOUND_S):
            with pytest.raises(LineFault):
                await w.device.recover()
        assert w.device.fault.is_set()
        w.port.faults.silent = False
        await w.device.recover()
        assert not w.device.fault.is_set()
        await works(w)

    play(driver, tmp_path, story)


@pytest.mark.parametrize("operation", ["play", "record", "key", "hang_up"])
def test_a_modem_that_dies_in_a_call(driver: Driver, operation: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, other = await answered(w)
        asyncio.get_running_loop().call_later(1, lambda: w.port.faults.set(silent=True))
        async with asyncio.timeout(BOUND_S):
            match operation:
                case "play":
                    with pytest.raises(HungUp):
                        await call.play(Sound.pause(60))
                case "record":
                    await call.record(limit_s=20)
                    with pytest.raises(HungUp):
                        await call.play(Sound.pause(60))
                case "key":
                    await asyncio.sleep(2)
                    await other.hang_up()
                    try:
                        assert await call.key(20) is None
                    except HungUp:
                        pass
                case _:
                    await asyncio.sleep(2)
            await call.hang_up()
        assert w.device.fault.is_set()
        assert w.line.state is LineState.FAULTED
        w.port.faults.silent = False
        await other.hang_up()
        await w.device.recover()
        await works(w)

    play(driver, tmp_path, story)


@pytest.mark.parametrize("when", ["idle", "dialling", "playing", "recording", "ringing"])
def test_a_modem_that_is_pulled_out_and_put_back(driver: Driver, when: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(BOUND_S):
            match when:
                case "dialling":
                    w.phone.never_answers()
                    loop.call_later(3, w.modem.unplug)
                    with pytest.raises(Unplugged):
                        await w.line.dial(w.request())
                    w.phone.behaviour = None
                case "playing" | "recording":
                    call, _ = await answered(w)
                    loop.call_later(1, w.modem.unplug)
                    if when == "playing":
                        with pytest.raises(HungUp):
                            await call.play(Sound.pause(10))
                    else:
                        assert (await call.record(limit_s=30)).sound.seconds < 3
                    assert call.hung_up
                    await call.hang_up()
                case "ringing":
                    dialling = asyncio.ensure_future(_dial(w))
                    incoming = await anext(w.line.incoming())
                    w.modem.unplug()
                    await asyncio.sleep(0.1)
                    with pytest.raises((HungUp, LineFault)):
                        await incoming.answer()
                    dialling.cancel()
                case _:
                    w.modem.unplug()
            await w.device.fault.wait()
        assert w.line.state is LineState.FAULTED
        with pytest.raises(LineFault):
            await w.line.dial(w.request())
        with pytest.raises(Unplugged):
            await w.device.recover()
        w.modem.plug()
        await w.device.recover()
        await asyncio.sleep(1)
        await works(w)

    async def _dial(w: World) -> None:
        await w.phone.dial(w.driver.number)

    play(driver, tmp_path, story)


def test_a_garbage_generator_is_a_fault_within_bounded_time(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.port.faults.garbage = True
        async with asyncio.timeout(BOUND_S):
            assert not (await w.line.health()).ok
            with pytest.raises(LineFault):
                await w.line.dial(w.request())
            with pytest.raises(LineFault):
                await w.device.recover()
        w.port.faults.garbage = False
        await w.device.recover()
        await works(w)

    play(driver, tmp_path, story)


def test_a_modem_that_is_dead_from_the_start(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        await w.device.close()
        assert w.line.state is LineState.CLOSED
        w.port.faults.silent = True
        async with asyncio.timeout(BOUND_S):
            with pytest.raises(ModemSilent):
                await w.device.open()
        w.port.faults.silent = False
        await w.device.open()
        await works(w)

    play(driver, tmp_path, story)


def test_an_ok_that_is_lost_shifts_no_answer(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.port.faults.swallow_ok = 1
        await w.line.health()
        await works(w)

    play(driver, tmp_path, story)


def test_closing_ends_the_call_and_the_calls_in(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        offers: list[object] = []

        async def take() -> None:
            offers.extend([incoming async for incoming in w.line.incoming()])

        taking = asyncio.create_task(take())
        call, other = await answered(w)
        await w.device.close()
        await w.device.close()
        assert call.hung_up
        assert await other.ends(within=5)
        await taking
        assert offers == []
        with pytest.raises(HungUp):
            await call.key(1)
        await call.hang_up()
        with pytest.raises(LineFault):
            await w.line.dial(w.request())
        assert not (await w.line.health()).ok
        await w.device.open()
        await works(w)

    play(driver, tmp_path, story)
