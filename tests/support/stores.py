"""Stores for tests: in a directory of the test, with keys of their own and PIN hashes that cost nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hal.clock import Clock
from storage import Argon2Cost, Secrets, Store

CHEAP = Argon2Cost(memory_kib=8, passes=1)
"""The least that Argon2 can be asked for (RFC 9106, 3.1)."""


@asynccontextmanager
async def open_store(directory: Path, clock: Clock | None = None) -> AsyncIterator[Store]:
    """A store in `directory`, on the running loop."""
    clock = clock or Clock(asyncio.get_running_loop(), boot_id="test")
    directory.mkdir(parents=True, exist_ok=True)
    store = await Store.open(
        directory / "alertbox.db",
        clock=clock,
        secrets=Secrets.load_or_create(directory),
        pin_cost=CHEAP,
        reserve_bytes=1 << 20,
    )
    try:
        yield store
    finally:
        await store.close()
