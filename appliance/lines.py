"""Devices in service: opened, listened to, asked how they are, and brought back when they go wrong.

One keeper a device, each on its own: a modem that is dead, mad or gone costs its own lines and nothing else. What is tried to
bring it back, and in which order, is `appliance.mending` and `hal.recovery`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

from appliance.announcer import Announcer
from appliance.config import Lines as Options
from appliance.mending import Mender
from appliance.site import LineStatus
from hal.errors import LineFault
from hal.line import Device, IncomingCall, Line, LineHealth, LineState
from ivr.notices import Notices
from ivr.trunks import Trunks

log = logging.getLogger(__name__)

LISTEN_AGAIN_S = 0.5
"""Seconds after which a line that has been closed is listened to again."""
GRACE_S = 8.0
"""Seconds for a device to come back before its lines are said to be out of service: a flush and an initialisation take less.
With a round trip every 10 s that takes 5 s to fail, a dead modem is reported within 25 s."""
REFRESH_S = 60.0
"""Seconds between two initialisations of a modem that answers and has no network or no voice."""


class DeviceKeeper:
    """Keeps one device in service."""

    def __init__(
        self,
        device: Device,
        mender: Mender,
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
        self.mender = mender
        self.driver = driver
        self.sms = sms and device.sms is not None
        """Its messages may be sent."""
        self.health: dict[str, LineHealth] = {}
        """What each line said last."""
        self.facts: dict[str, dict[str, str]] = {}
        """What each modem told of itself, also while it says nothing any more."""
        self.faults: Counter[str] = Counter()
        """Troubles of each line since the box started."""
        self.last_fault: dict[str, str] = {}
        """The last trouble of each line, also after it is over."""
        self._trunks = trunks
        self._notices = notices
        self._announcer = announcer
        self._options = options
        self._take = take
        self._sick: dict[str, str] = {}
        """Lines that must be recovered, and why."""
        self._fault = ""
        """Why the last step failed."""
        self._refresh_at = 0.0
        self._why_not = dict.fromkeys((line.name for line in device.lines), "not open yet")

    def statuses(self) -> list[LineStatus]:
        """Its lines as they are now."""
        outages = self._trunks.outages()
        found = []
        for line in self.device.lines:
            health = self.health.get(line.name)
            why_not = self._why_not.get(line.name) or (outages[line.name].reason if line.name in outages else "")
            if not why_not and line.state in (LineState.CLOSED, LineState.FAULTED):
                why_not = line.state.value
            detail = why_not or (health.detail if health else "")
            found.append(
                LineStatus(line.name, self.driver, line.direction, line.state.value, not why_not, detail, self.sms)
            )
        return found

    async def run(self) -> None:
        """For ever. Only cancellation ends it."""
        try:
            async with asyncio.TaskGroup() as group:
                for line in self.device.lines:
                    group.create_task(self._listen(line), name=f"listen {line.name}")
                group.create_task(self._care(), name=f"care {self.device.name}")
                group.create_task(self.mender.watch(), name=f"watch {self.device.name}")
        finally:
            self._notices.remove(self.device)
            for line in self.device.lines:
                self._trunks.remove(line)
            await self.device.close()

    async def _listen(self, line: Line) -> None:
        """Hand on the calls that ring; again after each recovery."""
        while True:
            try:
                async for incoming in line.incoming():
                    self._take(incoming)
            except Exception:
                log.exception("%s: listening for calls failed", line.name)
            await asyncio.sleep(LISTEN_AGAIN_S)

    async def _care(self) -> None:
        """Ask the lines how they are, now and then and when the device has noticed something; bring back those that are not
        well, while the others carry on."""
        tried = await self._try(self.mender.open)
        while True:
            await self._examine(self.device.lines)
            if self._sick or self.device.fault.is_set():
                if tried:
                    self._declare()
                tried = await self._mend()
                continue
            tried = False
            self.mender.well()
            await self._refresh()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._options.health_s):
                    await self.device.fault.wait()

    async def _refresh(self) -> None:
        """A modem that answers and is of no use - no network, no voice - is initialised now and then: its SIM, its firmware or its
        settings may have come to their senses. Resets would not help it."""
        now = asyncio.get_running_loop().time()
        if not any(line.name in self._why_not for line in self.device.lines):
            self._refresh_at = now + REFRESH_S
        elif now >= self._refresh_at:
            await self._try(self.mender.refresh)
            self._refresh_at = asyncio.get_running_loop().time() + REFRESH_S

    async def _mend(self) -> bool:
        """The next step of the recovery; True when it is done. What takes long is reported meanwhile."""
        for line in self.device.lines:
            if line.name in self._sick:
                self._trunks.remove(line)
        whole = len(self._sick) == len(self.device.lines)
        if whole:
            self._notices.remove(self.device)
        report = asyncio.create_task(self._report(), name=f"report {self.device.name}")
        try:
            return await self._try(lambda: self.mender.step(whole=whole))
        finally:
            report.cancel()

    async def _report(self) -> None:
        """While a step goes on, which may be for days: say what is out of service, and look after the lines that are well."""
        while True:
            await asyncio.sleep(GRACE_S)
            sick = len(self._sick)
            await self._examine([line for line in self.device.lines if line.name not in self._sick])
            if len(self._sick) > sick:
                self.mender.hurry()
            self._declare()

    async def _try(self, work: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        self._fault = ""
        try:
            await work()
        except LineFault as fault:
            self._fault = str(fault) or type(fault).__name__
            log.info("%s: %s", self.device.name, self._fault)
        return True

    async def _examine(self, lines: Sequence[Line]) -> None:
        """A round trip to each line at once, where no call is up. One without an answer is sick, one without a network only out
        of service: no reset helps it."""
        for line, health in zip(lines, await asyncio.gather(*(self._ask(line) for line in lines)), strict=True):
            if health is None:
                self._is_sick(line, self._fault or line.trouble or line.state.value)
                continue
            self.health[line.name] = health
            if health.facts:
                self.facts[line.name] = health.facts
            if not health.ok and health.registered is None:
                self._is_sick(line, health.detail)
                continue
            self._sick.pop(line.name, None)
            if not health.ok or health.registered is False:
                self._out(line, health.detail if not health.ok else f"no network that carries voice: {health.detail}")
            else:
                self._in(line, health)

    async def _ask(self, line: Line) -> LineHealth | None:
        """What it says of itself; None where it is known to be out of order."""
        if line.state in (LineState.CLOSED, LineState.FAULTED):
            return None
        try:
            return await line.health()
        except Exception as error:
            log.exception("%s: the driver failed", line.name)
            return LineHealth(False, f"its driver failed: {error!r}")

    def _is_sick(self, line: Line, why: str) -> None:
        if line.name not in self._sick:
            self.faults[line.name] += 1
            log.warning("%s: out of order: %s", line.name, why)
        self._sick[line.name] = self.last_fault[line.name] = why

    def _in(self, line: Line, health: LineHealth) -> None:
        if self._why_not.pop(line.name, ""):
            remedy = self.mender.remedy
            self._announcer.line(line.name, True, f"{health.detail}; {remedy}" if remedy else health.detail)
        if line not in self._trunks.lines():
            self._trunks.add(line)
        if self.sms:
            self._notices.add(self.device)

    def _declare(self) -> None:
        """Say that what is sick is out of service."""
        for line in self.device.lines:
            if line.name in self._sick:
                self._out(line, self._sick[line.name])

    def _out(self, line: Line, reason: str) -> None:
        self._why_not[line.name] = self.last_fault[line.name] = reason
        self._trunks.remove(line)
        self._announcer.line(line.name, False, reason)
