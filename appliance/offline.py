"""Reports while the box is down: from its database, read-only."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from appliance.answers import Answer, CommandFailed
from appliance.commands import Command
from appliance.config import Config
from appliance.memory import DATABASE
from appliance.site import Site
from hal.clock import Clock
from storage import Secrets, StorageError, Store


async def answer(config: Config, command: Command, arguments: dict[str, Any]) -> Answer:
    """Carry out a report on the database. Raises `CommandFailed`."""
    clock = Clock(asyncio.get_running_loop())
    path = config.paths.state / DATABASE
    if not (path.exists() and (config.paths.state / "device.key").exists()):  # a report makes neither
        raise CommandFailed(f"the box is not running, and there is no database {path} with its keys")
    try:
        store = await Store.open(path, clock=clock, secrets=Secrets.load_or_create(config.paths.state), read_only=True)
    except (StorageError, OSError) as error:
        raise CommandFailed(f"the box is not running, and its database cannot be read: {error}") from None
    try:
        said = await command.handler(Site(config, store, clock, running=False), arguments)
    finally:
        await store.close()
    return replace(said, parts=[f"The box is not running; this is what its database {path} holds.", *said.parts])
