"""Opening the box's memory, whatever state it is in: a box that cannot read its database must still alert.

The rule: the database of `paths.state`; if it cannot be opened, a side database beside it, begun with the last good copy of
the roster; if not even that can be written, a side database in a directory of the temporary file system. A side database
that holds an alert still running goes on until that alert has ended, even when the main one is well again: no confirmed alert
is lost on the way.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hal.clock import Clock
from storage import Argon2Cost, LastGood, Secrets, SecretsError, StorageError, StorageInUse, Store
from storage.records import AlarmCleared, AlarmRaised

log = logging.getLogger(__name__)

DATABASE = "alertbox.db"
"""Name of a database in its directory."""
SIDE = "side"
"""Directory of the side database in `paths.state`."""
ALARM = "storage.database"
"""Key of the alarm that stands while the box works from a side database."""


@dataclass(frozen=True)
class Memory:
    """The store that the box works with."""

    store: Store
    trouble: str = ""
    """Why it is not the main one; empty if it is."""


async def open_memory(state: Path, clock: Clock, *, pin_cost: Argon2Cost | None = None) -> Memory:
    """Open the best store there is. Raises `StorageError` only where none can be had at all, and `StorageInUse` where
    another box is at work with it: two boxes would call everybody twice.
    """
    try:
        main = await _open(state, clock, state, pin_cost)
    except StorageInUse:
        raise
    except (StorageError, OSError) as error:
        return await _open_side(state, clock, f"the database cannot be used: {error}", pin_cost)
    if (state / SIDE / DATABASE).exists():
        running = await _running_on_the_side(state, clock, pin_cost)
        if running is not None:
            await main.close()
            return running
    if main.alarms.get(ALARM) is not None:
        await _note(main, AlarmCleared(ALARM, "the database can be used again"))
    return Memory(main)


async def _open(directory: Path, clock: Clock, keys: Path, pin_cost: Argon2Cost | None) -> Store:
    await asyncio.get_running_loop().run_in_executor(None, lambda: directory.mkdir(parents=True, exist_ok=True))
    return await Store.open(directory / DATABASE, clock=clock, secrets=Secrets.load_or_create(keys), pin_cost=pin_cost)


async def _running_on_the_side(state: Path, clock: Clock, pin_cost: Argon2Cost | None) -> Memory | None:
    """The side database of an earlier run, if an alert is still running in it; put out of the way otherwise."""
    try:
        store = await _open(state / SIDE, clock, _keys(state), pin_cost)
        if await store.campaigns.open():
            return Memory(
                store, "an alert is still running from the side database; the main one comes back at the next start"
            )
        await store.close()
        kept = state / f"{SIDE}-{clock.wall():.0f}"
        (state / SIDE).rename(kept)
    except (StorageError, OSError):
        log.exception("the side database cannot be read or put away")
        return None
    log.warning("what happened while the database could not be used is kept in %s", kept)
    return None


async def _open_side(state: Path, clock: Clock, why: str, pin_cost: Argon2Cost | None) -> Memory:
    log.critical("%s", why)
    try:
        store = await _begin(state / SIDE, state, clock, pin_cost)
    except (StorageError, OSError) as error:
        why = f"{why}; nor can anything be kept in {state}: {error}; everything is lost when the power fails"
        log.critical("%s", why)
        store = await _begin(Path(tempfile.mkdtemp(prefix="alertbox-")), state, clock, pin_cost)
    await _note(store, AlarmRaised(ALARM, "critical", why))
    return Memory(store, why)


async def _note(store: Store, record: AlarmRaised | AlarmCleared) -> None:
    """Write it if that can be done: a disk without room for an alarm must not keep the box from alerting."""
    try:
        await store.commit(record)
    except StorageError as error:
        log.error("%s was not written: %s", record, error)


async def _begin(directory: Path, state: Path, clock: Clock, pin_cost: Argon2Cost | None) -> Store:
    """Open a side database; a fresh one begins with the last good copy."""
    store = await _open(directory, clock, _keys(state, directory), pin_cost)
    if not store.roster.current().teams:
        try:
            copy = LastGood.read(state / DATABASE)
            await store.commit(*copy.records(), audio=copy.sounds)
        except StorageError:
            log.critical("there is no good copy of the roster either: nobody can be called before one is loaded")
    return store


def _keys(state: Path, instead: Path | None = None) -> Path:
    """Where the keys are: with the box's state. Keys that cannot be read are replaced for the side database; PINs are then
    unknown to it."""
    try:
        Secrets.load_or_create(state)
    except SecretsError:
        return instead or state / SIDE
    return state
