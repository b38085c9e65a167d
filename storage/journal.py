"""The journal: everything that happened, in order, append-only, in one HMAC-SHA256 chain.

Each entry's seal is HMAC(device key, seal of the entry before, the entry), the first one's predecessor being derived from
the random identity of the database.

What a chain that verifies proves: nobody without the device key has changed, inserted, removed or reordered entries up to
its head, or moved them in from another database. What it does not prove: that the entries were true when they were
written; anything against someone who holds the device key (they can write the whole chain anew); that nothing is missing
at the end, or that the database is not an older copy of itself. The last two are what the head in campaign reports and
management messages is for: it anchors the chain outside the box, and `verify(anchor=...)` finds it again.

Triggers refuse UPDATE and DELETE on the table, and INSERT anywhere but at the end: against mistakes, not against an attacker.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlite_utils import Database as Tables

from storage import codec
from storage.codec import UnknownRecord
from storage.records import Record

if TYPE_CHECKING:
    from storage.database import Database

CHUNK = 1000
"""Entries read in one go."""


class Stamp(NamedTuple):
    """When something happened: Unix seconds, seconds of the monotonic clock, and the boot to which the latter belongs."""

    wall: float
    mono: float
    boot: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """A record with its place and time in the journal."""

    seq: int
    wall: float
    """Unix time in seconds, as far as `trust` goes."""
    mono: float
    """Monotonic seconds; compares only within one `boot`."""
    boot: str
    trust: str
    """`trusted` or `doubtful` (`hal.clock.ClockTrust`)."""
    record: Record

    @property
    def stamp(self) -> Stamp:
        return Stamp(self.wall, self.mono, self.boot)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the journal."""

    seq: int
    wall: float
    mono: float
    boot: str
    trust: str
    kind: str
    v: int
    body: str
    seal: bytes

    @property
    def envelope(self) -> Envelope:
        return Envelope(
            self.seq, self.wall, self.mono, self.boot, self.trust, codec.decode(self.kind, self.v, self.body)
        )


@dataclass(frozen=True, slots=True)
class JournalReport:
    """What a walk along the whole chain found."""

    ok: bool
    """Every seal is right and no number is missing (and the anchor was found, where one was asked for)."""
    records: int
    head: str
    """Hex of the last seal that was read."""
    first_bad: int | None
    """Number of the first entry whose seal or number is wrong."""
    unknown: tuple[UnknownRecord, ...] = ()
    """Entries that this program keeps but cannot read."""
    anchor_at: int | None = None
    """Number of the entry whose seal begins with the anchor."""


class Chain:
    """The running end of the chain: sans I/O."""

    def __init__(self, key: bytes, identity: str, *, seq: int = 0, head: bytes | None = None) -> None:
        self._key = key
        self.seq = seq
        self.head = head if head is not None else self._mac(b"alertbox journal 1", identity.encode())

    def _mac(self, *parts: bytes) -> bytes:
        return hmac.digest(self._key, b"\0".join(parts), hashlib.sha256)

    def seal(self, *, wall: float, mono: float, boot: str, trust: str, kind: str, v: int, body: str) -> Entry:
        """The next entry; moves the end on."""
        seq = self.seq + 1
        text = json.dumps([seq, wall, mono, boot, trust, kind, v, body], separators=(",", ":"), allow_nan=False)
        head = hmac.digest(self._key, self.head + text.encode(), hashlib.sha256)
        self.seq, self.head = seq, head
        return Entry(seq, wall, mono, boot, trust, kind, v, body, head)

    def follows(self, entry: Entry) -> bool:
        """The entry is the next one of the chain, unchanged. Moves the end on either way."""
        made = self.seal(
            wall=entry.wall,
            mono=entry.mono,
            boot=entry.boot,
            trust=entry.trust,
            kind=entry.kind,
            v=entry.v,
            body=entry.body,
        )
        self.head = entry.seal
        right = made.seq == entry.seq and hmac.compare_digest(made.seal, entry.seal)
        self.seq = entry.seq
        return right


def append(db: Tables, entry: Entry) -> None:
    """Write an entry (writer thread, inside a transaction)."""
    db.execute(
        "insert into journal (seq, wall, mono, boot, trust, kind, v, body, seal) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (entry.seq, entry.wall, entry.mono, entry.boot, entry.trust, entry.kind, entry.v, entry.body, entry.seal),
    )


def entries(db: Tables, after: int = 0, limit: int = CHUNK) -> list[Entry]:
    """Up to `limit` entries that follow number `after`."""
    return [
        Entry(**row) for row in db.query("select * from journal where seq > ? order by seq limit ?", (after, limit))
    ]


def last(db: Tables) -> Entry | None:
    """The newest entry."""
    return next((Entry(**row) for row in db.query("select * from journal order by seq desc limit 1")), None)


class Walk:
    """Verification, fed with entries in order: sans I/O."""

    def __init__(self, chain: Chain, anchor: str | None = None) -> None:
        self._chain = chain
        self._anchor = anchor.lower() if anchor else None
        self._records = 0
        self._first_bad: int | None = None
        self._unknown: list[UnknownRecord] = []
        self._anchor_at: int | None = None

    def feed(self, some: Iterable[Entry]) -> None:
        """The next entries."""
        for entry in some:
            self._records += 1
            if not self._chain.follows(entry) and self._first_bad is None:
                self._first_bad = entry.seq
            if self._anchor and self._anchor_at is None and entry.seal.hex().startswith(self._anchor):
                self._anchor_at = entry.seq
            record = codec.decode(entry.kind, entry.v, entry.body)
            if isinstance(record, UnknownRecord):
                self._unknown.append(record)

    def report(self) -> JournalReport:
        """What was found so far."""
        ok = self._first_bad is None and (self._anchor is None or self._anchor_at is not None)
        head = self._chain.head.hex()
        return JournalReport(ok, self._records, head, self._first_bad, tuple(self._unknown), self._anchor_at)


class Journal:
    """Reading side of the journal."""

    def __init__(self, database: Database, key: bytes, identity: str, head: str) -> None:
        self._database = database
        self._key = key
        self._identity = identity
        self.head = head
        """Hex of the newest durable seal: 64 digits. Its first 16 are plenty for a report."""

    async def verify(self, *, anchor: str | None = None) -> JournalReport:
        """Walk the whole chain. `anchor` is a head (or its beginning, at least 8 digits) from a report outside the box."""
        if anchor is not None and len(anchor) < 8:
            raise ValueError("an anchor has at least 8 hex digits")
        walk = Walk(Chain(self._key, self._identity), anchor)
        async for some in self._chunks(0):
            await self._database.read(partial(_feed, walk, some))
        return walk.report()

    async def last(self) -> Envelope | None:
        """The newest entry, or None: what the box knew before it stopped."""
        entry = await self._database.read(last)
        return entry.envelope if entry else None

    async def records(self, *, after: int = 0) -> AsyncIterator[Envelope]:
        """All entries that follow number `after`, oldest first, as envelopes; unknown ones as `UnknownRecord`."""
        async for some in self._chunks(after):
            for entry in some:
                yield entry.envelope

    async def doubtful(self, stamps: Collection[Stamp]) -> set[Stamp]:
        """Those of the stamps whose wall time came from a clock that nobody had confirmed, or is not in the journal.

        One pass over the journal for each boot: for the rare moment after a restart.
        """
        trusted: set[Stamp] = set()
        for boot in {stamp.boot for stamp in stamps}:
            trusted |= await self._database.read(partial(_trusted_stamps, boot))
        return set(stamps) - trusted

    async def _chunks(self, after: int) -> AsyncIterator[list[Entry]]:
        while some := await self._database.read(partial(_entries_after, after)):
            yield some
            after = some[-1].seq


def _trusted_stamps(boot: str, db: Tables) -> set[Stamp]:
    sql = "select wall, mono, boot from journal where boot = ? and trust = 'trusted'"
    return {Stamp(row["wall"], row["mono"], row["boot"]) for row in db.query(sql, (boot,))}


def _entries_after(after: int, db: Tables) -> list[Entry]:
    return entries(db, after)


def _feed(walk: Walk, some: list[Entry], _: Tables) -> None:
    walk.feed(some)


def replay(db: Tables) -> Iterator[Envelope]:
    """All entries in order, on a thread that may block (rebuild)."""
    after = 0
    while some := entries(db, after):
        for entry in some:
            yield entry.envelope
        after = some[-1].seq


def row_stamp(row: dict[str, Any], prefix: str) -> Stamp | None:
    """The stamp of the columns `<prefix>_wall`, `<prefix>_mono`, `<prefix>_boot`, None where they are null."""
    if row[f"{prefix}_wall"] is None:
        return None
    return Stamp(row[f"{prefix}_wall"], row[f"{prefix}_mono"], row[f"{prefix}_boot"])
