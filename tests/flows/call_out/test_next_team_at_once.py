"""Busy, not accepted, not answered within 45 s: the next team is called immediately."""

from __future__ import annotations

import pytest

from hal.simulated.behaviours import Rejects
from tests.support.box import Town
from tests.support.callees import ALPHA, BRAVO, DELTA, attempts, confirm, person, until_reached


@pytest.mark.parametrize("why", ["busy", "no-answer", "rejected"])
def test_the_next_team_is_called_at_once(play, why):
    async def story(town: Town) -> None:
        phone = town.phone("bravo")
        if why == "busy":
            phone.busy = True
        elif why == "no-answer":
            phone.never_answers()
        else:
            phone.behaviour = Rejects(ring_s=5.0)
        person(town, DELTA)
        alert = await confirm(town)
        await until_reached(town, alert, "delta")
        first, second = (await attempts(town, alert))[:2]
        assert (first.team, first.outcome, first.counted) == ("bravo", why, True)
        assert second.team == "delta"
        assert second.started.mono - first.ended.mono < 0.5
        if why == "no-answer":
            (log,) = phone.calls
            assert log.answered is None
            assert 45.0 <= log.ended - log.rang <= 46.0

    play(story, members=(ALPHA, BRAVO, DELTA))
