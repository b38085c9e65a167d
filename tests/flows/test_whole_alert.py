"""A team sends an alert, and every other team is called, told and reached."""

from __future__ import annotations

from tests.support.box import Town, speech


def test_a_whole_alert(play):
    async def story(town: Town) -> None:
        spoken = speech(4.0)
        for team in ("bravo", "delta", "echo", "foxtrot"):
            town.acknowledges(team)
        town.acknowledges("charlie", "1234")
        alert = await town.alert_from("alpha", spoken)
        campaign = await town.ended(alert)
        assert campaign.ended == "complete"
        assert {team: (r.how, r.group) for team, r in campaign.reached.items()} == {
            "bravo": ("key", ""),
            "charlie": ("pin", "duty"),
            "delta": ("key", ""),
            "echo": ("key", ""),
            "foxtrot": ("key", ""),
        }
        assert campaign.not_reached == {}

    play(story)
