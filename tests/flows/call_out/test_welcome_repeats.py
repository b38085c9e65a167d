"""The welcome names service and team, and repeats until a key, a hang-up or 60 s."""

from __future__ import annotations

import asyncio

from hal.audio.sound import RATE
from hal.simulated import IncomingRing, PhoneCall
from tests.support.box import CONFIG, ISDN, Town
from tests.support.callees import ALPHA, BRAVO, attempts, confirm


def test_for_sixty_seconds_and_then_the_box_says_goodbye(play):
    calls: list[PhoneCall] = []

    async def story(town: Town) -> None:
        async def silent(ring: IncomingRing) -> None:
            async with await ring.answer() as call:
                calls.append(call)
                await call.ends(within=200)

        town.phone("bravo").behaviour = silent
        alert = await confirm(town)
        while not calls or not calls[0].hung_up:
            await asyncio.sleep(0.5)
        (call,) = calls
        assert 59.0 <= len(call.heard) / RATE <= 66.0
        said = " ".join(call.captions)
        assert said.count("This is the Test alert with a message for Bravo") >= 8
        assert said.endswith("Goodbye.")
        await asyncio.sleep(1.0)
        (only,) = await attempts(town, alert)
        assert (only.outcome, only.counted) == ("unacknowledged", True)

    play(story, members=(ALPHA, BRAVO), config=CONFIG + ISDN)
