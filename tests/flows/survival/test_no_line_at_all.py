"""No line carries a call: it is loud, nothing is counted against a team, the alert goes out when a line comes back, and ends
at the latest when its message is no longer new."""

from __future__ import annotations

import asyncio

from tests.support.box import CONFIG, ISDN, Town
from tests.support.callees import ALPHA, BRAVO, confirm, person


def all_lines(town: Town, **faults: bool) -> None:
    for line in town.exchange.devices["isdn"].lines:
        line.faults.set(**faults)


def test_it_goes_out_when_a_line_comes_back(play):
    async def story(town: Town) -> None:
        person(town, BRAVO)
        all_lines(town, no_carrier=True)
        alert = await confirm(town)
        await asyncio.sleep(400.0)
        alarms = {alarm.key: alarm.text for alarm in town.box.store.alarms.active()}
        assert "nothing counted" in alarms["dialout.line-fault.bravo"]
        all_lines(town, no_carrier=False)
        campaign = await town.ended(alert)
        assert [each.outcome for each in campaign.attempts if each.counted] == ["reached"]
        assert len(campaign.attempts) > 10
        assert not any(alarm.key.startswith(("dialout", "trunk")) for alarm in town.box.store.alarms.active())

    play(story, members=(ALPHA, BRAVO))


def test_lines_that_are_all_dead_are_a_critical_alarm(play):
    async def story(town: Town) -> None:
        person(town, BRAVO)
        all_lines(town, silent=True)
        alert = await confirm(town)
        await asyncio.sleep(120.0)
        alarms = {alarm.key: alarm for alarm in town.box.store.alarms.active()}
        assert alarms["dialout.no-line"].severity == "critical"
        check = await town.command("check")
        assert check.status == 2
        assert check.parts[0].startswith("No: an alert would not go out now")
        all_lines(town, silent=False)
        campaign = await town.ended(alert)
        assert [each.outcome for each in campaign.attempts if each.counted] == ["reached"]

    play(story, members=(ALPHA, BRAVO))


def test_the_calling_ends_loudly_with_the_life_of_the_message(play, caplog):
    async def story(town: Town) -> None:
        all_lines(town, no_carrier=True)
        alert = await confirm(town)
        await asyncio.sleep(595.0)
        assert (await town.box.store.campaigns.get(alert)).ended is None
        campaign = await town.ended(alert, within=20.0)
        assert not any(each.counted for each in campaign.attempts)
        assert "no line has carried" in campaign.not_reached["bravo"]
        assert "bravo was not reached" in caplog.text
        assert "alert.1.not-reached" in {alarm.key for alarm in town.box.store.alarms.active()}

    play(story, members=(ALPHA, BRAVO), config=CONFIG + ISDN + "[limits]\nhold_s = 600\n")
