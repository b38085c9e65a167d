"""The roster file: TOML in, a `storage.roster.Roster` and PINs out, or every mistake at its place.

    [[team]]
    key = "alpha"                           # short name in the box's records, never changes
    uid = "4711"                            # entered on calls in, before the PIN
    name = "Alpha CERT"                     # as it is spoken
    language = "en"
    numbers = ["+493012345", { number = "+493067890", keys = ",,42" }]
    mobile = "+4915112345"
    acknowledgement = "key"                 # or "pin": one of the group PINs must be entered
    groups = ["duty", "management"]
    state = "accredited"                    # or "partner", "liaison"
    registered = 2026-01-31
    code_of_conduct = 2026-01-31
    contact_confirmed = 2026-06-30

PINs (`pin`, `group_pins`) may stand in a file that nobody but its owner can read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from provisioning import tomlplaces as toml
from provisioning.tomlplaces import Document, Kind, Table
from storage.roster import Acknowledgement, Number, Roster, Team, TeamState

LOGIN_DIGITS = 9
"""UID and PIN together (the service's user guide: a nine-digit combination)."""
KEYS = re.compile(r"[0-9*#A-D,]{1,32}")
"""Keys to press after answer; a comma waits a second."""

_KEY = toml.text(r"[a-z0-9][a-z0-9._-]{0,31}", "a key of small letters, digits, dot and dash", "alpha-cert")
_NAME = toml.text(r"[^\x00-\x1f\x7f]{1,60}", "a name of 1 to 60 characters", "Alpha CERT")
_GROUP = toml.text(r"[a-z0-9][a-z0-9_-]{0,15}", "a group name in small letters", "duty")
_NUMBER = toml.text(r"\+?[0-9]{2,20}", "a telephone number (+ and 2 to 20 digits, without blanks)", "+493012345")
"""Stricter than what a line can dial: star and hash would be service codes of the network, such as call forwarding."""
_STATES = toml.choice({each.value: each for each in TeamState})
_MODES = toml.choice({each.value: each for each in Acknowledgement})


@dataclass(frozen=True)
class Draft:
    """A roster file without mistakes, not yet loaded."""

    roster: Roster
    pins: dict[tuple[str, str], str] = field(repr=False, default_factory=dict)
    """(team, group) -> PIN; group is empty for the team's own."""
    warnings: tuple[str, ...] = ()


def _pin(digits: int) -> Kind[str]:
    """A PIN. Its value never stands in a message."""

    def read(value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(rf"[0-9]{{{digits}}}", value):
            raise ValueError(f"must be {digits} digits in quotes")
        return value

    return Kind(f"{digits} digits in quotes", read, "0" * digits, secret=True)


def _numbers() -> Kind[Number]:
    def read(value: object) -> Number:
        if isinstance(value, dict):
            if set(value) - {"number", "keys"} or "number" not in value:
                raise ValueError('is no number; write { number = "+49...", keys = ",,42" }')
            keys = value.get("keys", "")
            if not isinstance(keys, str) or (keys and not KEYS.fullmatch(keys)):
                raise ValueError(
                    f"has keys {toml.show(keys)}; write digits, * and #, and a comma for a pause of a second"
                )
            return Number(_NUMBER.read(value["number"]), keys)
        return Number(_NUMBER.read(value))

    return Kind("number", read, Number("+493012345"))


def parse(
    text: str,
    source: str,
    *,
    uid_digits: int = 4,
    group_digits: int = 4,
    languages: Sequence[str] = ("en", "de"),
    private: bool = True,
) -> Draft:
    """Read a roster file.

    `private` says that nobody but its owner can read the file: only then may PINs stand in it. `group_digits` is the length
    of a group PIN. Raises `Invalid` with every mistake. What is odd but allowed is a warning, and keeps nobody from being
    called.
    """
    document = Document(text, source)
    root = document.root()
    tables = root.tables("team")
    pins: dict[tuple[str, str], str] = {}
    teams = [_team(table, pins, (uid_digits, group_digits), tuple(languages), private) for table in tables]
    root.close()
    if not tables:
        root.report("team", "the roster has no team; write [[team]]")
    for what in ("key", "uid"):
        _each_once(what, tables, teams)
    warnings = _warnings(teams)
    document.finish()
    return Draft(Roster.of(teams), pins, tuple(warnings))


def _team(
    table: Table, pins: dict[tuple[str, str], str], digits: tuple[int, int], languages: tuple[str, ...], private: bool
) -> Team:
    uid_digits, group_digits = digits
    uid = toml.text(rf"[0-9]{{{uid_digits}}}", f"a UID of {uid_digits} digits", "4711123456"[:uid_digits])
    key = table.need("key", _KEY)
    own = table.take("pin", _pin(LOGIN_DIGITS - uid_digits), "")
    group_table = table.table("group_pins")
    group_pins = {name: group_table.need(name, _pin(group_digits)) for name in group_table.values}
    groups = table.take("groups", toml.listing(_GROUP), ())
    acknowledgement = table.take("acknowledgement", _MODES, Acknowledgement.KEY)
    for name in group_pins:
        try:
            _GROUP.read(name)
        except ValueError as error:
            group_table.report(name, f"{toml.show(name)} {error}")
    if (own or group_pins) and not private:
        table.report(
            "pin" if own else "group_pins",
            "the file holds PINs and others can read it; chmod 600 it, and change the PINs",
        )
    if len(set(group_pins.values())) < len(group_pins):
        table.report(
            "group_pins", "two groups have the same PIN, so it would not say which group listens; give each its own"
        )
    every_group = tuple(dict.fromkeys((*groups, *group_pins)))
    if acknowledgement is Acknowledgement.PIN and not every_group:
        table.report("acknowledgement", '"pin" needs at least one group; write groups = ["duty"]')
    pins.update({(key, ""): own} if own else {})
    pins.update({(key, name): pin for name, pin in group_pins.items() if pin})
    team = Team(
        key=key,
        uid=table.need("uid", uid),
        name=table.need("name", _NAME),
        language=table.take("language", toml.choice(toml.words(languages)), languages[0]),
        numbers=table.need("numbers", toml.listing(_numbers(), least=1)),
        mobile=table.take("mobile", _NUMBER, ""),
        acknowledgement=acknowledgement,
        groups=every_group,
        state=table.need("state", _STATES),
        registered=table.take("registered", toml.date(), None),
        code_of_conduct=table.take("code_of_conduct", toml.date(), None),
        contact_confirmed=table.take("contact_confirmed", toml.date(), None),
        active=table.take("active", toml.boolean(), True),
    )
    table.close()
    return team


def _each_once(what: str, tables: list[Table], teams: list[Team]) -> None:
    seen: dict[str, str] = {}
    for table, team in zip(tables, teams, strict=True):
        value = getattr(team, what)
        if what not in table.values:
            continue
        if value in seen:
            table.report(what, f"{toml.show(value)} belongs to {seen[value]} already; each team has its own")
        seen.setdefault(value, table.place)


def _warnings(teams: list[Team]) -> list[str]:
    """What a person should look at, though it is allowed."""
    users: dict[str, list[str]] = {}
    for team in teams:
        for each in team.numbers:
            users.setdefault(each.number, []).append(team.key)
    return [f"{number} is a number of {' and '.join(keys)}" for number, keys in users.items() if len(keys) > 1]
