"""From AMI events to the monitor's: which channels are callers, of which domain, and where they are. Pure.

A caller's channel is one that an ingress rule names, that came by itself (its `Linkedid` is its own `Uniqueid`: it is the
oldest of what it is linked with) and that was not dialled by the PBX (state other than Down at birth), never a Local channel.
Its `Uniqueid` is the call; legs to agents, Local channels and transfers belong to it through `Linkedid` and never count anew.
The call is over when that channel is hung up. Where the PBX sends it after an agent has spoken with it changes nothing.

Fields: docs.asterisk.org, `Asterisk_22_Documentation/API_Documentation/AMI_Events/` Newchannel, DialBegin, DialEnd, Hangup,
QueueCallerJoin, QueueCallerAbandon, AgentCalled, AgentRingNoAnswer, AgentConnect, QueueMemberStatus, CoreShowChannel, QueueEntry.
QueueCallerLeave and AgentComplete are not needed: AgentConnect or Hangup tell more, and a caller who is put into another queue
stays in the one of its domain.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from appliance.ami.codec import Frame
from appliance.monitor.overload.events import (
    DOMAINS,
    PSTN,
    QUEUES,
    Answered,
    Area,
    Ended,
    Event,
    Offered,
    Queued,
    Rejected,
    Ringing,
)

DOWN = "0"
"""Channel state of a channel that the PBX has made to dial out (AMI_Events/Newchannel, ChannelState and ChannelStateDesc)."""
MOST_CALLS = 20_000
"""Calls and channels that are remembered; beyond them the oldest are forgotten."""


@dataclass(frozen=True, slots=True)
class Ingress:
    """Which channels bring callers, and from where. Patterns are those of a shell (`*`, `?`, `[...]`), case counts."""

    channel: str = "*"
    """Channel name, as `PJSIP/trunk-voip-*`."""
    context: str = "*"
    """Dialplan context at which the call comes in."""
    called: str = "*"
    """Called number (DID, routing number): the extension at which the call comes in."""
    domain: str = ""
    """One of `DOMAINS`; empty: by the caller's number, where that is configured, else PSTN."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What of a PBX is what."""

    ingress: tuple[Ingress, ...] = ()
    """The first that matches counts."""
    queues: dict[str, str] = field(default_factory=dict)
    """Queue -> domain (or empty) of the queues to watch; no entry at all: every queue. A call that no ingress rule knows is
    taken in when it joins a queue with a domain."""
    direct: bool = False
    """Calls that are not in a queue ring and are answered by Dial, too."""
    refusals: tuple[int, ...] = (17, 34, 42, 44)
    """Causes of a hang-up (Q.850: busy, no circuit, congestion, channel not available) that refuse a call at its queue."""
    refusal_contexts: tuple[str, ...] = ()
    """Dialplan contexts to which calls go that find no place: hung up there, they were refused, whatever the cause."""


class Stage(enum.IntEnum):
    """How far a call has come."""

    OFFERED = 0
    QUEUED = 1
    ANSWERED = 2


@dataclass(slots=True)
class _Call:
    """A caller in progress."""

    domain: str
    channel: str
    queue: str = ""
    stage: Stage = Stage.OFFERED
    ringing: set[str] = field(default_factory=set)
    """Legs to agents that ring."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A caller in a queue, for those who want to act on it."""

    call: str
    channel: str
    queue: str
    domain: str


def _no_prefix(number: str) -> str:
    return PSTN


class Mapping:
    """The calls of one PBX, from its events."""

    def __init__(self, rules: Rules, *, by_caller: Callable[[str], str] = _no_prefix) -> None:
        """`by_caller` names the domain of a caller's number where a rule leaves it open."""
        self._rules = rules
        self._by_caller = by_caller
        self._calls: dict[str, _Call] = {}
        self._members: dict[tuple[str, str], str] = {}
        self._handlers: dict[str, Callable[[Frame, float], list[Event]]] = {
            "Newchannel": self._new_channel,
            "Hangup": self._hangup,
            "QueueCallerJoin": self._joined,
            "QueueCallerAbandon": self._abandoned,
            "AgentCalled": self._agent_called,
            "AgentConnect": self._agent_connected,
            "AgentRingNoAnswer": self._agent_silent,
            "DialBegin": self._dial_begins,
            "DialEnd": self._dial_ended,
            "QueueMemberStatus": self._member,
            "QueueMemberRemoved": self._member_gone,
        }

    @property
    def wanted(self) -> Collection[str]:
        """Names of the events that it reads."""
        return self._handlers.keys()

    def __len__(self) -> int:
        return len(self._calls)

    def agents(self) -> tuple[int, int]:
        """Agents of the queues as the PBX tells: those who could take a call or have one, and those not free of them."""
        states: dict[str, str] = {interface: state for (_, interface), state in self._members.items()}
        there = [state for state in states.values() if state not in ("4", "5", "paused")]
        return len(there), sum(state != "1" for state in there)

    def waiting(self) -> list[Waiting]:
        """The callers in queues, the longest first."""
        return [
            Waiting(key, call.channel, call.queue, call.domain)
            for key, call in self._calls.items()
            if call.stage is Stage.QUEUED and call.queue
        ]

    def count(self, domain: str) -> int:
        """Calls of a domain that wait or are answered."""
        return sum(call.domain == domain and call.stage is not Stage.OFFERED for call in self._calls.values())

    def waiting_at(self, key: object) -> Waiting | None:
        """The call of that name, if it waits in a queue."""
        call = self._calls.get(str(key))
        if call is None or call.stage is not Stage.QUEUED or not call.queue:
            return None
        return Waiting(str(key), call.channel, call.queue, call.domain)

    def feed(self, frame: Frame, at: float) -> list[Event]:
        """What an event of the PBX means for the monitor; mostly nothing. `at` in the monitor's seconds."""
        handler = self._handlers.get(frame.name) if frame.kind == "event" else None
        return handler(frame, at) if handler else []

    # --- channels

    def _new_channel(self, frame: Frame, at: float) -> list[Event]:
        key = frame.get("uniqueid")
        if not key or key != frame.get("linkedid", key) or frame.get("channelstate") == DOWN or key in self._calls:
            return []
        rule = self._rule(frame.get("channel"), frame.get("context"), frame.get("exten"))
        if rule is None:
            return []
        return [self._take(key, rule.domain or self._by_caller(frame.get("calleridnum")), frame, at)]

    def _rule(self, channel: str, context: str, called: str) -> Ingress | None:
        if channel.startswith("Local/"):
            return None
        for rule in self._rules.ingress:
            if (
                fnmatchcase(channel, rule.channel)
                and fnmatchcase(context, rule.context)
                and fnmatchcase(called, rule.called)
            ):
                return rule
        return None

    def _rule_midway(self, channel: str, context: str) -> Ingress | None:
        """The rule for a channel that is somewhere in the dialplan: by its name, or else by where it is now."""
        if channel.startswith("Local/"):
            return None
        for rule in self._rules.ingress:
            if rule.channel != "*" and fnmatchcase(channel, rule.channel):
                return rule
        for rule in self._rules.ingress:
            if rule.channel == "*" and rule.context != "*" and fnmatchcase(context, rule.context):
                return rule
        return None

    def _take(self, key: str, domain: str, frame: Frame, at: float) -> Event:
        if len(self._calls) >= MOST_CALLS:
            del self._calls[next(iter(self._calls))]
        domain = domain if domain in DOMAINS else PSTN
        self._calls[key] = _Call(domain, frame.get("channel"))
        return Offered(key, domain, at)

    def _hangup(self, frame: Frame, at: float) -> list[Event]:
        key = frame.get("uniqueid")
        call = self._calls.pop(key, None)
        if call is None:
            self._leg_ends(frame.get("linkedid"), key)
            return []
        refused = frame.get("context") in self._rules.refusal_contexts or (
            frame.get("cause").isdecimal() and int(frame.get("cause")) in self._rules.refusals
        )
        if call.stage is Stage.OFFERED and refused:
            return [Rejected(key, call.domain, at, _queue_of(call.domain)), Ended(key, at)]
        return [Ended(key, at)]

    # --- queues and agents

    def _find(self, frame: Frame) -> tuple[str, _Call | None]:
        """The call that the caller's channel of an event belongs to."""
        for name in ("uniqueid", "linkedid"):
            key = frame.get(name)
            if key in self._calls:
                return key, self._calls[key]
        return frame.get("uniqueid"), None

    def _watched(self, queue: str) -> bool:
        return not self._rules.queues or queue in self._rules.queues

    def _joined(self, frame: Frame, at: float) -> list[Event]:
        queue = frame.get("queue")
        if not self._watched(queue):
            return []
        key, call = self._find(frame)
        events: list[Event] = []
        if call is None:
            domain = self._rules.queues.get(queue, "")
            if not domain or not key:
                return []
            events.append(self._take(key, domain, frame, at))
            call = self._calls[key]
        call.queue, call.channel = queue, frame.get("channel")
        if call.stage is Stage.OFFERED:
            call.stage = Stage.QUEUED
            events.append(Queued(key, at))
        return events

    def _abandoned(self, frame: Frame, at: float) -> list[Event]:
        _, call = self._find(frame)
        if call is not None:
            call.ringing.clear()  # its end comes with the hang-up of its channel
        return []

    def _agent_called(self, frame: Frame, at: float) -> list[Event]:
        return self._rings(frame, at, queued=True) if self._watched(frame.get("queue")) else []

    def _rings(self, frame: Frame, at: float, *, queued: bool) -> list[Event]:
        key, call = self._find(frame)
        if call is None or call.stage is Stage.ANSWERED:
            return []
        events: list[Event] = []
        if call.stage is Stage.OFFERED:
            call.stage = Stage.QUEUED
            events.append(Queued(key, at))
        first = not call.ringing
        call.ringing.add(frame.get("destuniqueid") or frame.get("interface"))
        return [*events, Ringing(key, at)] if first else events

    def _agent_connected(self, frame: Frame, at: float) -> list[Event]:
        return self._answered(frame, at) if self._watched(frame.get("queue")) else []

    def _answered(self, frame: Frame, at: float) -> list[Event]:
        key, call = self._find(frame)
        if call is None or call.stage is Stage.ANSWERED:
            return []
        call.stage = Stage.ANSWERED
        call.ringing.clear()
        return [Answered(key, at)]

    def _agent_silent(self, frame: Frame, at: float) -> list[Event]:
        key, call = self._find(frame)
        if call is None or not call.ringing:
            return []
        call.ringing.discard(frame.get("destuniqueid") or frame.get("interface"))
        return [] if call.ringing else [Rejected(key, call.domain, at, Area.AGENTS)]

    def _leg_ends(self, linked: str, leg: str) -> None:
        call = self._calls.get(linked)
        if call is not None and len(call.ringing) > 1:  # the last one's end is told by AgentRingNoAnswer
            call.ringing.discard(leg)

    def _dial_begins(self, frame: Frame, at: float) -> list[Event]:
        _, call = self._find(frame)
        if not self._rules.direct or call is None or call.queue:
            return []
        return self._rings(frame, at, queued=False)

    def _dial_ended(self, frame: Frame, at: float) -> list[Event]:
        _, call = self._find(frame)
        if not self._rules.direct or call is None or call.queue:
            return []
        if frame.get("dialstatus") == "ANSWER":
            return self._answered(frame, at)
        return self._agent_silent(frame, at)

    def _member(self, frame: Frame, at: float) -> list[Event]:
        if self._watched(frame.get("queue")) and len(self._members) < MOST_CALLS:
            state = "paused" if frame.get("paused") == "1" else frame.get("status")
            self._members[frame.get("queue"), frame.get("interface") or frame.get("stateinterface")] = state
        return []

    def _member_gone(self, frame: Frame, at: float) -> list[Event]:
        self._members.pop((frame.get("queue"), frame.get("interface")), None)
        return []

    # --- after a gap

    def resync(
        self, channels: Iterable[Frame], queues: Iterable[Frame], at: float, known: Collection[str] = ()
    ) -> list[Event]:
        """What must have happened while nobody listened, in the order of time.

        `channels` are CoreShowChannel events, `queues` the QueueEntry and QueueMember events of QueueStatus; `known` are
        calls that the monitor may still hold from an earlier run. A channel that is in the middle of the dialplan no longer
        shows where it came in: the channel patterns of the ingress rules count here, and the context where a rule has none.
        """
        rows = {row.get("uniqueid"): row for row in channels if row.name == "CoreShowChannel"}
        waits: dict[str, Frame] = {}
        self._members.clear()
        for row in queues:
            if row.name == "QueueEntry" and self._watched(row.get("queue")):
                waits[row.get("uniqueid")] = row
            elif row.name == "QueueMember":
                self._member(_member_status(row), at)
        events: list[Event] = [Ended(key, at) for key in {*self._calls, *known} - rows.keys()]
        for key in self._calls.keys() - rows.keys():
            del self._calls[key]
        for key, row in rows.items():
            events += self._found(key, row, waits.get(key), at)
        return sorted(events, key=lambda event: event.at)

    def _found(self, key: str, row: Frame, wait: Frame | None, at: float) -> list[Event]:
        events: list[Event] = []
        queue = wait.get("queue") if wait else ""
        if key not in self._calls:
            own = key == row.get("linkedid") and row.get("applicationdata") != "(Outgoing Line)"
            rule = self._rule_midway(row.get("channel"), row.get("context")) if own else None
            domain = self._rules.queues.get(queue, "") or (rule.domain if rule else "")
            if not domain and rule is None:
                return []
            began = at - _duration(row.get("duration"))
            events.append(self._take(key, domain or self._by_caller(row.get("calleridnum")), row, began))
        call = self._calls[key]
        if wait and call.stage is Stage.OFFERED:
            call.stage, call.queue, call.channel = Stage.QUEUED, queue, row.get("channel")
            seconds = wait.get("wait")
            events.append(Queued(key, at - (float(seconds) if seconds.isdecimal() else 0.0)))
        elif not wait and row.get("bridgeid") and call.stage is not Stage.ANSWERED:
            call.stage = Stage.ANSWERED
            events.append(Answered(key, at))
        return events


def _queue_of(domain: str) -> Area:
    return QUEUES[DOMAINS.index(domain)]


def _member_status(row: Frame) -> Frame:
    """A QueueMember row of QueueStatus in the words of QueueMemberStatus."""
    interface = row.get("location") or row.get("stateinterface")
    return Frame("event", "QueueMemberStatus", {**row.fields, "interface": interface})


def _duration(text: str) -> float:
    """Seconds of a `HH:MM:SS` (AMI_Events/CoreShowChannel, Duration)."""
    seconds = 0.0
    for part in text.split(":"):
        if not part.isdecimal():
            return 0.0
        seconds = 60 * seconds + int(part)
    return seconds
