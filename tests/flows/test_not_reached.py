"""A team that never answers is called three times, and then it is loud."""

from __future__ import annotations

import itertools

from tests.support.box import CONFIG, ISDN, MANAGEMENT, RADIO, Town


def test_three_calls_and_then_everybody_is_told(play):
    async def story(town: Town) -> None:
        for team in ("charlie", "delta", "echo", "foxtrot"):
            town.acknowledges(team, "1234" if team == "charlie" else "1")
        town.phone("bravo").never_answers()
        campaign = await town.ended(await town.alert_from("alpha"))

        attempts = [each for each in campaign.attempts if each.team == "bravo" and each.counted]
        assert [each.outcome for each in attempts] == ["no-answer"] * 3
        for earlier, later in itertools.pairwise(attempts):
            assert later.started.mono - earlier.ended.mono >= 300
        assert campaign.not_reached.keys() == {"bravo"}
        assert [log.answered for log in town.phone("bravo").calls] == [None] * 3

        alarms = {alarm.key: alarm.text for alarm in town.box.store.alarms.active()}
        assert any("bravo" in text for key, text in alarms.items() if "not-reached" in key)
        check = await town.command("check")
        assert check.status == 1
        assert any("bravo" in part for part in check.parts)
        shown = await town.command("alerts show", id=campaign.alert)
        assert shown.data["teams"]["bravo"].startswith("NOT REACHED")
        assert [outcome for team, outcome, counted in shown.data["attempts"] if team == "bravo" and counted] == [
            "no-answer"
        ] * 3
        await town.messages_sent()
        told = [sms.text for sms in town.exchange.sms if sms.recipient == MANAGEMENT]
        assert any("bravo was not reached" in text for text in told)

    play(story, config=CONFIG + ISDN + RADIO)
