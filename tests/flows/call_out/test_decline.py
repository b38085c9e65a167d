"""9 declines: the team's next number is tried at once."""

from __future__ import annotations

from dataclasses import replace

from tests.support.box import Town
from tests.support.callees import ALPHA, BRAVO, DELTA, confirm, person

FIRST, SECOND = "03010000004", "03010000014"
TWO = replace(DELTA, more_numbers=(f'"{SECOND}"',))


def test_the_next_number_at_once_and_before_other_teams(play):
    async def story(town: Town) -> None:
        person(town, BRAVO)
        decliner = person(town, FIRST, "9", until="Understood. Goodbye.")
        person(town, SECOND)
        campaign = await town.ended(await confirm(town))
        declined, reached, other = campaign.attempts
        assert (declined.number, declined.outcome, declined.counted) == (FIRST, "declined", True)
        assert (reached.number, reached.outcome) == (SECOND, "reached")
        assert reached.started.mono - declined.ended.mono < 0.5
        assert other.team == "bravo"
        assert "Understood. Goodbye." in decliner.captions

    play(story, members=(ALPHA, TWO, BRAVO))


def test_where_all_numbers_decline_the_gap_is_kept_again(play):
    async def story(town: Town) -> None:
        for number in (FIRST, SECOND):
            person(town, number, "9", until="Understood. Goodbye.")
        campaign = await town.ended(await confirm(town))
        first, second, third = campaign.attempts
        assert [each.outcome for each in campaign.attempts] == ["declined"] * 3
        assert second.started.mono - first.ended.mono < 0.5
        assert third.started.mono - second.ended.mono >= 300
        assert set(campaign.not_reached) == {"delta"}

    play(story, members=(ALPHA, TWO))
