"""Several numbers on one ISDN adapter: for other uses, or for calls from other networks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hal.line import Direction
from hal.registry import DeviceConfig, create
from hal.simulated.phonecall import NotAnswered
from tests.hal.v253.world import World, isdn

NUMBERS = ("4711", "4712", "4713")


def calls(w: World, phone: str, number: str) -> None:
    w.calling.append(asyncio.ensure_future(w.exchange.phone(phone).place(number, 60)))


async def rung(w: World, line: int) -> tuple[str | None, str | None]:
    async with asyncio.timeout(5):
        incoming = await anext(w.device.lines[line].incoming())
    return incoming.caller, incoming.called


def test_calls_to_every_number_come_in_on_any_channel_and_say_which_was_called(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        for channel, number in enumerate(NUMBERS):
            calls(w, f"0301{channel}", number)
            assert await rung(w, channel) == (f"0301{channel}", number)

    isdn(tmp_path, story, ports=3, msns=NUMBERS[:1], listen=NUMBERS)


def test_the_second_channel_takes_a_number_whose_own_line_is_busy(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        first = asyncio.ensure_future(w.exchange.phone("03011").place("4711", 60))
        call = await (await anext(w.line.incoming())).answer()
        await first
        calls(w, "03012", "4711")
        assert await rung(w, 1) == ("03012", "4711")
        await call.hang_up()

    isdn(tmp_path, story, ports=2, msns=("4711", "4712"), listen=NUMBERS)


def test_where_the_adapter_does_not_say_which_was_called_nobody_guesses(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.modem.lines[0].send(b"\r\nCALLER NUMBER: 03012\r\nRING\r\n")
        assert await rung(w, 0) == ("03012", None)

    isdn(tmp_path, story, listen=NUMBERS)


def test_without_more_numbers_each_line_takes_its_own_alone(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        calls(w, "03012", "4712")
        assert await rung(w, 1) == ("03012", "4712")

    isdn(tmp_path, story, ports=2, msns=("4711", "4712"))


def test_a_line_that_only_dials_takes_none_of_them(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.exchange.no_response_s = 3
        with pytest.raises(NotAnswered):
            await w.phone.place("4712", 20)

    isdn(tmp_path, story, listen=NUMBERS, direction=Direction.OUT)


def test_each_line_dials_from_its_own(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        for line, own in zip(w.device.lines, ("4711", "4712"), strict=True):
            dialling = asyncio.create_task(line.dial(w.request()))
            ring = await w.phone.rings()
            assert ring.caller == own
            other = await ring.answer()
            await (await dialling).hang_up()
            await other.ends(within=2)

    isdn(tmp_path, story, ports=2, msns=("4711", "4712"), listen=NUMBERS)


@pytest.mark.parametrize("number", ["47*", "4711;4712", "", "4711\rATD0190", "+4930", "1" * 21])
def test_what_is_no_number_is_a_mistake_of_the_configuration(number: str) -> None:
    with pytest.raises(ValueError, match=r"dev: .*number"):
        create(DeviceConfig("dev", "isdn4linux", ("/dev/null",), msns=("4711",), listen=(number,)))
    with pytest.raises(ValueError, match=r"dev: .*number"):
        create(DeviceConfig("dev", "isdn4linux", ("/dev/null",), msns=(number,)))
