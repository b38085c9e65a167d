"""A modem, or an adapter with several lines on as many ports."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from hal.errors import LineFault
from hal.line import Device, LineState, SmsSender
from hal.recovery import Rung
from hal.v253.modemline import ModemLine

log = logging.getLogger(__name__)


class VoiceModemDevice(Device):
    """Its lines live and die one by one: a line that is out of order leaves the others alone."""

    sms: SmsSender | None = None

    def __init__(self, name: str, make_lines: Callable[[VoiceModemDevice], Sequence[ModemLine]]) -> None:
        self.name = name
        self._fault = asyncio.Event()
        self._modem_lines = tuple(make_lines(self))
        self.lines = self._modem_lines

    @property
    def fault(self) -> asyncio.Event:
        return self._fault

    def line_failed(self) -> None:
        """One of the lines has noticed that it no longer works."""
        self._fault.set()

    async def open(self) -> None:
        """Raises the fault of the first line where none could be opened; where some could, `fault` is set instead."""
        self._fault.clear()
        faults = await self._each(lambda line: line.open_port(), self._modem_lines)
        if faults and len(faults) == len(self._modem_lines):
            raise faults[0]

    async def recover(self, rung: Rung | None = None) -> None:
        """The lines that are out of order; where none is, those that are idle. Calls go on."""
        self._fault.clear()
        sick = [line for line in self._modem_lines if not line.healthy]
        idle = [line for line in self._modem_lines if line.state is LineState.IDLE]
        faults = await self._each(lambda line: line.recover(rung), sick or idle)
        if faults:
            raise faults[0]

    async def close(self) -> None:
        await asyncio.gather(*(line.close_port() for line in self._modem_lines))

    async def _each(self, work: Callable[[ModemLine], Awaitable[None]], lines: Sequence[ModemLine]) -> list[LineFault]:
        """Do it for all lines at once; the faults of those that could not."""
        faults: list[LineFault] = []

        async def one(line: ModemLine) -> None:
            try:
                await work(line)
            except LineFault as fault:
                log.warning("%s: %s", line.name, fault)
                faults.append(fault)

        async with asyncio.TaskGroup() as group:
            for line in lines:
                group.create_task(one(line))
        if faults:
            self._fault.set()
        return faults
