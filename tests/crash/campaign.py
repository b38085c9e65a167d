"""One round: a whole alert on a box that is killed again and again on the way."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from appliance.answers import CommandFailed
from appliance.control import BoxDown, ask
from hal.simulated.circuit import Phase
from tests.crash.caller import Caller, Listener
from tests.crash.invariants import inquire
from tests.crash.nursery import Life, Nursery
from tests.crash.place import LISTENER, SENDER, World, config
from tests.support.box import BOX

LONGEST_S = 4000.0
"""Seconds of the exchange after which a round that has not ended is a violation."""
UP_S = 1200.0
"""Seconds of the exchange that a start may take (a minute at twenty times life)."""
LIFE_S, LIFE_BEFORE_S = 60.0, 100.0
"""Most seconds between a start and a kill, drawn uniformly: while the alert runs, and before, when a whole call in must fit."""
EARLY_S = 8.0
"""For a share of the kills: most seconds; these fall into the start."""
EARLY, COLD, REBOOT = 0.2, 0.05, 0.2
"""Shares of kills that come early, of starts that are cold, and of restarts that seem to be a new boot."""

ENDS_EARLY, PLAYS_BACK = 0.15, 0.4
"""Shares of rounds in which the sender ends the calling, and in which a team calls in to hear the alert."""


STALL_S = 4.0
"""Seconds of the exchange for which a busy machine may hold it up: within what a modem may take to answer a command. A round in
which something went wrong after a longer stall tells nothing about the box."""


@dataclass
class Result:
    """What came of a round."""

    seed: int
    kills: int = 0
    starts: int = 0
    phases: Counter[str] = field(default_factory=Counter)
    """What the box was at when a kill came (several at once, perhaps)."""
    calls_out: int = 0
    uncounted: int = 0
    seconds: float = 0.0
    """Of the exchange."""
    stall_s: float = 0.0
    """Longest time (of the exchange) for which the machine held the exchange up."""
    violations: list[str] = field(default_factory=list)

    @property
    def void(self) -> bool:
        """What went wrong may be the machine's fault."""
        return bool(self.violations) and self.stall_s > STALL_S


class Round:
    """See `perform`."""

    def __init__(
        self, seed: int, kills: int, *, directory: Path, template: Path, prompts: Path, nursery: Nursery, speed: float
    ) -> None:
        self.chance = random.Random(seed)
        self.kills = kills
        self.directory = directory
        self.nursery = nursery
        self.result = Result(seed)
        directory.mkdir(parents=True)
        shutil.copytree(template, directory / "state")
        (directory / "box.toml").write_text(config(directory, prompts, speed))
        self.prompts = prompts
        self.boots = 0
        self.ready = False
        self._ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._ear.bind(str(directory / "notify"))

    async def perform(self) -> Result:
        """The whole of it. Violations are in the result; an exception is a mistake of the test itself."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        self.world = World(self.directory / "exchange", self.prompts, self.chance)
        chance, phone = self.chance, self.world.phone
        self.caller = Caller(SENDER, phone(SENDER.number), chance, ends_early=chance.random() < ENDS_EARLY)
        self.listener = Listener(LISTENER, phone(LISTENER.number), chance)
        self.people = [loop.create_task(self.caller.send_and_ask())]
        watching = loop.create_task(self._watch_for_stalls())
        if chance.random() < PLAYS_BACK:
            self.people.append(loop.create_task(self.listener.listen()))
        try:
            async with asyncio.timeout(LONGEST_S):
                await self._live()
        except TimeoutError:
            self._wrong(f"it has not ended after {LONGEST_S:.0f} s; the caller was {self.caller.stage}")
        finally:
            watching.cancel()
            await self._leave()
            self._ear.close()
        if not self.result.violations:
            found, self.result.uncounted = await inquire(
                self.world, self.caller, self.listener, self.directory / "state"
            )
            self.result.violations += found
        self.result.violations += self._complaints()
        self.result.calls_out = len(self.world.calls_of_the_box)
        self.result.seconds = loop.time() - began
        await self.world.close(check=False)
        return self.result

    async def _watch_for_stalls(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + 0.5
            await asyncio.sleep(0.5)
            self.result.stall_s = max(self.result.stall_s, loop.time() - due)

    async def _leave(self) -> None:
        """All who call in go home. A mistake of theirs is one of the test."""
        for person in self.people:
            person.cancel()
        for end in await asyncio.gather(*self.people, return_exceptions=True):
            if isinstance(end, Exception):
                raise end

    def _wrong(self, text: str) -> None:
        self.result.violations.append(text)

    # --- lives and deaths

    async def _live(self) -> None:
        """Start, kill, start ... until the alert is over; then stop in order."""
        while True:
            life = await self._bear()
            longest = LIFE_S if self.caller.knows else LIFE_BEFORE_S
            limit = EARLY_S if self.chance.random() < EARLY else longest
            wait = self.chance.uniform(0, limit) if self.result.kills < self.kills else UP_S
            over = asyncio.ensure_future(self._over())
            died = asyncio.ensure_future(life.over.wait())
            try:
                await asyncio.wait((over, died), timeout=wait, return_when=asyncio.FIRST_COMPLETED)
                if not (self.ready or self._hear()) and self.result.kills >= self.kills and not died.done():
                    self._wrong(f"the box does not come up within {UP_S:.0f} s")
                elif self.result.kills >= self.kills:
                    await asyncio.wait((over, died), return_when=asyncio.FIRST_COMPLETED)
                if life.over.is_set():
                    self._wrong(f"the box ended by itself: status {await life.end()}")
                    return
                if self.result.violations or over.done():
                    await self._leave()
                    await self._stop(life)
                    return
            finally:
                over.cancel()
                died.cancel()
                await asyncio.gather(over, died, return_exceptions=True)
                if not life.over.is_set() and (task := asyncio.current_task()) and task.cancelling():
                    life.signal(signal.SIGKILL)
            self._note_phase()
            life.signal(signal.SIGKILL)
            self.result.kills += 1
            if (status := await life.end()) != -signal.SIGKILL:
                self._wrong(f"the box ended by itself: status {status}")
                return

    async def _bear(self) -> Life:
        if not self.boots or self.chance.random() < REBOOT:
            self.boots += 1
        self._hear()
        self.ready = False
        self.result.starts += 1
        return await self.nursery.bear(
            self.directory / "box.toml", self.directory / "box.log", self.directory / "notify",
            boot=f"boot-{self.boots}", cold=self.chance.random() < COLD,
        )  # fmt: skip

    def _hear(self) -> bool:
        """Whether the box has said that it is ready."""
        with suppress(BlockingIOError):
            while True:
                self.ready |= self._ear.recv(4096).startswith(b"READY=1")
        return self.ready

    async def _stop(self, life: Life) -> None:
        life.signal(signal.SIGTERM)
        if status := await life.end():
            self._wrong(f"the box stopped with status {status}")

    def _note_phase(self) -> None:
        phases = self.result.phases
        phases["starting"] += not self._hear()
        phases["an alert is out"] += self.caller.knows is not None
        for person in (self.caller, self.listener):
            phases[f"call in, {person.stage}"] += person.stage != "idle"
        states = {circuit.phase for circuit in self.world.calls_up if circuit.called_number != BOX}
        for phase, name in ((Phase.SETUP, "dialling"), (Phase.RINGING, "ringing"), (Phase.CONNECTED, "talking")):
            phases[f"call out, {name}"] += phase in states
        if self.ready and not states and self.caller.stage == self.listener.stage == "idle":
            phases["between calls"] += 1

    # --- the end

    async def _over(self) -> None:
        """Returns when the alert has ended and the last message has gone."""
        while True:
            await asyncio.sleep(5.0)
            if self._hear() and self.caller.knows:
                report = await self._ask("alerts show", id=1)
                if report and report["ended"] and self._all_told(report["sms"]):
                    return

    def _all_told(self, messages: list[tuple[str, str, str]]) -> bool:
        """The result is among the messages, and none waits (purpose, number and state of each)."""
        return any(purpose == "result" for purpose, *_ in messages) and not any(
            state in ("queued", "failed") for *_, state in messages
        )

    async def _ask(self, command: str, **arguments: Any) -> Any:
        question: Callable[[], Any] = partial(ask, self.directory / "control", command, arguments)
        try:
            return (await asyncio.get_running_loop().run_in_executor(None, question)).data
        except (BoxDown, CommandFailed):
            return None

    def _complaints(self) -> list[str]:
        """What the box itself has called a mistake of its own."""
        log = (self.directory / "box.log").read_text(errors="replace")
        return [f"the log has: {log[at - 300 : at + 1500]}" for at in [log.find("Traceback")] if at >= 0]
