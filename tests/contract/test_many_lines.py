"""An ISDN adapter with two lines on two ports: each lives for itself."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hal.audio.sound import RATE, Sound
from hal.errors import HungUp
from hal.line import Call, Device, DialRequest, Direction, LineState
from hal.registry import DeviceConfig, create
from hal.simulated import Exchange
from hal.simulated.phone import NotAnswered, PhoneCall
from tests.contract.test_calls import SPEECH, missing
from tests.contract.world import Gate
from tests.support.virtualtime import run_virtual


def two_lines(tmp_path: Path, story: Any, **config: Any) -> None:
    async def main() -> None:
        async with Exchange(tmp_path) as exchange:
            adapter = exchange.isdn_adapter("isdn", msns=["4711", "4711"])
            ports = (str(tmp_path / "isdn.1"), str(tmp_path / "isdn.2"))
            device = create(DeviceConfig("isdn", "isdn4linux", ports, msns=("4711",), **config), gate=Gate())
            await device.open()
            try:
                await story(exchange, adapter, device)
            finally:
                await device.close()

    run_virtual(main())


async def call_out(exchange: Exchange, device: Device, index: int, number: str) -> tuple[Call, PhoneCall]:
    phone = exchange.phone(number)

    async def pick_up() -> PhoneCall:
        return await (await phone.rings()).answer(1)

    other = asyncio.create_task(pick_up())
    return await device.lines[index].dial(DialRequest(number, "test", "test")), await other


def test_two_calls_at_once_hear_only_themselves(tmp_path: Path) -> None:
    async def story(exchange: Exchange, adapter: Any, device: Device) -> None:
        calls = await asyncio.gather(*(call_out(exchange, device, i, f"030100{i}") for i in range(2)))
        words = (SPEECH, SPEECH[::-1])
        await asyncio.gather(*(call.play(Sound(words[i])) for i, (call, _) in enumerate(calls)))
        await asyncio.gather(calls[0][1].press("12", on_s=0.06), calls[1][1].press("34", on_s=0.06))
        for i, (call, other) in enumerate(calls):
            assert max(missing(Sound(other.heard), Sound(words[i]), tolerance=0)) <= 0.1 * RATE
            assert "".join([await call.key(1) or "", await call.key(1) or ""]) == ("12", "34")[i]
        assert [await call.key(0.1) for call, _ in calls] == [None, None]
        await asyncio.gather(*(call.hang_up() for call, _ in calls))
        assert [line.state for line in device.lines] == [LineState.IDLE] * 2

    two_lines(tmp_path, story)


def test_one_port_that_dies_leaves_the_other_call_alone(tmp_path: Path) -> None:
    async def story(exchange: Exchange, adapter: Any, device: Device) -> None:
        (one, _), (two, other) = [await call_out(exchange, device, i, f"030100{i}") for i in range(2)]
        adapter.lines[0].unplug()
        with pytest.raises(HungUp):
            await one.key(5)
        assert device.fault.is_set()
        adapter.lines[0].plug()
        await device.recover()
        assert [line.state for line in device.lines] == [LineState.IDLE, LineState.IN_CALL]
        assert (await two.play(Sound(SPEECH))).complete
        assert max(missing(Sound(other.heard), Sound(SPEECH), tolerance=0)) <= 0.1 * RATE
        await two.hang_up()
        await one.hang_up()
        assert (await device.lines[0].health()).ok

    two_lines(tmp_path, story)


def test_a_device_opens_with_the_lines_that_work(tmp_path: Path) -> None:
    async def story(exchange: Exchange, adapter: Any, device: Device) -> None:
        await device.close()
        adapter.lines[1].unplug()
        await device.open()
        assert [line.state for line in device.lines] == [LineState.IDLE, LineState.FAULTED]
        assert device.fault.is_set()
        adapter.lines[1].plug()
        await device.recover()
        assert [line.state for line in device.lines] == [LineState.IDLE] * 2
        assert not device.fault.is_set()

    two_lines(tmp_path, story)


def test_a_line_that_only_dials_is_not_rung(tmp_path: Path) -> None:
    async def story(exchange: Exchange, adapter: Any, device: Device) -> None:
        with pytest.raises(NotAnswered):
            await exchange.phone("0301").dial("4711", within=20)
        assert [line.state for line in device.lines] == [LineState.IDLE] * 2
        call, _ = await call_out(exchange, device, 0, "0302")
        await call.hang_up()

    two_lines(tmp_path, story, direction=Direction.OUT)
