"""The monitor itself: events to areas, areas to the state, the state to alarms."""

from __future__ import annotations

import math
from typing import Any

from appliance.monitor.overload.config import MonitorConfig
from appliance.monitor.overload.decision import STAGE1, Metric, levels, suspicious
from appliance.monitor.overload.events import (
    DOMAINS,
    QUEUES,
    Alarm,
    Answered,
    Area,
    CallId,
    Ended,
    Event,
    Offered,
    Queued,
    Rejected,
    Ringing,
)
from appliance.monitor.overload.shares import Shares
from appliance.monitor.overload.status import AreaStatus, DomainStatus, Status
from appliance.monitor.overload.subsystem import Subsystem

PLACES = {domain: place for place, domain in enumerate(DOMAINS)}
NAMES = tuple(area.name.lower().replace("_", "-") for area in Area)
METRICS = tuple(metric.name.lower() for metric in Metric)
_AREA_DOMAIN = ("", *DOMAINS, "")
_INGRESS, _AGENTS = int(Area.INGRESS), int(Area.AGENTS)
VERSION = 1
MOST_DEADLINES = 10_000
"""Deadlines that can lie before one event; after any silence there are but a few."""


class OverloadMonitor:
    """Feed it events in the order of time; it answers with alarms and releases.

    What changes by silence alone is found by itself: before an event it goes through every deadline that lies before it.
    `tick` at `next_deadline()` only makes that known in time. An event older than the last one counts as now.
    """

    def __init__(self, config: MonitorConfig | None = None) -> None:
        self.config = config or MonitorConfig()
        self.areas = tuple(Subsystem(each, self.config) for each in self.config.areas())
        self.shares = Shares(self.config.shares) if self.config.shares.enabled else None
        self.state = 0
        self.ignored = 0
        self._suspects = tuple(PLACES[each] for each in self.config.suspects)
        self._table1 = [False] * 3
        self._calls: dict[CallId, tuple[int, float]] = {}
        """Domain and time of offer of the calls in progress, oldest first."""
        self._now = -math.inf
        self._deadline = math.inf
        self._handlers: dict[type, Any] = {
            Offered: self._offered,
            Queued: self._queued,
            Ringing: self._ringing,
            Answered: self._answered,
            Ended: self._ended,
            Rejected: self._rejected,
        }

    def feed(self, event: Event) -> list[Alarm]:
        """One event. Raises ValueError for a domain that is not known."""
        alarms: list[Alarm] = []
        at = event.at
        if at > self._now:
            self._advance(at, alarms)
            self._now = at
        else:
            at = self._now
        self._handlers[type(event)](event, at, alarms)
        return alarms

    def tick(self, now: float) -> list[Alarm]:
        """Time has passed."""
        alarms: list[Alarm] = []
        if now > self._now:
            self._advance(now, alarms)
            self._now = now
        return alarms

    def next_deadline(self) -> float | None:
        """When something may change without an event."""
        return None if math.isinf(self._deadline) else self._deadline

    def _advance(self, now: float, alarms: list[Alarm]) -> None:
        passes = 0
        while self._deadline <= now:
            passes += 1
            if (
                passes > MOST_DEADLINES
            ):  # an error of ours must not become a loop without end in a box that serves callers
                raise RuntimeError(f"deadlines without end: {self._deadline} at {self._now}")
            at = self._now = max(self._deadline, self._now)
            self._judge(tuple(i for i, area in enumerate(self.areas) if area.deadline <= at), at, alarms)

    # --- events -----------------------------------------------------------------------------------------------------

    def _offered(self, event: Offered, at: float, alarms: list[Alarm]) -> None:
        call = event.call
        place = _place(event.domain)
        if call in self._calls:
            self.ignored += 1
            return
        for oldest, (_, offered) in self._calls.items():
            if at - offered > self.config.forget_s:
                self._ended(Ended(oldest, at), at, alarms)
            break
        self._calls[call] = place, at
        ingress = self.areas[_INGRESS]
        ingress.enter(call, at)
        ingress.arrive(at, False)
        if self.shares is not None:
            self.shares.arrive(place, at, self.state & STAGE1 != 0)
        self._judge((_INGRESS,), at, alarms)

    def _queued(self, event: Queued, at: float, alarms: list[Alarm]) -> None:
        known = self._calls.get(event.call)
        if known is None:
            self.ignored += 1
            return
        index = known[0] + 1
        area = self.areas[index]
        if event.call not in area.residence.inside:
            area.enter(event.call, at)
            area.arrive(at, False)
            self._judge((index,), at, alarms)

    def _ringing(self, event: Ringing, at: float, alarms: list[Alarm]) -> None:
        agents = self.areas[_AGENTS]
        if event.call not in self._calls:
            self.ignored += 1
        elif self.config.agents_ringing and event.call not in agents.residence.inside:
            agents.ringing[event.call] = None
            self._judge((_AGENTS,), at, alarms)

    def _answered(self, event: Answered, at: float, alarms: list[Alarm]) -> None:
        known = self._calls.get(event.call)
        agents = self.areas[_AGENTS]
        if known is None or event.call in agents.residence.inside:
            self.ignored += 1
            return
        index = known[0] + 1
        self.areas[index].leave(event.call, at)
        agents.enter(event.call, at)
        agents.arrive(at, False)
        self._judge((index, _AGENTS), at, alarms)

    def _ended(self, event: Ended, at: float, alarms: list[Alarm]) -> None:
        known = self._calls.pop(event.call, None)
        if known is None:
            self.ignored += 1
            return
        index = known[0] + 1
        for each in (_INGRESS, index, _AGENTS):
            self.areas[each].leave(event.call, at)
        self._judge((_INGRESS, index, _AGENTS), at, alarms)

    def _rejected(self, event: Rejected, at: float, alarms: list[Alarm]) -> None:
        place = _place(event.domain)
        index = int(event.area)
        if event.area in QUEUES:
            index = place + 1
        self.areas[index].arrive(at, True)
        if index == _AGENTS:
            self.areas[index].ringing.pop(event.call, None)
        if index == _INGRESS and self.shares is not None:
            self.shares.arrive(place, at, self.state & STAGE1 != 0)
        self._judge((index,), at, alarms)

    # --- the meta IDS -----------------------------------------------------------------------------------------------

    def _judge(self, touched: tuple[int, ...], at: float, alarms: list[Alarm]) -> None:
        """Evaluate the areas that something happened to, and what follows from their alarms."""
        before = state = self.state
        for index in touched:
            area = self.areas[index]
            old = area.bits
            new = area.evaluate(at)
            if new != old:
                state = state & ~(15 << 4 * index) | new << 4 * index
                self._tell(index, old, new, at, alarms)
        short = state & STAGE1 != 0
        if state != before:
            self.state = state
            if short != (before & STAGE1 != 0):
                alarms.append(Alarm(at, "stage1", "overload", _word(short), ""))
            for suspect in self._suspects:
                attack = suspicious(state, suspect, self.config.reading, self.config.residence_condition)
                if attack != self._table1[suspect]:
                    self._table1[suspect] = attack
                    alarms.append(Alarm(at, "table1", "attack", _word(attack), DOMAINS[suspect]))
        deadline = math.inf
        if self.shares is not None:
            for place in self.shares.judge(at, short):
                active = self.shares.active[place]
                alarms.append(Alarm(at, "shares", "attack", _word(active), DOMAINS[place]))
            deadline = self.shares.deadline
        for area in self.areas:
            if area.deadline < deadline:
                deadline = area.deadline
        self._deadline = deadline

    @staticmethod
    def _tell(index: int, old: int, new: int, at: float, alarms: list[Alarm]) -> None:
        for place, metric in enumerate(METRICS):
            if (old ^ new) >> place & 1:
                state = _word(new >> place & 1 == 1)
                alarms.append(Alarm(at, "area", f"{NAMES[index]}.{metric}", state, _AREA_DOMAIN[index]))

    # --- for others -------------------------------------------------------------------------------------------------

    @property
    def overload(self) -> bool:
        """Stage 1 holds."""
        return self.state & STAGE1 != 0

    def attacks(self, detector: str) -> tuple[str, ...]:
        """Domains from which `table1` or `shares` sees an attack now."""
        active = self._table1 if detector == "table1" else self.shares.active if self.shares else ()
        return tuple(domain for domain, each in zip(DOMAINS, active, strict=False) if each)

    def status(self) -> Status:
        """Everything at a glance."""
        now = self._now
        areas = tuple(
            AreaStatus(
                name=NAMES[index],
                capacity=area.config.capacity,
                occupancy=area.occupancy,
                interarrival_s=area.interarrival.value(now),
                residence_s=area.residence.value(now),
                rejections=area.rejections.count,
                thresholds=area.thresholds(),
                alarms=tuple(metric for place, metric in enumerate(METRICS) if area.bits >> place & 1),
            )
            for index, area in enumerate(self.areas)
        )
        level = levels(self.state)
        domains = tuple(
            DomainStatus(
                name=domain,
                level=level[place],
                share=self.shares.shares[place] if self.shares else math.nan,
                evidence=self.shares.evidence(place) if self.shares else 0.0,
                alarms=tuple(each for each in ("table1", "shares") if domain in self.attacks(each)),
            )
            for place, domain in enumerate(DOMAINS)
        )
        time_s = None if math.isinf(now) else now
        return Status(time_s, self.overload, self.state, areas, domains, len(self._calls), self.ignored)

    def snapshot(self) -> dict[str, Any]:
        """Everything that counts, as JSON."""
        return {
            "version": VERSION,
            "now": None if math.isinf(self._now) else self._now,
            "ignored": self.ignored,
            "calls": [[call, place, at] for call, (place, at) in self._calls.items()],
            "areas": [area.snapshot() for area in self.areas],
            "shares": self.shares.snapshot() if self.shares else None,
            "table1": list(self._table1),
        }

    def restore(self, data: dict[str, Any]) -> None:
        """Go on from a snapshot; into a fresh monitor of the same configuration. Raises ValueError for another version."""
        if data.get("version") != VERSION:
            raise ValueError(f"a snapshot of version {data.get('version')}, not {VERSION}")
        self._now = -math.inf if data["now"] is None else data["now"]
        self.ignored = data["ignored"]
        self._calls = {call: (place, at) for call, place, at in data["calls"]}
        self._table1 = list(data["table1"])
        for index, (area, saved) in enumerate(zip(self.areas, data["areas"], strict=True)):
            area.restore(saved, self._now)
            self.state |= area.bits << 4 * index
        if self.shares and data["shares"]:
            self.shares.restore(data["shares"])
        self._deadline = min(self.shares.deadline if self.shares else math.inf, *(area.deadline for area in self.areas))


def _place(domain: str) -> int:
    try:
        return PLACES[domain]
    except KeyError:
        raise ValueError(f"{domain!r} is no domain; write one of {', '.join(DOMAINS)}") from None


def _word(active: bool) -> str:
    return "set" if active else "clear"
