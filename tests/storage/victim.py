"""A process to be killed: commits as fast as it can and tells every acknowledged commit to its standard output.

    python -m tests.storage.victim DIRECTORY SEED

Each line is the first and the last record number of a commit that has returned. Killed at any moment, it must have told the
truth.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys

from storage import Store
from storage import records as r
from tests.storage.support import open_store, sound


async def commit(store: Store, *records: r.Record) -> None:
    envelopes = await store.commit(*records)
    os.write(1, f"{envelopes[0].seq} {envelopes[-1].seq}\n".encode())


async def speak(store: Store, seed: int) -> None:
    audio, message = sound(seed, 2.0), store.new_id("message")
    digest = Store.digest(audio)
    record = r.MessageRecorded(message, "a", 1, digest, "alaw", audio.samples)
    envelopes = await store.commit(record, audio={digest: audio})
    os.write(1, f"{envelopes[0].seq} {envelopes[-1].seq}\n".encode())
    await commit(store, r.AlertConfirmed(store.new_id("alert"), message, "a", 1, False, [r.Target("b")]))


async def call(store: Store) -> None:
    number = store.new_id("call")
    await commit(
        store,
        r.CallStarted(number, "out", "isdn.1", None, "030", "campaign:1", "alert"),
        r.AttemptStarted(number, "b", [1], 0, "030", "isdn.1"),
    )
    await commit(store, r.AttemptEnded(number, "b", [1], "busy", True), r.CallEnded(number, "busy", "", 3.0, 0.0))


async def main(directory: str, seed: int) -> None:
    store, rng = await open_store(directory), random.Random(seed)
    while True:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(speak(store, rng.randrange(256)))
            for _ in range(rng.randint(1, 10)):
                tasks.create_task(call(store))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
