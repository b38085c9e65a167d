"""Every active team but the sender is called, in roster order, at any hour of the day."""

from __future__ import annotations

import datetime as dt

from tests.support.box import Town
from tests.support.callees import ALPHA, BRAVO, DELTA, ECHO, confirm, person

TEAMS = (ECHO, BRAVO, ALPHA, DELTA)


def test_in_the_order_of_the_roster_and_never_the_sender(play):
    async def story(town: Town) -> None:
        for member in (ECHO, BRAVO, DELTA):
            person(town, member)
        campaign = await town.ended(await confirm(town))
        assert [each.team for each in campaign.attempts] == ["echo", "bravo", "delta"]
        assert set(campaign.reached) == {"echo", "bravo", "delta"}
        assert town.phone("alpha").calls == []

    play(story, members=TEAMS)


def test_there_are_no_quiet_hours(play):
    async def story(town: Town) -> None:
        person(town, BRAVO)
        campaign = await town.ended(await confirm(town))
        assert dt.datetime.fromtimestamp(campaign.attempts[0].started.wall, dt.UTC).hour == 3
        assert set(campaign.reached) == {"bravo"}

    night = dt.datetime(2026, 11, 22, 3, 0, tzinfo=dt.UTC)
    play(story, members=(ALPHA, BRAVO), start_wall=night)


def test_a_team_without_a_code_of_conduct_is_not_called_and_the_report_says_so(play):
    async def story(town: Town) -> None:
        text = "".join(member.toml() for member in (ALPHA, BRAVO, DELTA))
        before, _, after = text.partition('key = "bravo"')
        await town.load_roster(before + 'key = "bravo"' + after.replace("code_of_conduct = 2020-01-01\n", "", 1))
        person(town, DELTA)
        campaign = await town.ended(await confirm(town))
        assert [each.team for each in campaign.attempts] == ["delta"]
        shown = await town.command("alerts show", id=campaign.alert)
        assert any("code of conduct" in str(part) for part in shown.parts)
        check = await town.command("check")
        assert any("not called: bravo" in str(part) and "code of conduct" in str(part) for part in check.parts)

    play(story, members=(ALPHA, BRAVO, DELTA))
