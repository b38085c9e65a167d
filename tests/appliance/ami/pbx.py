"""A PBX that speaks AMI on loopback, and does what a test wants of it. Its own codec: none of the code under test."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable

Rows = Callable[[str], bytes]


def _none(action_id: str) -> bytes:
    return b""


class Pbx:
    """`async with Pbx() as pbx:`; then `pbx.port`, `await pbx.say(bytes)`, `pbx.drop()`."""

    def __init__(self, secret: str = "not in any log", user: str = "alertbox") -> None:
        self.secret, self.user = secret, user
        self.actions: list[dict[str, str]] = []
        self.channels: Rows = _none
        self.queues: Rows = _none
        self.refuse: set[str] = set()
        self.deaf = False
        """Answers nothing any more."""
        self.logins = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._up = asyncio.Event()
        self._challenge = ""

    async def __aenter__(self) -> Pbx:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        self.drop()

    def drop(self) -> None:
        """Cut every connection."""
        self._up.clear()
        for writer in self._writers:
            writer.transport.abort()

    async def say(self, data: bytes) -> None:
        """To every session that is logged in and has asked for the state."""
        await self._up.wait()
        for writer in list(self._writers):
            writer.write(data)
            await writer.drain()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while True:
                text = (await reader.readuntil(b"\r\n\r\n")).decode()
                action = dict(line.split(": ", 1) for line in text.strip().split("\r\n"))
                self.actions.append(action)
                if not self.deaf:
                    writer.write(self._answer(action))
                    if action["Action"] == "QueueStatus":
                        self._up.set()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answer(self, action: dict[str, str]) -> bytes:
        name, number = action["Action"], action["ActionID"]
        if name in self.refuse:
            return f"Response: Error\r\nActionID: {number}\r\nMessage: Permission denied\r\n\r\n".encode()
        if name == "Challenge":
            self._challenge = "840415273"
            return f"Response: Success\r\nActionID: {number}\r\nChallenge: {self._challenge}\r\n\r\n".encode()
        if name == "Login":
            key = hashlib.md5((self._challenge + self.secret).encode()).hexdigest()
            right = action.get("Key") == key or action.get("Secret") == self.secret
            if action["Username"] != self.user or not right:
                return f"Response: Error\r\nActionID: {number}\r\nMessage: Authentication failed\r\n\r\n".encode()
            self.logins += 1
            return f"Response: Success\r\nActionID: {number}\r\nMessage: Authentication accepted\r\n\r\n".encode()
        rows = {"CoreShowChannels": self.channels, "QueueStatus": self.queues}.get(name)
        if rows is not None:
            end = {"CoreShowChannels": "CoreShowChannelsComplete", "QueueStatus": "QueueStatusComplete"}[name]
            return (
                f"Response: Success\r\nActionID: {number}\r\nEventList: start\r\nMessage: will follow\r\n\r\n".encode()
                + rows(number)
                + f"Event: {end}\r\nActionID: {number}\r\nEventList: Complete\r\nListItems: 0\r\n\r\n".encode()
            )
        return f"Response: Success\r\nActionID: {number}\r\nMessage: done\r\n\r\n".encode()
