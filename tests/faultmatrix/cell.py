"""One cell: a fault, a driver, a whole box."""

from __future__ import annotations

import asyncio
import enum
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hal.simulated import CallEnded, Exchange, IncomingRing, NotAnswered, NotHeard, PhoneCall
from hal.simulated.modem import Modem
from storage.campaigns import Attempt
from tests.faultmatrix.columns import BAD, WELL, WELL_CONFIG, WELL_NUMBER, Column
from tests.support.box import CONFIG, Town, speech
from tests.support.callees import ALPHA, BRAVO, DELTA, confirm
from tests.support.virtualtime import run_virtual

TEAMS = (BRAVO, DELTA)
MEMBERS = (ALPHA, *TEAMS)
NAMES = ["Test alert", *(member.name for member in MEMBERS)]
"""What is spoken beside the phrases."""
SAID = speech(1.2)
LIMIT_S = 60.0
"""Seconds for a line to recover or to be reported as faulted (issue 3)."""
DEAD_S = 30.0
"""The same for an interface that is dead."""
REACHED_S = 180.0
"""Seconds within which the alert must have reached everyone, whatever one line does meanwhile."""
MENDED_S = 300.0
"""Seconds for a line to be back in service when its fault has gone: the keeper tries every two minutes at the latest."""
_LOOK_S = 0.2
OF_BAD = {f"{kind}.{BAD}" for kind in ("line", "trunk", "doubt")}
"""Keys of alarms about the line that goes wrong."""


class Moment(enum.Enum):
    """When the fault strikes."""

    START = "at the start"
    IDLE = "idle"
    DIAL = "dialling"
    CALL = "in a call out"
    CALL_IN = "in a call in"


class Violation(AssertionError):
    """What must hold did not."""


def must(condition: object, what: str) -> None:
    """Raise a `Violation` that says `what`."""
    if not condition:
        raise Violation(what)


@dataclass(frozen=True)
class Row:
    """A behaviour."""

    name: str
    source: str
    """Where it was seen: a section of the modem reference, an issue thread."""
    moment: Moment
    strike: Callable[[Cell], Awaitable[None] | None]
    heal: Callable[[Cell], Awaitable[None] | None] | None = None
    """None: all faults are cleared."""
    harmless: bool = False
    """The line must go on as if nothing was wrong; an alarm would be one too many."""
    limit_s: float = LIMIT_S
    needs: str = ""
    """A kind of column (`Column.kinds`), or several with blanks between them written as `a|b`; empty: all."""
    because: str = ""
    """Why other columns have no such cell."""

    def applies(self, column: Column) -> bool:
        """The column can have this fault."""
        return not self.needs or any(kind in column.kinds for kind in self.needs.split("|"))


@dataclass
class Outcome:
    """What became of a cell."""

    row: str
    column: str
    what: str
    """`unaffected`, `recovered`, `faulted`, `n/a`, `violation`."""
    seconds: float = 0.0
    reason: str = ""
    cpu_s: float = 0.0

    def __str__(self) -> str:
        return f"{self.what} {self.seconds:.0f} s" if self.what in ("recovered", "faulted") else self.what


@dataclass
class Seen:
    """What was observed of the bad line since the fault struck. Times in seconds from then; None: never."""

    alarm: float | None = None
    """An alarm, or out of service in the list of lines, which comes before it."""
    alarm_text: str = ""
    back: float | None = None
    """Idle and without an alarm, for good as it seems."""
    alarms: dict[str, str] = field(default_factory=dict)
    """Of everything but the bad line, ever."""
    well_lost: str = ""
    standing: bool = False


class Cell:
    """The stage of one cell; strikes and heals get it."""

    def __init__(self, town: Town, column: Column, row: Row) -> None:
        self.town = town
        self.column = column
        self.row = row
        self.device = town.exchange.devices[BAD]
        self.modem: Modem = self.device.lines[0] if hasattr(self.device, "lines") else self.device
        self.struck_at: float | None = None
        self.seen = Seen()
        self.stack = AsyncExitStack()
        """What a strike opens is closed at the end."""

    # --- for strikes

    @property
    def faults(self) -> Any:
        """Of the bad modem."""
        return self.modem.faults

    @property
    def ports(self) -> list[Any]:
        """All ports of the bad modem."""
        audio = getattr(self.device, "audio", None)
        return [self.modem.port, *([audio.port] if audio is not None else [])]

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Do something some seconds from now."""
        asyncio.get_running_loop().call_later(seconds, act)

    async def typed(self, *lines: str) -> None:
        """What another program has typed on the modem's port before the box had it."""
        fd = os.open(self.modem.port.link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            for line in lines:
                os.write(fd, line.encode() + b"\r")
                await asyncio.sleep(0.5)
                with suppress(BlockingIOError):
                    os.read(fd, 4096)
        finally:
            os.close(fd)

    # --- the course

    @property
    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    @property
    def since(self) -> float:
        """Seconds since the fault struck."""
        assert self.struck_at is not None
        return self._now - self.struck_at

    async def strike(self) -> None:
        """The fault begins."""
        self.struck_at = self._now
        result = self.row.strike(self)
        if result is not None:
            await result

    async def heal(self) -> None:
        """The fault ends."""
        result = self.row.heal(self) if self.row.heal else None
        if result is not None:
            await result
        self.faults.clear()

    def _status(self, name: str) -> Any:
        return next(line for line in self.town.box.lines() if line.name == name)

    def _alarms(self) -> dict[str, str]:
        return {alarm.key: alarm.text for alarm in self.town.box.store.alarms.active()}

    async def watch(self) -> None:
        """Look at everything, until cancelled."""
        while True:
            seen, alarms = self.seen, self._alarms()
            seen.alarms |= {key: text for key, text in alarms.items() if key not in OF_BAD}
            well = self._status(WELL)
            if not well.in_service:
                seen.well_lost = well.detail or well.state
            if self.struck_at is not None:
                status = self._status(BAD)
                ours = [text for key, text in alarms.items() if key in OF_BAD]
                if not ours and not status.in_service and status.detail != "not open yet":
                    ours = [status.detail or status.state]
                seen.standing = bool(ours)
                if ours:
                    if seen.alarm is None:
                        seen.alarm, seen.alarm_text = self.since, ours[0]
                    seen.back = None
                elif self._status(BAD).state != "idle":
                    seen.back = None
                elif seen.back is None:
                    seen.back = self.since
            await asyncio.sleep(_LOOK_S)

    def verdict(self) -> Outcome:
        """At the limit: what the line did about its fault."""
        seen, row = self.seen, self.row
        if seen.standing:
            assert seen.alarm is not None
            must(seen.alarm <= row.limit_s, f"reported only after {seen.alarm:.1f} s")
            must(not row.harmless, f"reported as faulted for nothing: {seen.alarm_text}")
            return Outcome(row.name, self.column.name, "faulted", seen.alarm, seen.alarm_text)
        must(seen.back is not None, f"after {row.limit_s:.0f} s neither idle nor reported: {self._status(BAD)}")
        assert seen.back is not None
        if seen.alarm is None and (row.moment not in (Moment.CALL, Moment.CALL_IN) or row.harmless):
            return Outcome(row.name, self.column.name, "unaffected")
        must(not (row.harmless and seen.alarm), f"reported as faulted for nothing: {seen.alarm_text}")
        must(seen.back <= row.limit_s, f"back only after {seen.back:.1f} s")
        return Outcome(row.name, self.column.name, "recovered", seen.back, seen.alarm_text)

    async def until_limit(self) -> None:
        """Live through the rest of the time that the line has, and a look more."""
        await asyncio.sleep(max(0.0, self.row.limit_s - self.since) + 2 * _LOOK_S)

    # --- people

    async def answers(self, ring: IncomingRing) -> None:
        """A team: picks up, hears the welcome, presses 1, listens to the end. Impatient when nothing comes."""
        over_bad = ring.caller != WELL_NUMBER
        async with await ring.answer(after=2.0) as call:
            with suppress(NotHeard):
                await call.hears("This is the Test alert", within=20 if "analogue" in self.column.kinds else 12)
                if over_bad and self.row.moment is Moment.CALL and self.struck_at is None:
                    await self.strike()
                    await call.wait(0.5)
                await self._acknowledge(call, patience=3 if over_bad else 30)

    @staticmethod
    async def _acknowledge(call: PhoneCall, patience: float) -> None:
        """Nobody listens to silence for long."""
        await call.press("1")
        await call.hears("local time", within=patience)
        await call.hears("End of message", within=60)

    async def call_in(self) -> None:
        """Somebody sends an alert over the bad line, which goes wrong while the message is spoken."""
        town = self.town
        try:
            async with town.phone("alpha").dial(self.column.number, within=45) as call:
                await town.log_in(call, "alpha")
                await call.press("1")
                await call.hears("after the tone", within=30, whole=True)
                await call.wait(1.5)
                await self.strike()
                await call.speaks(speech(2.0))
                if self.row.name.startswith("the end"):  # the caller hangs up, which nobody hears of
                    return
                await call.press("#")
                await call.hears("to send", within=15)
        except (NotHeard, CallEnded, NotAnswered):
            must(self.struck_at is not None, "the call in came to nothing before the fault struck")

    # --- the alert

    async def alert(self, *, within: float = REACHED_S) -> list[Attempt]:
        """Everyone is alerted, and reached; the attempts."""
        began = self._now
        number = await confirm(self.town, SAID)
        try:
            campaign = await self.town.ended(number, within=within + 120)
        except TimeoutError:
            campaign = await self.town.box.store.campaigns.get(number)
            tries = [(each.team, each.line, each.outcome) for each in campaign.attempts]
            raise Violation(f"the alert has not ended {self._now - began:.0f} s after it was sent: {tries}") from None
        tries = [(each.team, each.line, each.outcome, each.counted) for each in campaign.attempts]
        must(set(campaign.reached) == {team.key for team in TEAMS}, f"not everyone was reached: {tries}")
        must(self._now - began <= within, f"the alert took {self._now - began:.0f} s: {tries}")
        wasted = [each for each in campaign.attempts if each.counted and each.outcome != "reached"]
        must(not wasted, f"a team's call was wasted: {tries}")
        must(all(e.outcome == "reached" for e in campaign.attempts if e.line == WELL), f"the well line failed: {tries}")
        async with asyncio.timeout(30.0):  # for what the calls leave to be done
            while len(self.town.box.conversations) or await self.town.box.store.calls.unfinished():
                await asyncio.sleep(_LOOK_S)
        return list(campaign.attempts)

    async def works_again(self) -> None:
        """The fault has gone: in service, calls out and in, no alarm left."""
        town = self.town
        try:
            async with asyncio.timeout(MENDED_S):
                while not self._may_dial():
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            raise Violation(f"not back {MENDED_S:.0f} s after the fault had gone: {self._status(BAD)}") from None
        await asyncio.sleep(5.0)
        lines = [each.line for each in await self.alert() if each.outcome == "reached"]
        must(BAD in lines, f"no call out over the line after the fault had gone: {lines}")
        await asyncio.sleep(1.0)
        with suppress(CallEnded):
            try:
                async with town.phone("alpha").dial(self.column.number, within=45) as call:
                    await call.hears("your U I D and your PIN", within=30)
            except (NotHeard, NotAnswered) as error:
                raise Violation(f"no call in over the line after the fault had gone: {error}") from None
        await asyncio.sleep(5.0)
        left = {key: text for key, text in self._alarms().items() if key.endswith(f".{BAD}")}
        must(not left, f"alarms are left: {left}")
        must(self._status(BAD).in_service, f"not in service in the end: {self._status(BAD)}")

    def _may_dial(self) -> bool:
        """Idle and in service; after three calls that failed the next real one is the test."""
        outage = self.town.box.trunks.outages().get(BAD)
        status = self._status(BAD)
        return status.state == "idle" and (outage.half_open if outage else status.in_service)

    def rest_untouched(self) -> None:
        """Of everything else."""
        must(not self.seen.well_lost, f"the well line was out of service: {self.seen.well_lost}")
        other = {key: text for key, text in self.seen.alarms.items() if not key.startswith("sms.")}
        must(not other, f"alarms about something else: {other}")  # the only line that sends messages is the bad one

    async def run(self) -> Outcome:
        """The whole course."""
        for team in TEAMS:
            self.town.phone(team.key).behaviour = self.answers
        attempts: list[Attempt] = []
        match self.row.moment:
            case Moment.START:
                must(self.struck_at is not None, "struck before the box started")
                await self.until_limit()
            case Moment.IDLE:
                await self.strike()
                await self.until_limit()
            case Moment.DIAL:
                await self.strike()
                attempts = await self._alert_until_limit()
            case Moment.CALL:
                attempts = await self._alert_until_limit()
            case Moment.CALL_IN:
                await self.call_in()
                await self.until_limit()
        outcome = self.verdict()
        if not attempts:
            attempts = await self.alert()
            self._carried_or_known(attempts, outcome)
        elif outcome.what == "unaffected":
            must(any(e.line == BAD and e.outcome == "reached" for e in attempts), "no call over the line, and no word")
        if outcome.what == "faulted" and self.seen.standing:
            must(self._alarms().keys() & OF_BAD, "out of service, and no alarm says so")
        self.rest_untouched()
        await self.heal()
        await self.works_again()
        self.rest_untouched()
        return outcome

    async def _alert_until_limit(self) -> list[Attempt]:
        async with asyncio.TaskGroup() as group:
            alert = group.create_task(self.alert())
            while self.struck_at is None and not alert.done():
                await asyncio.sleep(_LOOK_S)
            must(self.struck_at is not None, "no call went over the line: nothing to strike")
            await self.until_limit()
        return alert.result()

    def _carried_or_known(self, attempts: list[Attempt], outcome: Outcome) -> None:
        """A line that is not reported has carried its part of the alert."""
        mine = [(each.outcome, each.line) for each in attempts if each.line == BAD]
        if outcome.what == "faulted":
            must(not self.seen.standing or not mine, f"a line out of service was dialled on: {mine}")
        else:
            must(mine and all(what == "reached" for what, _ in mine), f"it looks well and fails calls: {mine}")


async def _course(row: Row, column: Column, directory: Path, prompts: Path) -> Outcome:
    town = Town(directory, prompts, MEMBERS, CONFIG.replace("[lines]\nstop_s = 30\n", "") + column.config + WELL_CONFIG)
    async with Exchange(directory / "exchange", prompts=prompts) as exchange:
        town.exchange = exchange
        exchange.isdn_adapter(WELL, msns=[WELL_NUMBER])
        column.plug_in(exchange)
        cell = Cell(town, column, row)
        async with cell.stack:
            if row.moment is Moment.START:
                await cell.strike()
            await town.start()
            watching = asyncio.create_task(cell.watch())
            try:
                names = (WELL,) if row.moment is Moment.START else (BAD, WELL)
                await town.in_service(*names)
                if row.moment is Moment.START:
                    cell.seen.well_lost = ""  # it was not open yet
                else:
                    cell.seen = Seen()
                await town.load_roster()
                await asyncio.sleep(5.0)
                return await cell.run()
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
                await town.stop()


def run_cell(row: Row, column: Column, directory: Path, prompts: Path) -> Outcome:
    """Run one cell under virtual time. Never raises: what went wrong is a violation."""
    if not row.applies(column):
        return Outcome(row.name, column.name, "n/a", reason=row.because)
    began = os.times()
    try:
        outcome = run_virtual(_course(row, column, directory, prompts), limit_s=7200.0, real_limit_s=1800.0)
    except Exception as error:
        logging.getLogger(__name__).debug("%s x %s", row.name, column.name, exc_info=True)
        outcome = Outcome(row.name, column.name, "violation", reason=_words(error))
    ended = os.times()
    outcome.cpu_s = ended.user + ended.system - began.user - began.system
    return outcome


def _words(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, Violation):
        return str(error)
    cause = f" from {error.__cause__!r}" if error.__cause__ else ""
    return f"{type(error).__name__}: {error}{cause}"
