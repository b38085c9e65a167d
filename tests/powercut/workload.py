"""What is recorded: a store that lives through a busy day, in a process of its own.

    python -m tests.powercut.workload DIRECTORY ACKS SEED SYNCHRONOUS

Every acknowledged commit is told to the file ACKS, through the recorder, as the numbers of its first and last record. Each
`open` ... `close` is one run of the box; commits come alone and in crowds, with audio and without.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Mapping
from pathlib import Path

from hal.audio.sound import Sound
from storage import Argon2Cost, Secrets, Store, database, writer
from storage import records as r
from storage.roster import Roster
from tests.storage.support import FakeClock, team

RESERVE = 64 * 1024
RUNS = 3


class Day:
    """One recorded history."""

    def __init__(self, directory: Path, acks: int, rng: random.Random) -> None:
        self.directory = directory
        self.acks = acks
        self.rng = rng
        self.store: Store

    async def commit(self, *records: r.Record, audio: Mapping[str, Sound] | None = None) -> None:
        envelopes = await self.store.commit(*records, audio=audio)
        os.write(self.acks, f"{envelopes[0].seq} {envelopes[-1].seq}\n".encode())

    def sound(self) -> dict[str, Sound]:
        sound = Sound(self.rng.randbytes(self.rng.choice((800, 8000, 40000))))
        return {Store.digest(sound): sound}

    async def run(self) -> None:
        secrets = Secrets.load_or_create(self.directory)
        clock = FakeClock()
        self.store = await open_store(self.directory, clock, secrets)
        await self.commit(r.BoxStarted("1", self.store.stopped_cleanly))
        roster = Roster.of(team(f"t{n}") for n in range(self.rng.randint(2, 30)))
        await self.commit(r.RosterLoaded(roster.digest, "test", roster.to_json()))
        for _ in range(self.rng.randint(1, 3)):
            await self.alert([t.key for t in roster.teams])
        if self.rng.random() < 0.7:
            await self.commit(r.BoxStopped("end of day"))
        await self.store.close()

    async def alert(self, teams: list[str]) -> None:
        store, rng = self.store, self.rng
        call, message, alert = store.new_id("call"), store.new_id("message"), store.new_id("alert")
        await self.commit(r.CallStarted(call, "in", "isdn.1", "0301", None, "caller", "alert"))
        await self.commit(r.LoginTried(call, "0301", teams[0], True))
        if rng.random() < 0.5:
            await self.commit(r.PinSet(teams[0], "", f"hash {call}", "test"))
        if rng.random() < 0.5:
            sound = self.sound()
            await self.commit(r.SpokenNameRecorded(teams[0], next(iter(sound))), audio=sound)
        sound = self.sound()
        digest = next(iter(sound))
        await self.commit(
            r.MessageRecorded(message, teams[0], call, digest, "alaw", sound[digest].samples), audio=sound
        )
        await self.commit(r.AlertConfirmed(alert, message, teams[0], call, False, [r.Target(key) for key in teams]))
        async with asyncio.TaskGroup() as tasks:
            for key in teams[1 : rng.randint(2, 8)]:
                tasks.create_task(self.call(alert, key, rng.random()))
        await self.commit(r.AlertEnded(alert, "complete"), r.CallEnded(call, "completed", "", 60.0, 50.0))

    async def call(self, alert: int, key: str, luck: float) -> None:
        call = self.store.new_id("call")
        await self.commit(
            r.CallStarted(call, "out", "isdn.2", None, "030", f"campaign:{alert}", "alert"),
            r.AttemptStarted(call, key, [alert], 0, "030", "isdn.2"),
        )
        if luck < 0.7:
            await self.commit(r.CallAnswered(call))
            await self.commit(r.TeamReached(alert, key, "key", "", call))
        outcome = "reached" if luck < 0.7 else "busy"
        await self.commit(
            r.AttemptEnded(call, key, [alert], outcome, True), r.CallEnded(call, "completed", "", 30.0, 20.0)
        )


async def open_store(directory: Path, clock: FakeClock, secrets: Secrets) -> Store:
    """As in every run and every look at what a cut has left."""
    return await Store.open(
        directory / "box.db", clock=clock, secrets=secrets, pin_cost=Argon2Cost(8, 1), reserve_bytes=RESERVE
    )


async def main(directory: Path, acks: Path, seed: int, synchronous: str) -> None:
    database.SYNCHRONOUS = synchronous
    database.BACKSTOP = 30  # pages: several checkpoints a day, some inside a commit
    writer.CHECKPOINT_AFTER = 12
    descriptor = os.open(acks, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    day = Day(directory, descriptor, random.Random(seed))
    for _ in range(RUNS):
        await day.run()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
