"""The report of an alert: all the evidence, in eighty columns."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from hal.errors import Busy, NoDialTone
from ivr import report
from ivr.dialout.targets import NOT_TOLD, targets, told_of
from storage.records import AlertEnded, MessageHeard
from storage.roster import Roster
from tests.ivr.dialout.world import World, team
from tests.support.virtualtime import run_virtual


def test_team_by_team_and_try_by_try(tmp_path: Path) -> None:
    async def story() -> None:
        unfit = team("unfit")
        object.__setattr__(unfit, "registered", None)
        teams = [team("sender"), team("a-team-with-a-rather-long-key", mobile="+49111"), team("b"), unfit]
        world = World(tmp_path, teams, lines=2)
        world.numbers[teams[2].numbers[0].number] = [Busy()] * 3

        def broken() -> Exception:
            world.lines[0].broken = None
            return NoDialTone("no dial tone at all on this poor line, which somebody should really look at soon")

        async with world.box():
            world.lines[0].broken = broken
            alert = await world.alert()
            await world.until_ended(alert)
            reached = await world.store.campaigns.get(alert)
            call = reached.reached["a-team-with-a-rather-long-key"].call
            await world.store.commit(MessageHeard(reached.message, "a-team-with-a-rather-long-key", call, 0.5, False))
            made = await report.gather(world.store, alert)
            head = world.store.journal.head
        assert made is not None
        assert [(t.team, t.result, t.calls, t.heard_s) for t in made.teams] == [
            ("a-team-with-a-rather-long-key", "reached", 1, 0.5), ("b", "not reached", 3, 0.0), ("unfit", "not called", 0, 0.0),
        ]  # fmt: skip
        assert made.teams[2].how == "no registration"
        one = made.teams[0].tries
        assert [(t.line, t.outcome, t.counted) for t in one] == [
            ("line.0", "line-fault", False),
            ("line.1", "reached", True),
        ]
        assert one[1].ended - one[1].began > 50
        assert json.loads(json.dumps(made.data()))["journal_head"] == head == made.journal_head
        text = report.text(made)
        assert max(map(len, text.splitlines())) <= 80
        for words in (
            "1 of 2 teams reached, 1 not reached, 1 not called",
            "no registration",
            "line-fault *",
            head,
            "queued",
        ):
            assert words in " ".join(text.split())

    run_virtual(story())


def test_an_all_clear_names_those_it_was_not_for(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [team("sender"), team("a"), team("b")], lines=1)
        async with world.box():
            alert = await world.alert()
            await asyncio.sleep(20)
            await world.store.commit(AlertEnded(alert, "all-clear", "sender"))
            running = await report.gather(world.store, alert)
            clear = await world.alert(all_clear_of=alert)
            await world.until_ended(clear)
            old, new = await report.gather(world.store, alert), await report.gather(world.store, clear)
            assert running.teams[0].tries[0].outcome in ("running", "cut off")
            assert [(t.team, t.result) for t in new.teams] == [("a", "reached"), ("b", "not called")]
            assert new.teams[1].how == NOT_TOLD
            assert old.teams[1].how == "the calling was ended before"
            assert f"all-clear of alert {alert}" in " ".join(report.text(new).split())
            told = await world.store.campaigns.get(alert)
            assert told_of(told) == {"a"}
            found = targets(world.roster, "sender", told)
            assert [(t.team, t.excluded) for t in found] == [("a", ""), ("b", NOT_TOLD)]

    run_virtual(story())


def test_there_is_no_report_of_what_never_was(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [team("sender")])
        async with world.box():
            assert await report.gather(world.store, 99) is None
            assert targets(Roster.of([]), "x") == []

    run_virtual(story())
