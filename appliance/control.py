"""The control socket: one JSON object a line each way, and the kernel says who asks.

Request `{"command": "alerts show", "arguments": {"id": 3}}`, answer `{"answer": {...}}` (see `appliance.answers`) or
`{"error": "..."}`. Members of the configured group, root and the box's own user may ask for reports; what changes the
box is for root and the box's own user (SO_PEERCRED, unix(7)).
"""

from __future__ import annotations

import asyncio
import grp
import json
import logging
import os
import pwd
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.answers import Answer, CommandFailed

log = logging.getLogger(__name__)

REQUEST_LIMIT = 8 << 20
"""Bytes of one line; a roster of some thousand teams fits."""
ANSWER_TIMEOUT_S = 120.0
"""Seconds that a client waits; verifying a long journal on a slow card takes a while."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end."""

    pid: int
    uid: int
    gid: int

    @classmethod
    def of(cls, connection: socket.socket) -> Peer:
        """As the kernel knows it (SO_PEERCRED)."""
        return cls(
            *struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
        )

    @property
    def name(self) -> str:
        """The user's name, or its number."""
        with suppress(KeyError):
            return pwd.getpwuid(self.uid).pw_name
        return str(self.uid)

    def may_change(self) -> bool:
        """Root, or the user that the box itself runs as."""
        return self.uid in (0, os.geteuid())

    def may_ask(self, group: str) -> bool:
        """One of the above, or a member of the group."""
        if self.may_change():
            return True
        try:
            entry = grp.getgrnam(group)
        except KeyError:
            return False
        return self.gid == entry.gr_gid or self.name in entry.gr_mem


Handler = Callable[[Peer, str, dict[str, Any]], Awaitable[Answer]]
"""Carries out a command. Raises `CommandFailed`."""


class ControlServer:
    """Serves the socket while it is entered."""

    def __init__(self, path: Path, handler: Handler, *, group: str, mode: int) -> None:
        self._path = path
        self._handler = handler
        self._group = group
        self._mode = mode
        self._server: asyncio.Server | None = None
        self._talking: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> ControlServer:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            self._path.unlink()  # left behind by a box that was killed
        self._server = await asyncio.start_unix_server(self._connected, self._path, limit=REQUEST_LIMIT)
        self._path.chmod(self._mode)
        try:
            os.chown(self._path, -1, grp.getgrnam(self._group).gr_gid)
        except (KeyError, PermissionError) as error:
            log.warning("the control socket stays with the group of the box: group %s: %s", self._group, error)
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._talking):
            task.cancel()
        await asyncio.gather(*self._talking, return_exceptions=True)
        with suppress(FileNotFoundError):
            self._path.unlink()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talking.add(task)
        try:
            peer = Peer.of(writer.get_extra_info("socket"))
            while line := await reader.readline():
                writer.write(json.dumps(await self._answer(peer, line)).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            pass  # gone, or a line beyond every limit
        finally:
            self._talking.discard(task)
            writer.close()

    async def _answer(self, peer: Peer, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            command, arguments = str(request["command"]), dict(request.get("arguments", {}))
        except (ValueError, TypeError, KeyError):
            return {"error": 'this is no request; write {"command": "...", "arguments": {...}}'}
        if not peer.may_ask(self._group):
            return {"error": f"{peer.name} is neither root nor in the group {self._group}"}
        try:
            answer = await self._handler(peer, command, arguments)
        except CommandFailed as error:
            return {"error": str(error)}
        except Exception as error:
            log.exception("command %r failed", command)
            return {"error": f"the box failed at this: {error!r}; its log has the details"}
        return {"answer": answer.to_json()}


class BoxDown(ConnectionError):
    """Nobody serves the control socket."""


def ask(path: Path, command: str, arguments: dict[str, Any]) -> Answer:
    """Ask the running box, and wait. Raises `BoxDown`, or `CommandFailed` with what the box says."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_TIMEOUT_S)
        try:
            connection.connect(str(path))
        except PermissionError as error:
            raise CommandFailed(
                f"{path}: {error.strerror}; this is for root and the members of the box's group"
            ) from None
        except OSError as error:
            raise BoxDown(f"{path}: {error.strerror}") from None
        with connection.makefile("rwb") as stream:
            try:
                stream.write(json.dumps({"command": command, "arguments": arguments}).encode() + b"\n")
                stream.flush()
                line = stream.readline()
            except OSError as error:
                raise CommandFailed(f"the box broke off: {error}") from None
    if not line:
        raise CommandFailed("the box broke off without an answer")
    reply = json.loads(line)
    if "error" in reply:
        raise CommandFailed(reply["error"])
    return Answer.from_json(reply["answer"])
