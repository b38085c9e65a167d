"""A call in the hands of whoever holds the receiver: what the ear hears, what the mouth says, which keys are pressed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from hal.audio.sound import FRAME, RATE, Encoding, Sound
from hal.simulated import g711, sounds
from hal.simulated.captions import Ear, Heard
from hal.simulated.causes import Cause
from hal.simulated.circuit import Circuit, Phase
from hal.simulated.likeness import Likeness

if TYPE_CHECKING:
    from hal.simulated.phone import Phone

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
            if len(tail) == needed and max(abs(tail.astype(int)).tolist()) < 256:
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
