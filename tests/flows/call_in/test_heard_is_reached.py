"""A team that has heard an alert to its end by playing it back is reached, and not called for it any more."""

from __future__ import annotations

import asyncio

from tests.flows.call_in.people import PAIR, log_in, on_both_kinds_of_wire, send
from tests.support.box import Town


@on_both_kinds_of_wire
def test_heard_to_the_end_and_not_called_any_more(play, kind):
    async def story(town: Town) -> None:
        bravo = town.phone("bravo")
        bravo.busy_times = 1
        async with town.call_in("alpha", kind.number) as call:
            await log_in(town, call)
            alert = (await send(town, call)).alert
        while not bravo.calls:
            await asyncio.sleep(1)
        await town.free(within=60)
        async with town.call_in("bravo", kind.number) as call:
            await log_in(town, call, "bravo")
            await call.press("2")
            await call.hears("Ende der Nachricht", within=20)
        campaign = await town.ended(alert, within=60)
        assert campaign.reached["bravo"].how == "playback"
        await asyncio.sleep(900)
        assert len(bravo.calls) == 1

    play(story, members=PAIR, config=kind.config)


def test_heard_in_part_is_not_reached_and_called_again(play):
    async def story(town: Town) -> None:
        bravo = town.phone("bravo")
        bravo.busy_times = 1
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            alert = (await send(town, call)).alert
        await town.free(within=60)
        async with town.call_in("bravo") as call:
            await log_in(town, call, "bravo")
            await call.press("2")
            await call.hears("Ortszeit", whole=True)
            await call.wait(0.6)
        await asyncio.sleep(30)
        campaign = await town.box.store.campaigns.get(alert)
        assert campaign.reached == {}
        ring = await bravo.rings(within=400)
        await ring.reject()
        bravo.never_answers()

    play(story, members=PAIR)
