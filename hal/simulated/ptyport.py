"""A modem's serial port: the master side of a pseudo-terminal under a symbolic link that stands for the device node.

A pty has no modem-control lines, so the port learns that the box opened or closed its end from inotify (IN_OPEN and
IN_CLOSE_* on /dev/pts/N), and reads nothing while it is closed.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import struct
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

_IN_CLOSE_WRITE, _IN_CLOSE_NOWRITE, _IN_OPEN = 0x8, 0x10, 0x20
_EVENT = struct.Struct("iIII")
_BACKLOG = 16384
"""Bytes that a modem holds for a host that does not read, before it loses data."""


class Watch:
    """One inotify descriptor for all ports of an exchange: which pty was opened and closed."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        self._ports: dict[int, Callable[[bool], None]] = {}
        asyncio.get_running_loop().add_reader(self._fd, self.poll)

    def add(self, path: str, opened: Callable[[bool], None]) -> int:
        """Call `opened(True)` at each open of `path`, `opened(False)` at each close."""
        watch: int = self._libc.inotify_add_watch(
            self._fd, os.fsencode(path), _IN_OPEN | _IN_CLOSE_WRITE | _IN_CLOSE_NOWRITE
        )
        if watch < 0:
            raise OSError(ctypes.get_errno(), "inotify_add_watch", path)
        self._ports[watch] = opened
        return watch

    def remove(self, watch: int) -> None:
        """Forget a path."""
        if self._ports.pop(watch, None):
            self._libc.inotify_rm_watch(self._fd, watch)

    def poll(self) -> None:
        """Deliver what has happened. Also called before a port reads, so that bytes never overtake their open."""
        while True:
            try:
                events = os.read(self._fd, 4096)
            except BlockingIOError:
                return
            position = 0
            while position < len(events):
                watch, mask, _, length = _EVENT.unpack_from(events, position)
                position += _EVENT.size + length
                if (opened := self._ports.get(watch)) and mask & (_IN_OPEN | _IN_CLOSE_WRITE | _IN_CLOSE_NOWRITE):
                    opened(bool(mask & _IN_OPEN))

    def close(self) -> None:
        """Stop watching."""
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)


class Host(Protocol):
    """Who sits behind the port: the modem."""

    def port_opened(self) -> None: ...

    def port_closed(self) -> None: ...

    def port_data(self, data: bytes) -> None: ...


class PtyPort:
    """One serial port. Plugged in from the start."""

    def __init__(self, link: Path, host: Host, watch: Watch) -> None:
        self.link = link
        self._host = host
        self._watch = watch
        self._loop = asyncio.get_running_loop()
        self._master = -1
        self._handle = -1
        self._openings = 0
        self._listening = True
        self._reading = False
        self._unsent = bytearray()
        self._ghosts: list[int] = []
        """Master sides that live on behind descriptors which the box still holds."""
        self.lost = 0
        """Bytes that the host did not fetch in time."""
        self.plug()

    @property
    def plugged(self) -> bool:
        return self._master >= 0

    @property
    def open(self) -> bool:
        """The box holds the other end open."""
        return self._openings > 0

    def plug(self, link: Path | None = None) -> None:
        """Plug it in (again), perhaps under another name."""
        self.unplug()
        self.link = link or self.link
        self._master, slave = os.openpty()
        tty.setraw(slave)  # survives the close: the pair lives as long as its master
        name = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        self._handle = self._watch.add(name, self._opened)
        temporary = self.link.with_name(self.link.name + ".new")
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(name)
        temporary.replace(self.link)

    def unplug(self) -> None:
        """Pull it out: the node goes, and what the box still holds open gives EIO."""
        for ghost in self._ghosts:
            os.close(ghost)
        self._ghosts.clear()
        if self.plugged:
            os.close(self._let_go())

    def ghost(self) -> None:
        """Re-enumerated without a word: the node leads to a new port, and what the box still holds open takes bytes and gives
        none (gammu#266). The next `unplug` ends that, too."""
        old = self._let_go()
        self.plug()
        self._ghosts.append(old)

    def _let_go(self) -> int:
        """The node goes, and with it the host at the other end; the master side, still open."""
        self._stop_reading()
        self._loop.remove_writer(self._master)
        self._watch.remove(self._handle)
        master, self._master = self._master, -1
        self._unsent.clear()
        self.link.unlink(missing_ok=True)
        if self.open:
            self._openings = 0
            self._host.port_closed()
        return master

    def listen(self, on: bool) -> None:
        """Hand over bytes as they come (True), or leave them in the pty until `read` (False): that is flow control."""
        self._listening = on
        if on and self.open:
            self._start_reading()
        else:
            self._stop_reading()

    def read(self, limit: int) -> bytes:
        """Up to `limit` bytes that wait; empty when there are none."""
        if not self.plugged:
            return b""
        try:
            return os.read(self._master, limit)
        except BlockingIOError:
            return b""
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            self._watch.poll()  # the box has closed its end
            return b""

    def write(self, data: bytes) -> None:
        """Send to the box. A closed port swallows it, as a serial port does; what a slow reader leaves is kept up to a limit."""
        if not self.open:
            return
        if not self._unsent:
            try:
                sent = os.write(self._master, data)
            except BlockingIOError:
                sent = 0
            data = data[sent:]
            if not data:
                return
            self._loop.add_writer(self._master, self._flush)
        room = _BACKLOG - len(self._unsent)
        self.lost += max(0, len(data) - room)
        self._unsent += data[:room]

    def _flush(self) -> None:
        try:
            sent = os.write(self._master, self._unsent)
        except BlockingIOError:
            return
        del self._unsent[:sent]
        if not self._unsent:
            self._loop.remove_writer(self._master)

    def _opened(self, opened: bool) -> None:
        self._openings += 1 if opened else -1
        if opened and self._openings == 1:
            self._host.port_opened()
            if self._listening:
                self._start_reading()
        elif not opened and self._openings == 0:
            if self._listening:
                self._readable()  # what was written before the close
            self._stop_reading()
            self._loop.remove_writer(self._master)
            self._unsent.clear()
            self._host.port_closed()

    def _start_reading(self) -> None:
        if not self._reading and self.plugged:
            self._reading = True
            self._loop.add_reader(self._master, self._readable)

    def _stop_reading(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._master)

    def _readable(self) -> None:
        if data := self.read(4096):
            self._host.port_data(data)
