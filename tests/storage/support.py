"""Small things that the storage tests share."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any

from hal.audio.sound import Sound
from hal.clock import ClockTrust
from storage import Argon2Cost, Secrets, Store
from storage.roster import Number, Team

DAY = datetime.date(2020, 1, 1)
CHEAP = Argon2Cost(memory_kib=8, passes=1)
SECRETS = Secrets(b"d" * 32, b"p" * 32)


class FakeClock:
    """A clock that ticks a second each time it is read."""

    boot_id = "boot-1"
    trust = ClockTrust.TRUSTED

    def __init__(self, wall: float = 1_000_000.0) -> None:
        self.now = wall

    def wall(self) -> float:
        self.now += 1.0
        return self.now

    def monotonic(self) -> float:
        return self.now - 1_000_000.0


def team(key: str, **changes: Any) -> Team:
    """A team that is called."""
    fields: dict[str, Any] = {
        "uid": "1234",
        "name": key.title(),
        "numbers": (Number("0301234"),),
        "registered": DAY,
        "code_of_conduct": DAY,
    }
    return Team(key, **{**fields, **changes})


def sound(seed: int = 0, seconds: float = 1.0) -> Sound:
    """Some A-law."""
    return Sound(bytes([seed % 256]) * round(8000 * seconds), caption=f"sound {seed}")


async def open_store(directory: str | os.PathLike[str], **options: Any) -> Store:
    """A store with cheap hashes and a small reserve in `directory`."""
    settings: dict[str, Any] = {
        "clock": FakeClock(),
        "secrets": SECRETS,
        "pin_cost": CHEAP,
        "reserve_bytes": 64 * 1024,
    }
    return await Store.open(Path(directory) / "box.db", **{**settings, **options})
