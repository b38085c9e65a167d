"""One modem on the simulated exchange, driven by its driver under virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np

from hal.audio import companding
from hal.audio.sound import RATE, Encoding, Sound
from hal.line import Device, DialRequest
from hal.registry import DeviceConfig, create
from hal.simulated import Exchange
from hal.simulated.phone import Phone
from hal.simulated.phonecall import PhoneCall
from tests.support.virtualtime import run_virtual

PHONE = "03012345"
OWN = "4712"


class Gate:
    async def allow_call(self, request: DialRequest, line: str) -> None: ...

    async def allow_sms(self, number: str, originator: str, device: str) -> None: ...


class World:
    """An open device, its simulated modem, and a telephone."""

    def __init__(self, exchange: Exchange, modem: Any, device: Device) -> None:
        self.exchange, self.modem, self.device = exchange, modem, device
        self.calling: list[asyncio.Future[PhoneCall]] = []

    @property
    def line(self) -> Any:
        return self.device.lines[0]

    @property
    def phone(self) -> Phone:
        return self.exchange.phone(PHONE)

    def request(self, number: str = PHONE, **more: Any) -> DialRequest:
        return DialRequest(number, "test", "test", **more)


def voice(
    model: str,
    directory: Path,
    story: Callable[[World], Awaitable[None]],
    *,
    open_it: bool = True,
    row: str = "",
    **config: Any,
) -> None:
    """Run a story on a simulated analogue modem of that model; `row` names another one in the configuration."""

    async def main() -> None:
        async with Exchange(directory) as exchange:
            modem = exchange.voice_modem("dev", number=OWN, model=model)
            device = create(DeviceConfig("dev", "v253", (str(directory / "dev"),), model=row, **config), gate=Gate())
            try:
                if open_it:
                    await device.open()
                await story(World(exchange, modem, device))
            finally:
                await device.close()

    run_virtual(main(), limit_s=3600)


def isdn(
    directory: Path,
    story: Callable[[World], Awaitable[None]],
    *,
    msns: tuple[str, ...] = ("4711",),
    ports: int = 1,
    **config: Any,
) -> None:
    """Run a story on a simulated ISDN adapter."""

    async def main() -> None:
        async with Exchange(directory) as exchange:
            own = [msns[min(i, len(msns) - 1)] for i in range(ports)]
            adapter = exchange.isdn_adapter("dev", msns=own, numbers=config.get("listen", ()))
            nodes = tuple(str(directory / f"dev.{i + 1}") for i in range(ports))
            device = create(DeviceConfig("dev", "isdn4linux", nodes, msns=msns, **config), gate=Gate())
            try:
                await device.open()
                await story(World(exchange, adapter, device))
            finally:
                await device.close()

    run_virtual(main(), limit_s=3600)


def tune(seconds: float, seed: int = 1, caption: str = "") -> Sound:
    """Something with the band of speech that sounds like nothing else, in A-law."""
    rng = np.random.default_rng(seed)
    wave = np.zeros(round(seconds * RATE))
    time = np.arange(len(wave)) / RATE
    for frequency in rng.uniform(200, 900, 6):
        sweep = (
            frequency * time + rng.uniform(20, 60) * np.cumsum(np.sin(2 * np.pi * rng.uniform(0.3, 1.5) * time)) / RATE
        )
        wave += 1800 * np.sin(2 * np.pi * sweep + rng.uniform(0, 6))
    return Sound(companding.encode(wave.astype(np.int16), Encoding.ALAW), Encoding.ALAW, caption)


def likeness(heard: Sound, said: Sound) -> float:
    """Greatest correlation of a second in the middle of `said` with any second of `heard`: 1 is the same, up to loudness."""
    ear, mouth = (companding.decode(s.data, s.encoding).astype(float) for s in (heard, said))
    piece = mouth[len(mouth) // 2 - RATE // 2 : len(mouth) // 2 + RATE // 2]
    product = np.correlate(ear, piece, "valid")
    power = np.convolve(ear**2, np.ones(len(piece)), "valid") * (piece**2).sum()
    return float((product / np.sqrt(np.maximum(power, 1.0))).max())
