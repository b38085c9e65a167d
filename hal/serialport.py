"""One serial port as non-blocking bytes.

pyserial opens and configures; `os.read` and `os.write` move the bytes. A port in command mode is served by the event loop
(`listen`); while audio flows nobody listens and the pump reads and writes at its own tick (`read`, `write`), which costs a
quarter of a wake-up per read. The bytes of both ways are never looked at here.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import termios
from collections.abc import Callable
from contextlib import suppress

import serial

from hal.errors import LineClosed, LineFault, Unplugged
from hal.trace import Kind, Trace
from hal.usb.names import SYSTEM, Bus

BAUD = 115200
"""Bits per second: 8-bit audio at 8 kHz needs more than 80,000 (8000 bytes of ten bits)."""
READ_SIZE = 65536
"""Bytes that one `read` takes at most: more than a tty can hold."""
WRITE_QUEUE_LIMIT = 1 << 16
"""Bytes that `send` holds at most for a port that takes none."""

_PTY_MAJORS = range(136, 144)
"""Device numbers of pty slaves (Linux, Documentation/admin-guide/devices.txt)."""


class SerialPort:
    """An open port: raw, 8N1, locked against every other program. Modem-control lines are set where there are any and
    never waited for: a pty has none, and a USB modem's lie."""

    def __init__(self, path: str, device: serial.Serial, loop: asyncio.AbstractEventLoop, trace: Trace) -> None:
        self.path = path
        self.trace = trace
        """What is said on it; whoever speaks notes it."""
        self.fd: int = device.fileno()
        """The file descriptor, for those who batch their reads; -1 once closed."""
        self.lost: Unplugged | None = None
        """Set once the port has gone away."""
        self._device = device
        self._loop = loop
        self._queue = bytearray()
        self._drained = asyncio.Event()
        self._drained.set()
        self._on_bytes: Callable[[bytes], None] | None = None
        self._on_lost: Callable[[LineFault], None] | None = None

    @classmethod
    async def open(
        cls,
        path: str,
        *,
        baud: int = BAUD,
        rtscts: bool = False,
        trace: Trace | None = None,
        bus: Bus = SYSTEM,
    ) -> SerialPort:
        """Open and lock `path`, and throw away what was waiting in it. `trace` notes what is said on it.

        `path` is a device node, or the name of a USB port (`hal.usb.names`), which `bus` looks up now. Raises `Unplugged`
        where there is no such port, it is busy, or it cannot be configured. Opening a USB port takes tens of milliseconds,
        so it happens in an executor.
        """
        loop = asyncio.get_running_loop()
        trace = trace or Trace()
        opening = loop.run_in_executor(None, _open, bus, path, baud, rtscts)
        try:
            device = await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_unwanted)
            raise
        except (OSError, ValueError, termios.error) as error:
            why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
            trace.note(Kind.NOTE, f"cannot be opened: {why}")
            raise Unplugged(f"cannot open {path}: {why}") from error  # pyserial's own text says everything twice
        trace.note(Kind.NOTE, f"opened {device.port}")
        return cls(path, device, loop, trace)

    def read(self) -> bytes:
        """What has arrived; empty where nothing has. Raises `Unplugged`, `LineClosed`."""
        fd = self._open_fd()
        try:
            data = os.read(fd, READ_SIZE)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._gone(error.strerror or str(error)) from error
        if not data:
            raise self._gone("hung up")  # VMIN is 1: no data is EAGAIN, so an empty read is the end of the tty
        return data

    def write(self, data: bytes) -> int:
        """Write what the port takes at this moment and return how many bytes that was. Raises `Unplugged`, `LineClosed`.

        Not to be mixed with `send`: where bytes of `send` still wait, nothing is taken.
        """
        if self._queue:
            return 0
        fd = self._open_fd()
        try:
            return os.write(fd, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise self._gone(error.strerror or str(error)) from error

    def send(self, data: bytes) -> None:
        """Write all of `data` in order, now or as soon as the port takes it.

        Raises `Unplugged`, `LineClosed`; also `Unplugged` where the port has taken nothing for 64 KiB.
        """
        taken = self.write(data)
        if taken == len(data):
            return
        if len(self._queue) + len(data) - taken > WRITE_QUEUE_LIMIT:
            raise self._gone("takes no data any more")
        if not self._queue:
            self._loop.add_writer(self.fd, self._write_queued)
        self._queue += data[taken:]
        self._drained.clear()

    async def drain(self) -> None:
        """Return when everything given to `send` is with the kernel. Raises `Unplugged`."""
        await self._drained.wait()
        if self.lost:
            raise self.lost

    def flush_input(self) -> None:
        """Throw away what has arrived. A port that has gone away has nothing to throw away."""
        with suppress(OSError, termios.error):
            termios.tcflush(self._open_fd(), termios.TCIFLUSH)
        with suppress(LineFault):
            while self.read():
                pass

    def flush_output(self) -> None:
        """Throw away what has not left this machine yet."""
        self._stop_writing()
        with suppress(OSError, termios.error):
            termios.tcflush(self._open_fd(), termios.TCOFLUSH)

    def listen(self, on_bytes: Callable[[bytes], None], on_lost: Callable[[LineFault], None]) -> None:
        """From now on call `on_bytes` with whatever arrives, and `on_lost` once, if the port goes away."""
        self._on_bytes, self._on_lost = on_bytes, on_lost
        self._loop.add_reader(self._open_fd(), self._readable)

    def deaf(self) -> None:
        """Stop listening: somebody else reads now."""
        self._on_bytes = None
        if self.fd >= 0:
            self._loop.remove_reader(self.fd)

    def close(self) -> None:
        """Release the port. Unsent bytes are dropped. More than once is harmless."""
        if self.fd < 0:
            return
        self.trace.note(Kind.NOTE, "closed")
        self.deaf()
        self.flush_output()  # otherwise the kernel holds close() for up to 30 s to send them (closing_wait)
        with suppress(OSError):
            fcntl.ioctl(self.fd, termios.TIOCNXCL)
        self.fd = -1
        with suppress(OSError, serial.SerialException):
            self._device.close()

    def _open_fd(self) -> int:
        if self.fd < 0:
            raise LineClosed(f"{self.path} is closed")
        return self.fd

    def _gone(self, why: str) -> Unplugged:
        self.lost = Unplugged(f"{self.path}: {why}")
        self.trace.note(Kind.NOTE, f"lost: {why}")
        self._stop_writing()
        return self.lost

    def _stop_writing(self) -> None:
        if self._queue and self.fd >= 0:
            self._loop.remove_writer(self.fd)
        self._queue.clear()
        self._drained.set()

    def _write_queued(self) -> None:
        try:
            taken = os.write(self.fd, self._queue)
        except BlockingIOError:
            return
        except OSError as error:
            self._report(self._gone(error.strerror or str(error)))
            return
        del self._queue[:taken]
        if not self._queue:
            self._loop.remove_writer(self.fd)
            self._drained.set()

    def _readable(self) -> None:
        try:
            data = self.read()
        except LineFault as fault:
            self._report(fault)
            return
        if data and self._on_bytes:
            self._on_bytes(data)

    def _report(self, fault: LineFault) -> None:
        self.deaf()
        on_lost, self._on_lost = self._on_lost, None
        if on_lost:
            on_lost(fault)


def _open(bus: Bus, path: str, baud: int, rtscts: bool) -> serial.Serial:
    device = serial.Serial(bus.node(path), baud, rtscts=rtscts, exclusive=True)
    try:
        fd = device.fileno()
        settings = termios.tcgetattr(fd)
        settings[6][termios.VMIN], settings[6][termios.VTIME] = 1, 0  # "nothing there" and "hung up" must differ
        termios.tcsetattr(fd, termios.TCSANOW, settings)
        if os.major(os.fstat(fd).st_rdev) not in _PTY_MAJORS:
            fcntl.ioctl(fd, termios.TIOCEXCL)  # on a pty this would outlive us, and lock the next opener out
        termios.tcflush(fd, termios.TCIFLUSH)
    except BaseException:
        device.close()
        raise
    return device


def _close_unwanted(opening: asyncio.Future[serial.Serial]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
