"""A PBX as a source: its calls into the monitor, and, where that is configured, the response back into its queues."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from appliance.ami.client import AmiClient, AmiError, Options, Secret
from appliance.ami.codec import Frame
from appliance.ami.mapping import Ingress, Mapping, Rules, Waiting
from appliance.monitor.overload.events import Queued
from appliance.monitor.response.policy import Measure, Step
from appliance.overload.live import Announces, Watch
from appliance.overload.origin import by_caller
from appliance.overload.watchoptions import Asterisk

log = logging.getLogger(__name__)

WISHES = 1000
"""Actions that may wait; more are dropped: the callers are then served as usual."""


def rules(config: Asterisk) -> Rules:
    """The mapping's rules as configured."""
    return Rules(
        ingress=tuple(Ingress(each.channel, each.context, each.called, each.origin) for each in config.ingress),
        queues={each.name: each.origin for each in config.queues},
        direct=config.direct,
        refusal_contexts=config.refusal_contexts,
    )


class PbxSource:
    """One Asterisk. `run` for as long as it is to be watched. Raises `AmiError` or OSError without a usable secret."""

    def __init__(
        self, config: Asterisk, watch: Watch, announcer: Announces, *, country: str = "", queue_limit: int = 20_000
    ) -> None:
        """`country`: tell mobile from fixed by callers' numbers, those without a prefix being of this country; empty: do not."""
        assert config.secret_file is not None
        self._config = config
        self._watch = watch
        self._announcer = announcer
        self._mapping = Mapping(
            rules(config), **({"by_caller": partial(by_caller, country=country)} if country else {})
        )
        self._client = AmiClient(
            Options(
                config.host,
                config.username,
                Secret.read(config.secret_file),
                port=config.port,
                md5=config.md5,
                filters=config.filters,
            ),
            receive=self._receive,
            resync=self._resync,
            on_state=self._state,
            queue_limit=queue_limit,
        )
        self._standing: dict[Measure, set[str]] = {measure: set() for measure in Measure}
        """Domains to which each measure applies."""
        self._wishes: asyncio.Queue[tuple[str, str, dict[str, str]]] = asyncio.Queue(WISHES)
        """Channel, action and fields."""
        watch.paused, watch.source = True, f"{config.host}: not connected yet"

    def agents(self) -> str:
        """How many agents the queues have, for people; empty as long as the PBX has said nothing of them."""
        there, taken = self._mapping.agents()
        return f"{taken} of {there} agents taken" if there else ""

    async def run(self) -> None:
        """Listen and act, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._client.run())
            group.create_task(self._act())

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What can be done from here: queue priorities always, the others where the dialplan has a place for them."""
        config = self._config
        able = ((Measure.AFTER_OTHERS, True), (Measure.CAP, config.busy), (Measure.CHALLENGE, config.challenge))
        return tuple(measure for measure, place in able if place)

    def apply(self, step: Step) -> None:
        """Put a measure into force, or end it. Callers who wait already are only reordered; who comes later meets all of it."""
        if step.measure not in self.measures:
            return
        if step.on:
            self._standing[step.measure].add(step.domain)
        else:
            self._standing[step.measure].discard(step.domain)
        if step.measure is Measure.AFTER_OTHERS:
            for caller in self._mapping.waiting():
                if caller.domain == step.domain:
                    self._reorder(caller, self._config.priority if step.on else self._config.usual_priority)

    def _treat(self, caller: Waiting) -> None:
        """Someone has just joined a queue: the strictest measure in force decides."""
        domain, standing, config = caller.domain, self._standing, self._config
        if domain in standing[Measure.CAP] and self._mapping.count(domain) > config.cap:
            self._send(caller, config.busy)
        elif domain in standing[Measure.CHALLENGE]:
            self._send(caller, config.challenge)
        elif domain in standing[Measure.AFTER_OTHERS]:
            self._reorder(caller, config.priority)

    def _reorder(self, caller: Waiting, priority: int) -> None:
        fields = {"Queue": caller.queue, "Caller": caller.channel, "Priority": str(priority), "Immediate": "yes"}
        self._wish(caller.channel, "QueueChangePriorityCaller", fields)

    def _send(self, caller: Waiting, place: str) -> None:
        context, extension, priority = place.split(",")
        fields = {"Channel": caller.channel, "Context": context, "Exten": extension, "Priority": priority}
        self._wish(caller.channel, "Redirect", fields)

    def _wish(self, channel: str, action: str, fields: dict[str, str]) -> None:
        try:
            self._wishes.put_nowait((channel, action, fields))
        except asyncio.QueueFull:
            log.warning("%s is served as usual: too many actions wait", channel)

    async def _act(self) -> None:
        while True:
            channel, action, fields = await self._wishes.get()
            try:
                await self._client.act(action, fields)
            except (AmiError, ValueError) as error:  # he may have left the queue meanwhile
                log.info("%s is served as usual: %s", channel, error)

    def _receive(self, frame: Frame, at: float) -> None:
        try:
            events = self._mapping.feed(frame, self._watch.at(at))
        except Exception:
            log.exception("an event of the PBX could not be read: %s", frame.name)
            return
        self._watch.feed(events)
        if any(self._standing.values()) and any(type(event) is Queued for event in events):
            newest = self._mapping.waiting_at(events[-1].call)
            if newest is not None:
                self._treat(newest)

    def _resync(self, channels: list[Frame], queues: list[Frame], at: float) -> None:
        known = [call for call in self._watch.calls() if isinstance(call, str)]
        try:
            events = self._mapping.resync(channels, queues, self._watch.at(at), known)
        except Exception:
            log.exception("the state of the PBX could not be read")
            return
        self._watch.paused = False
        self._watch.feed(events)
        for caller in self._mapping.waiting():
            if caller.domain in self._standing[Measure.AFTER_OTHERS]:
                self._reorder(caller, self._config.priority)

    def _state(self, up: bool, detail: str) -> None:
        self._watch.paused = not up
        self._watch.source = f"{self._config.host}: {detail}" if up else f"{self._config.host}: NO CONNECTION: {detail}"
        key = f"overload.{self._watch.name}.source"
        if up:
            self._announcer.clear(key, detail)
        else:
            self._announcer.alarm(key, "major", f"the PBX at {self._config.host} cannot be watched: {detail}")
