"""Not reached after three calls is loud: log, journal, `alertbox check`, a message to the management; never silently closed."""

from __future__ import annotations

from storage.records import TeamNotReached
from tests.support.box import CONFIG, ISDN, MANAGEMENT, RADIO, Town
from tests.support.callees import ALPHA, BRAVO, DELTA, confirm, person


def test_in_every_place(play, caplog):
    async def story(town: Town) -> None:
        person(town, DELTA)
        town.phone("bravo").never_answers()
        campaign = await town.ended(await confirm(town))
        await town.messages_sent()

        reason = "3 calls: no-answer, no-answer, no-answer"
        assert campaign.not_reached == {"bravo": reason}
        assert f"bravo was not reached, {reason}" in caplog.text
        facts = [envelope.record async for envelope in town.box.store.journal.records()]
        assert [(fact.team, fact.reason) for fact in facts if isinstance(fact, TeamNotReached)] == [("bravo", reason)]
        check = await town.command("check")
        assert check.status == 1
        assert any("not reached: bravo" in str(part) for part in check.parts)
        told = [sms.text for sms in town.exchange.sms if sms.recipient == MANAGEMENT]
        assert any(f"bravo was not reached, {reason}" in text for text in told)

        await town.stop()
        await town.restart()
        check = await town.command("check")
        assert any("not reached: bravo" in str(part) for part in check.parts), (
            "it stands until a person has dealt with it"
        )
        await town.command("alarm clear", key="alert.1.not-reached")
        check = await town.command("check")
        assert not any("not reached: bravo" in str(part) for part in check.parts)

    play(story, members=(ALPHA, BRAVO, DELTA), config=CONFIG + ISDN + RADIO)
