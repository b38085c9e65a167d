"""One clock for the whole box: monotonic, wall, and how far the wall clock can be trusted.

Monotonic time is the event loop's (`loop.time()`), so that a test's virtual loop or a demo's scaled loop governs
everything that waits: use `asyncio.sleep`, `asyncio.timeout`, `loop.call_at`, never `time.sleep`.
"""

from __future__ import annotations

import asyncio
import enum
import time
from collections.abc import Callable
from pathlib import Path


class ClockTrust(enum.Enum):
    """How far the wall clock can be trusted."""

    TRUSTED = "trusted"
    """Set by a real-time clock, the radio network or a person since the box booted."""
    DOUBTFUL = "doubtful"
    """The box has booted and nothing has confirmed the time of day since."""


def read_boot_id() -> str:
    """This boot's identity (`/proc/sys/kernel/random/boot_id`): monotonic times compare only within one boot."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"


class Clock:
    """Monotonic seconds, wall-clock seconds (Unix time, UTC) and the trust in the latter.

    `speed` is the factor by which a simulated exchange runs faster than life; wall time then runs from the moment of
    construction at that factor, so that every duration in records agrees with the loop's.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop | None = None,
        *,
        trust: ClockTrust = ClockTrust.TRUSTED,
        wall: Callable[[], float] | None = None,
        boot_id: str | None = None,
        speed: float = 1.0,
    ) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self.trust = trust
        self.boot_id = boot_id if boot_id is not None else read_boot_id()
        self.speed = speed
        self._wall = wall or (time.time if speed == 1.0 else self._scaled_wall)
        self._origin = (time.time(), self._loop.time())

    def _scaled_wall(self) -> float:
        wall, mono = self._origin
        return wall + (self._loop.time() - mono)

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment of this boot; never goes back."""
        return self._loop.time()

    def wall(self) -> float:
        """Unix time in seconds."""
        return self._wall()


class ScaledEventLoop(asyncio.SelectorEventLoop):
    """An event loop whose seconds pass `speed` times as fast as life. Only for the simulated exchange.

    Its time is `CLOCK_MONOTONIC * speed`, so two processes with the same factor agree.
    """

    def __init__(self, speed: float) -> None:
        if not 0.01 <= speed <= 1000:
            raise ValueError(f"speed {speed} is outside 0.01..1000")
        self.speed = speed
        super().__init__()
        selector = self._selector  # type: ignore[attr-defined]
        select = selector.select
        selector.select = lambda timeout=None: select(None if timeout is None else timeout / speed)

    def time(self) -> float:
        """Scaled monotonic seconds."""
        return time.monotonic() * self.speed
