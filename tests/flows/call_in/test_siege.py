"""Nothing that happens on calls in ever stops the calls out."""

from __future__ import annotations

import asyncio
import contextlib

from hal.simulated import CallEnded, NotAnswered, NotHeard
from tests.flows.call_in.people import LIMITS, TRIO, log_in, send, takes_alerts
from tests.support.box import CONFIG, ISDN, Town


async def _besiege(town: Town, number: str, calls: list[str]) -> None:
    """Wrong logins without end, from one telephone with ever new numbers."""
    phone = town.exchange.phone(number)
    for n in range(10_000):
        phone.number = f"{number}{n:04}"
        try:
            async with phone.dial("4711") as call:
                calls.append(phone.number)
                for _ in range(3):
                    await call.hears("your U I D and your PIN")
                    await call.press("100199999")
                await call.ends(within=30)
        except (NotAnswered, CallEnded, NotHeard):
            await asyncio.sleep(0.2)


def test_an_alert_sent_during_a_siege_of_wrong_logins_reaches_everybody(play):
    async def story(town: Town) -> None:
        for team in ("bravo", "charlie"):
            takes_alerts(town, team, "1234" if team == "charlie" else "1")
        calls: list[str] = []
        async with town.call_in("alpha") as call:
            sieges = [asyncio.ensure_future(_besiege(town, "0308880000", calls))]
            await log_in(town, call)
            alert = (await send(town, call)).alert
            sieges.append(asyncio.ensure_future(_besiege(town, "0308880001", calls)))
        campaign = await town.ended(alert, within=600)
        answered = len(calls)
        for siege in sieges:
            siege.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await siege
        assert set(campaign.reached) == {"bravo", "charlie"}
        assert answered > 1
        assert all(attempt.outcome == "reached" for attempt in campaign.attempts if attempt.counted)

    play(story, members=TRIO)


def test_an_alert_goes_out_where_every_login_budget_is_used_up(play):
    async def story(town: Town) -> None:
        takes_alerts(town, "bravo")
        takes_alerts(town, "charlie", "1234")
        siege = asyncio.ensure_future(_besiege(town, "0308880000", calls := []))
        while len(calls) < 5:
            await asyncio.sleep(1)
        siege.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await siege
        await town.free()
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            campaign = await send(town, call)
        campaign = await town.ended(campaign.alert, within=600)
        assert set(campaign.reached) == {"bravo", "charlie"}
        assert min(each.started.mono for each in campaign.attempts) - campaign.confirmed_mono <= 3.0

    play(story, members=TRIO, config=CONFIG + ISDN + LIMITS + "all_tries = 9\n")
