"""What is known without asking the disk: the roster, the alarms, the settings, the lines. Sync, cached, as of the last commit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database as Tables

from storage import records as r
from storage.journal import Envelope
from storage.roster import Roster


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that needs a person."""

    key: str
    severity: str
    """`minor`, `major` or `critical`."""
    text: str
    since: float
    """Unix time of the first raising."""


@dataclass(frozen=True, slots=True)
class LineService:
    """Whether a line is in service, and why or why not."""

    line: str
    in_service: bool
    reason: str
    since: float


class Rosters:
    """The roster that counts."""

    def __init__(self) -> None:
        self._current = Roster.of(())

    def current(self) -> Roster:
        """The newest roster that was loaded; an empty one before the first."""
        return self._current


class Alarms:
    """The alarms that stand."""

    def __init__(self) -> None:
        self._active: dict[str, Alarm] = {}

    def active(self) -> list[Alarm]:
        """Oldest first."""
        return sorted(self._active.values(), key=lambda alarm: (alarm.since, alarm.key))

    def get(self, key: str) -> Alarm | None:
        """The alarm of that key, if it stands."""
        return self._active.get(key)


class Settings:
    """Settings that were changed on the running box."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def get(self, name: str, default: str = "") -> str:
        """The newest value of a setting."""
        return self._values.get(name, default)

    def all(self) -> dict[str, str]:
        """Name -> value."""
        return dict(self._values)


class Standing:
    """The caches behind the three, loaded once and then fed with what was committed."""

    def __init__(self) -> None:
        self.roster = Rosters()
        self.alarms = Alarms()
        self.settings = Settings()
        self.lines: dict[str, LineService] = {}
        self.stopped_cleanly = True
        """The last run of the box ended with a `BoxStopped` (or there was none)."""

    def load(self, db: Tables) -> None:
        """From the tables, on a thread that may block."""
        for row in db.query("select teams from roster"):
            self.roster._current = Roster.from_json(json.loads(row["teams"]))
        for row in db.query("select key, severity, text, since from alarms"):
            self.alarms._active[row["key"]] = Alarm(**row)
        for row in db.query("select name, value from settings"):
            self.settings._values[row["name"]] = row["value"]
        for row in db.query("select line, in_service, reason, since from lines"):
            self.lines[row["line"]] = LineService(**{**row, "in_service": bool(row["in_service"])})
        for row in db.query("select stopped_wall from box"):
            self.stopped_cleanly = row["stopped_wall"] is not None

    def feed(self, envelopes: Iterable[Envelope]) -> None:
        """From what was just committed."""
        for envelope in envelopes:
            match envelope.record:
                case r.RosterLoaded(teams=teams):
                    self.roster._current = Roster.from_json(teams)
                case r.AlarmRaised(key=key, severity=severity, text=text):
                    before = self.alarms._active.get(key)
                    since = before.since if before else envelope.wall
                    self.alarms._active[key] = Alarm(key, severity, text, since)
                case r.AlarmCleared(key=key):
                    self.alarms._active.pop(key, None)
                case r.SettingChanged(name=name, value=value):
                    self.settings._values[name] = value
                case r.LineChanged(line=line, in_service=in_service, reason=reason):
                    self.lines[line] = LineService(line, in_service, reason, envelope.wall)
                case r.BoxStopped():
                    self.stopped_cleanly = True
                case r.BoxStarted():
                    self.stopped_cleanly = False
                case _:
                    pass
