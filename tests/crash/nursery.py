"""Where boxes are born. One process has everything imported and forks a box when asked, so that a start takes a tenth of a
second instead of two; a cold start executes the program anew as systemd does. The code that runs is `alertbox run` both ways.

As a program: one JSON object a line on standard input, one answer a line. When standard input ends, so do all boxes.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any


class Life:
    """One box from its start to its end."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self._nursery = nursery
        self.pid = pid
        self._fd = os.pidfd_open(pid)
        self.over = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._fd, self._died)

    def _died(self) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)
        self.over.set()

    def signal(self, number: int) -> None:
        """Send it a signal, if it is still there to get one."""
        if not self.over.is_set():
            signal.pidfd_send_signal(self._fd, number)

    async def end(self) -> int:
        """Wait for its end: the exit status, negative for a signal."""
        await self.over.wait()
        return int((await self._nursery.ask(do="reap", pid=self.pid))["status"])


class Nursery:
    """The process that forks boxes, seen from outside."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._asking = asyncio.Lock()

    @classmethod
    async def open(cls, sabotage: str = "") -> Nursery:
        """Start it, and wait until everything is imported. `sabotage`: a mistake to build into its boxes."""
        nursery = cls(
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.crash.nursery", sabotage,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            )
        )  # fmt: skip
        await nursery.ask(do="nothing")
        return nursery

    async def ask(self, **request: Any) -> dict[str, Any]:
        """One request and its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._asking:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            answer: dict[str, Any] = json.loads(await self._process.stdout.readline())
            return answer

    async def bear(self, config: Path, log: Path, notify: Path, *, boot: str, cold: bool) -> Life:
        """Start a box. `notify` is where it says that it is ready (sd_notify), `boot` what it takes for the boot's identity
        (a cold start has the true one)."""
        answer = await self.ask(do="start", config=str(config), log=str(log), notify=str(notify), boot=boot, cold=cold)
        return Life(self, answer["pid"])

    async def close(self) -> None:
        """End it, and every box that it still has."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


def _become_a_box(request: dict[str, Any]) -> None:
    """In the child: never returns."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.environ["NOTIFY_SOCKET"] = request["notify"]
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    words = ["--config", request["config"], "run"]
    if request["cold"]:
        os.execv(sys.executable, [sys.executable, "-m", "appliance", *words])
    from hal import clock

    clock.read_boot_id = lambda: str(request["boot"])
    from appliance.__main__ import main as alertbox

    alertbox(words, prog_name="alertbox")


def _start(request: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        _become_a_box(request)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(status)


def main() -> None:
    """Serve standard input."""
    import appliance.__main__
    import appliance.daemon  # noqa: F401 - all that a box will need
    import hal.gsm.driver
    import hal.v253.isdn4linux  # noqa: F401
    from tests.crash.sabotage import SABOTAGES

    if sys.argv[1]:
        SABOTAGES[sys.argv[1]]()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    alive: set[int] = set()
    answer: dict[str, Any]
    for line in iter(sys.stdin.readline, ""):
        request = json.loads(line)
        if request["do"] == "start":
            answer = {"pid": _start(request)}
            alive.add(answer["pid"])
        elif request["do"] == "reap":
            answer = {"status": os.waitstatus_to_exitcode(os.waitpid(request["pid"], 0)[1])}
            alive.discard(request["pid"])
        else:
            answer = {}
        print(json.dumps(answer), flush=True)
    for pid in alive:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
