"""A person at a terminal program: plain reads and writes on a simulated modem's node, and nothing of the box."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from hal.audio.sound import Encoding, Sound


class Terminal:
    """Typing at a modem. What came and was not yet looked at waits in `waiting`."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.waiting = b""

    async def expect(self, text: bytes | str, *, within: float = 5.0) -> bytes:
        """Read until `text` has come; give everything up to and with it."""
        wanted = text.encode() if isinstance(text, str) else text
        try:
            async with asyncio.timeout(within):
                while wanted not in self.waiting:
                    self._read()
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(f"{wanted!r} did not come, but {self.waiting!r}") from None
        end = self.waiting.index(wanted) + len(wanted)
        came, self.waiting = self.waiting[:end], self.waiting[end:]
        return came

    def _read(self) -> None:
        try:
            self.waiting += os.read(self.fd, 65536)
        except BlockingIOError:
            pass

    async def hears_within(self, seconds: float) -> bytes:
        """Everything that comes in so much time."""
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            self._read()
            await asyncio.sleep(0.005)
        came, self.waiting = self.waiting, b""
        return came

    async def send(self, data: bytes | str) -> None:
        """Write all of it, however long the modem takes to accept it."""
        rest = data.encode() if isinstance(data, str) else data
        while rest:
            try:
                rest = rest[os.write(self.fd, rest) :]
            except BlockingIOError:
                await asyncio.sleep(0.01)

    async def at(self, command: str, result: str = "OK", *, within: float = 5.0) -> bytes:
        """Type a command and wait for its result."""
        await self.send(f"AT{command}\r")
        return await self.expect(f"{result}\r\n", within=within)

    def close(self) -> None:
        os.close(self.fd)


def speech(seconds: float, seed: int = 1, caption: str = "") -> Sound:
    """Something that sounds like nothing else, A-law."""
    import random

    return Sound(random.Random(seed).randbytes(round(seconds * 8000)), Encoding.ALAW, caption)


def shielded(data: bytes) -> bytes:
    return data.replace(b"\x10", b"\x10\x10")


def unshielded(stream: bytes) -> tuple[bytes, bytes]:
    """(audio, control codes) of what a modem sent in a data state."""
    audio, codes = bytearray(), bytearray()
    octets = iter(stream)
    for octet in octets:
        if octet != 0x10:
            audio.append(octet)
            continue
        code = next(octets, None)
        if code == 0x10:
            audio.append(0x10)
        elif code == 0x1A:
            audio += b"\x10\x10"
        elif code is not None:
            codes.append(code)
    return bytes(audio), bytes(codes)
