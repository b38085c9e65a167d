"""What the contract suite runs on: every driver on the simulated exchange, under virtual time."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hal.errors import Refused
from hal.line import Device, DialGate, DialRequest, Line
from hal.registry import create
from hal.simulated import Exchange
from hal.simulated.phone import Phone
from tests.contract.driver import Driver
from tests.contract.rows import ROWS
from tests.support.virtualtime import run_virtual

PHONE = "03012345"


class Gate:
    """Allows everything but what it is told to refuse; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[DialRequest, str]] = []
        self.refuse = ""

    async def allow_call(self, request: DialRequest, line: str) -> None:
        self.asked.append((request, line))
        if self.refuse:
            raise Refused(self.refuse)

    async def allow_sms(self, number: str, originator: str, device: str) -> None:
        if self.refuse:
            raise Refused(self.refuse)


EVERY = "isdn4linux", "conexant", "usr5637", "si24xx", "sim7600"
"""Rows that the whole suite runs on every day: each driver, full and half duplex, coarse and exact. On all rows it runs by
`make contract-test`."""
DRIVERS = {name: row for name, row in ROWS.items() if name in EVERY or os.environ.get("ALERTBOX_TEST_ROWS") == "all"}


@dataclass
class World:
    """One device on the exchange, open, and a telephone."""

    driver: Driver
    exchange: Exchange
    modem: Any
    device: Device
    gate: Gate
    directory: Path

    @property
    def line(self) -> Line:
        return self.device.lines[0]

    @property
    def port(self) -> Any:
        """The simulated modem at the other end of the line's port, with its faults."""
        return self.modem.lines[0] if hasattr(self.modem, "lines") else self.modem

    @property
    def phone(self) -> Phone:
        return self.exchange.phone(PHONE)

    def request(self, number: str = PHONE, **more: Any) -> DialRequest:
        return DialRequest(number, "test", "test", **more)


@asynccontextmanager
async def world(driver: Driver, directory: Path, gate: DialGate | None = None) -> AsyncIterator[World]:
    async with Exchange(directory) as exchange:
        modem = driver.plug_in(exchange)
        the_gate = gate or Gate()
        device = create(driver.config(directory), gate=the_gate)
        await device.open()
        try:
            yield World(driver, exchange, modem, device, the_gate, directory)
        finally:
            await device.close()


Story = Callable[[World], Awaitable[None]]


def play(driver: Driver, directory: Path, story: Story, *, limit_s: float = 3600.0) -> None:
    """Run a story on a driver, under virtual time."""

    async def main() -> None:
        async with world(driver, directory) as w:
            await story(w)

    run_virtual(main(), limit_s=limit_s)
