"""Calls in, each in a task of its own, never more at once than the box can serve."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from hal.line import IncomingCall
from ivr import inbound
from ivr.house import House
from ivr.trunks import Trunks

if TYPE_CHECKING:
    from appliance.overload.callsin import CallsIn

log = logging.getLogger(__name__)


class Conversations:
    """Takes calls in. Whatever happens in one ends there."""

    def __init__(self, house: House, trunks: Trunks, limit: int, watch: CallsIn | None = None) -> None:
        """`watch` is told of every call, and may turn calls away (`appliance.overload`)."""
        self._house = house
        self._trunks = trunks
        self._limit = limit
        self._watch = watch
        self._running: set[asyncio.Task[None]] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._running)

    def take(self, incoming: IncomingCall) -> None:
        """A call rings: answer it, or turn it away."""
        wanted = incoming.line.direction.takes_calls and not self._closed and len(self._running) < self._limit
        over: Callable[[], None] | None = None
        challenged = False
        if self._watch is not None and incoming.line.direction.takes_calls:
            incoming = watched = self._watch.rings(incoming)
            wanted = self._watch.admits(watched, wanted)
            challenged = self._watch.challenges(watched)
            over = partial(self._watch.over, watched)
        task = asyncio.get_running_loop().create_task(
            self._hold(incoming, challenged) if wanted else incoming.reject(), name=f"call in on {incoming.line.name}"
        )
        self._running.add(task)
        task.add_done_callback(partial(self._ended, over=over))

    async def _hold(self, incoming: IncomingCall, challenged: bool) -> None:
        with self._trunks.seized_in(incoming.line):
            await inbound.answer(incoming, self._house, challenged=challenged)

    def _ended(self, task: asyncio.Task[None], over: Callable[[], None] | None) -> None:
        if over is not None:
            over()
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("%s failed", task.get_name(), exc_info=error)

    async def close(self, limit_s: float) -> None:
        """Take no more calls; let those that run end within `limit_s` seconds, then end them."""
        self._closed = True
        if self._running:
            await asyncio.wait(self._running, timeout=limit_s)
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
