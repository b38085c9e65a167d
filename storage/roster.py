"""The roster: who is called, in which order, on which numbers; and who is not, and why.

Pure data. PINs are never part of it: they live as hashes in `storage.credentials`.
"""

from __future__ import annotations

import datetime
import enum
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


class Acknowledgement(enum.Enum):
    """What a called team must do to be told the alert."""

    KEY = "key"
    """Press 1: simple acknowledgement."""
    PIN = "pin"
    """Enter the PIN of one of its user groups: acknowledgement and authorisation."""


class TeamState(enum.Enum):
    """How the team belongs to the service."""

    ACCREDITED = "accredited"
    PARTNER = "partner"
    LIAISON = "liaison"


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a team."""

    number: str
    """As dialled; must match `hal.line.DIALLABLE`."""
    keys: str = ""
    """Keys to press after answer (an extension behind a switchboard), `,` is a pause of one second."""


@dataclass(frozen=True, slots=True)
class Team:
    """One team, as the roster file states it."""

    key: str
    """Short name by which records, configuration and reports know the team. Never changes."""
    uid: str
    """Digits that the team enters to log in."""
    name: str
    """The name as it is spoken and shown."""
    language: str = "en"
    numbers: tuple[Number, ...] = ()
    """Tried in this order."""
    mobile: str = ""
    """For short messages; empty for none."""
    acknowledgement: Acknowledgement = Acknowledgement.KEY
    groups: tuple[str, ...] = ()
    """User groups that have an authorisation PIN of their own."""
    state: TeamState = TeamState.ACCREDITED
    registered: datetime.date | None = None
    code_of_conduct: datetime.date | None = None
    contact_confirmed: datetime.date | None = None
    active: bool = True

    def why_not_called(self) -> str:
        """Empty if the team is called, else the reason. No date is ever compared with a clock."""
        if not self.active:
            return "inactive"
        if self.registered is None:
            return "no registration"
        if self.code_of_conduct is None:
            return "no code of conduct"
        if not self.numbers:
            return "no number"
        return ""

    def to_json(self) -> dict[str, Any]:
        """Plain values for `RosterLoaded.teams`."""
        return {
            "key": self.key,
            "uid": self.uid,
            "name": self.name,
            "language": self.language,
            "numbers": [{"number": n.number, "keys": n.keys} for n in self.numbers],
            "mobile": self.mobile,
            "acknowledgement": self.acknowledgement.value,
            "groups": list(self.groups),
            "state": self.state.value,
            "registered": _text(self.registered),
            "code_of_conduct": _text(self.code_of_conduct),
            "contact_confirmed": _text(self.contact_confirmed),
            "active": self.active,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Team:
        """The inverse of `to_json`. Raises KeyError or ValueError on anything else."""
        return cls(
            key=data["key"],
            uid=data["uid"],
            name=data["name"],
            language=data["language"],
            numbers=tuple(Number(n["number"], n["keys"]) for n in data["numbers"]),
            mobile=data["mobile"],
            acknowledgement=Acknowledgement(data["acknowledgement"]),
            groups=tuple(data["groups"]),
            state=TeamState(data["state"]),
            registered=_date(data["registered"]),
            code_of_conduct=_date(data["code_of_conduct"]),
            contact_confirmed=_date(data["contact_confirmed"]),
            active=data["active"],
        )


@dataclass(frozen=True, slots=True)
class Roster:
    """All teams in calling order."""

    teams: tuple[Team, ...] = ()
    digest: str = ""
    """SHA-256 (hex) of the canonical JSON of the teams; use `Roster.of` to have it made."""
    _by_key: dict[str, Team] = field(init=False, repr=False, compare=False, hash=False)
    _by_uid: dict[str, Team] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_key", {team.key: team for team in self.teams})
        object.__setattr__(self, "_by_uid", {team.uid: team for team in self.teams})

    @classmethod
    def of(cls, teams: Iterable[Team]) -> Roster:
        """A roster with its digest."""
        teams = tuple(teams)
        canonical = json.dumps([team.to_json() for team in teams], sort_keys=True, separators=(",", ":"))
        return cls(teams, hashlib.sha256(canonical.encode()).hexdigest())

    def by_key(self, key: str | None) -> Team | None:
        """The team of that roster key, or None."""
        return None if key is None else self._by_key.get(key)

    def by_uid(self, uid: str) -> Team | None:
        """The team of that UID, or None."""
        return self._by_uid.get(uid)

    def callable(self) -> tuple[Team, ...]:
        """The teams that an alert calls, in order."""
        return tuple(team for team in self.teams if not team.why_not_called())

    def excluded(self) -> dict[str, str]:
        """Team key -> reason, for every team that an alert does not call."""
        return {team.key: reason for team in self.teams if (reason := team.why_not_called())}

    def to_json(self) -> list[dict[str, Any]]:
        """For `RosterLoaded.teams`."""
        return [team.to_json() for team in self.teams]

    @classmethod
    def from_json(cls, teams: Iterable[dict[str, Any]]) -> Roster:
        """From `RosterLoaded.teams`."""
        return cls.of(Team.from_json(team) for team in teams)


def _text(date: datetime.date | None) -> str | None:
    return None if date is None else date.isoformat()


def _date(text: str | None) -> datetime.date | None:
    return None if text is None else datetime.date.fromisoformat(text)
