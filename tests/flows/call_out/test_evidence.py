"""`alertbox alerts show ID` gives the evidence, team by team and try by try."""

from __future__ import annotations

from appliance.console.render import plain
from tests.support.box import CONFIG, ISDN, RADIO, Town
from tests.support.callees import ALPHA, BRAVO, CHARLIE, DELTA, confirm, person


def test_every_team_and_every_try(play):
    async def story(town: Town) -> None:
        town.exchange.devices["gsm"].faults.no_carrier = True
        person(town, BRAVO)
        person(town, CHARLIE, "1234")
        town.phone("delta").busy = True
        campaign = await town.ended(await confirm(town))
        answer = await town.command("alerts show", id=campaign.alert)
        assert answer.status == 1
        lines = plain(answer).splitlines()
        assert max(map(len, lines)) <= 80

        def row(first: str, *words: str) -> str:
            found = [line for line in lines if line.split()[:1] == [first] and all(word in line for word in words)]
            assert found, (first, words)
            return found[0]

        row("bravo", "reached", "pressed the key", "1 s all")
        row("charlie", "reached", "PIN of group duty")
        row("delta", "not reached", "3 calls: busy, busy")
        for each in campaign.attempts:
            row(str(each.call), each.team, each.number, each.line, each.outcome)
        assert sum(line.endswith("line-fault *") for line in lines) == sum(
            not each.counted for each in campaign.attempts
        )
        assert any(line.split()[-1:] == [town.box.store.journal.head] for line in lines)
        assert any(line.startswith("Alert 1 from alpha, confirmed 2026-11-22 13:00:") for line in lines)

    config = CONFIG + ISDN + RADIO + "[limits]\ngap_s = 5\n"
    play(story, members=(ALPHA, BRAVO, CHARLIE, DELTA), config=config)
