"""A telephone call without a telephone, in virtual time: a scripted person hears captions, presses keys, speaks, hangs up."""

from __future__ import annotations

import asyncio
import collections
import contextlib
from collections.abc import Callable, Collection, Coroutine
from typing import Any

from hal.audio.sound import RATE, Sound
from hal.errors import HungUp
from hal.line import ALL_KEYS, Call, IncomingCall, Played, Recording, RecordingEnd

SAFETY_S = 60.0
"""Real seconds that a job on a thread may take."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Seconds pass only when nothing else is left to do; a job on a thread holds them up."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 5000.0
        self._jobs = 0
        real = self._selector.select

        def select(timeout: float | None = None) -> Any:
            if self._jobs:
                events = real(min(SAFETY_S, SAFETY_S if timeout is None or timeout > 0 else 0))
                assert events or timeout == 0, "a job on a thread hangs"
                return events
            if timeout is None:
                raise RuntimeError("nothing is left that could happen")
            events = real(0)
            if not events and timeout > 0:
                self._now += timeout
            return events

        self._selector.select = select

    def time(self) -> float:
        return self._now

    def run_in_executor(self, executor: Any, function: Any, *args: Any) -> Any:
        self._jobs += 1
        future = super().run_in_executor(executor, function, *args)
        future.add_done_callback(self._job_done)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """The original waits for a thread of its own, of which this loop would know nothing."""
        if self._default_executor is not None:
            self._default_executor.shutdown(wait=True)

    def _job_done(self, _: object) -> None:
        self._jobs -= 1


def live(scene: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(scene)


class FakeLine:
    name = "fake.1"


class FakeCall(Call):
    """One call. The conversation has the face of `hal.line.Call`, the test's person the methods below the line."""

    def __init__(self, caller: str | None = None, called: str | None = "4711", *, cut_at: int | None = None) -> None:
        self.line = FakeLine()
        self.caller, self.called = caller, called
        self.captions: list[str] = []
        self.played: list[Sound] = []
        self.operations = 0
        self.sent_keys = ""
        self._cut_at = cut_at
        self._keys: collections.deque[str] = collections.deque()
        self._over = asyncio.Event()
        self._changed = asyncio.Event()
        self._speech: list[Sound] = []
        self._recording = False
        self._mark = 0

    # --- what the conversation sees

    @property
    def hung_up(self) -> bool:
        return self._over.is_set()

    async def wait_hung_up(self) -> None:
        await self._over.wait()

    def _operation(self) -> None:
        self.operations += 1
        if self.operations == self._cut_at:
            self.hang_up_now()

    def _alive(self) -> None:
        if self.hung_up:
            raise HungUp("gone")

    async def _until(self, true: Callable[[], bool], seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not true():
            if loop.time() >= deadline:
                return False
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await self._changed.wait()
        return True

    async def play(self, *sounds: Sound, interrupt: Collection[str] = ALL_KEYS) -> Played:
        self._operation()
        loop = asyncio.get_running_loop()
        samples = 0

        def stopped() -> bool:
            return self.hung_up or any(key in interrupt for key in self._keys)

        for sound in sounds:
            if not stopped():
                if sound.caption:
                    self.captions.append(sound.caption)
                self.played.append(sound)
                self._stir()
                began = loop.time()
                if not await self._until(stopped, sound.seconds):
                    samples += sound.samples
                    continue
                samples += min(sound.samples, round((loop.time() - began) * RATE))
            if self.hung_up:
                error = HungUp("gone")
                error.samples = samples
                raise error
            while self._keys[0] not in interrupt:
                self._keys.popleft()
            return Played(samples, False, self._keys[0])
        return Played(samples, True)

    async def record(self, *, limit_s: float, stop_on: Collection[str] = ALL_KEYS) -> Recording:
        self._operation()
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._recording = True
        self._stir()
        await self._until(lambda: self.hung_up or any(key in stop_on for key in self._keys), limit_s)
        self._recording = False
        data = b"".join(sound.data for sound in self._speech)
        self._speech.clear()
        samples = min(round(limit_s * RATE), max(len(data), round((loop.time() - began) * RATE)))
        sound = Sound((data + b"\xd5" * (samples - len(data)))[:samples])
        if self.hung_up:
            return Recording(sound, RecordingEnd.HANG_UP)
        for key in self._keys:
            if key in stop_on:
                self._keys.remove(key)
                return Recording(sound, RecordingEnd.KEY, key)
        return Recording(sound, RecordingEnd.LIMIT)

    async def key(self, timeout: float) -> str | None:
        self._operation()
        self._alive()
        await self._until(lambda: self.hung_up or bool(self._keys), timeout)
        self._alive()
        return self._keys.popleft() if self._keys else None

    def flush_keys(self) -> None:
        self._keys.clear()

    async def send_keys(self, keys: str) -> None:
        self._operation()
        self._alive()
        self.sent_keys += keys

    async def hang_up(self) -> None:
        self.hang_up_now()

    # --- what the person at the other end does

    def _stir(self) -> None:
        self._changed.set()

    def hang_up_now(self) -> None:
        self._over.set()
        self._stir()

    @property
    def text(self) -> str:
        """Everything that was said to this ear."""
        return " ".join(self.captions)

    @property
    def since(self) -> str:
        """What was said since the last `hears`."""
        return " ".join(self.captions[self._mark :])

    async def hears(self, text: str, within: float = 400.0) -> None:
        """Wait until this is said. Fails the test when the call ends, or `within` seconds pass, without it."""
        deadline = asyncio.get_running_loop().time() + within
        while text.lower() not in self.since.lower():
            assert not self.hung_up, f"the call ended without {text!r}; heard since: {self.since!r}; all: {self.text!r}"
            assert asyncio.get_running_loop().time() < deadline, f"no {text!r}; heard since: {self.since!r}"
            await asyncio.sleep(0.01)
        end = self._mark
        while text.lower() not in " ".join(self.captions[self._mark : end]).lower():
            end += 1
        self._mark = end

    async def press(self, keys: str, gap: float = 0.1) -> None:
        """Press keys one after the other, `gap` seconds apart."""
        for key in keys:
            self._keys.append(key)
            self._stir()
            await asyncio.sleep(gap)

    async def speaks(self, sound: Sound) -> None:
        """Wait for the recording to begin, and say this."""
        while not self._recording:
            assert not self.hung_up, f"no recording; heard: {self.text!r}"
            await asyncio.sleep(0.01)
        self._speech.append(sound)
        await asyncio.sleep(sound.seconds)

    async def over(self) -> None:
        """Wait until the box hangs up."""
        async with asyncio.timeout(1000):
            await self._over.wait()


class FakeIncoming(IncomingCall):
    """A call that rings. `fails`: what answering it raises."""

    def __init__(self, call: FakeCall, fails: BaseException | None = None) -> None:
        self.call, self.fails = call, fails
        self.line, self.caller, self.called = call.line, call.caller, call.called

    async def answer(self) -> FakeCall:
        if self.fails:
            raise self.fails
        return self.call

    async def reject(self) -> None:
        self.call.hang_up_now()
