"""A message is new for 72 hours, and then archived."""

from __future__ import annotations

import pytest

from tests.flows.call_in.people import PAIR, log_in, nobody_answers, send
from tests.support.box import Town

HOUR = 3600.0


@pytest.mark.parametrize(("hours", "new"), [(71.9, True), (72.1, False)])
def test_new_for_72_hours(play, hours, new):
    async def story(town: Town) -> None:
        nobody_answers(town)
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            campaign = await send(town, call)
        await town.ended(campaign.alert)
        town.later(campaign.confirmed_at + hours * HOUR)
        async with town.call_in("bravo") as call:
            await log_in(town, call, "bravo")
            await call.press("2")
            await call.hears("Es gibt eine neue Nachricht" if new else "Es gibt keine neuen Nachrichten", within=10)
        # Archived is not deleted.
        assert (await town.box.store.messages.sound(campaign.message)).samples

    play(story, members=PAIR)
