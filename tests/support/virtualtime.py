"""An event loop whose clock only moves when nothing else can: tests of hours run in seconds, always in the same order.

    def test_it(tmp_path):
        async def story():
            async with Exchange(tmp_path) as exchange: ...
        run_virtual(story(), limit_s=3600)

Time advances to the next timer when no callback is ready, no executor job is under way, and no byte is in flight on any pty
of this process. A byte is in flight from `os.write` until the other end could read it: the kernel carries it over in a work
queue, so for some microseconds neither end shows it. Bytes that wait at a reader who does not want them yet (a pump that
reads at its tick, a full pty) are delivered, and stop nothing.

Order: callbacks run before new input is looked at, jobs that were started together report together in the order of their
start, and input is taken in the order in which the readers were added.
"""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import os
import select
import selectors
import stat
import struct
import termios
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

from hal.clock import Clock

T = TypeVar("T")

START_WALL = datetime(2026, 11, 22, 12, 0, tzinfo=UTC).timestamp()
_START = 1000.0
_TIOCGPTN = 0x80045430
_FULL = 4095
"""What a pty shows at most of what waits (N_TTY's buffer); the rest stays behind it until the reader makes room."""
_RESYNC_S = 0.5
_STUCK_JOB_S = 20.0
_PATIENCE_S = 0.3


class VirtualDeadlock(RuntimeError):
    """Nothing is scheduled, nothing is in flight, and the test is not done."""


class VirtualLimit(TimeoutError):
    """The test wanted more virtual time than it was given."""


class PtyTraffic:
    """Counts what is written to ptys and not yet read, while installed in place of `os.read`, `os.write` and friends."""

    def __init__(self) -> None:
        self._unread: dict[tuple[int, str], int] = {}
        self._fds: dict[tuple[int, str], int] = {}
        self._originals: dict[str, Callable[..., Any]] = {}

    def install(self) -> None:
        self._originals = {"read": os.read, "write": os.write, "open": os.open, "openpty": os.openpty}
        self._tcflush = termios.tcflush
        os.read, os.write, os.open, os.openpty = self._read, self._write, self._open, self._openpty
        termios.tcflush = self._flush

    def remove(self) -> None:
        for name, original in self._originals.items():
            setattr(os, name, original)
        termios.tcflush = self._tcflush

    @staticmethod
    def _which(fd: int) -> tuple[int, str] | None:
        """(number of the pty, which end), or None for anything else."""
        try:
            status = os.fstat(fd)
            if not stat.S_ISCHR(status.st_mode):
                return None
            major, minor = os.major(status.st_rdev), os.minor(status.st_rdev)
            if (major, minor) == (5, 2):
                return struct.unpack("I", fcntl.ioctl(fd, _TIOCGPTN, bytes(4)))[0], "master"
            return ((major - 136) * 256 + minor, "slave") if 136 <= major <= 143 else None
        except OSError:
            return None

    def know(self, fd: int) -> tuple[int, str] | None:
        """Remember which end of which pty this descriptor is."""
        end = self._which(fd)
        if end:
            self._fds[end] = fd
        return end

    def _read(self, fd: int, length: int) -> bytes:
        data: bytes = self._originals["read"](fd, length)
        if data and (end := self.know(fd)) and end in self._unread:
            self._unread[end] = max(0, self._unread[end] - len(data))
        return data

    def _write(self, fd: int, data: Any) -> int:
        sent: int = self._originals["write"](fd, data)
        if end := self.know(fd):
            reader = (end[0], "slave" if end[1] == "master" else "master")
            self._unread[reader] = self._unread.get(reader, 0) + sent
        return sent

    def _open(self, *args: Any, **kwargs: Any) -> int:
        fd: int = self._originals["open"](*args, **kwargs)
        self.know(fd)
        return fd

    def _openpty(self) -> tuple[int, int]:
        master, slave = self._originals["openpty"]()
        number = struct.unpack("I", fcntl.ioctl(master, _TIOCGPTN, bytes(4)))[0]
        for end in ((number, "master"), (number, "slave")):
            self._unread.pop(end, None)
            self._fds.pop(end, None)
        self._fds[number, "master"] = master
        return master, slave

    def _flush(self, fd: int, queue: int) -> None:
        self.settle()
        self._tcflush(fd, queue)
        if end := self.know(fd):
            other = (end[0], "slave" if end[1] == "master" else "master")
            if queue in (termios.TCIFLUSH, termios.TCIOFLUSH):
                self._unread.pop(end, None)
            if queue in (termios.TCOFLUSH, termios.TCIOFLUSH):
                self._resync(other)

    def _visible(self, end: tuple[int, str]) -> int | None:
        """Bytes that this end could read now; None where nobody holds it open."""
        fd = self._fds.get(end)
        if fd is None or self._which(fd) != end:
            self._fds.pop(end, None)
            return None
        try:
            return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, bytes(4)))[0]
        except OSError:
            return None

    def _resync(self, end: tuple[int, str]) -> None:
        time.sleep(0.001)
        self._unread[end] = self._visible(end) or 0

    def settle(self) -> None:
        """Return when every byte in flight has arrived. What has not after half a second of real time never will (a flush, XON)."""
        for end, unread in tuple(self._unread.items()):
            if not unread:
                continue
            started = 0.0
            for spin in itertools.count():
                visible = self._visible(end)
                if visible is None:
                    del self._unread[end]
                    break
                if visible >= min(unread, _FULL):
                    break
                now = time.monotonic()
                started = started or now
                if now - started > _RESYNC_S:
                    self._unread[end] = visible
                    break
                if spin < 20:
                    os.sched_yield()
                else:
                    time.sleep(0.00002)


class _Selector(selectors.DefaultSelector):
    """Looks for input only when the loop has nothing to run, and moves its clock when there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.loop: VirtualLoop | None = None
        self._order: dict[int, int] = {}
        self._count = itertools.count()
        self._spins = 0

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = super().register(fileobj, events, data)
        self._order[key.fd] = next(self._count)
        if self.loop:
            self.loop.traffic.know(key.fd)
        return key

    def poll(self, timeout: float) -> list[tuple[selectors.SelectorKey, int]]:
        return sorted(super().select(timeout), key=lambda event: self._order[event[0].fd])

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert self.loop is not None
        if timeout is not None and timeout <= 0:
            # Callbacks are ready: they run first. Now and then input is looked at all the same, for whoever spins on sleep(0).
            self._spins += 1
            return self.poll(0) if self._spins % 1000 == 0 else []
        self._spins = 0
        return self.loop.idle()


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module. `limit_s`: virtual seconds after which the test has failed; `real_limit_s`: real ones."""

    def __init__(self, *, limit_s: float = 3600.0, start_wall: float = START_WALL, real_limit_s: float = 300.0) -> None:
        self._now = _START
        self._limit = _START + limit_s
        self._limit_s = limit_s
        self._real_end = time.monotonic() + real_limit_s
        self._start_wall = start_wall
        self.traffic = PtyTraffic()
        self.main: asyncio.Task[Any] | None = None
        self.verdict: Exception | None = None
        self._jobs: dict[int, asyncio.Future[Any]] = {}
        self._finished: dict[int, asyncio.Future[Any]] = {}
        self._job_numbers = itertools.count()
        self._picky = _Selector()
        super().__init__(self._picky)
        self._picky.loop = self
        self._clock_resolution = 1e-9

    def time(self) -> float:
        """Virtual monotonic seconds; begins at 1000."""
        return self._now

    def wall(self) -> float:
        """Virtual Unix time."""
        return self._start_wall + self._now - _START

    def set_wall(self, wall: float) -> None:
        """Set the wall clock to that Unix time; monotonic time stays what it is."""
        self._start_wall = wall - (self._now - _START)

    def idle(self) -> list[tuple[selectors.SelectorKey, int]]:
        """Nothing is ready: wait for jobs, let bytes arrive, take input; if there is none, move on to the next timer."""
        if time.monotonic() > self._real_end:
            raise VirtualLimit(f"the test has taken too long in real time\n{self.tasks()}")
        if self._jobs:
            return self._await_jobs()
        self.traffic.settle()
        if events := self._picky.poll(0):
            return events
        if not self._scheduled:
            if events := self._picky.poll(_PATIENCE_S):
                return events
            self._give_up(VirtualDeadlock(f"nothing is scheduled and nothing in flight\n{self.tasks()}"))
            return []
        due = self._scheduled[0]._when
        if due > self._limit:
            self._give_up(VirtualLimit(f"not done after {self._limit_s} virtual seconds\n{self.tasks()}"))
            self._limit = due + 600.0
            return []
        self._now = max(self._now, due)
        return []

    def _give_up(self, verdict: Exception) -> None:
        """Cancel the test, so that it cleans up; if it is stuck even then, leave at once."""
        if self.verdict or self.main is None or self.main.done():
            raise self.verdict or verdict
        self.verdict = verdict
        self.main.cancel()

    def tasks(self) -> str:
        """Where every task stands."""
        lines = []
        for task in sorted(asyncio.all_tasks(self), key=lambda task: task.get_name()):
            frames = task.get_stack(limit=1)
            place = f"{frames[-1].f_code.co_filename}:{frames[-1].f_lineno}" if frames else "?"
            lines.append(f"  {task.get_name()}: {getattr(task.get_coro(), '__qualname__', task.get_coro())} at {place}")
        return "\n".join([f"virtual time {self._now - _START:.3f} s", *lines])

    # --- executor jobs ---

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> asyncio.Future[Any]:
        number = next(self._job_numbers)
        inner = super().run_in_executor(executor, func, *args)
        outer: asyncio.Future[Any] = self.create_future()
        self._jobs[number] = outer
        inner.add_done_callback(lambda done: self._finished.setdefault(number, done))
        outer.add_done_callback(lambda done: inner.cancel() if done.cancelled() else None)
        return outer

    def _await_jobs(self) -> list[tuple[selectors.SelectorKey, int]]:
        """Take nothing but the wake-ups of finished jobs, until all have finished; then let them report in order."""
        if len(self._finished) < len(self._jobs):
            wakeup = self._ssock
            if select.select([wakeup], [], [], _STUCK_JOB_S)[0]:
                return [event for event in self._picky.poll(0) if event[0].fileobj is wakeup]
            if not self._finished:  # they wait for something that the loop must do first
                self.traffic.settle()
                return self._picky.poll(1.0)
        for number in sorted(self._finished):
            self._report(self._jobs.pop(number), self._finished.pop(number))
        return []

    @staticmethod
    def _report(outer: asyncio.Future[Any], inner: asyncio.Future[Any]) -> None:
        if outer.done():
            if not inner.cancelled():
                inner.exception()
        elif inner.cancelled():
            outer.cancel()
        elif error := inner.exception():
            outer.set_exception(error)
        else:
            outer.set_result(inner.result())


def virtual_clock() -> Clock:
    """A clock for the code under test: monotonic and wall time of the running virtual loop."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return Clock(loop, wall=loop.wall, boot_id="virtual")


def run_virtual(
    coro: Coroutine[Any, Any, T],
    *,
    limit_s: float = 3600.0,
    start_wall: float | datetime = START_WALL,
    real_limit_s: float = 300.0,
) -> T:
    """Run a test under virtual time, and give its result.

    `limit_s`: virtual seconds after which it fails with `VirtualLimit`; `start_wall`: the time of day at which it begins (Unix
    time or an aware datetime). `VirtualDeadlock` where it waits for something that can never come.
    """
    wall = start_wall.timestamp() if isinstance(start_wall, datetime) else start_wall
    loop = VirtualLoop(limit_s=limit_s, start_wall=wall, real_limit_s=real_limit_s)
    loop.traffic.install()
    asyncio.set_event_loop(loop)
    try:
        loop.main = loop.create_task(coro, name="the test")
        try:
            return loop.run_until_complete(loop.main)
        except asyncio.CancelledError:
            if loop.verdict:
                raise loop.verdict from None
            raise
        finally:
            _clean_up(loop)
    finally:
        loop.traffic.remove()
        asyncio.set_event_loop(None)
        loop.close()


def _clean_up(loop: VirtualLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.main = None
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    for task in left:
        if not task.cancelled() and task.exception():
            loop.call_exception_handler(
                {"message": "exception in a task at the end", "exception": task.exception(), "task": task}
            )
    loop.run_until_complete(loop.shutdown_asyncgens())
    if executor := loop._default_executor:
        executor.shutdown(wait=True)
