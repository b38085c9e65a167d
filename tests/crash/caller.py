"""Those who call in: the sender, who calls until the box has said that the alert is on its way, and a team that plays it back."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

from hal.simulated import CallEnded, NotAnswered, NotHeard, Phone, PhoneCall
from tests.support.box import BOX, Member, speech

DRAFT = "a recording of your team that was not sent"
MENU = "to record an alert, press"
STORED = "is stored, and the calls begin now"
NONE_SENT = "you have sent no alert"
SENT = "your alert of"
MAY_END = "to end the calling now"
CALLING_OVER = "the calling has ended"
ENDED = "the calling has been ended"
END_OF_MESSAGE = "end of message"
NO_MESSAGES = "there are no new messages"
PATIENCE_S = 20.0
"""Seconds without what should be heard after which somebody puts the receiver down."""


class Person:
    """Somebody of a team, with its telephone."""

    def __init__(self, member: Member, phone: Phone, chance: random.Random) -> None:
        self.member = member
        self.phone = phone
        self.chance = chance
        self.stage = "idle"
        """What they are doing, for the record of where kills fell."""

    @property
    def now(self) -> float:
        """Seconds of the exchange."""
        return asyncio.get_running_loop().time()

    async def call_in(self) -> None:
        """One call, as far as it gets."""
        with suppress(
            NotAnswered, NotHeard, CallEnded, RuntimeError
        ):  # RuntimeError: somebody rings here at this moment
            self.stage = "dialling in"
            async with self.phone.dial(BOX, within=30) as call:
                self.stage = "logging in"
                await call.hears("your PIN", within=PATIENCE_S)
                await call.press(self.member.uid + self.member.pin)
                await self.visit(call, await self.first_of(call, DRAFT, MENU) == DRAFT)
        self.stage = "idle"

    async def visit(self, call: PhoneCall, offered: bool) -> None:
        """What they do once they have logged in; `offered`: a draft was offered."""
        raise NotImplementedError

    async def first_of(self, call: PhoneCall, *texts: str) -> str:
        """The one of these that is heard first from now on. Raises `NotHeard`, `CallEnded`."""
        begin = len(call.captions)
        deadline = self.now + PATIENCE_S
        while self.now < deadline:
            said = " ".join(" ".join(caption.lower().split()) for caption in call.captions[begin:])
            for text in texts:
                if text in said:
                    return text
            await call.wait(0.1)
        raise NotHeard(f"none of {texts}")


class Caller(Person):
    """Sends the alert."""

    heard_stored: float | None = None
    """Seconds of the exchange at which the spoken confirmation came through."""
    told_by_menu: float | None = None
    """... at which "state of my alert" knew of one, after a confirmation that nobody heard."""
    last_offer: float | None = None
    """... at which a draft was last offered."""
    may_have_ended = False
    """The key that ends the calling early was pressed."""
    heard_ended: float | None = None
    """... and at which it was said that it has been ended."""
    _doubtful = False
    """The key that sends was pressed, and nothing was heard of it."""

    def __init__(self, member: Member, phone: Phone, chance: random.Random, *, ends_early: bool) -> None:
        super().__init__(member, phone, chance)
        self.ends_early = ends_early
        """Ends the calling by an all-clear when next asking how far it is."""
        self.logins: list[tuple[float, bool]] = []
        """(seconds at which the first prompt after a login came, a draft was offered)."""

    @property
    def knows(self) -> float | None:
        """Since when the caller has known for certain that there is an alert."""
        return self.heard_stored or self.told_by_menu

    async def send_and_ask(self) -> None:
        """Call until the alert is out; then now and then ask how far it is, for ever."""
        while self.knows is None:
            await self.call_in()
            await asyncio.sleep(self.chance.uniform(0.5, 3))
        while True:
            await asyncio.sleep(self.chance.uniform(5, 40))
            await self.call_in()

    async def visit(self, call: PhoneCall, offered: bool) -> None:
        self.logins.append((self.now, offered))
        if self.knows is not None:
            await self._ask(call)
        elif offered:
            self.last_offer = self.now
            self._doubtful = False
            await self._confirm(call)
        elif self._doubtful and await self._is_sent(call):
            self.told_by_menu = self.now
        else:
            await self._record(call)

    async def _is_sent(self, call: PhoneCall) -> bool:
        self.stage = "asking for the state"
        await call.press("3")
        if await self.first_of(call, NONE_SENT, SENT) == SENT:
            return True
        self._doubtful = False
        await call.hears(MENU, within=PATIENCE_S)
        return False

    async def _record(self, call: PhoneCall) -> None:
        self.stage = "recording"
        await call.press("1")
        await call.hears("after the tone", within=PATIENCE_S, whole=True)
        await call.wait(1.5)
        await call.speaks(speech(self.chance.uniform(1.5, 3.0)))
        await call.press("#")
        await self._confirm(call)

    async def _confirm(self, call: PhoneCall) -> None:
        self.stage = "confirming"
        await call.hears("to send", within=PATIENCE_S)
        await call.wait(self.chance.uniform(0, 1))
        self._doubtful = True
        await call.press("1")
        await call.hears(STORED, within=PATIENCE_S)
        self.heard_stored = self.now
        await call.wait(self.chance.uniform(0, 3))

    async def _ask(self, call: PhoneCall) -> None:
        self.stage = "asking for the state"
        await call.press("3")
        if await self.first_of(call, MAY_END, CALLING_OVER) == CALLING_OVER or not self.ends_early:
            await call.wait(self.chance.uniform(1, 10))
            return
        self.stage = "ending the calling"
        self.may_have_ended = True
        await call.press("9")
        await call.hears(ENDED, within=PATIENCE_S)
        self.heard_ended = self.now


class Listener(Person):
    """Plays the alert back on a call of its own."""

    heard_all: float | None = None
    """Seconds of the exchange at which the end of the message had been heard."""

    async def listen(self) -> None:
        """Until it was heard to its end."""
        while self.heard_all is None:
            await asyncio.sleep(self.chance.uniform(5, 60))
            await self.call_in()

    async def visit(self, call: PhoneCall, offered: bool) -> None:
        self.stage = "playing back"
        await call.press("2")
        if await self.first_of(call, END_OF_MESSAGE, NO_MESSAGES) == END_OF_MESSAGE:
            self.heard_all = self.now
