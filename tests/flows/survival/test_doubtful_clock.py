"""After a restart with a doubtful clock the whole five minutes are waited again; with a trusted one only what is left."""

from __future__ import annotations

import asyncio

import pytest

from hal.clock import Clock, ClockTrust
from tests.support.box import Town
from tests.support.callees import ALPHA, BRAVO, attempts, confirm, person


@pytest.mark.parametrize(("trust", "least", "most"), [(ClockTrust.TRUSTED, 99, 103), (ClockTrust.DOUBTFUL, 300, 303)])
def test_the_gap_over_a_restart(play, trust, least, most):
    async def story(town: Town) -> None:
        town.phone("bravo").busy_times = 1
        person(town, BRAVO)
        alert = await confirm(town)
        while not (tries := await attempts(town, alert)) or not tries[0].ended:
            await asyncio.sleep(0.05)
        await town.crash()
        await asyncio.sleep(200.0)
        loop = asyncio.get_running_loop()
        town.clock = Clock(loop, wall=loop.wall, boot_id="the next boot", trust=trust)
        began = loop.time()
        await town.restart()
        campaign = await town.ended(alert)
        first, second = campaign.attempts
        assert (first.outcome, second.outcome) == ("busy", "reached")
        assert least <= second.started.mono - began <= most

    play(story, members=(ALPHA, BRAVO))
