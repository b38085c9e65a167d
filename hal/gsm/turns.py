"""Who may use the modem: a call being set up waits for the message in hand, messages wait for all calls being set up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Turns:
    """One modem's order of precedence. `held` tells whether messages must wait for something else, such as a call that is up."""

    def __init__(self, held: Callable[[], bool]) -> None:
        self._held = held
        self._calls = 0
        self._message = asyncio.Lock()
        self._changed = asyncio.Event()

    @property
    def message_in_hand(self) -> bool:
        """A message is being sent at this moment."""
        return self._message.locked()

    def changed(self) -> None:
        """What `held` tells may have changed."""
        self._changed.set()

    @asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """Set up a call; begins after one message at most."""
        self._calls += 1
        try:
            async with self._message:
                pass
            yield
        finally:
            self._calls -= 1
            self._changed.set()

    @asynccontextmanager
    async def message(self) -> AsyncIterator[None]:
        """Send one message part; begins when no call is being set up and nothing else holds it."""
        while True:
            while self._calls or self._held():
                self._changed.clear()
                await self._changed.wait()
            async with self._message:
                if self._calls or self._held():
                    continue
                yield
                return
