"""Devices in service: opened, listened to, asked how they are, and brought back when they go wrong.

One keeper a device, each on its own: a modem that is dead, mad or gone costs its own lines and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from appliance.announcer import Announcer
from appliance.config import Lines as Options
from appliance.site import LineStatus
from hal.errors import LineFault
from hal.line import Device, IncomingCall, Line, LineHealth, LineState
from ivr.notices import Notices
from ivr.trunks import Trunks

log = logging.getLogger(__name__)

LISTEN_AGAIN_S = 0.5
"""Seconds after which a line that has been closed is listened to again."""


class DeviceKeeper:
    """Keeps one device in service."""

    def __init__(
        self,
        device: Device,
        *,
        driver: str,
        sms: bool,
        trunks: Trunks,
        notices: Notices,
        announcer: Announcer,
        options: Options,
        take: Callable[[IncomingCall], None],
    ) -> None:
        self.device = device
        self.sms = sms and device.sms is not None
        """Its messages may be sent."""
        self._driver = driver
        self._trunks = trunks
        self._notices = notices
        self._announcer = announcer
        self._options = options
        self._take = take
        self._health: dict[str, LineHealth] = {}
        self._sick: set[str] = set()
        """Lines that must be recovered."""
        self._last_fault = ""
        self._why_not = dict.fromkeys((line.name for line in device.lines), "not open yet")

    def statuses(self) -> list[LineStatus]:
        """Its lines as they are now."""
        outages = self._trunks.outages()
        found = []
        for line in self.device.lines:
            health = self._health.get(line.name)
            why_not = self._why_not.get(line.name) or (outages[line.name].reason if line.name in outages else "")
            if not why_not and line.state in (LineState.CLOSED, LineState.FAULTED):
                why_not = line.state.value
            detail = why_not or (health.detail if health else "")
            found.append(
                LineStatus(line.name, self._driver, line.direction, line.state.value, not why_not, detail, self.sms)
            )
        return found

    async def run(self) -> None:
        """For ever: open, serve until no line is left, wait, and again. Only cancellation ends it."""
        loop = asyncio.get_running_loop()
        wait = self._options.reopen_s
        while True:
            began = loop.time()
            try:
                await self._serve()
            except LineFault as fault:
                self._down(str(fault) or type(fault).__name__)
            except Exception as error:
                log.exception("%s: the driver failed", self.device.name)
                self._down(f"its driver failed: {error!r}")
            finally:
                self._notices.remove(self.device)
                for line in self.device.lines:
                    self._trunks.remove(line)
                await self.device.close()
            if loop.time() - began > self._options.reopen_limit_s:
                wait = self._options.reopen_s
            await asyncio.sleep(wait)
            wait = min(2 * wait, self._options.reopen_limit_s)

    async def _serve(self) -> None:
        """Open, listen and care until a `LineFault` of all lines together."""
        await self.device.open()
        try:
            async with asyncio.TaskGroup() as group:
                for line in self.device.lines:
                    group.create_task(self._listen(line), name=f"listen {line.name}")
                group.create_task(self._care(), name=f"care {self.device.name}")
        except* LineFault as faults:
            raise _first(faults) from None

    async def _listen(self, line: Line) -> None:
        """Hand on the calls that ring; again after each recovery."""
        while True:
            async for incoming in line.incoming():
                self._take(incoming)
            await asyncio.sleep(LISTEN_AGAIN_S)

    async def _care(self) -> None:
        """Ask the lines how they are, now and then and when the device has noticed something; recover those that are not well,
        while the others carry on."""
        wait = self._options.reopen_s
        while True:
            if self.device.fault.is_set():
                await self._recover()
            for line in self.device.lines:
                await self._ask(line)
            well = [line for line in self.device.lines if line.name not in self._sick]
            if not well:
                raise LineFault(self._why_not[self.device.lines[0].name])
            if len(well) == len(self.device.lines):
                wait = self._options.reopen_s
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._options.health_s):
                        await self.device.fault.wait()
            else:
                await asyncio.sleep(wait)
                wait = min(2 * wait, self._options.reopen_limit_s)
                self.device.fault.set()

    async def _recover(self) -> None:
        for line in self.device.lines:
            if line.state in (LineState.CLOSED, LineState.FAULTED):
                log.warning("%s: recovering %s", self.device.name, line.name)
        try:
            await self.device.recover()
        except LineFault as fault:
            log.warning("%s: not all of it could be recovered: %s", self.device.name, fault)
            self._last_fault = str(fault) or type(fault).__name__

    async def _ask(self, line: Line) -> None:
        """A round trip, where no call is up. A line without an answer is sick, one without a network only out of service."""
        if line.state in (LineState.CLOSED, LineState.FAULTED):
            self._sick.add(line.name)
            self._out(line, self._last_fault or line.state.value)
            return
        health = await line.health()
        self._health[line.name] = health
        if not health.ok:
            self._sick.add(line.name)
            self._out(line, health.detail)
            return
        self._sick.discard(line.name)
        if health.registered is False:
            self._out(line, f"no network that carries voice: {health.detail}")
            return
        if self._why_not.pop(line.name, ""):
            self._announcer.line(line.name, True, health.detail)
        if line not in self._trunks.lines():
            self._trunks.add(line)
        if self.sms:
            self._notices.add(self.device)

    def _down(self, reason: str) -> None:
        for line in self.device.lines:
            self._out(line, reason)

    def _out(self, line: Line, reason: str) -> None:
        self._why_not[line.name] = reason
        self._trunks.remove(line)
        self._announcer.line(line.name, False, reason)


def _first(group: BaseExceptionGroup[LineFault]) -> LineFault:
    """One of the faults in a group."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, LineFault)
    return error
