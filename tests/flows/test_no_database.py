"""A database that cannot be opened: a clear alarm, and the alert still reaches everyone, from the last good roster."""

from __future__ import annotations

from tests.support.box import Town


def test_the_alert_reaches_everyone_from_the_last_good_copy(play):
    async def story(town: Town) -> None:
        await town.stop()
        state = town.config.paths.state
        (state / "alertbox.db").write_bytes(b"worn out " * 5000)
        (state / "alertbox.db-wal").unlink(missing_ok=True)
        await town.restart()

        check = await town.command("check")
        assert check.status == 1
        assert any("the database cannot be used" in part for part in check.parts)
        assert "storage.database" in {alarm.key for alarm in town.box.store.alarms.active()}

        for team in town.members:
            town.acknowledges(team, "1234" if team == "charlie" else "1")
        campaign = await town.ended(await town.alert_from("alpha"))
        assert set(campaign.reached) == {"bravo", "charlie", "delta", "echo", "foxtrot"}

    play(story)
