"""A modem for unit tests: a pty and a dictionary of answers. It knows no protocol, it only says what a test tells it."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import Callable

Answer = bytes | Callable[[bytes], bytes | None]


class ScriptedModem:
    """`answers` maps a command line (without CR) to the bytes that come back; unknown ones get ERROR. Everything that
    was written to it is in `seen`. In `raw` mode nothing is interpreted."""

    def __init__(self, answers: dict[str, Answer] | None = None, *, echo: bool = False, chunk: int = 0) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self.master, False)
        self.answers = answers or {}
        self.echo = echo
        self.chunk = chunk
        self.raw: Callable[[bytes], None] | None = None
        self.seen: list[str] = []
        self.written = bytearray()
        self._line = bytearray()
        self._tasks: set[asyncio.Task[None]] = set()
        asyncio.get_running_loop().add_reader(self.master, self._readable)

    def _readable(self) -> None:
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return  # no slave is open at the moment: EIO
        self.written += data
        if self.raw:
            self.raw(data)
            return
        for byte in data:
            if self.echo:
                self.say(bytes([byte]))
            if byte != 13:
                self._line.append(byte)
                continue
            line = self._line.decode("latin-1")
            self._line.clear()
            self.seen.append(line)
            answer = self.answers.get(line, b"\r\nERROR\r\n")
            if callable(answer):
                answer = answer(line.encode())
            if answer:
                self.say(answer)

    def say(self, data: bytes) -> None:
        """Send bytes to the host: at once, or in pieces of `chunk` bytes with a turn of the loop between."""
        if not self.chunk:
            os.write(self.master, data)
            return
        for i in range(0, len(data), self.chunk):
            os.write(self.master, data[i : i + self.chunk])

    def later(self, delay: float, data: bytes) -> None:
        asyncio.get_running_loop().call_later(delay, self.say, data)

    def close(self) -> None:
        if self.master >= 0:
            asyncio.get_running_loop().remove_reader(self.master)
            os.close(self.master)
            self.master = -1
