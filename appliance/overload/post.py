"""Everything about overload in one box: what is watched, what is answered to it, and how it is shown."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from appliance.config import Config
from appliance.monitor.response.policy import Measure, Policy, Step
from appliance.overload import glance
from appliance.overload.callsin import CallsIn
from appliance.overload.live import Announces, Watch
from appliance.overload.origin import Origin, by_caller
from appliance.overload.ownlines import for_size
from appliance.overload.pbx import PbxSource
from appliance.overload.watchoptions import Response
from hal.clock import Clock
from storage import Envelope, Store

log = logging.getLogger(__name__)

Apply = Callable[[Step], None]


class _Desk:
    """One watch and its response."""

    def __init__(
        self, watch: Watch, response: Response, measures: tuple[Measure, ...], apply: Apply, announcer: Announces
    ) -> None:
        self.watch = watch
        self._response = response
        self._policy = Policy(measures)
        self._apply = apply
        self._announcer = announcer
        watch.on_attack = self._attack

    def _attack(self, domain: str, on: bool) -> None:
        if self._response is Response.NONE:
            return
        acts = self._response is Response.ACT
        for step in self._policy.attack(domain, on):
            key = f"overload.{self.watch.name}.response.{step.measure.name.lower()}.{step.domain}"
            if step.on:
                self._announcer.alarm(key, "minor", f"{'done' if acts else 'proposed'}: {step}")
            else:
                self._announcer.clear(key, f"{'undone' if acts else 'no longer proposed'}: {step}")
            if acts:
                self._apply(step)

    def responses(self) -> list[str]:
        """What is proposed or in force now, for the screen."""
        word = "in force" if self._response is Response.ACT else "proposed"
        return [f"{word}: {step}" for step in self._policy.standing]


class Post:
    """The monitors of a box. `calls_in` watches its own calls; None where nobody wants that, or it failed to start."""

    def __init__(self, config: Config, clock: Clock, store: Store, announcer: Announces) -> None:
        self.calls_in: CallsIn | None = None
        self._desks: list[_Desk] = []
        self._pbx: PbxSource | None = None
        self._seq = 0
        store.subscribe(self._on_envelope)
        standing = [alarm.key for alarm in store.alarms.active()]
        for begin in (self._watch_own_lines, self._watch_pbx):
            try:
                begin(config, clock, announcer, standing)
            except Exception as error:  # whatever it is, the box has more important things to do
                log.exception("overload is not watched")
                announcer.alarm("overload.start", "major", f"overload is not watched: {error}")

    def _on_envelope(self, envelope: Envelope) -> None:
        self._seq = envelope.seq

    def _watch(self, name: str, monitor: Any, config: Config, clock: Clock, announcer: Announces) -> Watch:
        path = config.paths.state / f"overload-{name}.json"
        snapshot_s = config.watch.snapshot_s
        return Watch(name, monitor, clock, announcer, path, snapshot_s=snapshot_s, journal_head=lambda: self._seq)

    def _watch_own_lines(self, config: Config, clock: Clock, announcer: Announces, standing: list[str]) -> None:
        options = config.watch
        if not options.own_lines:
            return
        places = {
            f"{device.name}.{place}" if len(device.lines) > 1 else device.name: line
            for device in config.devices
            for place, line in enumerate(device.lines, 1)
            if line.direction.takes_calls
        }
        agents = min(config.lines.conversations, max(1, len(places)))
        watch = self._watch("box", options.monitor or for_size(len(places), agents), config, clock, announcer)
        watch.source = f"own lines: {', '.join(places) or 'none'}"
        if options.by_caller:
            watch.source = f"mobile or fixed by caller's number, which never tells VoIP; {watch.source}"
        origin = Origin(
            called={each.number: each.origin for each in options.numbers},
            lines={name: line.origin for name, line in places.items()},
            caller=(lambda number: by_caller(number, options.country)) if options.by_caller else None,
        )
        calls_in = CallsIn(watch, origin)

        def apply(step: Step) -> None:
            if step.measure is Measure.CHALLENGE:
                calls_in.challenge(step.domain, step.on)
            else:
                calls_in.cap(step.domain, options.cap if step.on else None)

        self._desks.append(_Desk(watch, options.response, options.measures, apply, announcer))
        watch.restore(standing)
        self.calls_in = calls_in

    def _watch_pbx(self, config: Config, clock: Clock, announcer: Announces, standing: list[str]) -> None:
        asterisk = config.asterisk
        if asterisk is None:
            return
        watch = self._watch("pbx", asterisk.monitor, config, clock, announcer)
        country = config.watch.country if config.watch.by_caller else ""
        source = PbxSource(asterisk, watch, announcer, country=country)
        measures = source.measures if asterisk.response is Response.ACT else tuple(Measure)
        self._desks.append(_Desk(watch, asterisk.response, measures, source.apply, announcer))
        watch.restore(standing, calls_go_on=True)
        self._pbx = source

    async def run(self) -> None:
        """Listen to the PBX, and save now and then, for ever."""
        async with asyncio.TaskGroup() as group:
            for desk in self._desks:
                group.create_task(desk.watch.run())
            if self._pbx is not None:
                group.create_task(self._pbx.run())

    async def close(self) -> None:
        """At a stop: the last snapshots."""
        async with AsyncExitStack() as stack:
            for desk in self._desks:
                stack.push_async_callback(desk.watch.close)

    def screens(self) -> list[tuple[str, str, Any]]:
        """Of every watch its name, its screen as text, and the same as data."""
        found = []
        for desk in self._desks:
            watch = desk.watch
            status = watch.status()
            agents = self._pbx.agents() if self._pbx is not None and watch.name == "pbx" else ""
            source = "; ".join(filter(None, (watch.source, agents)))
            text = glance.lines(watch.name, status, watch.recent, source=source, responses=desk.responses())
            found.append((watch.name, "\n".join(text), dataclasses.asdict(status)))
        return found
