"""Alerts that are pending for the same team are played in the same call."""

from __future__ import annotations

import asyncio

from hal.simulated import IncomingRing, PhoneCall
from tests.support.box import Town, samples_heard, speech
from tests.support.callees import ALPHA, BRAVO, DELTA, confirm, person

ONE, TWO = speech(2.0, seed=2), speech(2.0, seed=3)


def test_both_in_one_call_and_none_after_it(play):
    ear: list[PhoneCall] = []

    async def story(town: Town) -> None:
        async def listens(ring: IncomingRing) -> None:
            async with await ring.answer(after=20.0) as call:
                ear.append(call)
                await call.hears("To receive it")
                await call.press("1")
                await call.hears("Alert from Alpha")
                await call.hears("Alert from Delta", within=60)
                await call.hears("End of message", within=60)

        town.phone("bravo").behaviour = listens
        person(town, DELTA)
        person(town, ALPHA)
        first = await confirm(town, ONE)
        await asyncio.sleep(5.0)
        second = await confirm(town, TWO, sender="delta")
        one, two = await town.ended(first), await town.ended(second)
        assert one.reached["bravo"].call == two.reached["bravo"].call
        assert len(town.phone("bravo").calls) == 1
        for sound in (ONE, TWO):
            assert samples_heard(sound.data, ear[0].heard) >= sound.samples - 1600
        assert [each.reached["bravo"].heard_all for each in (one, two)] == [True, True]

    play(story, members=(ALPHA, BRAVO, DELTA))
