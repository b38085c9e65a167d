"""A team sends an alert: every other team is called, hears what was spoken, and is reached."""

from __future__ import annotations

import asyncio

from hal.audio.sound import RATE
from hal.simulated import IncomingRing, PhoneCall
from tests.support.box import Town, samples_heard, speech


def test_everybody_is_called_told_and_reached(play):
    spoken = speech(6.0)
    ears: dict[str, PhoneCall] = {}

    async def story(town: Town) -> None:
        def listens(team: str, keys: str) -> None:
            async def behave(ring: IncomingRing) -> None:
                async with await ring.answer(after=3.0) as call:
                    ears[team] = call
                    await call.hears("to receive it" if town.members[team].language == "en" else "um sie zu empfangen")
                    await call.press(keys)
                    await call.ends(within=120)

            town.phone(team).behaviour = behave

        for team, keys in {"bravo": "1", "charlie": "1234", "delta": "1", "echo": "1", "foxtrot": "1"}.items():
            listens(team, keys)
        alert = await town.alert_from("alpha", spoken)
        campaign = await town.ended(alert)

        assert campaign.ended == "complete"
        assert campaign.not_reached == {}
        assert {team: (reached.how, reached.group) for team, reached in campaign.reached.items()} == {
            "bravo": ("key", ""),
            "charlie": ("pin", "duty"),
            "delta": ("key", ""),
            "echo": ("key", ""),
            "foxtrot": ("key", ""),
        }
        assert all(reached.heard_all for reached in campaign.reached.values())
        for team, call in ears.items():
            assert samples_heard(spoken.data, call.heard) >= spoken.samples - 0.2 * RATE, team

    play(story)


def test_the_first_call_out_begins_within_three_seconds_of_the_confirmation(play):
    async def story(town: Town) -> None:
        for team in town.members:
            town.acknowledges(team, "1234" if team == "charlie" else "1")
        async with town.call_in("alpha") as call:
            await town.log_in(call, "alpha")
            alert = await town.send_alert(call)
            assert alert == 1
            await town.ended(alert)
        campaign = await town.ended(alert)
        first = min(attempt.started.mono for attempt in campaign.attempts)
        assert first - campaign.confirmed_mono <= 3.0

    play(story)


def test_calls_go_out_while_the_sender_is_still_on_the_line(play):
    async def story(town: Town) -> None:
        for team in town.members:
            town.acknowledges(team, "1234" if team == "charlie" else "1")
        async with town.call_in("alpha") as call:
            await town.log_in(call, "alpha")
            alert = await town.send_alert(call)
            while not (await town.box.store.campaigns.get(alert)).reached:
                await asyncio.sleep(1)
                await call.press("*")
            assert not call.hung_up
        assert len((await town.ended(alert)).reached) == 5

    play(story)
