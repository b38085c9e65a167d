"""A team's numbers are tried in turn within the three calls; a number may carry keys to press after answer."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from hal.simulated import IncomingRing
from tests.support.box import CONFIG, ISDN, Town
from tests.support.callees import ALPHA, DELTA, confirm

SECOND = "03010000014"
FAST = CONFIG + ISDN + "[limits]\ngap_s = 20\n"


def test_in_turn_and_three_calls_in_all(play):
    async def story(town: Town) -> None:
        town.phone("delta").busy = True
        town.exchange.phone(SECOND).busy = True
        campaign = await town.ended(await confirm(town))
        assert [each.number for each in campaign.attempts] == [DELTA.number, SECOND, DELTA.number]
        assert set(campaign.not_reached) == {"delta"}

    two = replace(DELTA, more_numbers=(f'"{SECOND}"',))
    play(story, members=(ALPHA, two), config=FAST)


def test_the_extension_is_dialled_after_answer_and_then_the_welcome_begins(play):
    async def story(town: Town) -> None:
        async def switchboard(ring: IncomingRing) -> None:
            async with await ring.answer(after=2.0) as call:
                await call.hears_keys("17", within=15)
                await call.hears("To receive it", within=15)
                await call.press("1")
                await call.hears("End of message")

        town.exchange.phone(SECOND).behaviour = switchboard
        town.phone("delta").busy = True
        campaign = await town.ended(await confirm(town))
        assert campaign.attempts[-1].number == SECOND
        assert campaign.reached["delta"].how == "key"

    two = replace(DELTA, more_numbers=(f'{{ number = "{SECOND}", keys = ",17" }}',))
    play(story, members=(ALPHA, two), config=FAST)


def test_a_key_that_sounds_while_the_extension_is_dialled_is_forgotten(play):
    """What a switchboard's announcement says before our welcome acknowledges nothing."""

    async def story(town: Town) -> None:
        async def talks(ring: IncomingRing) -> None:
            async with await ring.answer(after=2.0) as call:
                await call.press("1")
                await call.hears("If you cannot receive it", within=20)
                await asyncio.sleep(3.0)
                assert "Thank you" not in " ".join(call.captions)

        town.phone("delta").behaviour = talks
        campaign = await town.ended(await confirm(town))
        assert [each.outcome for each in campaign.attempts] == ["hung-up"]

    members = (ALPHA, DELTA)

    async def with_keys(town: Town) -> None:
        text = "".join(member.toml() for member in members)
        await town.load_roster(
            text.replace(f'"{DELTA.number}"', f'{{ number = "{DELTA.number}", keys = ",,1234567" }}')
        )
        await story(town)

    play(with_keys, members=members, config=CONFIG + ISDN + "[limits]\ncalls_per_team = 1\n")
