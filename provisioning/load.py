"""Taking a roster into service: whole or not at all, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from provisioning.roster import Draft
from storage import Store
from storage.records import AlarmCleared, AlarmRaised, PinSet, Record, RosterLoaded
from storage.roster import Roster

EXCLUDED = "roster.excluded"
"""Key of the alarm about teams that are not called."""


@dataclass(frozen=True)
class Loaded:
    """What a load did."""

    roster: Roster
    pins: tuple[tuple[str, str], ...]
    """(team, group) of the PINs that were set; group is empty for the team's own."""
    kept: tuple[tuple[str, str], ...]
    """PINs of the file that were not set, because there is one."""
    without_pin: tuple[str, ...]
    """Teams that cannot log in: they have no PIN, neither before nor from the file."""


async def load(store: Store, draft: Draft, *, source: str, by: str, set_pins: bool = False) -> Loaded:
    """Commit the roster, its PINs as hashes, and the alarm about teams that are not called.

    A PIN of the file is set where the team (or its group) has none yet, everywhere with `set_pins`. Raises `StorageError`;
    then nothing has changed.
    """
    roster = draft.roster
    records: list[Record] = [RosterLoaded(roster.digest, source, roster.to_json())]
    pins: list[tuple[str, str]] = []
    kept: list[tuple[str, str]] = []
    for (team, group), pin in draft.pins.items():
        if not set_pins and await _has_pin(store, team, group):
            kept.append((team, group))
            continue
        records.append(PinSet(team, group, await store.credentials.hash(pin), by))
        pins.append((team, group))
    without_pin = [
        team.key
        for team in roster.teams
        if (team.key, "") not in draft.pins and not await store.credentials.has_pin(team.key)
    ]
    excluded = roster.excluded()
    if excluded:
        listed = ", ".join(f"{team} ({reason})" for team, reason in excluded.items())
        records.append(AlarmRaised(EXCLUDED, "major", f"not called: {listed}"))
    elif any(alarm.key == EXCLUDED for alarm in store.alarms.active()):
        records.append(AlarmCleared(EXCLUDED, "every team of the roster is called"))
    await store.commit(*records)
    return Loaded(roster, tuple(pins), tuple(kept), tuple(without_pin))


async def _has_pin(store: Store, team: str, group: str) -> bool:
    if group:
        return group in await store.credentials.groups(team)
    return await store.credentials.has_pin(team)
