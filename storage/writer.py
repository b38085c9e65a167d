"""Group commit: what arrives while one transaction is on its way to the card shares the next.

On the loop: `submit`, which numbers nothing and waits for nothing. On the writing thread: one transaction for the whole
group, a savepoint for each commit in it, so that one that contradicts the history takes no other with it.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlite_utils import Database as Tables

from hal.audio.sound import Sound
from storage import audio, journal, projections
from storage import records as r
from storage.database import Database
from storage.errors import InvalidRecord, StorageError, StorageFull
from storage.journal import Chain, Envelope
from storage.records import Record
from storage.reserve import Claim, claim

log = logging.getLogger(__name__)

CHECKPOINT_AFTER = 250
"""Commits after which an idle moment is used to fold the WAL into the file."""


@dataclass(slots=True)
class Job:
    """One call of `Store.commit`."""

    wall: float
    mono: float
    boot: str
    trust: str
    records: Sequence[tuple[Record, str]]
    """Each as the journal will give it back, with its canonical JSON."""
    audio: Mapping[str, Sound]
    done: asyncio.Future[tuple[Envelope, ...]]

    @property
    def size(self) -> int:
        """Bytes that it takes on the disk, roughly: each page once in the WAL, once in the file."""
        return 2 * sum(len(sound.data) for sound in self.audio.values()) + 64 * 1024


@dataclass(frozen=True, slots=True)
class Done:
    """It is on the card."""

    envelopes: tuple[Envelope, ...]
    head: str
    """The seal of the last one, in hex."""


Outcome = Done | Exception


class Writer:
    """Takes jobs on the loop, commits them in groups, tells `published` of every durable envelope in order."""

    def __init__(
        self,
        database: Database,
        chain: Chain,
        published: Callable[[str, Sequence[Envelope]], None],
        after_commit: Callable[[Tables, Sequence[Record]], None],
    ) -> None:
        self._database = database
        self._chain = chain
        self._reserve = database.reserve
        self._published = published
        self._after_commit = after_commit
        self._waiting: list[Job] = []
        self._task: asyncio.Task[None] | None = None
        self._since_checkpoint = 0

    def submit(self, job: Job) -> None:
        """Queue it; `job.done` gets the outcome. From here on it is committed even if nobody waits any more."""
        self._waiting.append(job)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._drain(), name="storage writer")

    async def finish(self) -> None:
        """Return when everything submitted has been decided."""
        while self._task is not None:
            await asyncio.wait([self._task])

    # --- on the loop ---------------------------------------------------------------------------------------------------

    async def _drain(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                await self._commit(group)
                if self._since_checkpoint >= CHECKPOINT_AFTER and not self._waiting:
                    self._since_checkpoint = 0
                    await self._database.write(self._checkpoint)
        finally:
            self._task = None

    async def _commit(self, group: Sequence[Job]) -> None:
        try:
            outcomes = await self._database.write(lambda db: self._write(db, group))
        except Exception as error:  # whatever it was, nobody may wait for ever
            outcomes = [error] * len(group)
        self._since_checkpoint += len(group)
        for job, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, Done):
                self._published(outcome.head, outcome.envelopes)
            if job.done.done():  # the caller has been cancelled; the fact stands all the same
                continue
            if isinstance(outcome, Done):
                job.done.set_result(outcome.envelopes)
            else:
                job.done.set_exception(outcome)

    # --- on the writing thread -------------------------------------------------------------------------------------------

    def _write(self, db: Tables, group: Sequence[Job]) -> list[Outcome]:
        """One transaction for all; where the disk is full, for those whose claim on the reserve is good.

        On a full disk the WAL is folded into the file first: it then starts again from its beginning and needs no new
        room. Folding may itself need a slice of the reserve, for the pages by which the file grows.
        """
        claims = [claim(record for record, _ in job.records) for job in group]
        least = Claim.CALLER if self._reserve.tight() else Claim.NONE
        folded = False
        while chosen := [job for job, its in zip(group, claims, strict=True) if its >= least]:
            try:
                done = iter(self._transaction(db, chosen))
            except sqlite3.Error as error:
                if self._database.is_full(error):
                    if not folded:
                        folded = True
                        self._checkpoint(db)
                        continue
                    if least is Claim.NONE and Claim.NONE in claims:
                        least = Claim.CALLER  # without those that may not draw on the reserve
                        continue
                    least = max(least, Claim.CALLER)
                    if self._reserve.give(sum(job.size for job in chosen), least):
                        log.warning("disk full: %d bytes of the reserve left for alerts", self._reserve.left)
                        self._checkpoint(db)
                        folded = False
                    elif least is Claim.CALLER:
                        least = Claim.ALERT
                    else:
                        break
                elif len(group) > 1:  # not to let one commit spoil the others
                    return [outcome for job in group for outcome in self._write(db, [job])]
                else:
                    return [StorageError(f"{self._database.path}: {error}; nothing was written")]
            else:
                return [next(done) if its >= least else self._full() for its in claims]
        return [self._full() for _ in group]

    def _transaction(self, db: Tables, group: Sequence[Job]) -> list[Outcome]:
        start = self._chain.seq, self._chain.head
        try:
            with db.atomic():
                outcomes = [self._one(db, job) for job in group]
        except BaseException:
            self._chain.seq, self._chain.head = start
            raise
        self._after_commit(
            db, [e.record for outcome in outcomes if isinstance(outcome, Done) for e in outcome.envelopes]
        )
        return outcomes

    def _one(self, db: Tables, job: Job) -> Outcome:
        start = self._chain.seq, self._chain.head
        try:
            with db.atomic():
                _save_audio(db, job)
                envelopes = tuple(self._append(db, job, record, body) for record, body in job.records)
                return Done(envelopes, self._chain.head.hex())
        except InvalidRecord as error:
            self._chain.seq, self._chain.head = start
            return error

    def _append(self, db: Tables, job: Job, record: Record, body: str) -> Envelope:
        entry = self._chain.seal(
            wall=job.wall, mono=job.mono, boot=job.boot, trust=job.trust, kind=record.kind, v=record.v, body=body
        )
        journal.append(db, entry)
        envelope = Envelope(entry.seq, entry.wall, entry.mono, entry.boot, entry.trust, record)
        projections.apply(db, envelope)
        return envelope

    def _checkpoint(self, db: Tables) -> None:
        """Passive: waits for nobody. Where the disk is full, the WAL just goes on growing until the next time."""
        try:
            db.execute("pragma wal_checkpoint(passive)").fetchall()
        except sqlite3.Error as error:
            log.warning("%s: checkpoint failed: %s", self._database.path, error)

    def _full(self) -> StorageFull:
        path = self._database.path
        return StorageFull(
            errno.ENOSPC, f"the disk of {path} is full; remove files there, or let old audio expire", str(path)
        )


def _save_audio(db: Tables, job: Job) -> None:
    audio.save(db, job.audio, job.wall)
    for record, _ in job.records:
        if isinstance(record, (r.MessageRecorded, r.SpokenNameRecorded)) and not audio.has(db, record.digest):
            raise InvalidRecord(
                f"{record.kind}: the audio {record.digest[:16]} is not there; give it to the same commit"
            )
