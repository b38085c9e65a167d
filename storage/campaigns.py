"""Campaigns: one confirmed alert each, with every try and everyone reached."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database as Tables

from storage.database import Database
from storage.journal import Stamp, row_stamp
from storage.records import Target


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call to a team. Without an end it was cut off by a crash, and counts as made."""

    call: int
    team: str
    alerts: tuple[int, ...]
    number_index: int
    number: str
    line: str
    started: Stamp
    ended: Stamp | None
    outcome: str | None
    counted: bool
    """It is one of the team's calls."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """A team that has acknowledged, or has heard the alert to its end."""

    team: str
    how: str
    """`key`, `pin` or `playback`."""
    group: str
    call: int
    at: Stamp
    heard_s: float = 0.0
    """Seconds of the message that it has heard, in its longest listening."""
    heard_all: bool = False


@dataclass(frozen=True, slots=True)
class Campaign:
    """One alert and its way to the teams, as of the moment of reading."""

    alert: int
    message: int
    sender: str
    exercise: bool
    confirmed_at: float
    confirmed_mono: float
    confirmed_boot: str
    targets: tuple[Target, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    """In the order in which they began."""
    reached: dict[str, Reached] = field(default_factory=dict)
    not_reached: dict[str, str] = field(default_factory=dict)
    """Team -> reason, for teams that the box has given up."""
    ended: str | None = None
    """`complete`, `all-clear`, or None while it runs."""
    ended_by: str = ""
    ended_at: float | None = None
    all_clear_of: int | None = None
    call: int = 0
    """The call in by which it was confirmed."""


class Campaigns:
    """Reader of campaigns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, alert: int) -> Campaign | None:
        """The campaign of that alert, or None."""
        return next(iter(await self._query("where alert = ?", alert)), None)

    async def open(self) -> list[Campaign]:
        """Those that have not ended, oldest first."""
        return await self._query("where ended is null order by alert")

    async def recent(self, n: int) -> list[Campaign]:
        """The newest `n`, newest first."""
        return await self._query("order by alert desc limit ?", n)

    async def by_sender(self, team: str) -> list[Campaign]:
        """What the team has sent, newest first."""
        return await self._query("where sender = ? order by alert desc", team)

    async def _query(self, which: str, *values: Any) -> list[Campaign]:
        return await self._database.read(lambda db: _campaigns(db, which, values))


def _campaigns(db: Tables, which: str, values: tuple[Any, ...]) -> list[Campaign]:
    """In one read transaction, so that all parts are of one moment."""
    with db.atomic():
        rows = list(db.query(f"select * from campaigns {which}", values))  # noqa: S608 - `which` is one of the above
        return [_campaign(db, row) for row in rows]


def _campaign(db: Tables, row: dict[str, Any]) -> Campaign:
    alert = (row["alert"],)
    return Campaign(
        alert=row["alert"],
        message=row["message"],
        sender=row["sender"],
        exercise=bool(row["exercise"]),
        confirmed_at=row["confirmed_wall"],
        confirmed_mono=row["confirmed_mono"],
        confirmed_boot=row["confirmed_boot"],
        targets=tuple(Target(t["team"], t["excluded"]) for t in db.query(_TARGETS, alert)),
        attempts=tuple(_attempt(a) for a in db.query(_ATTEMPTS, alert)),
        reached={a["team"]: _reached(a) for a in db.query(_REACHED, (row["message"], *alert))},
        not_reached={a["team"]: a["reason"] for a in db.query(_NOT_REACHED, alert)},
        ended=row["ended"],
        ended_by=row["ended_by"],
        ended_at=row["ended_wall"],
        all_clear_of=row["all_clear_of"],
        call=row["call"],
    )


_TARGETS = "select team, excluded from targets where alert = ? order by position"
_ATTEMPTS = "select a.* from attempt_alerts w join attempts a on a.call = w.call where w.alert = ? order by a.rowid"
_REACHED = (
    "select r.*, coalesce(h.seconds, 0.0) as heard_s, coalesce(h.complete, 0) as heard_all from reached r "
    "left join heard h on h.message = ? and h.team = r.team where r.alert = ? order by r.team"
)
_NOT_REACHED = "select team, reason from not_reached where alert = ? order by team"


def _attempt(row: dict[str, Any]) -> Attempt:
    started = row_stamp(row, "started")
    assert started is not None
    return Attempt(
        call=row["call"],
        team=row["team"],
        alerts=tuple(json.loads(row["alerts"])),
        number_index=row["number_index"],
        number=row["number"],
        line=row["line"],
        started=started,
        ended=row_stamp(row, "ended"),
        outcome=row["outcome"],
        counted=bool(row["counted"]),
        detail=row["detail"],
    )


def _reached(row: dict[str, Any]) -> Reached:
    at = Stamp(row["wall"], row["mono"], row["boot"])
    return Reached(row["team"], row["how"], row["group"], row["call"], at, row["heard_s"], bool(row["heard_all"]))
