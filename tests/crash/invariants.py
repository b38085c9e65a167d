"""What must hold when a round is over: what the exchange saw against what the box remembers.

Both count the same seconds: box and exchange run at the same speed on the machine's own monotonic clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from hal.clock import Clock
from hal.simulated import Cause
from hal.simulated.circuit import Circuit
from storage import Secrets, Store
from storage.campaigns import Attempt, Campaign
from storage.records import AlertConfirmed, AlertEnded, CallStarted, MessageDiscarded, MessageRecorded, SmsTried
from tests.crash.caller import Caller, Listener
from tests.crash.place import GAP_S, LISTENER, NUMBERS, SENDER, TEAMS, UNSIGNED, World
from tests.support.box import MANAGEMENT

CALLS = 3
OF_THE_MOMENT = ("dialout.", "device.", "line.", "storage.", "box.")
"""Alarms whose cause is over when an alert is; a line that failed its last calls may stay under suspicion."""
ACKNOWLEDGED = "your acknowledgement is stored"
ACKNOWLEDGED_DE = "ist gespeichert"


def reached_the_team(circuit: Circuit) -> bool:
    """It rang there, or the team's line was busy."""
    return circuit.rang is not None or circuit.cause is Cause.USER_BUSY


class Inquest:
    """Looks at one round. `findings` is what was violated, one sentence each."""

    def __init__(self, world: World, caller: Caller, listener: Listener, store: Store) -> None:
        self.world = world
        self.caller = caller
        self.listener = listener
        self.store = store
        self.uncounted = 0
        """Calls that rang and were put down to the line."""
        self._attempts: dict[Circuit, Attempt] = {}
        self._ended = float("inf")
        """Seconds at which the calling ended."""

    async def findings(self) -> list[str]:
        """Everything that is wrong."""
        campaigns = await self.store.campaigns.recent(100)
        async for envelope in self.store.journal.records():
            if isinstance(envelope.record, AlertEnded):
                self._ended = envelope.mono
        found = [*self._confirmation(campaigns)]
        for campaign in campaigns[:1]:
            found += [*self._attempts_match(campaign), *self._teams(campaign), *self._ended_early(campaign)]
            found += [*self._played_back(campaign), *self._alarms(campaign)]
            found += [each async for each in self._told(campaign)]
        found += [each async for each in self._drafts(campaigns)]
        found += [each async for each in self._records()]
        found += [each async for each in self._sms()]
        if up := self.world.calls_up:
            found.append(f"{len(up)} calls are still up at the exchange: {up}")
        if any(circuit.called_number in NUMBERS[UNSIGNED.key] for circuit in self.world.calls_of_the_box):
            found.append("a team that is not to be called was called")
        return found

    # --- the call in

    def _confirmation(self, campaigns: list[Campaign]) -> Iterator[str]:
        heard = self.caller.knows
        if heard is None:
            yield "the caller never got an alert out"
        elif not campaigns:
            yield "a confirmed alert is lost: the caller heard that it is stored"
        if len(campaigns) > 1:
            yield f"{len(campaigns)} alerts exist; the caller confirmed one"
        for campaign in campaigns:
            if campaign.ended not in (("complete", "all-clear") if self.caller.may_have_ended else ("complete",)):
                yield f"alert {campaign.alert} has not ended: {campaign.ended}"
            if heard is not None and campaign.confirmed_mono > heard:
                yield f"alert {campaign.alert} was confirmed {campaign.confirmed_mono - heard:.2f} s after it was said to be"
            if self.caller.last_offer is not None and campaign.confirmed_mono < self.caller.last_offer:
                yield f"a draft was offered after alert {campaign.alert} had been confirmed"

    async def _drafts(self, campaigns: list[Campaign]):
        """A recording that was stored and not sent is offered at the next login."""
        recorded: dict[int, float] = {}
        gone: dict[int, float] = {}
        async for envelope in self.store.journal.records():
            match envelope.record:
                case MessageRecorded(message=message):
                    recorded[message] = envelope.mono
                case MessageDiscarded(message=message) | AlertConfirmed(message=message):
                    gone[message] = envelope.mono
                case _:
                    pass
        for at, offered in self.caller.logins:
            drafts = [m for m, since in recorded.items() if since < at and gone.get(m, at) >= at]
            if bool(drafts) != offered:
                yield f"at the login of {at:.1f} the drafts were {drafts}, and {'one' if offered else 'none'} was offered"

    # --- the calls out

    def _attempts_match(self, campaign: Campaign) -> Iterator[str]:
        """Every call of the box was written down before it was dialled."""
        left = list(campaign.attempts)
        for circuit in self.world.calls_of_the_box:
            for attempt in left:
                until = attempt.ended.mono if attempt.ended else float("inf")
                if attempt.number == circuit.called_number and attempt.started.mono <= circuit.started <= until:
                    self._attempts[circuit] = attempt
                    left.remove(attempt)
                    break
            else:
                yield f"the call to {circuit.called_number} at {circuit.started:.1f} is in no record"
        if any(attempt.ended is None for attempt in campaign.attempts):
            yield "an attempt has no end"

    def _teams(self, campaign: Campaign) -> Iterator[str]:
        talked = {
            conversation.circuit: " ".join(conversation.call.captions).lower()
            for conversation in self.world.witness.conversations
        }
        for member in TEAMS:
            team = member.key
            calls = [c for c in self.world.calls_of_the_box if c.called_number in NUMBERS[team] and reached_the_team(c)]
            counted = [c for c in calls if self._counted(c)]
            self.uncounted += len(calls) - len(counted)
            if len(counted) > CALLS:
                yield f"{team} was called {len(counted)} times"
            yield from self._gaps(team, counted)
            made = sum(attempt.counted for attempt in campaign.attempts if attempt.team == team)
            reached = campaign.reached.get(team)
            if made > CALLS:
                yield f"{team}: {made} calls are on record"
            complete = campaign.ended == "complete"
            if reached is None and made != CALLS and complete:
                yield f"{team} was not reached and had {made} calls"
            if complete and (reached is None) is not (team in campaign.not_reached):
                yield f"{team}: reached {reached}, and not reached {campaign.not_reached.get(team)}"
            for index, call in enumerate(calls):
                said = talked.get(call, "")
                if ACKNOWLEDGED in said or ACKNOWLEDGED_DE in said:
                    if reached is None:
                        yield f"{team} heard that its acknowledgement is stored, and is not reached"
                    if len(calls) > index + 1:
                        yield f"{team} was called again after it heard that its acknowledgement is stored"
            if reached and reached.how != "playback" and any(call.started > reached.at.mono for call in calls):
                yield f"{team} was called after its acknowledgement was on record"

    def _played_back(self, campaign: Campaign) -> Iterator[str]:
        """Who has heard it to its end on a call of their own is reached, and not called any more."""
        since, team = self.listener.heard_all, LISTENER.key
        if since is not None:
            if team not in campaign.reached and since < self._ended:
                yield f"{team} has heard the alert to its end on its own call, and is not reached"
            if any(attempt.team == team and attempt.started.mono > since for attempt in campaign.attempts):
                yield f"{team} was called after it had heard the alert to its end"

    def _ended_early(self, campaign: Campaign) -> Iterator[str]:
        """Once it was said that the calling has been ended, nobody is called any more."""
        since = self.caller.heard_ended
        if since is not None:
            if campaign.ended != "all-clear":
                yield f"the caller heard that the calling was ended, and it is {campaign.ended}"
            if any(attempt.started.mono > since for attempt in campaign.attempts):
                yield "somebody was called after it was said that the calling has been ended"

    def _counted(self, call: Circuit) -> bool:
        attempt = self._attempts.get(call)
        return attempt is None or attempt.counted

    def _gaps(self, team: str, calls: list[Circuit]) -> Iterator[str]:
        for before, after in pairwise(calls):
            attempt = self._attempts.get(before)
            if attempt and attempt.outcome == "declined" and after.called_number != before.called_number:
                continue
            gap = after.started - before.ended if before.ended is not None else 0.0
            if gap < GAP_S:
                yield f"{team} was called again {gap:.3f} s after the end of a call ({attempt and attempt.outcome})"

    # --- who is told

    async def _told(self, campaign: Campaign):
        """Every notice, the result once for each of its readers, and every team that was not reached."""
        messages = await self.store.sms.for_alert(campaign.alert)
        noticed = [message.team for message in messages if message.purpose == "notice"]
        wanted = [member.key for member in TEAMS if member.mobile]
        if sorted(noticed) != wanted:
            yield f"notices are for {noticed}, not for {wanted}"
        results = sorted(message.number for message in messages if message.purpose == "result")
        if results != sorted((SENDER.mobile, MANAGEMENT)):
            yield f"the result is for {results}"
        lost = sorted(message.team for message in messages if message.purpose == "not-reached")
        if not set(lost) <= campaign.not_reached.keys() | campaign.reached.keys() or len(set(lost)) != len(lost):
            yield f"the management is told of {lost}, and {list(campaign.not_reached)} were not reached"
        if len(lost) < min(5, len(campaign.not_reached)):
            yield f"the management is told of {lost} only, and {list(campaign.not_reached)} were not reached"

    def _alarms(self, campaign: Campaign) -> Iterator[str]:
        """The one that must stand does, and nothing of what has passed."""
        alarms = {alarm.key: alarm.text for alarm in self.store.alarms.active()}
        text = alarms.get(f"alert.{campaign.alert}.not-reached", "")
        for team in campaign.not_reached.keys() - campaign.reached.keys():
            if team not in text:
                yield f"no alarm tells that {team} was not reached: {text!r}"
        if standing := {key: text for key, text in alarms.items() if key.startswith(OF_THE_MOMENT)}:
            yield f"alarms still stand: {standing}"

    # --- the memory

    async def _records(self):
        for call in await self.store.calls.unfinished():
            yield f"call {call.id} ({call.direction}) has no end"
        report = await self.store.journal.verify()
        if not report.ok or report.unknown:
            yield f"the journal does not verify: {report}"
        for finding in await self.store.check():
            yield f"the database: {finding}"
        kept = {call.line for call in await self.store.calls.recent(10000) if call.direction == "out"}
        started = 0
        async for envelope in self.store.journal.records():
            started += isinstance(envelope.record, CallStarted)
        if started < len(self.world.calls_of_the_box):
            yield f"{len(self.world.calls_of_the_box)} calls were made and {started} are on record ({kept})"

    async def _sms(self):
        """What is known to have gone out does not go out again; what is not known may."""
        known: dict[int, float] = {}
        texts = {}
        async for envelope in self.store.journal.records():
            match envelope.record:
                case SmsTried(sms=sms, outcome=outcome):
                    if sms in known:
                        yield f"message {sms} was tried after its outcome was known"
                    if outcome in ("sent", "given-up", "unknown"):
                        known[sms] = envelope.mono
                    if outcome == "sent":
                        kept = await self.store.sms.get(sms)
                        assert kept is not None
                        texts[kept.number, kept.text, sms] = envelope.mono
                case _:
                    pass
        for sms in await self.store.sms.pending():
            yield f"message {sms.id} to {sms.number} was neither sent nor given up"
        for (number, text, sms), since in texts.items():
            moments = [at for at, to, said in self.world.witness.sms if (to, said) == (number, text)]
            if not any(at <= since for at in moments):
                yield f"message {sms} to {number} is on record as sent, and the network has not had it"
            twins = sum((number, text) == key[:2] for key in texts)
            if twins == 1 and any(at > since for at in moments):
                yield f"message {sms} to {number} went out again after it was known to be sent"


async def inquire(world: World, caller: Caller, listener: Listener, state: Path) -> tuple[list[str], int]:
    """What is wrong after a round, and how many calls rang without being counted."""
    if (state / "side").exists():
        return ["the box worked from a side database"], 0
    store = await Store.open(
        state / "alertbox.db", clock=Clock(), secrets=Secrets.load_or_create(state), read_only=True
    )
    try:
        inquest = Inquest(world, caller, listener, store)
        return await inquest.findings(), inquest.uncounted
    finally:
        await store.close()
