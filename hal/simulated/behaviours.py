"""What subscribers do with a call by themselves: for demonstrations and benches, where no test holds the receiver.

Each is a small dataclass; `phone.behaviour = AcknowledgesWithKey(key="1")`. All times in seconds of the exchange.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hal.audio.sound import Encoding, Sound
from hal.simulated import g711, sounds
from hal.simulated.causes import Cause
from hal.simulated.phone import IncomingRing, NotHeard, PhoneCall


@dataclass
class Person:
    """Picks up, listens for a while, perhaps presses something, and stays until the other side hangs up."""

    ring_s: float = 4.0
    """Until the receiver is picked up."""
    think_s: float = 4.0
    """From there to the first key."""
    waits_for: str = ""
    """Words to wait for before the first key, instead of `think_s` (where the exchange knows the prompts)."""
    patience_s: float = 90.0
    """Until the receiver is put down, if the other side has not hung up."""

    async def __call__(self, ring: IncomingRing) -> None:
        """Take a call."""
        call = await ring.answer(after=self.ring_s)
        async with call:
            await self.think(call)
            await self.act(call)
            await call.ends(within=self.patience_s)

    async def think(self, call: PhoneCall) -> None:
        """Listen before acting."""
        if self.waits_for:
            try:
                await call.hears(self.waits_for, within=self.patience_s)
                await call.wait(0.5)
            except NotHeard:
                return
        else:
            await call.wait(self.think_s)

    async def act(self, call: PhoneCall) -> None:
        """What this one does; a mere listener does nothing."""


@dataclass
class AcknowledgesWithKey(Person):
    """Presses a key when asked to."""

    key: str = "1"

    async def act(self, call: PhoneCall) -> None:
        await call.press(self.key)


@dataclass
class Declines(AcknowledgesWithKey):
    """Says that the call is not for here."""

    key: str = "9"


@dataclass
class AcknowledgesWithPin(Person):
    """Types a PIN, after typing wrong ones."""

    pin: str = "1234"
    wrong: tuple[str, ...] = ()
    again_s: float = 6.0
    """Between one attempt and the next."""

    async def act(self, call: PhoneCall) -> None:
        for pin in self.wrong:
            await call.press(pin)
            await call.wait(self.again_s)
        if self.pin:
            await call.press(self.pin)


@dataclass
class HangsUpHalfWay(AcknowledgesWithKey):
    """Acknowledges, then puts the receiver down in the middle of the message. With an empty key it acknowledges nothing."""

    hears_s: float = 8.0

    async def act(self, call: PhoneCall) -> None:
        if self.key:
            await call.press(self.key)
        await call.wait(self.hears_s)
        await call.hang_up()


@dataclass
class AnsweringMachine:
    """Picks up after some rings, plays its greeting and a beep, records, and hangs up. `greeting`: a sound or a WAV file."""

    greeting: Sound | Path | str | None = None
    ring_s: float = 15.0
    records_s: float = 30.0

    async def __call__(self, ring: IncomingRing) -> None:
        """Take a call."""
        async with await ring.answer(after=self.ring_s) as call:
            await call.wait(1.0)
            if self.greeting is not None:
                sound = self.greeting if isinstance(self.greeting, Sound) else read_wav(Path(self.greeting))
                await call.speaks(sound)
            await call.speaks(Sound(sounds.tone(1000, 0.5)))
            await call.ends(within=self.records_s)


@dataclass
class NeverAnswers:
    """Lets it ring."""

    async def __call__(self, ring: IncomingRing) -> None:
        """Take no call."""
        await ring.rings_out(within=600)


@dataclass
class Rejects:
    """Refuses every call, `ring_s` seconds after it began to ring."""

    ring_s: float = 2.0
    cause: int = Cause.CALL_REJECTED

    async def __call__(self, ring: IncomingRing) -> None:
        """Refuse a call."""
        if not await ring.rings_out(within=self.ring_s):
            await ring.reject(Cause(self.cause))


BEHAVIOURS: dict[str, type[Any]] = {
    "listens": Person,
    "acknowledges": AcknowledgesWithKey,
    "acknowledges with pin": AcknowledgesWithPin,
    "declines": Declines,
    "hangs up half-way": HangsUpHalfWay,
    "answering machine": AnsweringMachine,
    "never answers": NeverAnswers,
    "rejects": Rejects,
}
"""By the name that a configuration gives."""


def read_wav(path: Path) -> Sound:
    """A WAV file (PCM, 16 bit, mono, 8 kHz) as A-law. Raises ValueError for another kind, OSError, `wave.Error`."""
    with wave.open(str(path), "rb") as file:
        if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, 8000):
            raise ValueError(f"{path}: want mono, 16 bit, 8000 Hz (sox IN -r 8000 -c 1 -b 16 OUT)")
        return Sound(g711.from_s16le(file.readframes(file.getnframes())), Encoding.ALAW, path.stem)
