"""The dial-out loop: takes the schedule's word, seizes a line, calls, and writes down what came of it.

It learns of alerts, acknowledgements and all-clears from the store, as everybody commits them; after a restart from what
the store holds. One decision at a time is made, synchronously; everything that takes time is a task of its own, and
nothing that goes wrong in one of them ends the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections import deque
from collections.abc import Coroutine
from typing import Any

from hal.clock import Clock
from ivr.dialout import outcome as outcomes
from ivr.dialout.attempt import Attempt, Converse
from ivr.dialout.book import Book
from ivr.dialout.outcome import Outcome
from ivr.dialout.schedule import Dial
from ivr.limits import Limits
from ivr.notices import Notices
from ivr.trunks import Trunks
from storage import Store
from storage.journal import Envelope
from storage.records import AlarmCleared, AlertConfirmed, AlertEnded, LineChanged, Record, TeamReached

log = logging.getLogger(__name__)

NO_LINE = "dialout.no-line"
"""Alarm: a campaign runs and no line can dial."""
NO_LINE_AFTER_S = 5.0
"""Seconds without a working line before that is an alarm: lines come up one after the other."""
SETTLE_S = 0.5
"""Seconds after which a line that is neither used nor idle is looked at again."""
AGAIN_S = 10.0
"""Seconds after which campaigns that could not be read are tried again."""


class DialOut:
    """Calls everybody. `run` it once; everything else is for the event loop that runs it."""

    def __init__(
        self, store: Store, trunks: Trunks, clock: Clock, limits: Limits, converse: Converse, notices: Notices
    ) -> None:
        self._store = store
        self._trunks = trunks
        self._clock = clock
        self._limits = limits
        self._converse = converse
        self._ledger = notices.ledger
        self._notices = notices
        self._news: deque[AlertConfirmed | int] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._draining = False
        self._tasks: asyncio.TaskGroup | None = None
        self._begin_afresh()
        self._ledger.on_trouble = self._storage_trouble
        self._ledger.on_recovery = self._storage_recovered
        trunks.on_service = self._line_changed
        trunks.on_doubt = self._line_doubted
        trunks.listen(self._wake.set)
        store.subscribe(self._on_envelope)

    def _begin_afresh(self) -> None:
        """Know nothing: the store will tell."""
        self._book = Book(
            self._store, self._notices, self._clock, self._limits, spawn=self._spawn, unwanted=self._call_off
        )
        self._schedule = self._book.schedule
        self._bell = self._book.bell
        self._attempts: dict[str, Attempt] = {}
        self._calls_open = 0
        self._idle.set()
        self._no_line_since: float | None = None

    # --- from outside

    def wake(self, alert: int) -> None:
        """Something about this alert has changed: it was confirmed, or ended by an all-clear. Never blocks or raises."""
        if alert not in self._book:
            self._news.append(alert)
        self._wake.set()

    async def drain(self) -> None:
        """Dial no more, and return when the calls that are up have ended. The campaigns stay open for the next start."""
        self._draining = True
        self._trunks.alert_wants = False
        await self._idle.wait()

    @property
    def calling(self) -> dict[str, str]:
        """Team -> line, for every call out that is up at this moment."""
        return {team: attempt.line.name for team, attempt in self._attempts.items()}

    async def run(self) -> None:
        """Resume what is open, then call whenever there is somebody to call, for ever. Also brings lines back.

        May be run again after it was cancelled or has failed: it then begins as after a restart.
        """
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._spawn(self._trunks.run(), "recovery of lines")
                await self._resume()
                while True:
                    self._wake.clear()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(self._step()):
                            await self._wake.wait()
        finally:
            self._tasks = None
            self._begin_afresh()

    def _step(self) -> float | None:
        """Do what can be done now; returns seconds after which to look again."""
        try:
            while self._news:
                self._read(self._news.popleft())
            return self._dial_what_can_be()
        except Exception as error:  # a mistake in here must not silence the box
            log.exception("the dial-out loop")
            self._spawn(self._bell.ring("dialout.fault", "major", f"dial-out loop: {error!r}"), "alarm")
            return 1.0

    # --- deciding

    def _dial_what_can_be(self) -> float | None:
        """Start every call that is due and has a line; returns seconds after which to look again, None for never."""
        if self._draining:
            return None
        now = self._clock.monotonic()
        self._record(self._book.give_up_the_old(now))
        while isinstance(choice := self._next(now), Dial):
            self._begin(choice)
        self._trunks.alert_wants = self._schedule.wanting
        waits = [choice.until - now, self._watch_lines(now), self._book.oldest_ends - now]
        if self._trunks.alert_wants and self._trunks.unsettled:
            waits.append(SETTLE_S)
        shortest = min(waits)
        return None if shortest == math.inf else max(0.0, shortest)

    def _next(self, now: float) -> Any:
        free = [line.name for line in self._trunks.free()]
        return self._schedule.next(now, free, self._trunks.in_service())

    def _begin(self, dial: Dial) -> None:
        line = self._trunks.take(dial.line)
        self._schedule.started(dial)
        others = [alert for alert in self._schedule.pending(dial.team) if alert not in dial.alerts]
        attempt = Attempt(
            dial, line, self._book.team(dial.team), [*dial.alerts, *others], self._store.new_id("call"),
            ledger=self._ledger, trunks=self._trunks, clock=self._clock, limits=self._limits, converse=self._converse,
        )  # fmt: skip
        self._attempts[dial.team] = attempt
        self._calls_open += 1
        self._idle.clear()
        self._spawn(self._carry_out(attempt), f"call {attempt.call_id} to {dial.team}")

    def _watch_lines(self, now: float) -> float:
        """Raise or clear the alarm of having no line; returns seconds to the next look."""
        if not self._book.calling or self._trunks.working():
            self._no_line_since = None
            text = "a line can dial again" if self._book.calling else "nobody is left to call"
            self._record(self._bell.cleared(NO_LINE, text))
            return math.inf
        if self._no_line_since is None:
            self._no_line_since = now
        if now - self._no_line_since < NO_LINE_AFTER_S:
            return self._no_line_since + NO_LINE_AFTER_S - now
        outages = "; ".join(f"{name}: {outage.reason}" for name, outage in self._trunks.outages().items())
        text = f"an alert is to be called out and no line can dial ({outages or 'none is there'}); trying on"
        self._record(self._bell.raised(NO_LINE, "critical", text))
        return math.inf

    # --- calling

    async def _carry_out(self, attempt: Attempt) -> None:
        try:
            try:
                outcome = await attempt.run()
            except Exception as error:
                log.exception("call %d to %s", attempt.call_id, attempt.team.key)
                outcome = outcomes.of_crash(error)
        finally:
            del self._attempts[attempt.dial.team]
            self._trunks.release(attempt.line)
        try:
            await self._close(attempt, outcome)
        finally:
            self._calls_open -= 1
            if not self._calls_open:
                self._idle.set()

    async def _close(self, attempt: Attempt, outcome: Outcome) -> None:
        """What follows from an attempt. The schedule is told before anything is awaited: the line is free already."""
        dial, now, detail = attempt.dial, self._clock.monotonic(), outcome.detail
        records: list[Record] = []
        rest = 0.0
        if outcome.outcome == "reached":
            for alert in attempt.alerts:
                self._book.settle(alert, dial.team)
        if outcome.counted:
            for alert in dial.alerts:
                self._book.tried(alert, dial.team, outcome.outcome)
            for alert in self._schedule.ended(dial, now, declined=outcome.outcome == "declined"):
                records += self._book.give_up(alert, dial.team)
        else:
            rest = self._schedule.failed(dial, now, self._trunks.in_service())
            detail += f"; every line has failed, next try in {rest:.0f} s" if rest else ""
        records += self._alarms(dial.team, outcome, resting=rest > 0)
        await self._book.commit([*attempt.records(outcome, detail), *records])
        for alert in dial.alerts:
            self._book.conclude(alert)
        self._wake.set()

    def _alarms(self, team: str, outcome: Outcome, *, resting: bool) -> list[Record]:
        """What a technician must know of an outcome; cleared by the next one that is sound. One line that fails is no
        matter: the team's alarm is that all have."""
        texts = {
            "line-fault": ("major", f"no line carries a call to {team}, it is tried on and nothing counted"),
            "refused": ("major", f"the dial gate refuses to call {team}"),
            "interrupted": ("major", f"the conversation with {team} broke off"),
        }
        records: list[Record] = []
        for kind, (severity, text) in texts.items():
            key = f"dialout.{kind}.{team}"
            if outcome.outcome == kind and (outcome.counted or resting):
                records += self._bell.raised(key, severity, f"{text}: {outcome.detail}")
            elif outcome.counted:
                records += self._bell.cleared(key)
        return records

    def _call_off(self, team: str) -> None:
        """No alert of this team is open any more: stop ringing. A conversation goes on."""
        if attempt := self._attempts.get(team):
            attempt.call_off()

    # --- news

    def _on_envelope(self, envelope: Envelope) -> None:
        match envelope.record:
            case AlertConfirmed() as record:
                self._news.append(record)
                self._wake.set()
            case TeamReached(alert=alert, team=team):
                self._book.settle(alert, team)
            case AlertEnded(alert=alert, reason=reason):
                self._book.ended(alert, reason)
            case AlarmCleared(key=key):
                self._bell.forget(key)
            case _:
                pass

    def _read(self, news: AlertConfirmed | int) -> None:
        if isinstance(news, int):
            self._spawn(self._then_look(self._book.look_up(news)), f"looking up alert {news}")
        elif news.all_clear_of is None:
            self._book.confirmed(news)
        else:
            self._spawn(self._then_look(self._book.all_clear(news)), f"opening alert {news.alert}")

    async def _then_look(self, work: Coroutine[Any, Any, None]) -> None:
        await work
        self._wake.set()

    async def _resume(self) -> None:
        """Where the store cannot be read, alarm, go on with what is new, and try again."""
        try:
            await self._book.resume()
        except Exception as error:
            log.exception("resuming")
            await self._bell.ring("dialout.resume", "critical", f"open alerts cannot be read: {error}")
            self._spawn(self._resume_later(), "resuming")
            return
        await self._bell.clear("dialout.resume")
        for alarm in self._store.alarms.active():
            kind, _, line = alarm.key.partition(".")
            if kind in ("trunk", "doubt") and line not in self._trunks.outages():
                await self._bell.clear(alarm.key, "restarted")
        self._wake.set()

    async def _resume_later(self) -> None:
        await asyncio.sleep(AGAIN_S)
        await self._resume()

    # --- odds and ends

    def _record(self, records: list[Record]) -> None:
        """Commit beside."""
        if records:
            self._spawn(self._book.commit(records), f"recording {records[0].kind}")

    def _spawn(self, work: Coroutine[Any, Any, None], what: str) -> None:
        """A task whose failure is an alarm, and nothing more."""
        if self._tasks is None:
            work.close()
            log.error("%s: the dial-out loop does not run", what)
            return
        self._tasks.create_task(self._guarded(work, what), name=what)

    async def _guarded(self, work: Coroutine[Any, Any, None], what: str) -> None:
        try:
            await work
        except Exception as error:
            log.exception("%s", what)
            await self._bell.ring("dialout.fault", "major", f"{what}: {type(error).__name__}: {error}")

    def _line_changed(self, line: str, in_service: bool, reason: str) -> None:
        key = f"trunk.{line}"
        out = f"{line} is out of service: {reason}"
        alarm = self._bell.cleared(key, reason) if in_service else self._bell.raised(key, "major", out)
        self._record([LineChanged(line, in_service, reason), *alarm])

    def _line_doubted(self, line: str, reason: str) -> None:
        key = f"doubt.{line}"
        text = f"the last call on {line} failed, though its modem answers: {reason}"
        self._record(
            self._bell.raised(key, "minor", text) if reason else self._bell.cleared(key, "a call went through")
        )

    def _storage_trouble(self, text: str) -> None:
        log.critical("%s", text)
        self._notices.tell_management("dialout.ledger", text)

    def _storage_recovered(self, text: str) -> None:
        self._record(self._bell.raised("dialout.ledger", "minor", text))
