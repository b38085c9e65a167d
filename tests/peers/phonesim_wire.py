"""ofono-phonesim with its TCP port on a pty: `python -m tests.peers.phonesim_wire ROOT PLACE AT AUDIO`, in a network of its own.

ROOT is the tree that holds phonesim (`tests.peers.phonesim.tree`), PLACE a directory in it for this run; AT becomes a symbolic link
to the pty of commands, AUDIO to one with nothing but silence, as phonesim has no audio. Every line of the dialogue is printed:
`> AT` from the driver, `< OK` from the modem.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import struct
import sys
import tty
from pathlib import Path

PORT = 12345
START_S = 60.0
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1


def raise_loopback() -> None:
    """A new network namespace has its loopback down (netdevice(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | _IFF_UP))


class Pty:
    """The end of the wire that the driver opens through `link`."""

    def __init__(self, link: Path) -> None:
        self.master, self._slave = os.openpty()  # the slave stays open here: the driver may come and go
        tty.setraw(self._slave)
        os.set_blocking(self.master, False)
        link.symlink_to(os.ttyname(self._slave))


class Shown:
    """Prints whole lines of one direction."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._begun = b""

    def feed(self, data: bytes) -> None:
        *lines, self._begun = (self._begun + data).replace(b"\r", b"\n").replace(b"\x1a", b"\n").split(b"\n")
        for line in lines:
            if line:
                print(self._mark, line.decode("latin-1"), flush=True)


async def connected() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to phonesim as soon as it listens: each is a modem of its own."""
    async with asyncio.timeout(START_S):
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                return await asyncio.open_connection("127.0.0.1", PORT)
            await asyncio.sleep(0.05)


async def silence(pty: Pty) -> None:
    """20 ms of silence fifty times a second, by the clock: a busy machine must not look like a modem with choppy audio."""
    loop = asyncio.get_running_loop()
    began, written = loop.time(), 0
    while True:
        while written < (loop.time() - began) * 50:
            with contextlib.suppress(BlockingIOError):
                os.write(pty.master, bytes(320))
            written += 1
        with contextlib.suppress(BlockingIOError):
            os.read(pty.master, 65536)
        await asyncio.sleep(0.01)


async def main(root: str, place: str, at: str, audio: str) -> None:
    raise_loopback()
    bus = f"unix:path=/{place}/bus"
    inside = {
        "HOME": "/",
        "XDG_RUNTIME_DIR": f"/{place}",
        "DBUS_SESSION_BUS_ADDRESS": bus,
        "QT_QPA_PLATFORM": "offscreen",
    }
    await asyncio.create_subprocess_exec(
        "chroot", root, "dbus-daemon", "--session", "--nofork", f"--address={bus}", env=os.environ | inside
    )
    while not Path(root, place, "bus").exists():
        await asyncio.sleep(0.02)
    rules = "/usr/share/ofono-phonesim/default.xml"
    phonesim = await asyncio.create_subprocess_exec(
        "chroot", root, "ofono-phonesim", "-p", str(PORT), "-gui", rules, env=os.environ | inside
    )
    reader, writer = await connected()
    pty, said, told = Pty(Path(at)), Shown("<"), Shown(">")
    quiet = asyncio.create_task(silence(Pty(Path(audio))))

    def from_driver() -> None:
        data = os.read(pty.master, 65536)
        told.feed(data)
        writer.write(data)

    asyncio.get_running_loop().add_reader(pty.master, from_driver)
    print("wire ready", flush=True)
    while data := await reader.read(65536):
        said.feed(data)
        os.write(pty.master, data)
    quiet.cancel()
    await phonesim.wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
