"""Who is called, and who is not, and why."""

from __future__ import annotations

import asyncio
import datetime
from pathlib import Path

import pytest

from storage import InvalidRecord
from storage import records as r
from storage.roster import Acknowledgement, Number, Roster, TeamState
from tests.storage.support import open_store, team

FULL = team(
    "full",
    uid="4711",
    language="de",
    numbers=(Number("+49301", keys=",,12"), Number("0302")),
    mobile="+49151",
    acknowledgement=Acknowledgement.PIN,
    groups=("ops", "lead"),
    state=TeamState.PARTNER,
    contact_confirmed=datetime.date(2026, 1, 31),
)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"active": False}, "inactive"),
        ({"registered": None}, "no registration"),
        ({"code_of_conduct": None}, "no code of conduct"),
        ({"numbers": ()}, "no number"),
        ({"contact_confirmed": None}, ""),
        ({"registered": datetime.date(2999, 1, 1), "code_of_conduct": datetime.date(2999, 1, 1)}, ""),
        ({"contact_confirmed": datetime.date(1970, 1, 1)}, ""),
    ],
)
def test_why_a_team_is_not_called(changes: dict[str, object], reason: str) -> None:
    roster = Roster.of([FULL, team("odd", **changes)])
    assert roster.excluded() == ({"odd": reason} if reason else {})
    assert [t.key for t in roster.callable()] == (["full"] if reason else ["full", "odd"])


def test_teams_are_found_by_key_and_by_uid() -> None:
    roster = Roster.of([FULL, team("b", uid="1")])
    assert roster.by_key("full") is roster.by_uid("4711") is FULL
    assert roster.by_key("nobody") is roster.by_key(None) is roster.by_uid("9") is None


def test_the_digest_is_that_of_the_contents() -> None:
    assert Roster.of([FULL]).digest == Roster.from_json(Roster.of([FULL]).to_json()).digest
    assert Roster.of([FULL]).digest != Roster.of([team("b")]).digest


def test_the_store_keeps_the_newest_roster(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        assert store.roster.current() == Roster.of(())
        for roster in (Roster.of([team("old")]), Roster.of([FULL])):
            await store.commit(r.RosterLoaded(roster.digest, "file", roster.to_json()))
            assert store.roster.current() == roster
        await store.close()
        store = await open_store(tmp_path)
        assert store.roster.current() == Roster.of([FULL])
        await store.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    "teams", [[{}], [{**FULL.to_json(), "state": "friend"}], [{**FULL.to_json(), "registered": "x"}]]
)
def test_a_bad_roster_changes_nothing(tmp_path: Path, teams: list[dict[str, object]]) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        good = Roster.of([FULL])
        await store.commit(r.RosterLoaded(good.digest, "file", good.to_json()))
        with pytest.raises(InvalidRecord, match=r"roster\.loaded"):
            await store.commit(r.RosterLoaded("x", "file", teams))
        assert store.roster.current() == good
        await store.close()

    asyncio.run(main())
