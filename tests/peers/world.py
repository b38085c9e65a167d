"""The simulated exchange as a process of its own, and the programs that nobody here wrote, each in a world of its own.

A program gets its own view of the file system (its configuration is bind-mounted over /etc) and its own process identifiers:
when its first process is ended the kernel ends all the others. Both die with whoever started them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

from hal.simulated.client import ExchangeClient

PATIENCE_S = 60.0
"""How long anything may take that has no reason to take long, on a busy machine."""

_DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL", "--")
_ALONE = (*_DIES_WITH_US, "unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc")


async def until(condition: Callable[[], object], what: str, *, within: float = PATIENCE_S) -> None:
    """Wait until something holds that can only be looked at. Raises TimeoutError with `what` was waited for."""
    try:
        async with asyncio.timeout(within):
            while not condition():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise TimeoutError(f"no {what} within {within:g} s") from None


class Program:
    """A running program. What it prints, standard error too, is in `output`."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self._process = process
        self._name = name
        self._printed = bytearray()
        self._changed = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout
        while data := await self._process.stdout.read(65536):
            self._printed += data
            self._changed.set()

    @property
    def output(self) -> str:
        """Everything printed so far."""
        return self._printed.decode("utf-8", "replace")

    @property
    def running(self) -> bool:
        """Has not ended."""
        return self._process.returncode is None

    async def prints(self, text: str, *, within: float = PATIENCE_S) -> None:
        """Wait until it has printed a text. Raises TimeoutError, or EOFError where it ended without."""
        try:
            async with asyncio.timeout(within):
                while text not in self.output:
                    if self._reader.done():
                        raise EOFError(f"{self._name} ended without {text!r}:\n{self.output}")
                    self._changed.clear()
                    waiting = asyncio.ensure_future(self._changed.wait())
                    await asyncio.wait((waiting, self._reader), return_when=asyncio.FIRST_COMPLETED)
                    waiting.cancel()
        except TimeoutError:
            raise TimeoutError(f"{self._name} did not print {text!r} within {within:g} s:\n{self.output}") from None

    async def types(self, text: str) -> None:
        """Write to its standard input."""
        assert self._process.stdin
        self._process.stdin.write(text.encode())
        await self._process.stdin.drain()

    async def ends(self, *, within: float = PATIENCE_S) -> int:
        """Wait for its end; gives the exit status."""
        try:
            async with asyncio.timeout(within):
                status = await self._process.wait()
                await self._reader
        except TimeoutError:
            raise TimeoutError(f"{self._name} did not end within {within:g} s:\n{self.output}") from None
        return status

    def signal(self, number: int = signal.SIGTERM) -> None:
        """Send a signal to the first process. (For a program behind `unshare` that ends everything at once.)"""
        if self.running:
            self._process.send_signal(number)

    async def kill(self) -> None:
        """End it and everything it has started."""
        if self.running:
            self._process.kill()
        await self._process.wait()
        await self._reader


@contextlib.asynccontextmanager
async def program(
    *command: str | Path,
    over: Mapping[str | Path, str | Path] | None = None,
    alone: bool = True,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> AsyncIterator[Program]:
    """Run a program; at the end of the block it is killed with all its children. `over`: path -> what is mounted over it."""
    words = [str(word) for word in command]
    whole: Sequence[str] = (*_DIES_WITH_US, *words)
    if alone:
        mounts = [shlex.join(("mount", "--bind", str(source), str(target))) for target, source in (over or {}).items()]
        whole = (*_ALONE, "sh", "-c", " && ".join((*mounts, 'exec "$@"')), "sh", *words)
    process = await asyncio.create_subprocess_exec(
        *whole,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", **(env or {})},
        cwd=cwd,
        start_new_session=True,
    )
    running = Program(process, Path(words[0]).name)
    try:
        yield running
    except Exception as error:
        error.add_note(f"--- {Path(words[0]).name} said:\n{running.output[-6000:]}")
        raise
    finally:
        await running.kill()


async def runs(*command: str | Path, within: float = PATIENCE_S, status: int = 0, **how: object) -> str:
    """Run a program to its end and give what it printed. AssertionError for another exit status."""
    async with program(*command, **how) as running:
        ended = await running.ends(within=within)
        assert ended == status, f"{command[0]} ended with {ended}"
        return running.output


class Town:
    """An exchange in its own process, and its telephones."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._stack = contextlib.AsyncExitStack()

    async def phone(self) -> ExchangeClient:
        """One more receiver, put down at the end."""
        return await self._stack.enter_async_context(await ExchangeClient.connect(self.directory / "exchange.sock"))

    def node(self, name: str) -> Path:
        """The device node of a modem's port: /dev/pts/N."""
        return (self.directory / name).resolve()

    async def close(self) -> None:
        """Put all receivers down."""
        await self._stack.aclose()


@contextlib.asynccontextmanager
async def town(place: Path, config: str) -> AsyncIterator[Town]:
    """Run `python -m hal.simulated` with this configuration in directory `place`, at the pace of life.

    ALERTBOX_PEERS_SABOTAGE builds a mistake into it (tests/peers/sabotage.py), to show that a peer notices.
    """
    place.mkdir(parents=True, exist_ok=True)
    (place / "exchange.toml").write_text(config)
    sabotage = os.environ.get("ALERTBOX_PEERS_SABOTAGE", "")
    module = ("tests.peers.sabotage", sabotage) if sabotage else ("hal.simulated",)
    command = (sys.executable, "-m", *module, "--config", place / "exchange.toml", "--directory", place)
    root = Path(__file__).resolve().parents[2]
    async with program(*command, alone=False, cwd=root, env={"OPENBLAS_NUM_THREADS": "1"}) as exchange:
        await exchange.prints("exchange ready")
        people = Town(place)
        try:
            yield people
        finally:
            await people.close()
        assert exchange.running, "the exchange died"
        exchange.signal()
        assert await exchange.ends() == 0
        assert "Traceback" not in exchange.output, exchange.output
