"""A telephone that a test, a demonstration or a person drives: it dials, rings, answers, listens, speaks and presses keys."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from hal.audio.sound import FRAME, RATE, Encoding, Sound
from hal.simulated import g711, sounds
from hal.simulated.captions import Ear, Heard
from hal.simulated.causes import Cause
from hal.simulated.circuit import CallLog, Circuit, Party, Phase, Presence
from hal.simulated.likeness import Likeness

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange

_KEY_KNOWN_AFTER = 3
"""Frames of a key's tone after which the far end has recognised it (ITU-T Q.24: 40 ms, and a frame to say so)."""


class NotAnswered(ConnectionError):
    """A call that this phone placed was not answered; `cause` says why."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(f"not answered: {cause.name.lower().replace('_', ' ')} ({cause.value})")
        self.cause = cause


class CallEnded(ConnectionError):
    """The other side has hung up."""


class NotHeard(TimeoutError):
    """What should have been heard did not come."""


class PhoneCall:
    """A call that is up, as the person at the telephone lives it. `async with` hangs up at the end."""

    def __init__(self, phone: Phone, circuit: Circuit) -> None:
        self.phone = phone
        self.circuit = circuit
        phone.exchange.read_prompts()
        self._ear = Ear(phone.exchange.captions)
        far = circuit.other(phone)
        self._likeness = Likeness(phone.exchange.likenesses) if far and far.lossy else None
        self._listened = 0
        self._news = asyncio.Event()
        self._speech = bytearray()
        self._speech_done: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._spoken = 0
        self._keys: deque[tuple[bytes, str, asyncio.Future[None] | None]] = deque()
        self.on_frame: Callable[[bytes], None] | None = None
        """Called with each 20 ms that is heard (160 bytes of A-law)."""

    @property
    def number(self) -> str:
        """The number at the other end."""
        circuit = self.circuit
        return circuit.called_number if circuit.caller is self.phone else circuit.caller_number

    @property
    def hung_up(self) -> bool:
        """The call is over."""
        return self.circuit.phase is Phase.ENDED

    # --- ear ---

    @property
    def heard(self) -> bytes:
        """Everything that the ear has received since the call was answered, A-law."""
        return self._ear.audio

    @property
    def captions(self) -> list[str]:
        """The prompts that came through so far, in order (each from 0.4 s on, or when complete)."""
        return [heard.caption for heard in self._heard]

    @property
    def prompts(self) -> list[Heard]:
        """The same with their places, and whether each came through whole."""
        return list(self._heard)

    @property
    def _heard(self) -> list[Heard]:
        return self._likeness.heard if self._likeness else self._ear.heard

    @property
    def keys_heard(self) -> str:
        """The keys that the other side has pressed, told from the audio (after `send_keys` of a call out)."""
        return sounds.keys_in(self.heard)

    async def hears_keys(self, keys: str, *, within: float = 30.0) -> None:
        """Wait until exactly these keys have been heard in this call, in order. Raises `NotHeard`, `CallEnded`."""
        deadline = asyncio.get_running_loop().time() + within
        while (heard := self.keys_heard) != keys:
            if asyncio.get_running_loop().time() > deadline or not keys.startswith(heard):
                raise NotHeard(f"keys {keys!r} not within {within} s; heard {heard!r}")
            await self.wait(0.1)

    async def hears(self, text: str, *, within: float = 30.0, whole: bool = False) -> str:
        """Wait until `text` (case does not matter) stands in the captions of what is heard after the last `hears`.

        It may run over several prompts, which are joined by blanks. `whole` waits for the last of them to end, too.
        Returns all captions since the last `hears`. Raises `NotHeard` after `within` seconds, `CallEnded` at a hang-up.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        wanted = " ".join(text.lower().split())
        while True:
            end = self._find(wanted, whole)
            if end is not None:
                said = " ".join(self.captions[self._listened : end])
                self._listened = end
                return said
            news = " | ".join(self.captions[self._listened :]) or "nothing that is known"
            if self.hung_up:
                raise CallEnded(f"hung up before {text!r}; heard {news}")
            self._news.clear()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._news.wait()
            except TimeoutError:
                raise NotHeard(f"{text!r} not within {within} s; heard {news}") from None

    def _find(self, wanted: str, whole: bool) -> int | None:
        words = ""
        for position in range(self._listened, len(self._heard)):
            heard = self._heard[position]
            words = f"{words} {' '.join(heard.caption.lower().split())}"
            if wanted in words:
                return None if whole and not heard.complete else position + 1
        return None

    async def hears_silence(self, seconds: float) -> None:
        """Wait until nothing louder than noise has come for so long. Raises `CallEnded`."""
        needed = round(seconds * RATE)
        while True:
            tail = g711.decode(self.heard[-needed:])
            if len(tail) == needed and abs(tail.astype(int)).max() < 256:
                return
            await self.wait(0.02)

    async def wait(self, seconds: float) -> None:
        """Hold the line. Raises `CallEnded` if the other side hangs up meanwhile."""
        if await self.ends(within=seconds):
            raise CallEnded("hung up")

    async def ends(self, *, within: float = 30.0) -> bool:
        """Wait for the other side to hang up: True when it has, False after `within` seconds."""
        try:
            async with asyncio.timeout(within):
                while not self.hung_up:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True

    # --- mouth and fingers ---

    async def speaks(self, sound: Sound) -> None:
        """Say it; returns when the last sample has gone out. Raises `CallEnded`."""
        if self.hung_up:
            raise CallEnded("hung up")
        self._speech += sound.to(Encoding.ALAW).data
        done = asyncio.get_running_loop().create_future()
        self._speech_done.append((self._spoken + len(self._speech), done))
        await done

    def falls_silent(self) -> None:
        """Stop in the middle of what is being said."""
        self._spoken += len(self._speech)
        self._speech.clear()
        self._tell_spoken()

    async def press(self, keys: str, *, on_s: float = 0.1, off_s: float = 0.1) -> None:
        """Press keys, each `on_s` long and `off_s` apart (a comma: one second). Returns after the last. Raises `CallEnded`."""
        if self.hung_up:
            raise CallEnded("hung up")
        done = asyncio.get_running_loop().create_future()
        quiet = sounds.QUIET
        for key in keys:
            if key == ",":
                self._keys.extend((quiet, "", None) for _ in range(50))
                continue
            wave = sounds.key_tone(key, on_s)
            for position in range(0, len(wave), FRAME):
                frame = wave[position : position + FRAME].ljust(FRAME, bytes([g711.SILENCE]))
                last = position + FRAME >= len(wave)
                known = position == (_KEY_KNOWN_AFTER - 1) * FRAME or (
                    last and position < (_KEY_KNOWN_AFTER - 1) * FRAME
                )
                self._keys.append((frame, key if known else "", None))
            self._keys.extend((quiet, "", None) for _ in range(round(off_s * RATE / FRAME)))
        self._keys.append((quiet, "", done))
        await done

    async def hang_up(self) -> None:
        """Put the receiver down. Harmless when the call is over."""
        self.circuit.release(self.phone)
        self.over()

    async def __aenter__(self) -> PhoneCall:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.hang_up()

    # --- the exchange's side ---

    def next_frame(self) -> bytes:
        """20 ms of what this side says."""
        if self._keys:
            frame, key, done = self._keys.popleft()
            if key and (far := self.circuit.other(self.phone)):
                far.key(key)
            if done and not done.done():
                done.set_result(None)
            return frame
        if not self._speech:
            return sounds.QUIET
        frame = bytes(self._speech[:FRAME])
        del self._speech[:FRAME]
        self._spoken += len(frame)
        self._tell_spoken()
        return frame.ljust(FRAME, bytes([g711.SILENCE]))

    def _tell_spoken(self) -> None:
        while self._speech_done and self._speech_done[0][0] <= self._spoken:
            _, done = self._speech_done.popleft()
            if not done.done():
                done.set_result(None)

    def take_frame(self, frame: bytes) -> None:
        """20 ms of what the other side says."""
        news = self._ear.feed(frame)
        if self._likeness:
            news = self._likeness.feed(frame)
        if news:
            self._news.set()
        if self.on_frame:
            self.on_frame(frame)

    def over(self) -> None:
        """The call has ended: nobody waits any longer."""
        self._news.set()
        waiting = [done for _, done in self._speech_done] + [done for _, _, done in self._keys if done]
        self._speech_done.clear()
        self._keys.clear()
        for done in waiting:
            if not done.done():
                done.set_exception(CallEnded("hung up"))


class IncomingRing:
    """A call that rings at a phone."""

    def __init__(self, phone: Phone, circuit: Circuit) -> None:
        self.phone = phone
        self.circuit = circuit
        self.taken = False
        self.over = asyncio.Event()

    @property
    def caller(self) -> str:
        """Its number as presented; empty when withheld."""
        return self.circuit.caller_number

    @property
    def ringing(self) -> bool:
        return self.circuit.phase is Phase.RINGING

    async def answer(self, after: float = 0.0) -> PhoneCall:
        """Pick up, `after` seconds from now. Raises `CallEnded` if the caller has given up."""
        self.taken = True
        await asyncio.sleep(after)
        if not self.ringing:
            raise CallEnded("the caller has given up")
        self.circuit.answer()
        call = self.phone.call
        assert call is not None
        return call

    async def reject(self, cause: Cause = Cause.CALL_REJECTED) -> None:
        """Refuse the call, as the network reports it: `Cause.USER_BUSY`, `Cause.CALL_REJECTED` ..."""
        self.taken = True
        self.circuit.release(self.phone, cause)
        self.over.set()

    async def rings_out(self, *, within: float = 120.0) -> bool:
        """Let it ring until the caller gives up: True when that happened within so many seconds."""
        self.taken = True
        try:
            async with asyncio.timeout(within):
                await self.over.wait()
        except TimeoutError:
            return False
        return True


class Dialling:
    """`await phone.dial(n)` or `async with phone.dial(n) as call`; raises `NotAnswered`."""

    def __init__(self, phone: Phone, number: str, within: float) -> None:
        self._phone, self._number, self._within = phone, number, within
        self._call: PhoneCall | None = None

    def __await__(self):  # type: ignore[no-untyped-def]  # the type of a generator-based awaitable says nothing here
        return self._phone.place(self._number, self._within).__await__()

    async def __aenter__(self) -> PhoneCall:
        self._call = await self
        return self._call

    async def __aexit__(self, *_: object) -> None:
        if self._call:
            await self._call.hang_up()


Behaviour = Callable[[IncomingRing], Awaitable[None]]
"""What a phone does by itself with each call."""


class Phone(Party):
    """A subscriber's telephone."""

    def __init__(self, exchange: Exchange, number: str) -> None:
        self.exchange = exchange
        self.number = number
        self.call: PhoneCall | None = None
        self.present_number = True
        """Shows its number when it calls."""
        self.busy = False
        """Off the hook: every caller hears busy."""
        self.busy_times = 0
        """Busy for so many calls to come."""
        self.switched_off = False
        """No sign of life: the network ends calls to it with cause 18."""
        self.refuse: Cause | int | None = None
        """The exchange ends every call to this number with this cause, at once (a dead number, congestion ...)."""
        self.behaviour: Behaviour | None = None
        """What it does with calls by itself; without one a test takes them with `rings`."""
        self.setup_s = 0.5
        self._rings: deque[IncomingRing] = deque()
        self._ring_came = asyncio.Event()
        self._current: IncomingRing | None = None
        self._outcome: asyncio.Future[PhoneCall] | None = None
        self._outgoing: Circuit | None = None

    # --- what a test says ---

    def dial(self, number: str, *, within: float = 60.0) -> Dialling:
        """Call a number; gives the `PhoneCall` when it is answered. Raises `NotAnswered` with the cause."""
        return Dialling(self, number, within)

    async def place(self, number: str, within: float) -> PhoneCall:
        """What `dial` awaits."""
        if self._outgoing or self._current or (self.call and not self.call.hung_up):
            raise RuntimeError(f"phone {self.number} is in use")
        self._outcome = asyncio.get_running_loop().create_future()
        circuit = self._outgoing = self.exchange.place(self, self.number if self.present_number else "", number)
        try:
            async with asyncio.timeout(within):
                return await self._outcome
        except TimeoutError:
            raise NotAnswered(Cause.NO_ANSWER) from None
        finally:
            self._outgoing = self._outcome = None
            if circuit.phase is not Phase.CONNECTED:
                circuit.release(self)

    async def rings(self, *, within: float = 60.0) -> IncomingRing:
        """The next call that rings here. Raises `NotHeard` after `within` seconds."""
        try:
            async with asyncio.timeout(within):
                while True:
                    while self._rings:
                        ring = self._rings.popleft()
                        if ring.ringing:
                            ring.taken = True
                            return ring
                    self._ring_came.clear()
                    await self._ring_came.wait()
        except TimeoutError:
            raise NotHeard(f"phone {self.number} did not ring within {within} s") from None

    def never_answers(self) -> None:
        """Let every call ring out: expected, not a surprise."""

        async def ring_out(ring: IncomingRing) -> None:
            await ring.rings_out(within=3600)

        self.behaviour = ring_out

    @property
    def calls(self) -> list[CallLog]:
        """The calls that were made to this number."""
        return self.exchange.calls_to(self.number)

    @property
    def unexpected(self) -> list[CallLog]:
        """Calls that rang here and nobody took an interest in."""
        return [ring.circuit.log() for ring in self._rings if not ring.taken]

    # --- the exchange's side ---

    def presence(self, called_number: str) -> Presence:
        if self.switched_off:
            return Presence.ABSENT
        in_use = self._outgoing or self._current or (self.call and not self.call.hung_up)
        return Presence.BUSY if self.busy or in_use else Presence.IDLE

    def refusal(self) -> Cause | None:
        if self.busy_times > 0:
            self.busy_times -= 1
            return Cause.USER_BUSY
        return None if self.refuse is None else Cause(self.refuse)

    def ring(self, circuit: Circuit) -> None:
        ring = self._current = IncomingRing(self, circuit)
        if self.behaviour:
            ring.taken = True
            self.exchange.spawn(self._behave(self.behaviour, ring), f"phone {self.number}")
        else:
            self._rings.append(ring)
            self._ring_came.set()

    async def _behave(self, behaviour: Behaviour, ring: IncomingRing) -> None:
        try:
            await behaviour(ring)
        except CallEnded:
            pass

    def connected(self, circuit: Circuit) -> None:
        self.call = PhoneCall(self, circuit)
        self._current = None
        if self._outcome and not self._outcome.done() and circuit is self._outgoing:
            self._outcome.set_result(self.call)

    def released(self, circuit: Circuit, cause: Cause) -> None:
        if self._current and self._current.circuit is circuit:
            self._current.over.set()
            self._current = None
        if self._outcome and not self._outcome.done() and circuit is self._outgoing:
            self._outcome.set_exception(NotAnswered(cause))
        if self.call and self.call.circuit is circuit:
            self.call.over()

    def speak(self) -> bytes:
        return self.call.next_frame() if self.call else sounds.QUIET

    def hear(self, frame: bytes) -> None:
        if self.call:
            self.call.take_frame(frame)
