"""A monitor at work: fed as things happen, its alarms journalled, its memory kept over restarts.

Nothing that goes wrong here reaches a call: `feed` never raises and never waits. Only attacks and the shortage of resources
are journalled, and their releases only once they have lasted, so that a flood writes a handful of records and no more.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from appliance.monitor.overload.config import MonitorConfig
from appliance.monitor.overload.events import Alarm, Ended, Event
from appliance.monitor.overload.monitor import OverloadMonitor
from appliance.monitor.overload.status import Status
from hal.clock import Clock, ClockTrust
from storage.atomicfile import write_file

log = logging.getLogger(__name__)

HOLD_S = 30.0
"""An alarm is cleared in the journal when it has been off for so long."""
MOST_FAILURES = 5
"""Mistakes of the monitor after which it is left alone until the box starts again."""
SEVERITIES = {"attack": "critical", "overload": "major"}
"""Alarms that are journalled, and how severe they are."""
VERSION = 1


class Announces(Protocol):
    """Where alarms go (`appliance.announcer.Announcer`)."""

    def alarm(self, key: str, severity: str, text: str) -> None: ...

    def clear(self, key: str, text: str = "") -> None: ...


def _nobody(domain: str, under_attack: bool) -> None:
    """The default of `on_attack`."""


class Watch:
    """One monitor, live. Everything but `run` and `save` is synchronous, on the event loop only."""

    def __init__(
        self,
        name: str,
        config: MonitorConfig,
        clock: Clock,
        announcer: Announces,
        path: Path,
        *,
        snapshot_s: float = 60.0,
        journal_head: Callable[[], int] = lambda: 0,
    ) -> None:
        """`path` keeps the snapshot; `journal_head` is the number of the newest record, which is noted in it."""
        self.name = name
        self.on_attack: Callable[[str, bool], None] = _nobody
        """Called when a domain begins and ceases to attack."""
        self.on_alarm: Callable[[Alarm], None] | None = None
        """Called with every alarm and release at once, those of single metrics too."""
        self.recent: deque[tuple[float, Alarm]] = deque(maxlen=50)
        """The last alarms and releases, with wall time."""
        self.failures = 0
        self.source = ""
        """What it is fed from and how that is, for people."""
        self.paused = False
        """The source is gone: silence means nothing."""
        self._config = config
        self._monitor = OverloadMonitor(config)
        self._clock = clock
        self._announcer = announcer
        self._path = path
        self._snapshot_s = snapshot_s
        self._journal_head = journal_head
        self._offset = 0.0
        self._dirty = True
        """Something has happened since the last snapshot."""
        self._timer: asyncio.TimerHandle | None = None
        self._standing: dict[str, str] = {}
        """Alarms as journalled -> domain under attack, or empty."""
        self._releases: dict[str, asyncio.TimerHandle] = {}

    # --- events

    def now(self) -> float:
        """The monitor's time: seconds that go on over restarts."""
        return self._clock.monotonic() + self._offset

    def at(self, monotonic: float) -> float:
        """The monitor's time of a moment of the clock."""
        return monotonic + self._offset

    def feed(self, events: Iterable[Event]) -> None:
        """Tell the monitor. Never raises, never waits."""
        if self.failures >= MOST_FAILURES:
            return
        try:
            for event in events:
                self._dirty = True
                for alarm in self._monitor.feed(event):
                    self._take(alarm)
            self._arm()
        except Exception as error:
            self._failed(error)

    def _tick(self) -> None:
        self._timer = None
        if self.paused:
            return
        try:
            for alarm in self._monitor.tick(self.now()):
                self._take(alarm)
            self._arm()
        except Exception as error:
            self._failed(error)

    def _arm(self) -> None:
        """Look again at the next deadline. One that has moved away is met early, and does no harm."""
        deadline = self._monitor.next_deadline()
        if deadline is None:
            return
        when = max(deadline - self._offset, self._clock.monotonic())
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(when, self._tick)

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        log.error("the overload monitor of %s failed and begins anew", self.name, exc_info=error)
        text = f"the overload monitor of {self.name} failed: {error!r}"
        if self.failures >= MOST_FAILURES:
            text += "; it is off until the box starts again"
        self._announcer.alarm(f"overload.{self.name}.monitor", "minor", text)
        self._monitor = OverloadMonitor(self._config)
        for key in list(self._standing):
            self._release_later(key)

    # --- alarms

    def _take(self, alarm: Alarm) -> None:
        self.recent.append((self._clock.wall(), alarm))
        if self.on_alarm is not None:
            self.on_alarm(alarm)
        severity = SEVERITIES.get(alarm.alarm)
        if severity is None:
            return
        key = ".".join(filter(None, ("overload", self.name, alarm.detector, alarm.domain)))
        if alarm.state == "clear":
            self._release_later(key)
            return
        if (release := self._releases.pop(key, None)) is not None:
            release.cancel()
        if key not in self._standing:
            attack = alarm.domain if alarm.alarm == "attack" else ""
            known = attack in self._standing.values()
            self._standing[key] = attack
            self._announcer.alarm(key, severity, self._text(alarm))
            if attack and not known:
                self._tell(attack, True)

    def _text(self, alarm: Alarm) -> str:
        if alarm.alarm == "attack":
            return f"{self.name}: calls from {alarm.domain} look like an attack (detector {alarm.detector})"
        return f"{self.name}: lines or agents run short"

    def _release_later(self, key: str) -> None:
        if key in self._standing and key not in self._releases:
            self._releases[key] = asyncio.get_running_loop().call_later(HOLD_S, self._release, key)

    def _release(self, key: str) -> None:
        self._releases.pop(key, None)
        attack = self._standing.pop(key, "")
        self._announcer.clear(key, "over")
        if attack and attack not in self._standing.values():
            self._tell(attack, False)

    def _tell(self, domain: str, under_attack: bool) -> None:
        try:
            self.on_attack(domain, under_attack)
        except Exception:
            log.exception("the response to an attack from %s failed", domain)

    # --- looking at it

    def status(self) -> Status:
        """Areas, sensors, alarms and levels as of now."""
        if not self.paused:
            self._tick_quietly()
        return self._monitor.status()

    def _tick_quietly(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._tick()

    def calls(self) -> list[Any]:
        """Names of the calls in progress."""
        return [call for call, *_ in self._monitor.snapshot()["calls"]]

    # --- memory

    async def run(self) -> None:
        """Save now and then, for ever."""
        while True:
            await asyncio.sleep(self._snapshot_s)
            if self._dirty:
                await self.save()

    async def save(self) -> None:
        """Write the snapshot. What cannot be written is logged and tried again in time."""
        data = {
            "version": VERSION,
            "config": _digest(self._config),
            "boot": self._clock.boot_id,
            "offset": self._offset,
            "now": self.now(),
            "wall": self._clock.wall(),
            "journal": self._journal_head(),
            "monitor": self._monitor.snapshot(),
        }
        self._dirty = False
        loop = asyncio.get_running_loop()
        try:
            text = json.dumps(data)
            await loop.run_in_executor(None, write_file, self._path, text.encode())
        except (OSError, ValueError) as error:
            self._dirty = True
            log.error("%s: the overload monitor's memory was not written: %s", self.name, error)

    async def close(self) -> None:
        """At a stop: the last snapshot; timers end."""
        for timer in (self._timer, *self._releases.values()):
            if timer is not None:
                timer.cancel()
        self._timer = None
        self._releases.clear()
        await self.save()

    def restore(self, standing: Iterable[str] = (), *, calls_go_on: bool = False) -> None:
        """Go on from the snapshot, before anything is fed. One that does not fit, or cannot be read, is left aside.

        `standing` are the keys of the alarms that stand in the journal: those of this monitor that it no longer sees are
        cleared. `calls_go_on`: the calls were on a PBX and may still be in progress; otherwise they have ended.
        """
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            if data["version"] != VERSION or data["config"] != _digest(self._config):
                raise ValueError("it is of another version or configuration")
            monitor = OverloadMonitor(self._config)
            monitor.restore(data["monitor"])
            if data["boot"] == self._clock.boot_id:
                offset = data["offset"]
            else:
                trusted = self._clock.trust is ClockTrust.TRUSTED
                away = max(0.0, self._clock.wall() - data["wall"]) if trusted else 0.0
                offset = data["now"] + away - self._clock.monotonic()
            ended = [] if calls_go_on else [call for call, *_ in data["monitor"]["calls"]]
            self._monitor, self._offset = monitor, float(offset)
            self.feed(Ended(call, data["now"]) for call in ended)
        except FileNotFoundError:
            pass
        except Exception as error:  # whatever stands in that file must not keep the box from starting
            log.warning("%s: the overload monitor begins anew: %r", self.name, error)
            self._monitor, self._offset = OverloadMonitor(self._config), 0.0
        self._take_over(standing)

    def _take_over(self, standing: Iterable[str]) -> None:
        seen = {
            f"overload.{self.name}.{detector}.{domain}": domain
            for detector in ("table1", "shares")
            for domain in self._monitor.attacks(detector)
        }
        if self._monitor.overload:
            seen[f"overload.{self.name}.stage1"] = ""
        for key in standing:
            if key.startswith(f"overload.{self.name}."):
                self._standing[key] = seen.get(key, "")
                if key not in seen:
                    self._release(key)
        for key in seen.keys() - self._standing.keys():  # seen, but the box died before it was written
            self._standing[key] = seen[key]
            severity = SEVERITIES["attack" if seen[key] else "overload"]
            self._announcer.alarm(key, severity, f"{self.name}: as it was before the restart")
        for domain in sorted({domain for domain in self._standing.values() if domain}):
            self._tell(domain, True)
        with suppress(Exception):
            self._arm()


def _digest(config: MonitorConfig) -> str:
    return sha256(repr(config).encode()).hexdigest()
