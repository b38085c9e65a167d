"""Lines have a direction: what only takes calls never dials, what only dials never takes a call."""

from __future__ import annotations

import pytest

from hal.simulated import NotAnswered
from tests.support.box import CONFIG, GSM, ISDN, RADIO, Town
from tests.support.callees import ALPHA, BRAVO, DELTA, person

first, _, second = ISDN.rpartition("[[device.line]]")
SPLIT = first + 'direction = "in"\n[[device.line]]' + second + 'direction = "out"\n'


def test_each_line_does_its_own(play):
    async def story(town: Town) -> None:
        for member in (BRAVO, DELTA):
            person(town, member)
        campaign = await town.ended(await town.alert_from("alpha"))
        assert {each.line for each in campaign.attempts} == {"isdn.2"}
        (call_in,) = [each for each in await town.box.store.calls.recent(9) if each.direction == "in"]
        assert call_in.line == "isdn.1"
        assert set(campaign.reached) == {"bravo", "delta"}

    play(story, members=(ALPHA, BRAVO, DELTA), config=CONFIG + SPLIT)


def test_a_line_that_only_dials_answers_nobody(play):
    async def story(town: Town) -> None:
        with pytest.raises(NotAnswered):
            await town.phone("alpha").dial(GSM, within=30)
        assert await town.box.store.calls.recent(9) == []

    play(story, members=(ALPHA, BRAVO), config=CONFIG + ISDN + RADIO)
