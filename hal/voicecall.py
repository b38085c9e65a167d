"""What every call has in common, whatever modem carries it: the key queue, one operation at a time, the end of the call.

`VoiceCall` leaves to its drivers how audio is sent and received. `DuplexCall` does that for lines whose audio flows both
ways from answer to release, through one `Stream` of the pump.
"""

from __future__ import annotations

import asyncio
import re
from abc import abstractmethod
from collections import deque
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from hal.audio.pump import Stream
from hal.audio.sound import RATE, Encoding, Sound
from hal.errors import HungUp, LineFault
from hal.line import ALL_KEYS, Call, Line, Played, Recording, RecordingEnd

KEY_QUEUE = 64
"""Keys that are kept for a conversation that does not take them; further ones are lost."""
SENDABLE = re.compile(r"[0-9*#A-D,]*\Z")


class Halt:
    """Tells a running operation to stop: a key that it listens to, or the end of the call."""

    def __init__(self, keys: Collection[str]) -> None:
        self.keys = frozenset(keys)
        self.key = ""
        self.requested: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def request(self, key: str = "") -> None:
        if not self.requested.done():
            self.key = key
            self.requested.set_result(None)


class VoiceCall(Call):
    """A call that is up. A driver calls `key_pressed` and `ended`, and fills in the hooks with an underscore."""

    def __init__(self, line: Line, encoding: Encoding, caller: str | None, called: str | None) -> None:
        self.line = line
        self.caller = caller
        self.called = called
        self.encoding = encoding
        """How audio is played on this line."""
        self.received = encoding
        """How audio comes from it, and is stored."""
        self._reason = ""
        self._tone_at: float | None = None
        self._over = asyncio.Event()
        self._keys: deque[str] = deque(maxlen=KEY_QUEUE)
        self._key_arrived = asyncio.Event()
        self._halt: Halt | None = None
        self._releasing: asyncio.Task[None] | None = None

    # --- for the driver ---

    def key_pressed(self, key: str) -> None:
        """The other side has pressed a key."""
        if self._over.is_set() or key not in ALL_KEYS or len(self._keys) == KEY_QUEUE:
            return
        self._keys.append(key)
        self._key_arrived.set()
        if self._halt and key in self._halt.keys and not self._halt.requested.done():
            self._halt.request(key)
            self._discard()

    def ended(self, reason: str, fault: LineFault | None = None) -> None:
        """The other side has hung up, or the line under the call died (`fault`). More than once is harmless."""
        if self._over.is_set():
            return
        self._reason, self.fault = reason, fault
        self._over.set()
        self._key_arrived.set()
        if self._halt:
            self._halt.request()

    def tone_began(self, ago_s: float) -> None:
        """The tone that tells of the other side's hang-up has been heard for `ago_s` seconds."""
        self._tone_at = asyncio.get_running_loop().time() - ago_s

    def _tone_in(self, sound: Sound) -> int | None:
        """The sample of what has just been recorded at which that tone began."""
        if self._tone_at is None:
            return None
        since = round((asyncio.get_running_loop().time() - self._tone_at) * RATE)
        return max(0, sound.samples - since)

    @abstractmethod
    def _discard(self) -> None:
        """A key has stopped what is played: drop what has not been given to the modem, at once."""

    @abstractmethod
    async def _transmit(self, audio: bytes, halt: Halt) -> int:
        """Play until heard, `halt.requested`, or the end of the call; the samples that the far end has been sent.

        A `LineFault` ends the call.
        """

    @abstractmethod
    async def _receive(self, limit: int, halt: Halt) -> bytes:
        """What is received, until it is `limit` samples, `halt.requested`, or the end of the call. `LineFault` likewise."""

    @abstractmethod
    async def _send_key(self, key: str) -> None:
        """Press one key towards the other side; return when its tone is over."""

    @abstractmethod
    async def _release(self) -> None:
        """Hang up and bring the line back to where it can take the next call. Never raises. Called once."""

    # --- the face ---

    @property
    def hung_up(self) -> bool:
        return self._over.is_set()

    async def wait_hung_up(self) -> None:
        await self._over.wait()

    async def play(self, *sounds: Sound, interrupt: Collection[str] = ALL_KEYS) -> Played:
        with self._operation(interrupt) as halt:
            queued = halt.key
            if queued:
                return Played(0, False, queued)
            self._check_up()
            if any(sound.encoding.adpcm for sound in sounds):  # decoding takes so long that other lines would have gaps
                audio = await asyncio.get_running_loop().run_in_executor(None, self._converted, sounds)
            else:
                audio = self._converted(sounds)
            samples = 0
            try:
                samples = await self._transmit(audio, halt)
            except LineFault as fault:
                self.ended(str(fault), fault)
            complete = samples * self.encoding.width >= len(audio)
            if halt.key:
                return Played(samples, complete, halt.key)
            self._check_up()
            return Played(samples, complete)

    async def record(self, *, limit_s: float, stop_on: Collection[str] = ALL_KEYS) -> Recording:
        limit = round(limit_s * RATE)
        with self._operation(stop_on) as halt:
            data = b""
            if not halt.key and not self.hung_up:
                try:
                    data = await self._receive(limit, halt)
                except LineFault as fault:
                    self.ended(str(fault), fault)
            whole = len(data) if self.received.adpcm else len(data) - len(data) % self.received.width
            sound = Sound(data[: min(self.received.size(limit), whole)], self.received)
            if halt.key:
                self._keys.remove(halt.key)
                return Recording(sound, RecordingEnd.KEY, halt.key)
            return Recording(
                sound, RecordingEnd.HANG_UP if self.hung_up else RecordingEnd.LIMIT, tone_at=self._tone_in(sound)
            )

    async def key(self, timeout: float) -> str | None:
        try:
            async with asyncio.timeout(timeout):
                while not self._keys:
                    self._check_up()
                    self._key_arrived.clear()
                    await self._key_arrived.wait()
        except TimeoutError:
            return self._keys.popleft() if self._keys else None
        return self._keys.popleft()

    def flush_keys(self) -> None:
        self._keys.clear()

    async def send_keys(self, keys: str) -> None:
        if not SENDABLE.match(keys):
            raise ValueError(f"not keys: {keys!r}")
        with self._operation(()):
            for key in keys:
                self._check_up()
                try:
                    await (self._pause(1.0) if key == "," else self._send_key(key))
                except LineFault as fault:
                    self.ended(str(fault), fault)
            self._check_up()

    async def hang_up(self) -> None:
        self.ended("hung up by us")
        if self._releasing is None:
            self._releasing = asyncio.get_running_loop().create_task(self._release())
        await asyncio.shield(self._releasing)  # a cancelled conversation still leaves the line on hook

    # --- machinery ---

    def _converted(self, sounds: tuple[Sound, ...]) -> bytes:
        return b"".join([sound.to(self.encoding).data for sound in sounds])

    async def _pause(self, seconds: float) -> None:
        """Wait, but not longer than the call lasts."""
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return

    def _check_up(self) -> None:
        if self._over.is_set():
            raise HungUp(self._reason) from self.fault

    @contextmanager
    def _operation(self, keys: Collection[str]) -> Iterator[Halt]:
        if self._halt:
            raise RuntimeError("one operation at a time: another play, record or send_keys is running")
        halt = Halt(keys)
        queued = next((key for key in self._keys if key in halt.keys), "")
        if queued:
            halt.request(queued)
        self._halt = halt
        try:
            yield halt
        finally:
            self._halt = None


class DuplexCall(VoiceCall):
    """A call whose audio flows both ways all the time. The driver calls `begin` when the stream is there, and stops it."""

    stream: Stream | None = None

    def begin(self, stream: Stream) -> None:
        """The audio of the call flows from now on."""
        self.stream = stream

    def _discard(self) -> None:
        if self.stream and self.stream.playback:
            self.stream.playback.cancel()

    async def _transmit(self, audio: bytes, halt: Halt) -> int:
        assert self.stream
        playback = self.stream.play(audio)
        try:
            await asyncio.wait((playback.done, halt.requested), return_when=asyncio.FIRST_COMPLETED)
        finally:
            playback.cancel()
        return playback.given if not self.hung_up else playback.heard

    async def _receive(self, limit: int, halt: Halt) -> bytes:
        assert self.stream
        captured = self.stream.capture = bytearray()
        try:
            await asyncio.wait((halt.requested,), timeout=limit / RATE)
        finally:
            self.stream.capture = None
        return bytes(captured)
