"""Simple acknowledgement is key 1 and nothing else: no other key, no machine that talks, no voice that sounds like a key."""

from __future__ import annotations

from hal.audio.sound import Sound
from hal.simulated import IncomingRing, sounds
from hal.simulated.behaviours import AnsweringMachine
from tests.support.box import CONFIG, ISDN, Town, speech
from tests.support.callees import ALPHA, BRAVO, confirm


def test_no_other_key_acknowledges(play):
    async def story(town: Town) -> None:
        async def tries_everything(ring: IncomingRing) -> None:
            async with await ring.answer(after=2.0) as call:
                await call.hears("To receive it")
                await call.press("02345678*#")
                await call.hears("This is the Test alert")
                assert "Thank you" not in " ".join(call.captions)
                await call.press("1")
                await call.hears("Thank you")

        town.phone("bravo").behaviour = tries_everything
        campaign = await town.ended(await confirm(town))
        assert [each.outcome for each in campaign.attempts] == ["reached"]

    play(story, members=(ALPHA, BRAVO))


def test_an_answering_machine_never_does_whatever_it_says(play):
    """It talks, and its announcement carries sounds that are keys: all but the one that counts, and 9, which declines."""
    keys = b"".join(sounds.key_tone(key, 0.1) + sounds.QUIET * 5 for key in "2580*#")
    greeting = Sound(speech(2.0, seed=3).data + keys + speech(2.0, seed=4).data)

    async def story(town: Town) -> None:
        town.phone("bravo").behaviour = AnsweringMachine(greeting, ring_s=10.0, records_s=8.0)
        campaign = await town.ended(await confirm(town))
        assert [(each.outcome, each.counted) for each in campaign.attempts] == [("hung-up", True)]
        assert set(campaign.not_reached) == {"bravo"}

    play(story, members=(ALPHA, BRAVO), config=CONFIG + ISDN + "[limits]\ncalls_per_team = 1\n")
