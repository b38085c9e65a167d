"""What the contract suite runs on: every driver on the simulated exchange, under virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hal.errors import Refused
from hal.line import Device, DialGate, DialRequest, Line
from hal.registry import DeviceConfig, create
from hal.simulated import Exchange
from hal.simulated.phone import Phone
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


@dataclass(frozen=True)
class Driver:
    """A driver and the modem that it drives."""

    name: str
    number: str
    plug_in: Callable[[Exchange], Any]
    config: Callable[[Path], DeviceConfig]
    exact: bool = True
    """A-law travels bit for bit in both directions."""
    ringing_known: bool = True
    """The modem can tell a rejected call from a busy one."""
    congestion_known: bool = True
    """Modem or driver can tell a congested network from a busy telephone."""
    dial_tone: bool = True
    """The network gives a dial tone (radio does not)."""
    lose_s: float = 0.1
    """Seconds of audio that may be lost at either end."""
    settle_s: float = 1.0
    """Seconds from the other side's hang-up until the line must know."""
    answer_known_s: float = 1.0
    """Seconds from the other side's answer until the line must know."""


def _isdn(directory: Path) -> DeviceConfig:
    return DeviceConfig("dev", "isdn4linux", (str(directory / "dev.1"),), msns=("4711",))


def _voice(directory: Path) -> DeviceConfig:
    return DeviceConfig("dev", "v253", (str(directory / "dev"),))


def _radio(directory: Path) -> DeviceConfig:
    return DeviceConfig("dev", "gsm", (str(directory / "dev"),), audio_port=str(directory / "dev.pcm"))


DRIVERS = {
    driver.name: driver
    for driver in (
        Driver("isdn4linux", "4711", lambda x: x.isdn_adapter("dev", msns=["4711"]), _isdn),
        *(
            Driver(
                model,
                "4712",
                lambda x, model=model: x.voice_modem("dev", number="4712", model=model),
                _voice,
                exact=exact,
                ringing_known=False,
                congestion_known=model != "usr5637",  # where the modem decides, it says BUSY to both
                settle_s=8.0,
                answer_known_s=12.0,
            )
            for model, exact in (("conexant", False), ("usr5637", False), ("si2493", True))
        ),
        Driver(
            "sim7600",
            "+4915112345",
            lambda x: x.gsm_modem("dev", number="+4915112345"),
            _radio,
            dial_tone=False,
        ),
    )
}


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
            yield World(driver, exchange, modem, device, the_gate, directory)  # type: ignore[arg-type]
        finally:
            await device.close()


Story = Callable[[World], Awaitable[None]]


def play(driver: Driver, directory: Path, story: Story, *, limit_s: float = 3600.0) -> None:
    """Run a story on a driver, under virtual time."""

    async def main() -> None:
        async with world(driver, directory) as w:
            await story(w)

    run_virtual(main(), limit_s=limit_s)
