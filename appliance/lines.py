"""Devices in service: opened, listened to, asked how they are, and brought back when they go wrong.

One keeper a device, each on its own: a modem that is dead, mad or gone costs its own lines and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from appliance.announcer import Announcer
from appliance.config import Lines as Options
from appliance.site import LineStatus
from hal.errors import LineFault
from hal.line import Device, IncomingCall, Line, LineHealth, LineState
from ivr.notices import Notices
from ivr.trunks import Trunks

log = logging.getLogger(__name__)


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
        """For ever: open, serve until something goes wrong, wait, and again. Only cancellation ends it."""
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
        """Open, and serve; recover from the first fault in place, where the device can. Raises what cannot be mended so."""
        await self.device.open()
        try:
            await self._in_service()
        except LineFault as fault:
            log.warning("%s: %s; recovering", self.device.name, fault)
            await self.device.recover()
        await self._in_service()

    async def _in_service(self) -> None:
        """Listen and watch until a `LineFault`."""
        for line in self.device.lines:
            await self._ask(line)
        try:
            async with asyncio.TaskGroup() as group:
                for line in self.device.lines:
                    group.create_task(self._listen(line), name=f"listen {line.name}")
                group.create_task(self._watch(), name=f"watch {self.device.name}")
                group.create_task(self._fault(), name=f"fault {self.device.name}")
        except* LineFault as faults:
            raise _first(faults) from None

    async def _listen(self, line: Line) -> None:
        async for incoming in line.incoming():
            self._take(incoming)

    async def _fault(self) -> None:
        await self.device.fault.wait()
        raise LineFault("the device has gone wrong")

    async def _watch(self) -> None:
        """Ask every idle line how it is, now and then."""
        while True:
            await asyncio.sleep(self._options.health_s)
            for line in self.device.lines:
                if line.state is LineState.IDLE:
                    await self._ask(line)

    async def _ask(self, line: Line) -> None:
        """A round trip. A line without a network leaves service; a silent modem is a `LineFault`."""
        health = await line.health()
        self._health[line.name] = health
        if not health.ok:
            raise LineFault(health.detail)
        if health.registered is False:
            self._out(line, f"no network that carries voice: {health.detail}")
        elif line.name in self._why_not:
            del self._why_not[line.name]
            self._announcer.line(line.name, True, health.detail)
        if line.name not in self._why_not and line not in self._trunks.lines():
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
