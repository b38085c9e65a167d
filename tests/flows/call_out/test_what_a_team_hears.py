"""After acknowledgement: confirmation, sender, alert or exercise, time, the message at once, then the menu as in play back."""

from __future__ import annotations

import pytest

from hal.simulated import IncomingRing, PhoneCall
from tests.support.box import Town, samples_heard, speech
from tests.support.callees import ALPHA, BRAVO, confirm

SAID = speech(2.0, seed=5)


@pytest.mark.parametrize("exercise", [False, True], ids=["alert", "exercise"])
def test_everything_in_this_order(play, exercise):
    ear: list[PhoneCall] = []

    async def story(town: Town) -> None:
        async def listens(ring: IncomingRing) -> None:
            async with await ring.answer(after=2.0) as call:
                ear.append(call)
                await call.hears("This is the Test alert with a message for Bravo To receive it, press one")
                await call.press("1")
                await call.hears("Thank you. Your acknowledgement is stored.")
                await call.hears("This is an exercise. From Alpha" if exercise else "Alert from Alpha")
                await call.hears("the twenty-second of November thirteen hundred hours local time", whole=True)
                begin = len(call.heard)
                await call.hears("End of message")
                assert samples_heard(SAID.data, call.heard[begin:]) >= SAID.samples - 1600
                for prompt in ("previous message", "repeat this message", "next message", "end the call", "For help"):
                    await call.hears(prompt)
                await call.press("5")
                await call.hears("Alert from Alpha" if not exercise else "This is an exercise")
                await call.hears("End of message")
                await call.press("6")
                await call.hears("This is the last message")
                await call.press("0")
                await call.hears("Goodbye.")
                assert await call.ends(within=10)

        town.phone("bravo").behaviour = listens
        campaign = await town.ended(await confirm(town, SAID, exercise=exercise))
        assert campaign.reached["bravo"].heard_all
        said = " ".join(ear[0].captions)
        assert ("exercise" in said) is exercise
        assert campaign.exercise is exercise

    play(story, members=(ALPHA, BRAVO))
