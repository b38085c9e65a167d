"""The person who sends the alert, and calls again until the box has said that it is on its way."""

from __future__ import annotations

import asyncio
import random

from hal.simulated import NotAnswered, NotHeard, PhoneCall
from hal.simulated.phone import CallEnded, Phone
from tests.crash.place import SENDER
from tests.support.box import BOX, speech

DRAFT = "a recording of your team that was not sent"
MENU = "to record an alert, press"
STORED = "is stored, and the calls begin now"
NONE_SENT = "you have sent no alert"
SENT = "your alert of"


class Caller:
    """Calls in until the alert is out."""

    def __init__(self, phone: Phone, chance: random.Random) -> None:
        self.phone = phone
        self.chance = chance
        self.stage = "idle"
        """What it is doing, for the record of where kills fell."""
        self.heard_stored: float | None = None
        """Seconds of the exchange at which the spoken confirmation came through."""
        self.told_by_menu: float | None = None
        """... at which "state of my alert" knew of one, after a confirmation that nobody heard."""
        self.last_offer: float | None = None
        """... at which a draft was last offered."""
        self.logins: list[tuple[float, bool]] = []
        """(seconds at which the first prompt after a login came, a draft was offered)."""
        self.doubtful = False
        """The key that sends was pressed, and nothing was heard of it."""
        self.calls = 0

    async def send(self) -> None:
        """Until it is certain."""
        while self.heard_stored is None and self.told_by_menu is None:
            self.calls += 1
            try:
                self.stage = "dialling in"
                async with self.phone.dial(BOX, within=30) as call:
                    await self._visit(call)
            except (NotAnswered, NotHeard, CallEnded):
                pass
            self.stage = "idle"
            await asyncio.sleep(self.chance.uniform(0.5, 3))

    async def ask_now_and_then(self) -> None:
        """Afterwards: how far is my alert? For ever."""
        while True:
            await asyncio.sleep(self.chance.uniform(5, 40))
            try:
                async with self.phone.dial(BOX, within=30) as call:
                    self.stage = "asking for the state"
                    await self._log_in(call)
                    await call.press("3")
                    await call.wait(self.chance.uniform(1, 10))
            except (NotAnswered, NotHeard, CallEnded):
                pass
            self.stage = "idle"

    async def _log_in(self, call: PhoneCall) -> bool:
        """True if a draft was offered."""
        await call.hears("your PIN", within=20)
        await call.press(SENDER.uid + SENDER.pin)
        said = await self._first_of(call, DRAFT, MENU)
        return said == DRAFT

    async def _visit(self, call: PhoneCall) -> None:
        self.stage = "logging in"
        offered = await self._log_in(call)
        self.logins.append((self.now, offered))
        if offered:
            self.last_offer = self.now
            self.doubtful = False
            await self._confirm(call)
            return
        if self.doubtful:
            self.stage = "asking for the state"
            await call.press("3")
            if await self._first_of(call, NONE_SENT, SENT) == SENT:
                self.told_by_menu = self.now
                return
            self.doubtful = False
            await call.hears(MENU, within=20)
        self.stage = "recording"
        await call.press("1")
        await call.hears("after the tone", within=20, whole=True)
        await call.wait(1.5)
        await call.speaks(speech(self.chance.uniform(1.5, 3.0)))
        await call.press("#")
        await self._confirm(call)

    async def _confirm(self, call: PhoneCall) -> None:
        self.stage = "confirming"
        await call.hears("to send", within=20)
        await call.wait(self.chance.uniform(0, 1))
        self.doubtful = True
        await call.press("1")
        await call.hears(STORED, within=20)
        self.heard_stored = self.now
        self.doubtful = False
        await call.wait(self.chance.uniform(0, 3))

    async def _first_of(self, call: PhoneCall, *texts: str) -> str:
        """The one of these that is heard first from now on."""
        begin = len(call.captions)
        deadline = self.now + 20
        while self.now < deadline:
            said = " ".join(" ".join(caption.lower().split()) for caption in call.captions[begin:])
            for text in texts:
                if text in said:
                    return text
            await call.wait(0.1)
        raise NotHeard(f"none of {texts}")

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()
