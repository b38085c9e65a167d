"""PINs: Argon2id of HMAC-SHA256(pepper, PIN).

A PIN of four or five digits cannot resist guessing by its hash alone; the pepper, which is no part of the database, makes a
stolen hash worthless. Argon2id (RFC 9106) is the second fence, should the pepper be stolen too. Every check costs the same
number of hashes whether the team is known or not.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import argon2

from storage.database import Database

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Argon2Cost:
    """What one hash costs. The default (19 MiB, two passes, one lane) is OWASP's smallest; a Pi 4 core needs 0.1-0.2 s for it.

    More memory would starve a box that answers 30 lines; one hash at a time runs, so a burst of logins queues.
    """

    memory_kib: int = 19456
    passes: int = 2


class Credentials:
    """Checks and makes PIN hashes, off the loop, one at a time."""

    def __init__(self, database: Database, pepper: bytes, cost: Argon2Cost) -> None:
        self._database = database
        self._pepper = pepper
        self._hasher = argon2.PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=1, type=argon2.Type.ID
        )
        salt, tag = (base64.b64encode(os.urandom(n)).decode().rstrip("=") for n in (16, 32))
        self._nobody = f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p=1${salt}${tag}"
        self._hashing = ThreadPoolExecutor(1, thread_name_prefix="storage-argon2")

    async def hash(self, pin: str) -> str:
        """The encoded hash for a `PinSet`."""
        return await self._run(lambda: self._hasher.hash(self._peppered(pin)))

    async def verify(self, team: str | None, pin: str) -> bool:
        """The team's own PIN. `None` and unknown teams, and teams without a PIN, cost as much and are wrong."""
        hashes = await self._hashes(team)
        return await self._check(hashes.get("", self._nobody), pin)

    async def verify_group(self, team: str | None, pin: str) -> str | None:
        """The user group whose authorisation PIN this is, or None. All of the team's group PINs are tried each time."""
        hashes = await self._hashes(team)
        found = None
        hashes.pop("", None)
        for group, encoded in (hashes or {"": self._nobody}).items():
            if await self._check(encoded, pin):
                found = found or group
        return found

    async def has_pin(self, team: str) -> bool:
        """The team has a PIN of its own (calls in)."""
        return "" in await self._hashes(team)

    async def groups(self, team: str) -> tuple[str, ...]:
        """The user groups that have an authorisation PIN, by name."""
        return tuple(sorted(group for group in await self._hashes(team) if group))

    def close(self) -> None:
        """Let the thread go."""
        self._hashing.shutdown(wait=False)

    async def _hashes(self, team: str | None) -> dict[str, str]:
        sql = 'select "group", hash from pins where team = ? order by "group"'
        return await self._database.read(lambda db: {row["group"]: row["hash"] for row in db.query(sql, (team,))})

    async def _check(self, encoded: str, pin: str) -> bool:
        return await self._run(lambda: self._matches(encoded, pin))

    def _matches(self, encoded: str, pin: str) -> bool:
        try:
            return self._hasher.verify(encoded, self._peppered(pin))
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False

    def _peppered(self, pin: str) -> bytes:
        return hmac.digest(self._pepper, pin.encode(), hashlib.sha256)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._hashing, work)
