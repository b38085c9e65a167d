"""The connection to a PBX: log in, listen, keep alive, come back, and catch up after every gap.

One task reads as fast as the PBX writes, so that the PBX never waits for the box; events queue up to `QUEUE_LIMIT`. Where
they run over, or the connection was lost, events are missing: then the state is asked for anew (CoreShowChannels and
QueueStatus) and handed to `resync` instead. Nothing of what is sent is ever logged but the name of the action.

Actions (docs.asterisk.org, AMI_Actions): Challenge, Login, Filter, Ping, CoreShowChannels, QueueStatus, and what a response
policy wants. Filter needs the privilege `system`, which nobody should have for this: filters belong into manager.conf.
"""

from __future__ import annotations

import asyncio
import logging
import stat
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from appliance.ami.codec import Decoder, Frame, encode, login_key

log = logging.getLogger(__name__)

READ_SIZE = 65536
QUEUE_LIMIT = 20_000
"""Events that may wait: more than a flood of 4,800 calls a minute brings in ten seconds."""
BATCH = 200
"""Events that are handed on before others get their turn on the loop."""
LIST_LIMIT = 50_000
"""Rows that an answer may have."""
SETTLED_S = 60.0
"""A connection that has lasted so long makes the next attempt a prompt one again."""


class AmiError(ConnectionError):
    """The PBX does not do as it should; the text says what."""


class AmiRefused(AmiError):
    """It does not let us in, or does not let us do this."""


class Secret:
    """A password that no message shows."""

    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "Secret(...)"

    @classmethod
    def read(cls, path: Path) -> Secret:
        """From a file that only its owner can read. Raises `AmiError`, OSError."""
        with path.open(encoding="utf-8") as file:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise AmiError(f"{path}: others may read it; chmod 600 {path}")
            return cls(file.read().strip())


@dataclass(frozen=True)
class Options:
    """How to reach the PBX, and how patient to be."""

    host: str
    username: str
    secret: Secret
    port: int = 5038
    md5: bool = True
    """Log in by challenge instead of sending the secret. (No protection on a hostile network: use a tunnel.)"""
    mask: str = "call,agent"
    """Event classes wanted."""
    filters: tuple[str, ...] = ()
    """Event filters for this session, as `Event: Newchannel`."""
    answer_s: float = 10.0
    """Within this it lets us connect, and answers an action."""
    ping_s: float = 15.0
    """Silence after which the PBX is asked whether it is still there."""
    retry_s: float = 1.0
    """Seconds before the first attempt to connect again; doubles each time."""
    retry_limit_s: float = 60.0


@dataclass(slots=True)
class _Pending:
    """An action that waits for its answer, and for the rows of a list."""

    answer: asyncio.Future[list[Frame]]
    rows: list[Frame] = field(default_factory=list)


Receive = Callable[[Frame, float], None]
Resync = Callable[[list[Frame], list[Frame], float], None]


def _no_change(up: bool, detail: str) -> None:
    """The default of `on_state`."""


class AmiClient:
    """Keeps one PBX connected for as long as `run` runs."""

    def __init__(
        self,
        options: Options,
        *,
        receive: Receive,
        resync: Resync,
        on_state: Callable[[bool, str], None] = _no_change,
        queue_limit: int = QUEUE_LIMIT,
    ) -> None:
        """`receive` gets events and when they came, `resync` rows of channels and of queues, and when they were true;
        `on_state` hears of connection and loss. All are plain calls on the loop and must not block."""
        self._options = options
        self._receive = receive
        self._resync = resync
        self._on_state = on_state
        self._limit = queue_limit
        self._session: _Session | None = None
        self.overflows = 0
        """How often events were lost because they came faster than they were taken."""
        self.reconnects = 0

    @property
    def connected(self) -> bool:
        """Logged in and caught up."""
        return self._session is not None

    async def run(self) -> None:
        """For ever. Only cancellation ends it."""
        loop = asyncio.get_running_loop()
        wait = self._options.retry_s
        while True:
            began = loop.time()
            why = ""
            try:
                await self._connect()
            except AmiRefused as error:
                why, wait = str(error), self._options.retry_limit_s  # it will say no again
            except (OSError, AmiError, TimeoutError) as error:
                why = str(error) or type(error).__name__
            finally:
                self._session = None
            self.reconnects += 1
            self._on_state(False, why)
            if loop.time() - began > SETTLED_S:
                wait = self._options.retry_s
            await asyncio.sleep(wait)
            wait = min(2 * wait, self._options.retry_limit_s)

    async def act(self, action: str, fields: Mapping[str, str]) -> None:
        """Have the PBX do something. Raises `AmiError` where it does not, or is not connected."""
        if self._session is None:
            raise AmiError("not connected")
        await self._session.ask(action, fields)

    async def _connect(self) -> None:
        options = self._options
        async with asyncio.timeout(options.answer_s):
            reader, writer = await asyncio.open_connection(options.host, options.port)
        session = _Session(reader, writer, options, self._limit)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(session.read())
                group.create_task(session.keep_alive())
                await session.log_in()
                await self._serve(session)
        except* (OSError, TimeoutError) as errors:
            raise _first(errors) from None
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, session: _Session) -> None:
        while True:
            session.lost = False
            session.events.clear()
            channels = await session.list("CoreShowChannels")
            queues = await session.list("QueueStatus")
            self._resync(channels, queues, asyncio.get_running_loop().time())
            if self._session is None:
                self._session = session
                self._on_state(True, session.banner)
            while not session.lost:
                await session.arrived.wait()
                session.arrived.clear()
                while session.events and not session.lost:
                    for _ in range(min(BATCH, len(session.events))):
                        self._receive(*session.events.popleft())
                    await asyncio.sleep(0)
            self.overflows += 1
            log.warning("events of the PBX were lost: asking it for its state")


class _Session:
    """One connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, options: Options, limit: int
    ) -> None:
        self.events: deque[tuple[Frame, float]] = deque()
        self.arrived = asyncio.Event()
        self.lost = False
        """Events have been dropped since the last look at the whole state."""
        self._reader = reader
        self._writer = writer
        self._options = options
        self._limit = limit
        self._decoder = Decoder()
        self._pending: dict[str, _Pending] = {}
        self._last_id = 0
        self._heard = asyncio.get_running_loop().time()

    @property
    def banner(self) -> str:
        """What the PBX calls itself."""
        return self._decoder.banner or ""

    async def read(self) -> None:
        """Take in what comes. Raises `AmiError` when the PBX hangs up."""
        loop = asyncio.get_running_loop()
        while data := await self._reader.read(READ_SIZE):
            self._heard = now = loop.time()
            for frame in self._decoder.feed(data):
                self._sort(frame, now)
            await asyncio.sleep(0)  # data that is there already must not keep the others from the loop
        raise AmiError("the PBX has closed the connection")

    def _sort(self, frame: Frame, now: float) -> None:
        pending = self._pending.get(frame.get("actionid"))
        if pending is not None:
            self._answer(pending, frame)
        elif frame.kind == "event":
            if len(self.events) >= self._limit:
                self.lost = True
            if self.lost:
                self.events.clear()
            else:
                self.events.append((frame, now))
            self.arrived.set()

    def _answer(self, pending: _Pending, frame: Frame) -> None:
        if pending.answer.done():
            return
        if frame.kind == "response":
            if frame.name == "Error":
                pending.answer.set_exception(AmiRefused(frame.get("message") or "refused"))
            elif frame.get("eventlist") != "start":
                pending.answer.set_result([frame])
        elif frame.get("eventlist") in ("Complete", "cancelled"):
            pending.answer.set_result(pending.rows)
        elif len(pending.rows) < LIST_LIMIT:
            pending.rows.append(frame)

    async def ask(self, action: str, fields: Mapping[str, str] | None = None) -> list[Frame]:
        """The response of an action, or the rows of a list. Raises `AmiRefused`, `AmiError`."""
        self._last_id += 1
        action_id = str(self._last_id)
        pending = _Pending(asyncio.get_running_loop().create_future())
        self._pending[action_id] = pending
        try:
            self._writer.write(encode(action, fields or {}, action_id))
            async with asyncio.timeout(self._options.answer_s):
                await self._writer.drain()
                return await pending.answer
        except AmiRefused as error:
            raise AmiRefused(f"{action}: {error}") from None
        except TimeoutError:
            raise AmiError(f"the PBX did not answer {action} within {self._options.answer_s:g} s") from None
        finally:
            del self._pending[action_id]

    async def list(self, action: str) -> list[Frame]:
        """Rows of a list; none where the PBX has no such thing (it then says Error, or the privilege is missing)."""
        try:
            return await self.ask(action)
        except AmiRefused as error:
            log.warning("%s; going on without", error)
            return []

    async def log_in(self) -> None:
        """Raises `AmiRefused` where the name or the secret is wrong."""
        options = self._options
        login = {"Username": options.username, "Events": options.mask}
        if options.md5:
            (challenge,) = await self.ask("Challenge", {"AuthType": "MD5"})
            login |= {"AuthType": "MD5", "Key": login_key(challenge.get("challenge"), options.secret.value)}
        else:
            login["Secret"] = options.secret.value
        await self.ask("Login", login)
        for each in options.filters:
            try:
                await self.ask("Filter", {"Operation": "Add", "Filter": each})
            except AmiRefused as error:
                log.warning("%s; write eventfilter into manager.conf instead", error)

    async def keep_alive(self) -> None:
        """Raises `AmiError` when the PBX has gone without a word."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._options.ping_s)
            if loop.time() - self._heard >= self._options.ping_s:
                await self.ask("Ping")


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What went wrong: a refusal before anything else."""
    errors: list[BaseException] = [group]
    found: list[BaseException] = []
    while errors:
        error = errors.pop()
        if isinstance(error, BaseExceptionGroup):
            errors += error.exceptions
        else:
            found.append(error)
    return min(found, key=lambda error: not isinstance(error, AmiRefused))
