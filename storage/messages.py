"""Recorded messages: drafts, what was sent, who has heard what; and the sounds themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hal.audio.sound import Sound
from storage import audio
from storage.database import Database

HOLD_S = 72 * 3600.0
"""Seconds for which a message is new; then it is archived, which is not deleted."""


@dataclass(frozen=True, slots=True)
class Message:
    """A recording and what became of it."""

    id: int
    team: str
    recorded_at: float
    """Unix time."""
    digest: str
    encoding: str
    samples: int
    """At 8 kHz."""
    state: str
    """`draft`, `sent` or `discarded`."""
    alert: int | None
    exercise: bool
    sent_at: float | None = None
    heard: bool = False
    """Only from `new_for`: that team has listened to its end."""


class Messages:
    """Reader of messages and sounds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, message: int) -> Message | None:
        """The message of that number, or None."""
        sql = "select *, 0 as was_heard from messages where id = ?"
        return next(iter(await self._query(sql, message)), None)

    async def drafts(self, team: str) -> list[Message]:
        """What the team recorded and neither sent nor discarded, oldest first."""
        return await self._query(
            "select *, 0 as was_heard from messages where state = 'draft' and team = ? order by id", team
        )

    async def new_for(self, team: str, now_wall: float, hold_s: float = HOLD_S) -> list[Message]:
        """Sent by other teams at most `hold_s` seconds before `now_wall`, newest last. A clock gone back hides none."""
        sql = (
            "select m.*, coalesce(h.complete, 0) as was_heard from messages m "
            "left join heard h on h.message = m.id and h.team = ? "
            "where m.state = 'sent' and m.team <> ? and m.sent_at >= ? order by m.id"
        )
        return await self._query(sql, team, team, now_wall - hold_s)

    async def sound(self, message: int) -> Sound:
        """The recording exactly as received. Raises `LookupError` where it has expired or never was."""
        found = await self.get(message)
        if found is None:
            raise LookupError(f"message {message} is unknown")
        return await self.audio(found.digest)

    async def audio(self, digest: str) -> Sound:
        """A sound by its digest. Raises `LookupError` where there is none, `StorageError` where the card has damaged it."""
        sound = await self._database.read(lambda db: audio.load(db, digest))
        if sound is None:
            raise LookupError(f"audio {digest[:16]} is not here (any more)")
        return sound

    async def spoken_name(self, team: str) -> Sound | None:
        """The name that the team recorded for itself, or None."""
        sql = "select digest from spoken_names where team = ?"
        return await self._database.read(
            lambda db: next((audio.load(db, row["digest"]) for row in db.query(sql, (team,))), None)
        )

    async def spoken_names(self) -> dict[str, str]:
        """Team -> digest of the recorded name."""
        sql = "select team, digest from spoken_names"
        return await self._database.read(lambda db: {row["team"]: row["digest"] for row in db.query(sql)})

    async def expire(self, before_wall: float) -> int:
        """Delete the audio, not the history, of discarded drafts and of ended alerts sent before `before_wall`.

        Returns the number of sounds deleted. Drafts, open campaigns and spoken names keep theirs.
        """
        return await self._database.write(lambda db: audio.expire(db, before_wall))

    async def _query(self, sql: str, *values: Any) -> list[Message]:
        return await self._database.read(lambda db: [_message(row) for row in db.query(sql, values)])


def _message(row: dict[str, Any]) -> Message:
    return Message(
        id=row["id"],
        team=row["team"],
        recorded_at=row["recorded_at"],
        digest=row["digest"],
        encoding=row["encoding"],
        samples=row["samples"],
        state=row["state"],
        alert=row["alert"],
        exercise=bool(row["exercise"]),
        sent_at=row["sent_at"],
        heard=bool(row["was_heard"]),
    )
