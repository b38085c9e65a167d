"""Call detail records and login tries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from storage.database import Database
from storage.journal import Stamp, row_stamp


@dataclass(frozen=True, slots=True)
class CallDetail:
    """One call, in or out: who, whom, when, how long, and how it ended."""

    id: int
    direction: str
    """`in` or `out`."""
    line: str
    source: str | None
    target: str | None
    originator: str
    account: str
    started: Stamp
    answered: Stamp | None
    ended: Stamp | None
    outcome: str | None
    """None while it lasts, and after a crash until somebody closes it."""
    detail: str
    duration_s: float | None
    talk_s: float | None


@dataclass(frozen=True, slots=True)
class Login:
    """One try to log in."""

    wall: float
    mono: float
    boot: str
    call: int
    caller: str | None
    team: str | None
    ok: bool


class Calls:
    """Reader of call detail records."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, call: int) -> CallDetail | None:
        """The call of that number, or None."""
        return next(iter(await self._query("select * from calls where id = ?", call)), None)

    async def recent(self, n: int) -> list[CallDetail]:
        """The newest `n`, newest first."""
        return await self._query("select * from calls order by id desc limit ?", n)

    async def unfinished(self) -> list[CallDetail]:
        """Begun and not ended: running now, or cut off by a crash."""
        return await self._query("select * from calls where ended_wall is null order by id")

    async def login_history(self, since_wall: float) -> list[Login]:
        """Tries since that time, oldest first; those that a faster clock has dated into the future among them."""
        sql = "select wall, mono, boot, call, caller, team, ok from logins where wall >= ? order by seq"
        return await self._database.read(
            lambda db: [Login(**{**row, "ok": bool(row["ok"])}) for row in db.query(sql, (since_wall,))]
        )

    async def _query(self, sql: str, *values: Any) -> list[CallDetail]:
        return await self._database.read(lambda db: [_detail(row) for row in db.query(sql, values)])


def _detail(row: dict[str, Any]) -> CallDetail:
    started = row_stamp(row, "started")
    assert started is not None
    return CallDetail(
        id=row["id"],
        direction=row["direction"],
        line=row["line"],
        source=row["source"],
        target=row["target"],
        originator=row["originator"],
        account=row["account"],
        started=started,
        answered=row_stamp(row, "answered"),
        ended=row_stamp(row, "ended"),
        outcome=row["outcome"],
        detail=row["detail"],
        duration_s=row["duration_s"],
        talk_s=row["talk_s"],
    )
