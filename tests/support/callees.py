"""What flow tests of calls out need beside the town: an alert that stands without a call in, and people who are called."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hal.audio.sound import Sound
from hal.simulated import IncomingRing, PhoneCall
from ivr.dialout.targets import targets
from storage import Store
from storage.campaigns import Attempt
from storage.records import AlertConfirmed, CallAnswered, CallEnded, CallStarted, MessageRecorded
from tests.support.box import MEMBERS, Member, Town, speech

ALPHA, BRAVO, CHARLIE, DELTA, ECHO, FOXTROT = (
    replace(member, language="en", mobile="", more_numbers=()) for member in MEMBERS
)
"""The teams of the town, all English, with one number and no mobile telephone, so that a test says where it is otherwise."""

SHORT = speech(1.2)
"""A message for tests that are about something else."""


async def confirm(
    town: Town,
    sound: Sound = SHORT,
    *,
    sender: str = "alpha",
    exercise: bool = False,
    all_clear_of: int | None = None,
) -> int:
    """An alert stands in the store as a call in leaves it (tests/flows/call_in holds those calls); its number."""
    store = town.box.store
    call, message, alert = store.new_id("call"), store.new_id("message"), store.new_id("alert")
    digest = Store.digest(sound)
    earlier = await store.campaigns.get(all_clear_of) if all_clear_of else None
    await store.commit(
        CallStarted(call, "in", "isdn.1", town.members[sender].number, "4711", "caller", "alert"),
        CallAnswered(call),
        MessageRecorded(message, sender, call, digest, sound.encoding.value, sound.samples),
        audio={digest: sound},
    )
    who = targets(store.roster.current(), sender, earlier)
    await store.commit(
        AlertConfirmed(alert, message, sender, call, exercise, who, all_clear_of),
        CallEnded(call, "completed", "", 30.0, 30.0),
    )
    return alert


@dataclass
class Person:
    """Answers each call, does the next thing of `does` (the last one again and again), and keeps what was heard.

    A thing to do is a string of keys, pressed when the welcome has been heard. Who has pressed something that acknowledges
    stays until `until` has been heard, or the box hangs up.
    """

    does: Sequence[str] = ("1",)
    answers_after_s: float = 2.0
    welcome: str = "This is the Test alert"
    until: str = "End of message"
    patience_s: float = 90.0
    calls: list[PhoneCall] = field(default_factory=list)

    async def __call__(self, ring: IncomingRing) -> None:
        """Take a call."""
        keys = self.does[min(len(self.calls), len(self.does) - 1)]
        async with await ring.answer(after=self.answers_after_s) as call:
            self.calls.append(call)
            await call.hears(self.welcome)
            await call.press(keys)
            await call.hears(self.until, within=self.patience_s)

    @property
    def heard(self) -> bytes:
        """Everything that came in the last call."""
        return self.calls[-1].heard

    @property
    def captions(self) -> str:
        """All words of the last call."""
        return " ".join(self.calls[-1].captions)


def person(town: Town, member: Member | str, *does: str, **more: object) -> Person:
    """Put a person at the telephone of a team (or at a number)."""
    someone = Person(does or ("1",), **more)
    number = member.number if isinstance(member, Member) else member
    town.exchange.phone(number).behaviour = someone
    return someone


async def attempts(town: Town, alert: int, team: str = "") -> list[Attempt]:
    """The attempts of an alert (to a team) so far."""
    campaign = await town.box.store.campaigns.get(alert)
    return [each for each in campaign.attempts if team in ("", each.team)]


async def until_reached(town: Town, alert: int, team: str, *, within: float = 1200.0) -> None:
    """Wait until a team is reached."""
    async with asyncio.timeout(within):
        while team not in (await town.box.store.campaigns.get(alert)).reached:
            await asyncio.sleep(0.2)
