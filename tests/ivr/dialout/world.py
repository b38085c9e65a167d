"""A small world for the dial-out loop: lines and subscribers without a wire, a store on disk, and a history to judge by."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hal.audio.sound import Sound
from hal.clock import Clock, ClockTrust
from hal.errors import HalError
from hal.line import (
    Call,
    Capabilities,
    Device,
    DialRequest,
    Direction,
    IncomingCall,
    Line,
    LineHealth,
    LineState,
    SmsSender,
)
from ivr.dialout.loop import DialOut
from ivr.limits import Limits
from ivr.notices import Notices
from ivr.trunks import Trunks
from storage import Argon2Cost, Envelope, Secrets, StorageError, Store
from storage.records import (
    AlertConfirmed,
    AlertEnded,
    AttemptEnded,
    AttemptStarted,
    MessageRecorded,
    Record,
    RosterLoaded,
    Target,
    TeamReached,
)
from storage.roster import Number, Roster, Team

GAP_S = 300.0
DAY = dt.date(2020, 1, 1)
CHEAP = Argon2Cost(memory_kib=8, passes=1)


def team(key: str, *numbers: str, mobile: str = "", language: str = "en") -> Team:
    """A team that may be called; its number is its name unless given."""
    digits = "".join(f"{ord(c) % 100:02}" for c in key)
    return Team(
        key, digits[-8:], key.title(), language, tuple(Number(n) for n in (numbers or (f"0{digits}",))),
        mobile=mobile, registered=DAY, code_of_conduct=DAY,
    )  # fmt: skip


@dataclass
class Result:
    outcome: str
    detail: str = ""
    group: str = ""


class FakeSms(SmsSender):
    def __init__(self) -> None:
        self.sent: list[tuple[float, str, str]] = []
        self.script: list[Exception | None] = []
        self.takes_s = 4.0
        self.sending = False

    async def send_sms(self, number: str, text: str, *, originator: str) -> str:
        self.sending = True
        try:
            await asyncio.sleep(self.takes_s)
        finally:
            self.sending = False
        if self.script and (error := self.script.pop(0)):
            raise error
        self.sent.append((asyncio.get_running_loop().time(), number, text))
        return str(len(self.sent))


class FakeDevice(Device):
    def __init__(self, name: str, sms: bool = False) -> None:
        self.name = name
        self.lines = ()
        self.sms = FakeSms() if sms else None
        self._fault = asyncio.Event()

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def recover(self) -> None: ...

    @property
    def fault(self) -> asyncio.Event:
        return self._fault


class FakeCall(Call):
    """A call that only has an end."""

    def __init__(self, line: FakeLine, number: str, fate: Fate) -> None:
        self.line, self.called, self.caller, self.fate = line, number, None, fate
        self._over = asyncio.Event()

    @property
    def hung_up(self) -> bool:
        return self._over.is_set()

    async def wait_hung_up(self) -> None:
        await self._over.wait()

    async def hang_up(self) -> None:
        self._over.set()
        if self.line.state is LineState.IN_CALL:
            self.line.now = LineState.IDLE

    async def play(self, *sounds: Any, interrupt: Any = ()) -> Any:
        raise NotImplementedError

    async def record(self, *, limit_s: float, stop_on: Any = ()) -> Any:
        raise NotImplementedError

    async def key(self, timeout: float) -> str | None:
        raise NotImplementedError

    def flush_keys(self) -> None:
        raise NotImplementedError

    async def send_keys(self, keys: str) -> None:
        raise NotImplementedError


Fate = Exception | str | Callable[..., Awaitable[Result]]
"""What a dialled number does: an error after its ringing, or an answer, and how the conversation then goes."""


class FakeLine(Line):
    """Dials into `World.numbers`; `broken` makes it fail every call."""

    def __init__(self, world: World, name: str, direction: Direction, device: FakeDevice) -> None:
        self.world, self.name, self.direction, self.device = world, name, direction, device
        self.capabilities = Capabilities(True, True, True)
        self.now = LineState.IDLE
        self.broken: Callable[[], HalError] | None = None
        self.healthy = True
        self.dialled: list[tuple[float, str]] = []

    @property
    def state(self) -> LineState:
        return self.now

    async def incoming(self) -> AsyncIterator[IncomingCall]:
        return
        yield

    async def dial(self, request: DialRequest) -> Call:
        assert self.now is LineState.IDLE, f"{self.name} is {self.now}"
        assert not (isinstance(self.device.sms, FakeSms) and self.device.sms.sending), "a message is on its way"
        self.world.dialling(self, request)
        self.dialled.append((self.world.loop.time(), request.number))
        self.now = LineState.DIALLING
        try:
            await asyncio.sleep(1.0)
            if self.broken:
                raise self.broken()
            fate = self.world.fate(request.number)
            await asyncio.sleep(self.world.rings_s)
            if isinstance(fate, Exception):
                raise fate
        except BaseException:
            self.now = LineState.IDLE
            raise
        self.now = LineState.IN_CALL
        return FakeCall(self, request.number, fate)

    async def health(self) -> LineHealth:
        await asyncio.sleep(0.1)
        return LineHealth(self.healthy, "well" if self.healthy else "silent")


@dataclass
class Try:
    """One dial command as a called party would see it, and how the box says it ended."""

    team: str
    number: str
    line: str
    call: int
    at: float
    alerts: tuple[int, ...] = ()
    ended: float | None = None
    outcome: str = ""
    counted: bool = True


class World:
    """Everything around one `DialOut`, which may be stopped and started again on the same store."""

    def __init__(self, directory: Path, teams: Sequence[Team], *, lines: int = 2, **limits: Any) -> None:
        self.loop = asyncio.get_running_loop()
        self.directory = directory
        self.roster = Roster.of(teams)
        self.limits = Limits(gap_s=GAP_S, **limits)
        self.trust = ClockTrust.TRUSTED
        self.boot = "boot-0"
        self.rings_s = 9.0
        self.talks_s = 50.0
        self.numbers: dict[str, list[Fate]] = defaultdict(list)
        """Number -> what its next calls meet, in order; then `default`."""
        self.default: Fate = "reached"
        self.lines_wanted = lines
        self.keep = 0
        self.management = ""
        self.sms_pool: list[FakeDevice] = []
        self.tries: list[Try] = []
        self.log: list[Envelope] = []
        self.over: set[int] = set()
        self.after_commit: Callable[[Envelope], None] = lambda envelope: None
        self.store_works = True
        self.store: Store
        self.lines: list[FakeLine] = []

    def fate(self, number: str) -> Fate:
        script = self.numbers.get(number)
        return script.pop(0) if script else self.default

    def wall(self) -> float:
        return 1_800_000_000.0 + self.loop.time()

    def dialling(self, line: FakeLine, request: DialRequest) -> None:
        started = [r for e in self.log if isinstance(r := e.record, AttemptStarted) and r.call == request.call_id]
        assert started or not self.store_works, "the attempt was not durable before the dial command"
        name = next((t.key for t in self.roster.teams if any(n.number == request.number for n in t.numbers)), "?")
        self.tries.append(Try(name, request.number, line.name, request.call_id, self.loop.time()))
        if started:
            self.tries[-1].alerts = tuple(started[0].alerts)

    async def converse(self, call: Call, call_id: int, team: Team, alerts: Sequence[int], *, keys: str) -> Result:
        fate = call.fate
        if callable(fate):
            return await fate(call, call_id, team, alerts)
        if fate == "reached":
            await asyncio.sleep(5)
            with contextlib.suppress(StorageError):
                await self.store.commit(*(TeamReached(a, team.key, "key", "", call_id) for a in alerts))
        await asyncio.sleep(self.talks_s)
        return Result(str(fate))

    def _seen(self, envelope: Envelope) -> None:
        self.log.append(envelope)
        record = envelope.record
        if isinstance(record, AlertEnded):
            self.over.add(record.alert)
        if isinstance(record, AttemptEnded):
            for t in self.tries:
                if t.call == record.call:
                    t.ended, t.outcome, t.counted = self.loop.time(), record.outcome, record.counted
        self.after_commit(envelope)

    @contextlib.asynccontextmanager
    async def box(self) -> AsyncIterator[DialOut]:
        """A running box. Leaving is a `kill -9`: tasks are cancelled, the store forgets nothing that was durable."""
        self.clock = Clock(self.loop, wall=self.wall, boot_id=self.boot, trust=self.trust)
        self.store = await Store.open(
            self.directory / "box.db", clock=self.clock, secrets=Secrets.load_or_create(self.directory / "keys"),
            pin_cost=CHEAP, reserve_bytes=0,
        )  # fmt: skip
        if not self.store.roster.current().teams:
            await self.store.commit(RosterLoaded(self.roster.digest, "test", self.roster.to_json()))
        self.store.subscribe(self._seen)
        self.trunks = Trunks(self.clock.monotonic, keep=self.keep)
        self.lines = [
            FakeLine(self, f"line.{i}", Direction.BOTH, FakeDevice(f"modem{i}")) for i in range(self.lines_wanted)
        ]
        self.notices = Notices(self.store, self.sms_pool, self.trunks, self.clock, management=self.management)
        for line in self.lines:
            self.trunks.add(line)
        dialout = DialOut(self.store, self.trunks, self.clock, self.limits, self.converse, self.notices)
        jobs = [
            asyncio.create_task(dialout.run(), name="dial-out"),
            asyncio.create_task(self.notices.run(), name="notices"),
        ]
        self.jobs = jobs
        try:
            yield dialout
            for job in jobs:
                if job.done():
                    job.result()
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            await self.store.close()

    async def alert(self, sender: str = "sender", *, exercise: bool = False, all_clear_of: int | None = None) -> int:
        """Confirm an alert as a call in does."""
        message, alert = self.store.new_id("message"), self.store.new_id("alert")
        roster = self.store.roster.current()
        targets = [Target(t.key, t.why_not_called()) for t in roster.teams if t.key != sender]
        sound = Sound(b"\x55" * 8000)
        digest = self.store.digest(sound)
        await self.store.commit(
            MessageRecorded(message, sender, 0, digest, "alaw", 8000),
            AlertConfirmed(alert, message, sender, 0, exercise, targets, all_clear_of),
            audio={digest: sound},
        )
        return alert

    async def until_ended(self, *alerts: int) -> None:
        while not self.over.issuperset(alerts):
            for job in self.jobs:
                if job.done():
                    job.result()
            await asyncio.sleep(1)

    def records(self, kind: type[Record]) -> list[Any]:
        return [e.record for e in self.log if isinstance(e.record, kind)]

    def tries_of(self, team: str) -> list[Try]:
        return [t for t in self.tries if t.team == team]

    def judge(self, alert: int) -> None:
        """The invariants of "survives anything", by what the called telephones saw."""
        for name in {t.team for t in self.tries}:
            tries = [t for t in self.tries_of(name) if alert in t.alerts]
            counted = [t for t in tries if t.counted]
            assert len(counted) <= self.limits.calls_per_team, f"{name} was called {len(counted)} times"
            for one in counted:
                for two in tries:
                    if two.at > one.at and one.outcome != "declined":
                        gap = two.at - (one.ended if one.ended is not None else two.at)
                        assert gap >= GAP_S - 1e-6, f"{name} was called again after {gap} s"
            reached = [
                e for e in self.log if isinstance(r := e.record, TeamReached) and (r.alert, r.team) == (alert, name)
            ]
            if reached:
                late = [t for t in tries if t.at > reached[0].mono]
                assert not late, f"{name} was called after it had acknowledged"
