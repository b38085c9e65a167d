"""Where a device is: whether its ports are there, which USB devices they belong to, and whether those are still the same."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from typing import TypeVar

from hal.errors import Unplugged
from hal.registry import DeviceConfig

T = TypeVar("T")


class Whereabouts:
    """Of one device. Looking may block while the kernel resets something, so it is done in an executor."""

    def __init__(self, config: DeviceConfig) -> None:
        self._config = config
        self._numbers: dict[str, int | None] = {}
        """Port path of each of its USB devices, as a rule one -> what the bus called it when it was opened."""

    async def present(self) -> bool:
        """The port of the audio is there, and at least one of those for commands."""
        *commands, audio = await self.ports()
        return audio and any(commands)

    async def ports(self) -> list[bool]:
        """Whether each of its ports is there; the last one is that of the audio."""
        names = (*self._config.ports, self._config.audio_port)
        return await _in_executor(lambda: [self._there(name) for name in names])

    async def owners(self) -> list[str]:
        """Port paths of its USB devices; where none is there now, as they were. Empty for what is not on USB."""
        names = list(filter(None, (*self._config.ports, self._config.audio_port)))
        found = await _in_executor(lambda: {self._config.bus.owner(name) for name in names})
        return sorted({path for path in found if path} or self._numbers)

    def remember(self, paths: Iterable[str], *, only: bool = False) -> None:
        """These are open now; `only`: and no others."""
        if only:
            self._numbers = {}
        self._numbers |= {path: self._config.bus.number(path) for path in paths}

    def moved(self) -> list[str]:
        """Where something else is plugged in now than was remembered, or nothing, or the same that has restarted. Never blocks."""
        return [path for path, number in self._numbers.items() if self._config.bus.number(path) != number]

    def whole(self, paths: list[str]) -> bool:
        """These are all of its USB devices."""
        return len(paths) == len(self._numbers)

    def _there(self, port: str) -> bool:
        try:
            if port.startswith("alsa:"):
                return bool(self._config.bus.pcm(port))
            return not port or os.path.exists(self._config.bus.node(port))
        except Unplugged:
            return False


async def _in_executor(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, work)
