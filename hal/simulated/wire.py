"""The wire between a modem and its port, as the faults leave it: noise, pieces, doubled line ends, nothing at all."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

from hal.simulated.faults import Faults, Splitter
from hal.simulated.ptyport import PtyPort

_GARBAGE_S = 0.02
_GARBAGE_RATE = 1000
"""Bytes a second of a garbage generator."""


class Wire:
    """What the modem sends goes through here."""

    def __init__(
        self, port: PtyPort, faults: Faults, spawn: Callable[[Coroutine[Any, Any, None], str], object]
    ) -> None:
        self._port = port
        self._faults = faults
        self._spawn = spawn
        self._splitter: Splitter | None = None
        self._pieces: asyncio.Queue[bytes] | None = None
        self._noise = random.Random(0)  # noqa: S311 - a test wants it repeatable

    def text(self, data: bytes) -> None:
        """Command lines' answers, echoes and reports."""
        self.raw(data.replace(b"\r", b"\r\r") if self._faults.doubled_cr else data)

    def raw(self, data: bytes) -> None:
        """Bytes as they are; with `split_writes` in pieces, otherwise at once."""
        if self._faults.mute:
            return
        if self._faults.wrong_baud:
            data = self._noise.randbytes(len(data))
        if self._pieces is None:
            self._port.write(data)
        else:
            self._pieces.put_nowait(data)

    def heard(self, data: bytes) -> bool:
        """Bytes from the host: True where the modem gets none of them."""
        if self._faults.wrong_baud:
            self.raw(data)
        return self._faults.mute or self._faults.wrong_baud

    def opened(self) -> None:
        """The box has opened the port."""
        if self._faults.garbage:
            self._send_garbage()

    def fault_changed(self, name: str) -> None:
        """A fault was switched on or off."""
        if name == "garbage" and self._faults.garbage:
            self._send_garbage()
        elif name == "split_writes":
            seed = self._faults.split_writes
            if seed is not None and self._pieces is None:
                self._splitter, self._pieces = Splitter(seed), asyncio.Queue()
                self._spawn(self._send_pieces(self._pieces), f"{self._port.link.name} pieces")

    async def _send_pieces(self, pieces: asyncio.Queue[bytes]) -> None:
        while self._splitter and (self._faults.split_writes is not None or not pieces.empty()):
            for pause, piece in self._splitter.cut(await pieces.get()):
                await asyncio.sleep(pause)
                self._port.write(piece)
        self._pieces = None

    def _send_garbage(self) -> None:
        if self._faults.garbage and self._port.open:
            self._port.write(self._noise.randbytes(round(_GARBAGE_RATE * _GARBAGE_S)))
            asyncio.get_running_loop().call_later(_GARBAGE_S, self._send_garbage)
