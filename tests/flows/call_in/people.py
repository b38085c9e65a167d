"""What callers do, and the lines on which they call: shared by the stories of calls in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from hal.audio import companding
from hal.audio.sound import Encoding, Sound
from hal.simulated import IncomingRing, PhoneCall
from storage.campaigns import Campaign
from tests.support.box import ANALOGUE, BOX, CONFIG, GSM, ISDN, MEMBERS, RADIO, VOICE, Town

PAIR = MEMBERS[:2]
"""Alpha speaks English and sends; bravo speaks German."""
TRIO = MEMBERS[:3]


@dataclass(frozen=True)
class LineKind:
    """A kind of line that takes calls, and the number under which it does."""

    name: str
    number: str
    config: str


LINE_KINDS = (
    LineKind("isdn", BOX, CONFIG + ISDN),
    LineKind("gsm", GSM, CONFIG + ISDN + RADIO.replace('direction = "out"', 'direction = "both"')),
    LineKind("voice", VOICE, CONFIG + ANALOGUE),
)
on_every_line = pytest.mark.parametrize("kind", LINE_KINDS, ids=lambda kind: kind.name)
"""ISDN, radio, and an analogue line that cannot play and listen at once."""

ISDN_LINE, GSM_LINE, VOICE_LINE = LINE_KINDS
on_both_kinds_of_wire = pytest.mark.parametrize("kind", [ISDN_LINE, VOICE_LINE], ids=lambda kind: kind.name)
"""Full and half duplex, where radio would show nothing new."""

LIMITS = "[limits]\n"

LOGIN = "your U I D and your PIN"
MAIN_MENU = {"alpha": "To record an alert", "bravo": "Zum Aufnehmen eines Alarms"}
LAST_OF_MAIN_MENU = {"alpha": "star", "bravo": "Stern"}
TO_RECEIVE_IT = {"en": "To receive it", "de": "Um sie zu empfangen"}
END_OF_MESSAGE = {"en": "End of message", "de": "Ende der Nachricht"}
CONFIRM = "To discard it, press zero"


def voice(seconds: float = 1.5, seed: int = 1) -> Sound:
    """Noise that swells and fades like syllables: taken for a voice by whoever looks for silence, and for a key by nobody."""
    noise = np.random.default_rng(seed).normal(0, 4000, round(seconds * 8000))
    noise *= 0.05 + 0.95 * np.sin(np.pi * 4 * np.arange(len(noise)) / 8000) ** 2
    return Sound(companding.encode(noise.clip(-30000, 30000).astype(np.int16), Encoding.ALAW), caption="")


def nobody_answers(town: Town) -> None:
    """Let every call out ring: the story is about a call in."""
    for team in town.members:
        town.phone(team).never_answers()


def takes_alerts(town: Town, team: str, keys: str = "1", *, heard: list[bytes] | None = None) -> None:
    """The team answers every call, acknowledges, hears the message to its end and hangs up; what it heard goes to `heard`."""

    async def behave(ring: IncomingRing) -> None:
        async with await ring.answer(after=1.0) as call:
            # An analogue line knows late that somebody has answered; people speak to whoever calls, and then listen.
            await call.hears(TO_RECEIVE_IT[town.members[team].language])
            await call.press(keys)
            await call.hears(END_OF_MESSAGE[town.members[team].language], within=90)
            if heard is not None:
                heard.append(call.heard)

    town.phone(team).behaviour = behave


async def log_in(town: Town, call: PhoneCall, team: str = "alpha", *, whole_menu: bool = False) -> None:
    """UID and PIN, and the main menu: its beginning, or all of it."""
    member = town.members[team]
    await call.hears(LOGIN, within=60)
    await call.press(member.uid + member.pin)
    await call.hears((LAST_OF_MAIN_MENU if whole_menu else MAIN_MENU)[team], within=60)


async def record(call: PhoneCall, sound: Sound | None = None, *, key: str = "#") -> None:
    """From the main menu (in English) to the question what to do with a recording."""
    await call.press("1")
    await call.hears("after the tone", within=60, whole=True)
    await call.wait(0.8)
    await call.speaks(sound or voice())
    await call.press(key)
    await call.hears(CONFIRM, within=60)


async def send(town: Town, call: PhoneCall, sound: Sound | None = None, *, key: str = "1") -> Campaign:
    """From the main menu to the confirmation; the campaign."""
    await record(call, sound)
    await call.press(key)
    await call.hears("is stored", within=60, whole=True)
    (newest,) = await town.box.store.campaigns.recent(1)
    return newest


async def alerts(town: Town) -> list[int]:
    """Numbers of all alerts that were ever confirmed."""
    return [campaign.alert for campaign in await town.box.store.campaigns.recent(100)]
