"""A flood on the box's own numbers: noticed, shown, journalled in a handful of records, and no alert is stopped by it."""

from __future__ import annotations

import asyncio
import contextlib

from appliance.console.render import plain
from hal.simulated import CallEnded, NotAnswered
from storage.records import AlarmCleared, AlarmRaised
from tests.flows.call_in.people import TRIO, log_in, send, takes_alerts
from tests.support.box import CONFIG, ISDN, Town

WATCH = """
[watch]
response = "act"
cap = 0
[[watch.number]]
number = "4711"
origin = "voip"
"""


async def _flood(town: Town, number: str) -> None:
    """Calls without end: who is answered listens for some seconds."""
    phone = town.exchange.phone(number)
    while True:
        with contextlib.suppress(NotAnswered, CallEnded):
            async with phone.dial("4711"):
                await asyncio.sleep(8)
        await asyncio.sleep(0.5)


def test_a_flood_is_noticed_and_an_alert_goes_out_all_the_same(play):
    async def story(town: Town) -> None:
        for team in ("bravo", "charlie"):
            takes_alerts(town, team, "1234" if team == "charlie" else "1")
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            floods = [asyncio.ensure_future(_flood(town, f"030777000{n}")) for n in range(3)]
            await asyncio.sleep(20)
            alert = (await send(town, call)).alert
        await asyncio.sleep(60)
        answer = await town.box.command("overload status")
        campaign = await town.ended(alert, within=900)
        for flood in floods:
            flood.cancel()
        await asyncio.gather(*floods, return_exceptions=True)
        assert set(campaign.reached) == {"bravo", "charlie"}
        text = plain(answer).splitlines()
        assert len(text) <= 23
        assert max(map(len, text)) <= 80
        assert answer.data["box"]["areas"][0]["capacity"] == 2
        await town.free()
        await asyncio.sleep(300)
        said = [
            envelope.record
            async for envelope in town.box.store.journal.records()
            if isinstance(envelope.record, AlarmRaised | AlarmCleared) and envelope.record.key.startswith("overload.")
        ]
        raised = [record.key for record in said if isinstance(record, AlarmRaised)]
        assert "overload.box.stage1" in raised
        assert len(said) < 30
        assert sorted(raised) == sorted(record.key for record in said if isinstance(record, AlarmCleared))

    play(story, members=TRIO, config=CONFIG + ISDN + WATCH)


CHALLENGE = """
[watch]
response = "act"
measures = ["challenge"]
[[watch.number]]
number = "4711"
origin = "voip"
"""


def test_robots_meet_a_challenge_while_the_alarm_holds_and_teams_do_not(play):
    """Who is logged in goes on, who calls from a registered telephone is not asked, and afterwards nobody is."""

    async def story(town: Town) -> None:
        takes_alerts(town, "bravo", "1")
        takes_alerts(town, "charlie", "1234")
        assert town.box.overload.calls_in is not None
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            town.box.overload.calls_in.challenge("voip", True)
            stranger = town.exchange.phone("0307770001")
            async with stranger.dial("4711") as robot:
                await robot.hears("To be put through, press")
                await robot.hears("Goodbye", within=60)
            alert = (await send(town, call)).alert
        assert set((await town.ended(alert, within=900)).reached) == {"bravo", "charlie"}
        async with town.call_in("alpha") as call:
            await log_in(town, call)
        town.box.overload.calls_in.challenge("voip", False)
        async with stranger.dial("4711") as person:
            await person.hears("Welcome to the")

    play(story, members=TRIO, config=CONFIG + ISDN + CHALLENGE)
