"""Short messages on their way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from storage.database import Database
from storage.journal import Stamp


@dataclass(frozen=True, slots=True)
class Sms:
    """One short message."""

    id: int
    purpose: str
    """`notice`, `result`, `not-reached`, `alarm`."""
    alert: int | None
    team: str | None
    number: str
    text: str
    queued: Stamp
    state: str
    """`queued`, or the outcome of the last try: `sent`, `failed` (will be tried again), `given-up`, `unknown`."""
    tries: int
    device: str
    detail: str
    tried_at: float | None
    """Unix time of the last try."""


class ShortMessages:
    """Reader of the queue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pending(self) -> list[Sms]:
        """Queued, and neither sent, given up nor unknown; oldest first."""
        return await self._query("select * from sms where state in ('queued', 'failed') order by id")

    async def for_alert(self, alert: int) -> list[Sms]:
        """All that belong to an alert, oldest first."""
        return await self._query("select * from sms where alert = ? order by id", alert)

    async def get(self, sms: int) -> Sms | None:
        """The message of that number, or None."""
        return next(iter(await self._query("select * from sms where id = ?", sms)), None)

    async def _query(self, sql: str, *values: Any) -> list[Sms]:
        return await self._database.read(lambda db: [_sms(row) for row in db.query(sql, values)])


def _sms(row: dict[str, Any]) -> Sms:
    return Sms(
        id=row["id"],
        purpose=row["purpose"],
        alert=row["alert"],
        team=row["team"],
        number=row["number"],
        text=row["text"],
        queued=Stamp(row["queued_wall"], row["queued_mono"], row["queued_boot"]),
        state=row["state"],
        tries=row["tries"],
        device=row["device"],
        detail=row["detail"],
        tried_at=row["tried_wall"],
    )
