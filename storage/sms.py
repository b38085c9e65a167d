"""Short messages on their way, and those that were received."""

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
    delivery: str = ""
    """What the network reports: `delivered`, `trying`, `failed` (one part at least), or empty: nothing yet."""

    @property
    def fate(self) -> str:
        """The state, or where it was sent what became of it: `delivered`, `sent` (no word yet), `undelivered`."""
        if self.state not in ("sent", "unknown"):
            return self.state
        return {"delivered": "delivered", "failed": "undelivered", "trying": "sent"}.get(self.delivery, self.state)

    @property
    def references(self) -> tuple[int, ...]:
        """The network's references of a message that was sent, one a part; empty for others."""
        parts = self.detail.split(",") if self.state == "sent" else []
        return tuple(int(part) for part in parts if part.strip().isdecimal())


@dataclass(frozen=True, slots=True)
class ReceivedSms:
    """A message that somebody has sent to this box. Never a command, and no proof of who sent it."""

    id: int
    device: str
    sender: str
    text: str
    sent_at: float | None
    parts: int
    """Parts that came, of `of`."""
    of: int
    wall: float
    """Unix time of its storing."""


@dataclass(frozen=True, slots=True)
class WaitingPart:
    """A part of a long message that waits for the others."""

    device: str
    sender: str
    reference: int
    of: int
    part: int
    text: str
    sent_at: float | None
    stored: Stamp


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

    async def reportable(self, since: float) -> list[Sms]:
        """Handed to the network at `since` (Unix time) or later, or perhaps; oldest first. Reports may still come for them."""
        sql = "select * from sms where state in ('sent', 'unknown') and tried_wall >= ? order by tried_wall, id"
        return await self._query(sql, since)

    async def received(self, limit: int) -> list[ReceivedSms]:
        """The newest received messages, oldest first."""
        sql = "select * from (select * from received order by id desc limit ?) order by id"
        return await self._database.read(lambda db: [ReceivedSms(**row) for row in db.query(sql, (limit,))])

    async def get_received(self, received: int) -> ReceivedSms | None:
        """The received message of that number, or None."""
        sql = "select * from received where id = ?"
        found = await self._database.read(lambda db: [ReceivedSms(**row) for row in db.query(sql, (received,))])
        return next(iter(found), None)

    async def received_since(self, since: float) -> int:
        """How many messages and parts were stored at `since` (Unix time) or later."""
        sql = (
            "select (select coalesce(sum(parts), 0) from received where wall >= ?) "
            "+ (select count(*) from received_parts where wall >= ?) as n"
        )
        return await self._database.read(lambda db: int(next(iter(db.query(sql, (since, since))))["n"]))

    async def dropped_since(self, since: float) -> int:
        """How many were deleted unread at `since` (Unix time) or later, because too many came."""
        sql = "select coalesce(sum(count), 0) as n from received_dropped where wall >= ?"
        return await self._database.read(lambda db: int(next(iter(db.query(sql, (since,))))["n"]))

    async def waiting_parts(self) -> list[WaitingPart]:
        """The parts of long messages that are not complete, in order of their storing."""
        sql = "select * from received_parts order by wall, part"
        return await self._database.read(lambda db: [_part(row) for row in db.query(sql)])

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
        delivery=row["delivery"],
    )


def _part(row: dict[str, Any]) -> WaitingPart:
    stored = Stamp(row.pop("wall"), row.pop("mono"), row.pop("boot"))
    return WaitingPart(**row, stored=stored)
