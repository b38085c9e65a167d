"""The logins of the last day, as the back-off policy sees them: read from the store once, then kept beside it.

Kept in memory too because a full disk must not lift the back-off, and because an entry counts from the moment it is made,
not from the moment its record is on the card: thirty lines guessing at once get no thirty free guesses.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hal.clock import Clock
from ivr.backoff import WINDOW_S, Tried

if TYPE_CHECKING:
    from storage import Store
    from storage.roster import Roster, Team

_LEAST_COMMON_DIGITS = 7
_MOST_ROWS = 5000


@dataclass(slots=True)
class Entry:
    """One login; `due` is the monotonic second of its answer."""

    due: float
    caller: str | None
    team: str | None
    ok: bool = False


class LoginHistory:
    """The logins of the last day. One for the whole box."""

    def __init__(self) -> None:
        self._entries: list[Entry] | None = None
        self._reading = asyncio.Lock()
        self._numbers: tuple[Roster, RegisteredNumbers] | None = None

    async def read(self, store: Store, clock: Clock) -> None:
        """Read what the store remembers, once. Raises `StorageError`; may then be called again."""
        async with self._reading:
            if self._entries is not None:
                return
            entries = []
            for row in await store.calls.login_history(clock.wall() - WINDOW_S):
                # Monotonic time is the better witness where it is of this boot; a wall clock may have been set since.
                age = clock.monotonic() - row.mono if row.boot == clock.boot_id else clock.wall() - row.wall
                entries.append(Entry(clock.monotonic() - max(0.0, age), row.caller, row.team, row.ok))
            self._entries = entries

    def numbers(self, roster: Roster) -> RegisteredNumbers:
        """Whose numbers are whose in this roster; worked out once for each."""
        if self._numbers is None or self._numbers[0] is not roster:
            self._numbers = (roster, RegisteredNumbers(roster))
        return self._numbers[1]

    def tried(self, clock: Clock, roster: Roster) -> list[Tried]:
        """The history for `ivr.backoff`, as of now."""
        now = clock.monotonic()
        numbers = self.numbers(roster)
        kept = [entry for entry in self._entries or [] if now - entry.due < WINDOW_S][-_MOST_ROWS:]
        self._entries = kept
        return [
            Tried(
                now - entry.due,
                entry.caller,
                bool(owners := numbers.owners(entry.caller)),
                entry.team,
                entry.team in owners,
                entry.ok,
            )
            for entry in kept
        ]

    @contextmanager
    def entry(self, due: float, caller: str | None, team: str | None) -> Iterator[Entry]:
        """A login whose answer is due at that monotonic second: wrong until `ok` is set; forgotten if the body raises."""
        entry = Entry(due, caller, team)
        entries = self._entries = self._entries if self._entries is not None else []
        entries.append(entry)
        try:
            yield entry
        except BaseException:
            if self._entries is not None and entry in self._entries:
                self._entries.remove(entry)
            raise


class RegisteredNumbers:
    """Whose number a presented number is. Networks present it with or without country code and leading zero."""

    def __init__(self, roster: Roster) -> None:
        self._known: dict[str | None, set[str]] = {}
        self._exact: dict[str, set[str]] = {}
        self._tails: dict[str, list[tuple[str, str]]] = {}
        for team in roster.teams:
            for number in numbers_of(team):
                self._exact.setdefault(number, set()).add(team.key)
                if len(number) >= _LEAST_COMMON_DIGITS:
                    self._tails.setdefault(number[-_LEAST_COMMON_DIGITS:], []).append((number, team.key))

    def owners(self, caller: str | None) -> set[str]:
        """Keys of the teams that registered this number, or one that ends in it or that it ends in (7 digits at least)."""
        if caller not in self._known:
            if len(self._known) >= _MOST_ROWS:
                self._known.clear()
            self._known[caller] = self._find(_significant(caller or ""))
        return self._known[caller]

    def _find(self, number: str) -> set[str]:
        if not number:
            return set()
        alike = self._tails.get(number[-_LEAST_COMMON_DIGITS:], []) if len(number) >= _LEAST_COMMON_DIGITS else []
        return self._exact.get(number, set()) | {
            key for known, key in alike if known.endswith(number) or number.endswith(known)
        }


def numbers_of(team: Team) -> set[str]:
    """The significant digits of the numbers that a team has registered, its mobile among them."""
    return {_significant(text) for text in (*(number.number for number in team.numbers), team.mobile)} - {""}


def _significant(number: str) -> str:
    return re.sub(r"[^0-9]", "", number).lstrip("0")
