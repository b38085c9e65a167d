"""Bringing one device back: the rungs of its recovery ladder carried out, its coming and going on the USB bus, and a record of it.

The driver does what it can do over its port (`hal.line.Device.recover`); a reset of the USB device, a relay, and waiting for a
device that has been pulled out are done here, with all ports of the device closed.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from appliance.whereabouts import Whereabouts
from hal.board.relay import Relay
from hal.clock import Clock
from hal.errors import LineFault, NotRegistered
from hal.line import Device
from hal.recovery import TIMES, Ladder, Rung
from hal.registry import DeviceConfig
from hal.usb import reset

log = logging.getLogger(__name__)

POLL_S = 1.0
"""Seconds between two looks for a device that has gone."""
WATCH_S = 2.0
"""Seconds between two looks whether a device that works is still the one that was opened: after a reset of its own, the old
descriptors of some kernels take bytes for ever and give none (gammu#266)."""
SETTLE_S = 1.0
"""Seconds from the first sight of a device to its opening: its ports appear one after the other, and udev gives them away."""
VANISH_S = 3.0
"""Seconds in which a device that was reset goes from the bus, if it does."""
ABSENT_S = 60.0
"""Seconds that a device has been gone after which its power is switched: nobody is changing its place any more."""
KEPT = 20
"""Attempts that are remembered."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One rung that was tried."""

    rung: Rung
    wall: float
    """Unix time of its beginning."""
    took_s: float
    fault: str
    """Why it failed; empty where it helped."""


class Mender:
    """Keeps one device open. Opening and every step raise a `LineFault` where the device does not work after it."""

    def __init__(
        self,
        device: Device,
        config: DeviceConfig,
        clock: Clock,
        *,
        relay: Relay | None = None,
        wait_s: float = 2.0,
        wait_limit_s: float = 120.0,
    ) -> None:
        self.device = device
        self.attempts: deque[Attempt] = deque(maxlen=KEPT)
        self.uses: Counter[Rung] = Counter()
        """How often each rung has been tried since the box started."""
        self.gone = 0
        """How often its ports went away since the box started."""
        self.doing = ""
        """What is being done now, for people; empty while all is well."""
        self._config = config
        self._clock = clock
        self._relay = relay
        self._place = Whereabouts(config)
        self._open = self._busy = False
        self._replaced = False
        self._hopeless = False
        """No reset can mend what is wrong: a person must."""
        self._waiting = False
        self._seen: list[bool] = []
        """Which of its ports were there when a pause began."""
        self._moved = asyncio.Event()
        rungs = {*device.rungs, Rung.USB, *([Rung.POWER] if relay else [])}
        self._ladder = Ladder(rungs, wait_s=wait_s, wait_limit_s=wait_limit_s)

    # --- the keeper's side

    async def open(self) -> None:
        """For the first time."""
        try:
            await self._guarded(self._open_all(), TIMES[Rung.REOPEN].limit_s)
        except LineFault:
            self._ladder.tried(self._now(), self._ladder.next(self._now(), [Rung.REOPEN]).rung)
            raise

    async def step(self, *, whole: bool) -> None:
        """Do the next thing that may help, however long it is to be waited for. `whole`: no line of the device works, so that it
        may be reset as a whole. Raises a `LineFault` where it did not help."""
        if self._replaced or not await self._place.present():
            await self._await_return()
            return
        step = self._ladder.next(self._now(), await self._allowed(whole))
        if step.wait_s:
            self.doing = f"waits {step.wait_s:g} s, then: {step.rung.value}"
            await self._wait(step.wait_s)
            if self._replaced or not await self._place.present():
                await self._await_return()
                return
        await self._do(step.rung)

    def hurry(self) -> None:
        """Something else of the device is out of order now: it does not wait for the pause of what has long been so."""
        self._moved.set()

    @property
    def remedy(self) -> str:
        """What was done last in a trouble that may just have ended, for the record; empty where nothing was."""
        last = self._ladder.last
        if last is None or not self.attempts:
            return ""
        return f"{last.value} helped after {self.attempts[-1].took_s:.0f} s"

    def well(self) -> None:
        """The device works."""
        self.doing = ""
        self._ladder.well(self._now())

    async def refresh(self) -> None:
        """Initialise a device that answers."""
        await self._guarded(self.device.recover(Rung.INIT), TIMES[Rung.INIT].limit_s)

    async def watch(self) -> None:
        """For ever: notice that the device has gone or was enumerated anew, which its open ports may not tell."""
        while True:
            await asyncio.sleep(WATCH_S)
            if self._waiting and await self._place.ports() != self._seen:
                self._moved.set()
            moved = self._place.moved()
            if not moved or self._busy:
                continue
            self._moved.set()
            if self._open and not self._replaced:
                log.warning("%s: what is plugged in at %s went or restarted", self.device.name, ", ".join(moved))
                self._replaced = self._place.whole(moved)  # else other lines of the device may be talking
                self._place.remember(moved)
                self.device.fault.set()

    async def close(self) -> None:
        """All its ports, at once."""
        self._open = False
        await self.device.close()

    # --- what is tried

    async def _do(self, rung: Rung) -> None:
        self.doing = rung.value
        self.uses[rung] += 1
        self._busy = True
        began, wall, fault = self._now(), self._clock.wall(), "cancelled"
        log.warning("%s: trying: %s", self.device.name, rung.value)
        try:
            await self._guarded(self._climb(rung), TIMES[rung].limit_s)
            fault, self._hopeless = "", False
        except LineFault as error:
            fault = _words(error)
            self._hopeless = isinstance(error, NotRegistered)
            raise
        finally:
            self._busy = False
            took = self._now() - began
            self._ladder.tried(self._now(), rung)
            self.attempts.append(Attempt(rung, wall, took, fault))
            log.warning("%s: %s: %s after %.1f s", self.device.name, rung.value, fault or "done", took)

    async def _climb(self, rung: Rung) -> None:
        match rung:
            case Rung.USB:
                await self.close()
                for path in await self._place.owners():
                    await reset.reset(self._config.bus, path)
                await self._reappear()
            case Rung.POWER:
                assert self._relay is not None
                await self.close()
                await self._relay.cut()
                await self._reappear()
            case _ if self._open:
                await self.device.recover(rung)
                if rung is not Rung.INIT:
                    self._place.remember(await self._place.owners())
            case _:
                await self._open_all()

    async def _allowed(self, whole: bool) -> Sequence[Rung]:
        """The rungs that make sense at this moment."""
        allowed = [Rung.INIT, Rung.REOPEN] if self._open else [Rung.REOPEN]
        if whole and not self._hopeless:
            allowed += [Rung.RESET] if self._open else []
            allowed += [Rung.USB] if await self._place.owners() else []
            allowed += [Rung.POWER] if self._relay else []
        return allowed

    async def _open_all(self) -> None:
        """Open; where that fails a part of it may stay open, as each line of a voice modem lives on its own."""
        self._replaced = False
        self._place.remember(await self._place.owners(), only=True)
        self._hopeless = False
        try:
            await self.device.open()
        except LineFault as fault:
            self._hopeless = isinstance(fault, NotRegistered)
            raise
        self._open = True

    async def _reappear(self) -> None:
        """After a reset of the whole device: wait until it is back, and open it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(VANISH_S):
                await self._see(False)
        await self._see(True)
        await asyncio.sleep(SETTLE_S)
        await self._open_all()

    async def _await_return(self) -> None:
        """It has gone: release all its ports, and open it when it is back, if that takes days."""
        await self.close()
        self.gone += 1
        gone = self._now()
        self.doing = "waits for it to be plugged in"
        while not await self._place.present():
            long_gone = self._relay is not None and self._now() - gone >= ABSENT_S
            if long_gone and self._ladder.may(Rung.POWER, self._now()):
                await self._do(Rung.POWER)
                return
            await asyncio.sleep(POLL_S)
        await asyncio.sleep(SETTLE_S)
        await self._do(Rung.REOPEN)

    async def _see(self, present: bool) -> None:
        while True:
            if await self._place.present() is present:
                return
            await asyncio.sleep(POLL_S)

    async def _wait(self, seconds: float) -> None:
        """Seconds, or until the device comes or goes, or somebody is in a hurry."""
        self._seen = await self._place.ports()
        self._moved.clear()
        self._waiting = True
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._moved.wait()
        finally:
            self._waiting = False

    # --- machinery

    async def _guarded(self, work: Awaitable[None], limit_s: float) -> None:
        """Whatever goes wrong, in time or in the driver, is a `LineFault`."""
        try:
            async with asyncio.timeout(limit_s):
                await work
        except LineFault:
            raise
        except TimeoutError as error:
            raise LineFault(f"not done within {limit_s:g} s") from error
        except Exception as error:
            log.exception("%s: the driver failed", self.device.name)
            raise LineFault(f"its driver failed: {error!r}") from error

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
