"""The store: what the rest of the house sees of all this.

store = await Store.open(path, clock=clock, secrets=Secrets.load_or_create(directory))
await store.commit(AlertConfirmed(...))     # on the card when it returns
campaign = await store.campaigns.get(alert)
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import os
import secrets as random
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from sqlite_utils import Database as Tables

from hal.audio.sound import Sound
from storage import audio as sounds
from storage import codec, lastgood
from storage import journal as journals
from storage.calls import Calls
from storage.campaigns import Campaigns
from storage.credentials import Argon2Cost, Credentials
from storage.database import Database
from storage.errors import StorageClosed, StorageError
from storage.journal import Chain, Envelope, Journal
from storage.messages import Messages
from storage.records import Record
from storage.reserve import SIZE as RESERVE_BYTES
from storage.reserve import Reserve
from storage.secrets import Secrets
from storage.sms import ShortMessages
from storage.standing import Alarms, LineService, Rosters, Settings, Standing
from storage.writer import Job, Writer

log = logging.getLogger(__name__)

_IDS = {
    "call": ("calls", "id"),
    "message": ("messages", "id"),
    "alert": ("campaigns", "alert"),
    "sms": ("sms", "id"),
    "received": ("received", "id"),
}


class StoreClock(Protocol):
    """What the store asks of `hal.clock.Clock`."""

    boot_id: str

    @property
    def trust(self) -> Any:
        """An enum whose value is `trusted` or `doubtful`."""

    def monotonic(self) -> float: ...

    def wall(self) -> float: ...


class Store:
    """One box's memory. Made by `open`, used on the event loop that opened it."""

    roster: Rosters
    alarms: Alarms
    settings: Settings
    lines: dict[str, LineService]
    """Line -> its newest `LineChanged`."""
    stopped_cleanly: bool
    """At the moment of opening: the last run of the box ended in order (or there was none)."""
    journal: Journal
    messages: Messages
    campaigns: Campaigns
    calls: Calls
    sms: ShortMessages
    credentials: Credentials

    digest = staticmethod(sounds.digest)

    def __init__(self, database: Database, clock: StoreClock) -> None:
        self._database = database
        self._clock = clock
        self._standing = Standing()
        self._subscribers: list[Callable[[Envelope], None]] = []
        self._ids = dict.fromkeys(_IDS, 0)
        self._writer: Writer | None = None
        self._closing = False

    @classmethod
    async def open(
        cls,
        path: str | os.PathLike[str],
        *,
        clock: StoreClock,
        secrets: Secrets,
        pin_cost: Argon2Cost | None = None,
        reserve_bytes: int = RESERVE_BYTES,
        read_only: bool = False,
    ) -> Store:
        """Open the database, or make it; migrate and check it.

        `pin_cost` is for tests, `reserve_bytes` is the space kept for one alert on a full disk. With `read_only` nothing
        is written: for reports while the box is down; what is cached is then of the moment of opening.
        Raises `StorageError` (damaged, newer than this program, in use, other keys), whose text names the file and the mend.
        """
        path = Path(path)
        reserve = Reserve(path.with_name(path.name + ".reserve"), reserve_bytes)
        database = Database(path, reserve, read_only=read_only)
        store = cls(database, clock)
        await database.open()
        try:
            await store._load(secrets)
        except BaseException:
            await database.close()
            raise
        store.credentials = Credentials(database, secrets.pepper, pin_cost or Argon2Cost())
        store.messages = Messages(database)
        store.campaigns = Campaigns(database)
        store.calls = Calls(database)
        store.sms = ShortMessages(database)
        return store

    async def _load(self, secrets: Secrets) -> None:
        if not self._database.read_only:
            await self._database.write(lambda db: self._prepare(db, secrets))
        identity, chain = await self._database.read(lambda db: self._read_standing(db, secrets))
        standing = self._standing
        self.roster, self.alarms, self.settings = standing.roster, standing.alarms, standing.settings
        self.lines, self.stopped_cleanly = standing.lines, standing.stopped_cleanly
        self.journal = Journal(self._database, secrets.device_key, identity, chain.head.hex())
        if not self._database.read_only:
            self._writer = Writer(self._database, chain, self._published, self._after_commit)

    async def commit(self, *records: Record, audio: Mapping[str, Sound] | None = None) -> tuple[Envelope, ...]:
        """Write the records, their effects and their audio in one transaction; durable on return.

        They take the time of this call, and the order of calls. Cancelling the caller does not take it back. Raises
        `StorageFull`, `InvalidRecord` or another `StorageError`; then nothing of this commit was written.
        """
        if self._writer is None or self._closing:
            raise StorageClosed(f"{self._database.path}: closed, or open for reading only")
        done: asyncio.Future[tuple[Envelope, ...]] = asyncio.get_running_loop().create_future()
        self._writer.submit(
            Job(
                wall=round(self._clock.wall(), 6),
                mono=round(self._clock.monotonic(), 6),
                boot=self._clock.boot_id,
                trust=self._clock.trust.value,
                records=[codec.canonical(record) for record in records],
                audio=dict(audio or {}),
                done=done,
            )
        )
        return await done

    def new_id(self, kind: str) -> int:
        """The next number of a `call`, `message`, `alert` or `sms`; never one that was ever committed."""
        self._ids[kind] += 1
        return self._ids[kind]

    def subscribe(self, callback: Callable[[Envelope], None]) -> Callable[[], None]:
        """Call it on the loop with each envelope once that is durable, in order. Returns what ends the subscription."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def space(self) -> tuple[int, int]:
        """Bytes of the reserve that are left, and its full size; less than full means that the disk is (nearly) full."""
        return self._database.reserve.left, self._database.reserve.size

    async def reclaim_space(self) -> None:
        """Make the reserve whole again where there is room for it. Every commit looks for that, too; this is for a box that
        has nothing to write."""
        await self._database.write(lambda _: self._database.reserve.refill())

    async def check(self) -> list[str]:
        """Read every page and every sound; what is wrong, one sentence each. May take minutes; disturbs nobody."""
        return await self._database.read_at_length(_findings)

    async def close(self) -> None:
        """Finish the commits that were begun, then let go. More than once is harmless."""
        self._closing = True
        if self._writer is not None:
            await self._writer.finish()
        self.credentials.close()
        await self._database.close()

    # --- on the loop, after each commit --------------------------------------------------------------------------------

    def _published(self, seal: str, envelopes: Sequence[Envelope]) -> None:
        self.journal.head = seal
        self._standing.feed(envelopes)
        for envelope in envelopes:
            for callback in list(self._subscribers):
                try:
                    callback(envelope)
                except Exception:
                    log.exception("a subscriber failed on %s", envelope)

    # --- on the threads ------------------------------------------------------------------------------------------------

    def _prepare(self, db: Tables, secrets: Secrets) -> None:
        with db.atomic():
            if not db["meta"].count:
                identity = random.token_hex(16)
                for name, value in {"identity": identity, **_checks(secrets, identity)}.items():
                    db.execute("insert into meta (name, value) values (?, ?)", (name, value))
        self._after_commit(db, None)

    def _read_standing(self, db: Tables, secrets: Secrets) -> tuple[str, Chain]:
        meta = {row["name"]: row["value"] for row in db["meta"].rows}
        for name, value in _checks(secrets, meta["identity"]).items():
            if not hmac.compare_digest(value, meta[name]):
                raise StorageError(
                    f"{self._database.path}: written with another {name}; put the key files of this box back from their backup"
                )
        self._standing.load(db)
        for kind, (table, column) in _IDS.items():
            self._ids[kind] = db.execute(f"select coalesce(max({column}), 0) from {table}").fetchone()[0]  # noqa: S608 - `_IDS`
        last = journals.last(db)
        seq, head = (last.seq, last.seal) if last else (0, None)
        return meta["identity"], Chain(secrets.device_key, meta["identity"], seq=seq, head=head)

    def _after_commit(self, db: Tables, records: Sequence[Record] | None) -> None:
        """Keep the copy for emergencies in step. The facts are durable already: a failure here is logged, not raised."""
        if records is None or any(isinstance(record, lastgood.CONCERNS) for record in records):
            try:
                lastgood.write(db, self._database.path)
            except (OSError, StorageError, sqlite3.Error):
                log.exception("%s: the copy for emergencies could not be written", self._database.path)


def _checks(secrets: Secrets, identity: str) -> dict[str, str]:
    """Fingerprints that tell whether the key files are those of this database."""
    keys = {"device key": secrets.device_key, "pepper": secrets.pepper}
    return {name: hmac.digest(key, b"check " + identity.encode(), hashlib.sha256).hex() for name, key in keys.items()}


def _findings(db: Tables) -> list[str]:
    findings = [row[0] for row in db.execute("pragma integrity_check").fetchall() if row[0] != "ok"]
    for name in [row["digest"] for row in db.query("select digest from audio")]:
        try:
            sounds.load(db, name)
        except StorageError as error:
            findings.append(str(error))
    return findings
