"""A modem's port where a peer wants a socket: bytes pass both ways, at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path


class Bridge:
    """One connection between a socket and a port; the port is open while somebody is connected."""

    def __init__(self, node: Path) -> None:
        self._node = node
        self.passed = bytearray()
        """The dialogue so far, both directions, for whoever looks for a mistake."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection, from its beginning to its end."""
        loop = asyncio.get_running_loop()
        port = os.open(self._node, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

        def from_modem() -> None:
            with contextlib.suppress(BlockingIOError, OSError):
                data = os.read(port, 65536)
                self.passed += data
                writer.write(data)

        loop.add_reader(port, from_modem)
        try:
            while data := await reader.read(65536):
                self.passed += data
                os.write(port, data)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            loop.remove_reader(port)
            os.close(port)
            writer.close()


@contextlib.asynccontextmanager
async def over_tcp(node: Path) -> AsyncIterator[tuple[int, Bridge]]:
    """(port number on 127.0.0.1, the bridge)."""
    bridge = Bridge(node)
    async with await asyncio.start_server(bridge.serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], bridge


@contextlib.asynccontextmanager
async def over_abstract_socket(node: Path, name: str) -> AsyncIterator[Bridge]:
    """A Unix socket in the abstract name space."""
    bridge = Bridge(node)
    async with await asyncio.start_unix_server(bridge.serve, "\0" + name):
        yield bridge
