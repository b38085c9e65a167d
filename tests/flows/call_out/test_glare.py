"""A call that arrives in the moment of dialling is answered, and the dial goes elsewhere."""

from __future__ import annotations

import asyncio

from tests.support.box import Town
from tests.support.callees import ALPHA, BRAVO, confirm, person

OFFSETS = (0.49, 0.498, 0.5, 0.502)
"""Seconds from the caller's dialling to the alert. The call rings after half a second; the dial command follows the alert by
some milliseconds."""


def test_the_caller_is_answered_and_the_team_is_reached_by_its_first_call(play):
    async def story(town: Town) -> None:
        glares = 0
        for offset in OFFSETS:
            team = person(town, BRAVO)

            async def call_in() -> None:
                async with town.phone("alpha").dial("4711", within=20) as call:
                    await call.hears("Welcome to the Test alert", within=10)

            caller = asyncio.ensure_future(call_in())
            await asyncio.sleep(offset)
            campaign = await town.ended(await confirm(town))
            await caller
            tries = campaign.attempts
            assert [each.outcome for each in tries if each.counted] == ["reached"]
            glares += sum(not each.counted for each in tries)
            assert len(team.calls) == 1
        assert glares >= 1, "no dial met a call: the test has lost its point"

    play(story, members=(ALPHA, BRAVO))
