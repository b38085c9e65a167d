"""A box with a real store, quick prompts, some teams, and people who call it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import functools
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np

from hal.audio import companding
from hal.audio.sound import Encoding, Sound
from hal.clock import Clock
from ivr.house import House
from ivr.inbound import answer
from ivr.limits import Limits
from ivr.outbound import OutboundResult, converse
from ivr.prompts import Catalogue, load
from ivr.prompts.store import render_missing
from storage import Argon2Cost, Secrets, Store
from storage.records import AlertConfirmed, MessageRecorded, PinSet, RosterLoaded, Target
from storage.roster import Acknowledgement, Number, Roster, Team
from tests.ivr.fakecall import FakeCall, FakeIncoming

DAY = dt.date(2020, 1, 1)
NOON = dt.datetime(2026, 11, 22, 12, 5, tzinfo=dt.UTC).timestamp()
PINS = {"alpha": "48213", "beta": "90517", "gamma": "31592"}
SERVICE = "eCSIRT.net alert function"


def team(key: str, uid: str, number: str, **changes: Any) -> Team:
    return Team(
        key,
        uid,
        f"{key.title()} CSIRT",
        **{"numbers": (Number(number),), "registered": DAY, "code_of_conduct": DAY, **changes},
    )


TEAMS = (
    team("alpha", "1001", "+493011111", mobile="+491511111"),
    team("beta", "1002", "+493022222", language="de"),
    team("gamma", "1003", "+493033333", acknowledgement=Acknowledgement.PIN, groups=("day", "night")),
    team("delta", "1004", "+493044444", code_of_conduct=None),
    team("idle", "1005", "+493055555", active=False),
)


def speech(seconds: float = 2.0, seed: int = 1) -> Sound:
    """Something that swells and fades like syllables, each seed another."""
    noise = np.random.default_rng(seed).normal(0, 4000, round(seconds * 8000))
    noise *= 0.05 + 0.95 * np.sin(np.pi * 4 * np.arange(len(noise)) / 8000) ** 2
    return Sound(companding.encode(noise.clip(-30000, 30000).astype(np.int16), Encoding.ALAW))


def carries(played: Sound, said: Sound, *, likeness: float = 0.97) -> bool:
    """`said` is what is played, from somewhere near its beginning to near its end, at whatever level."""
    ear, mouth = (companding.decode(sound.data, sound.encoding).astype(float) for sound in (played, said))
    if not 0.7 * len(mouth) < len(ear) < len(mouth) + 4000:
        return False
    size = len(ear) + len(mouth)
    product = np.fft.irfft(np.fft.rfft(ear, size) * np.conj(np.fft.rfft(mouth, size)), size)
    return bool(product.max() > likeness * np.linalg.norm(ear) * np.linalg.norm(mouth))


@functools.cache
def prompts() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="prompts-"))
    for code in ("en", "de"):
        language = load(code)
        render_missing(directory, language, [*language.texts(), SERVICE, *(t.name for t in TEAMS)], "fast")
    return directory


@functools.cache
def catalogue() -> Catalogue:
    return Catalogue.open(prompts())


class Village:
    """The house, and shortcuts for what tests do with it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.store = house.store
        self.woken: list[int] = []
        self.cleared: list[int] = []
        house.on_alert, house.on_all_clear = self.woken.append, self.cleared.append

    async def records(self, kind: type) -> list[Any]:
        """All records of a kind in the journal, oldest first."""
        return [envelope.record async for envelope in self.store.journal.records() if isinstance(envelope.record, kind)]

    async def call_in(
        self,
        person: Callable[[FakeCall], Awaitable[None]],
        caller: str | None = "03099999",
        *,
        challenged: bool = False,
        **options: Any,
    ) -> FakeCall:
        """Somebody calls; returns when the call is over and its record written. The person hangs up at the end."""
        call = FakeCall(caller, **options)
        await self._together(answer(FakeIncoming(call), self.house, challenged=challenged), person, call)
        return call

    async def call_out(
        self,
        person: Callable[[FakeCall], Awaitable[None]],
        team: str,
        alerts: list[int],
        *,
        keys: str = "",
        **options: Any,
    ) -> tuple[OutboundResult, FakeCall]:
        """The box has called a team, and somebody answered."""
        call = FakeCall(None, **options)
        called = self.store.roster.current().by_key(team)
        call_id = self.store.new_id("call")
        conversation = converse(call, call_id, called, alerts, self.house, keys=keys)
        return await self._together(conversation, person, call), call

    async def _together(self, conversation: Any, person: Callable[[FakeCall], Awaitable[None]], call: FakeCall) -> Any:
        async def act() -> None:
            try:
                await person(call)
            except AssertionError:
                if call._cut_at is None:
                    raise
            finally:
                call.hang_up_now()

        async with asyncio.TaskGroup() as group:
            running = group.create_task(conversation)
            group.create_task(act())
        return running.result()

    async def alert(
        self,
        sender: str = "alpha",
        *,
        exercise: bool = False,
        sound: Sound | None = None,
        all_clear_of: int | None = None,
    ) -> int:
        """A confirmed alert, as if somebody had sent it; its number."""
        sound = sound or speech(seed=self.store.new_id("sms"))
        message, alert = self.store.new_id("message"), self.store.new_id("alert")
        digest = self.store.digest(sound)
        roster = self.store.roster.current()
        targets = [Target(t.key, t.why_not_called()) for t in roster.teams if t.key != sender]
        await self.store.commit(
            MessageRecorded(message, sender, 0, digest, "alaw", sound.samples),
            AlertConfirmed(alert, message, sender, 0, exercise, targets, all_clear_of),
            audio={digest: sound},
        )
        return alert


@contextlib.asynccontextmanager
async def village(directory: Path, *, teams: tuple[Team, ...] = TEAMS, **limits: Any) -> AsyncIterator[Village]:
    """A box that has just started. `limits` are changes to the default `Limits`."""
    loop = asyncio.get_running_loop()
    clock = Clock(loop, wall=lambda: NOON + loop.time() - 5000.0, boot_id="boot")
    cost = Argon2Cost(memory_kib=8, passes=1)
    secrets = Secrets(b"d" * 32, b"p" * 32)
    store = await Store.open(directory / "box.db", clock=clock, secrets=secrets, pin_cost=cost, reserve_bytes=65536)
    try:
        roster = Roster.of(teams)
        pins = [PinSet(key, "", await store.credentials.hash(pin), "test") for key, pin in PINS.items()]
        for group, pin in (("day", "2468"), ("night", "9137")):
            pins.append(PinSet("gamma", group, await store.credentials.hash(pin), "test"))
        await store.commit(RosterLoaded(roster.digest, "test", roster.to_json()), *pins)
        yield Village(House(store, catalogue(), clock, Limits(**limits)))
    finally:
        await store.close()


MAIN_MENU = {"alpha": "To record an alert", "beta": "Zum Aufnehmen", "gamma": "To record an alert"}
LOGIN = {key: next(t.uid for t in TEAMS if t.key == key) + pin for key, pin in PINS.items()}


async def log_in(call: FakeCall, key: str = "alpha") -> None:
    """Enter UID and PIN and wait for the main menu."""
    await call.hears("nine digits")
    await call.press(LOGIN[key])
    await call.hears(MAIN_MENU[key])
