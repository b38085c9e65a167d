"""The open campaigns: how they begin, what changes them, how they end, and how a restart takes them up again."""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from typing import Any

from hal.clock import Clock, ClockTrust
from ivr.dialout.alarms import AlarmBell
from ivr.dialout.resume import Present, progress
from ivr.dialout.running import Running
from ivr.dialout.schedule import Schedule
from ivr.dialout.targets import told_of
from ivr.limits import Limits
from ivr.notices import Notices, result_text
from storage import Store
from storage.campaigns import Attempt, Campaign
from storage.errors import StorageError
from storage.records import (
    AlertConfirmed,
    AlertEnded,
    AttemptEnded,
    CallEnded,
    Record,
    SmsQueued,
    TeamNotReached,
)
from storage.roster import Team

log = logging.getLogger(__name__)

SMS_EACH = 5
"""Teams not reached about which the management gets a message of its own; the rest stand in the result."""
JUST_ENDED = 5
"""Newest alerts that a start looks at although they have ended."""
UNTOLD_S = 24 * 3600.0
"""Seconds for which a result that was never sent is worth sending after a restart, should the clock be right."""
CUT_OFF = "cut off: the box stopped during the call"

Spawn = Callable[[Coroutine[Any, Any, None], str], None]
"""Runs something beside, by a name for the log."""


class Book:
    """Campaigns in memory, in step with the schedule. What it is told it may have been told before."""

    def __init__(
        self, store: Store, notices: Notices, clock: Clock, limits: Limits,
        *, spawn: Spawn, unwanted: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.schedule = Schedule(calls=limits.calls_per_team, gap_s=limits.gap_s)
        self.bell = AlarmBell(notices.ledger)
        self._store = store
        self._notices = notices
        self._clock = clock
        self._limits = limits
        self._spawn = spawn
        self._unwanted = unwanted
        """Called with a team that nobody needs to call any more."""
        self._born = clock.monotonic()
        self._running: dict[int, Running] = {}
        self._over: set[int] = set()
        self._reached: defaultdict[int, set[str]] = defaultdict(set)
        self._teams: dict[str, Team] = {}

    # --- what is open

    def __contains__(self, alert: object) -> bool:
        return alert in self._running

    @property
    def calling(self) -> bool:
        """Somebody is left to call."""
        return any(self.schedule.left(alert) for alert in self._running)

    @property
    def oldest_ends(self) -> float:
        """When `give_up_the_old` has something to do, in monotonic seconds."""
        return min((running.until for running in self._running.values() if not running.finishing), default=math.inf)

    def team(self, key: str) -> Team:
        """As the roster has it now; as it was at the beginning where it has left the roster or lost its numbers."""
        team = self._store.roster.current().by_key(key)
        return team if team is not None and team.numbers else self._teams[key]

    # --- beginning

    def confirmed(self, record: AlertConfirmed) -> None:
        """A new alert: its first calls are due when this returns."""
        self._open(Running.confirmed(record), None)

    def give_up_the_old(self, now: float) -> list[Record]:
        """Alerts whose message is not new any more end, loudly. While no line carries a call nothing is counted against a
        team and it is tried on and on; this is where that comes to its end, and a number that does not exist with it."""
        records: list[Record] = []
        for running in self._running.values():
            if now < running.until or running.finishing:
                continue
            running.until = math.inf
            for team in self.schedule.open_teams(running.alert):
                self.schedule.settle(running.alert, team)
                reason = f"no line has carried enough calls to it in {self._limits.hold_s / 3600:g} hours"
                records += self.give_up(running.alert, team, reason)
                if not self.schedule.pending(team):
                    self._unwanted(team)
            self.conclude(running.alert)
        return records

    async def all_clear(self, record: AlertConfirmed) -> None:
        """A new alert that calls off an earlier one: it is for those who were told of that."""
        running = Running.confirmed(record)
        self._open(running, await self._told(running))

    async def look_up(self, alert: int) -> None:
        """An alert of which only the number is known."""
        campaign = await self._store.campaigns.get(alert)
        if campaign is not None and campaign.ended is None:
            await self._adopt([campaign])

    async def _told(self, running: Running) -> frozenset[str] | None:
        """Whom an all-clear is for; None for everybody, which is also the answer where the store cannot tell."""
        if running.all_clear_of is None:
            return None
        try:
            earlier = await self._store.campaigns.get(running.all_clear_of)
        except StorageError:
            log.exception("alert %d calls off alert %d, which cannot be read", running.alert, running.all_clear_of)
            return None
        return told_of(earlier) if earlier else None

    def _open(self, running: Running, told: frozenset[str] | None, *, stored: bool = False, age_s: float = 0.0) -> None:
        """Begin, or go on with, calling for an alert that was confirmed so long ago."""
        alert = running.alert
        if alert in self._running or alert in self._over:
            return
        running.called = running.to_call(told)
        running.reached |= self._reached[alert]
        running.until = self._clock.monotonic() + self._limits.hold_s - age_s
        self._running[alert] = running
        roster = self._store.roster.current()
        numbers, gone = {}, []
        for key in running.called:
            team = roster.by_key(key)
            if team is None or not team.numbers:
                gone.append(key)
            elif key not in running.reached and key not in running.not_reached:
                self._teams[key] = team
                numbers[key] = len(team.numbers)
        self.schedule.open(alert, numbers, exercise=running.exercise)
        if running.all_clear_of in self._running:
            self._spawn(self.commit([AlertEnded(running.all_clear_of, "all-clear", running.sender)]), "all-clear")
        self._spawn(self._announce(running, gone, stored), f"announcing alert {alert}")

    async def _announce(self, running: Running, gone: Sequence[str], stored: bool) -> None:
        """The first calls are on their way; now the notices, to those who have had none before a restart."""
        records: list[Record] = []
        for team in gone:
            records += self.give_up(running.alert, team, "has no number in the roster any more")
        told: list[str | None] = []
        if stored:
            try:
                told = [sms.team for sms in await self._store.sms.for_alert(running.alert) if sms.purpose == "notice"]
            except StorageError:
                log.exception(
                    "alert %d: whom it was announced to cannot be read, so nobody is told twice", running.alert
                )
                told = [*running.called]
        teams = [self.team(key) for key in running.called if key not in gone and key in self._teams]
        records += self._notices.announcements(running.alert, teams, told)
        await self.commit(records)
        self.conclude(running.alert)

    # --- while it runs

    def tried(self, alert: int, team: str, outcome: str) -> None:
        """A counted call has ended so."""
        if running := self._running.get(alert):
            running.tried(team, outcome)

    def settle(self, alert: int, team: str) -> None:
        """The team has acknowledged, or has heard the alert."""
        if alert in self._over:
            return
        self._reached[alert].add(team)
        if running := self._running.get(alert):
            running.reached.add(team)
            self.schedule.settle(alert, team)
            if running.not_reached.pop(team, None) is not None:
                self._spawn(self.commit(self._not_reached_alarm(running)), "one less not reached")
            if not self.schedule.pending(team):
                self._unwanted(team)
        self.conclude(alert)

    def give_up(self, alert: int, team: str, reason: str = "") -> list[Record]:
        """Not reached: records for the journal, the alarm and the management. The schedule knows already."""
        running = self._running.get(alert)
        if running is None or team in running.reached or team in running.not_reached:
            return []
        reason = reason or running.why_given_up(team)
        running.not_reached[team] = reason
        log.error("alert %d: %s was not reached, %s", alert, team, reason)
        records: list[Record] = [TeamNotReached(alert, team, reason), *self._not_reached_alarm(running)]
        if self._notices.management and len(running.not_reached) <= SMS_EACH:
            text = f"Alert {alert}: {team} was not reached, {reason}. Journal {self._store.journal.head[:16]}"
            records.append(self._notices.compose("not-reached", self._notices.management, text, alert=alert, team=team))
        return records

    def _not_reached_alarm(self, running: Running) -> list[Record]:
        key = f"alert.{running.alert}.not-reached"
        if not running.not_reached:
            return self.bell.cleared(key, "reached after all")
        lost = list(running.not_reached)
        names = ", ".join(lost[:10]) + (f" and {len(lost) - 10} more" if len(lost) > 10 else "")
        return self.bell.raised(key, "major", f"alert {running.alert}: not reached: {names}")

    # --- ending

    def conclude(self, alert: int) -> None:
        """End the campaign if nobody is left."""
        running = self._running.get(alert)
        if running is not None and not running.finishing and self.schedule.done(alert):
            running.finishing = True
            self._spawn(self._finish(running, "complete"), f"ending alert {alert}")

    def ended(self, alert: int, reason: str) -> None:
        """It has been ended, by an all-clear or by us."""
        self._over.add(alert)
        running = self._running.get(alert)
        if running is None or running.finishing:
            return
        running.finishing = True
        self.schedule.close(alert)
        for team in running.called:
            if not self.schedule.pending(team):
                self._unwanted(team)
        self._spawn(self._finish(running, reason), f"telling how alert {alert} ended")

    async def _finish(self, running: Running, ended: str) -> None:
        alert = running.alert
        await self.commit([*([AlertEnded(alert, ended)] if ended == "complete" else []), *self._result(running, ended)])
        self._over.add(alert)
        self.schedule.close(alert)
        del self._running[alert]
        self._reached.pop(alert, None)

    def _result(self, running: Running, ended: str) -> list[SmsQueued]:
        """How it went, for the sender and the management."""
        alert, missing = running.alert, running.missing()
        text = result_text(
            alert, running.exercise, len(running.called) - len(missing), len(running.called), missing, ended,
            self._store.journal.head,
        )  # fmt: skip
        log.warning("%s", text)
        sender = self._store.roster.current().by_key(running.sender)
        numbers = dict.fromkeys(n for n in (sender.mobile if sender else "", self._notices.management) if n)
        return [self._notices.compose("result", number, text, alert=alert) for number in numbers]

    # --- after a restart

    async def resume(self) -> None:
        """Take up what is open. Raises `StorageError` where it cannot be read; may be called again then."""
        await self._close_cut_off()
        await self._adopt(await self._store.campaigns.open())
        await self._tell_untold()

    async def _close_cut_off(self) -> None:
        """End what a crash has left without an end. Its end is this moment at the latest."""
        cut = {
            attempt.call: attempt
            for campaign in (*await self._store.campaigns.open(), *await self._just_ended())
            for attempt in campaign.attempts
            if attempt.ended is None and self._before_us(attempt.started.boot, attempt.started.mono)
        }
        calls = [c for c in await self._store.calls.unfinished() if self._before_us(c.started.boot, c.started.mono)]
        await self.commit(
            [
                *(AttemptEnded(a.call, a.team, list(a.alerts), "interrupted", True, CUT_OFF) for a in cut.values()),
                *(CallEnded(call.id, "interrupted", CUT_OFF, 0.0, 0.0) for call in calls),
            ]
        )

    async def _just_ended(self) -> list[Campaign]:
        """What may have ended in the last moments before a crash."""
        return [c for c in await self._store.campaigns.recent(JUST_ENDED) if c.ended is not None]

    async def _tell_untold(self) -> None:
        """The result of a calling that somebody else has ended is queued a moment after that: a crash may have come between."""
        now = self._clock.wall()
        for campaign in await self._just_ended():
            if campaign.ended == "complete" or campaign.alert in self._running or campaign.ended_at is None:
                continue
            sent = await self._store.sms.for_alert(campaign.alert)
            if abs(now - campaign.ended_at) < UNTOLD_S and not any(sms.purpose == "result" for sms in sent):
                running = Running.stored(campaign)
                running.called = running.to_call(await self._told(running))
                await self.commit(self._result(running, campaign.ended or ""))

    def _before_us(self, boot: str, mono: float) -> bool:
        return boot != self._clock.boot_id or mono < self._born

    async def _adopt(self, campaigns: Iterable[Campaign]) -> None:
        """Go on with stored campaigns."""
        campaigns = [c for c in campaigns if c.alert not in self._running and c.alert not in self._over]
        now = Present(
            self._clock.wall(), self._clock.monotonic(), self._clock.boot_id, self._clock.trust is ClockTrust.TRUSTED
        )
        ends = {a.ended for c in campaigns for a in c.attempts if a.ended and a.ended.boot != now.boot}
        doubtful = await self._store.journal.doubtful(ends) if ends and now.trusted else ends
        for campaign in campaigns:
            running = Running.stored(campaign)
            told = await self._told(running)
            age_s = max(0.0, now.wall - campaign.confirmed_at) if now.trusted else 0.0
            self._open(running, told, stored=True, age_s=age_s)
            await self.commit(self._restore(campaign, now, doubtful))
            self.conclude(campaign.alert)

    def _restore(self, campaign: Campaign, now: Present, doubtful: Collection[Any]) -> list[Record]:
        """Tell the schedule what each team has behind it; returns what a crash kept from being written."""
        tries: defaultdict[str, list[Attempt]] = defaultdict(list)
        for attempt in campaign.attempts:
            tries[attempt.team].append(attempt)
        records: list[Record] = []
        for team, attempts in tries.items():
            if campaign.alert not in self.schedule.pending(team):
                continue
            done = progress(attempts, now, self._limits.gap_s, doubtful)
            if done.calls >= self._limits.calls_per_team:
                self.schedule.settle(campaign.alert, team)
                records += self.give_up(campaign.alert, team)
            else:
                self.schedule.restore(
                    campaign.alert, team, calls=done.calls, due=done.due, turn=done.turn, declines=done.declines
                )
        return records

    async def commit(self, records: Sequence[Record]) -> None:
        """Write, and let messages among the records go whether that succeeded or not."""
        if records:
            await self._notices.ledger.commit(*records)
            self._notices.queue(*(record for record in records if isinstance(record, SmsQueued)))
