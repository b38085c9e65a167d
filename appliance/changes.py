"""Commands that change the box, and the one that only looks whether a change would do."""

from __future__ import annotations

import secrets
from typing import Any

from appliance.answers import Answer, CommandFailed
from appliance.reports import contact_warnings
from appliance.site import Site
from provisioning import load, roster
from provisioning.tomlplaces import Invalid
from storage import StorageError
from storage.records import AlarmCleared, PinSet


def _draft(site: Site, file: dict[str, Any]) -> roster.Draft:
    limits = site.config.limits
    try:
        return roster.parse(
            file["text"],
            file["source"],
            uid_digits=limits.uid_digits,
            group_digits=limits.group_pin_digits,
            languages=site.config.service.languages,
            private=bool(file["private"]),
        )
    except Invalid as error:
        raise CommandFailed(f"{error}\n{len(error.problems)} to mend; nothing has changed") from None


def _remarks(site: Site, draft: roster.Draft) -> list[str]:
    """What a person should know of a roster that can be loaded."""
    remarks = [f"not called: {team}: {reason}" for team, reason in draft.roster.excluded().items()]
    remarks += [f"warning: {each}" for each in draft.warnings]
    return remarks + [f"warning: {each}" for each in contact_warnings(draft.roster, site.clock)]


async def check_roster(site: Site, arguments: dict[str, Any]) -> Answer:
    """`alertbox roster check FILE`."""
    draft = _draft(site, arguments["file"])
    remarks = _remarks(site, draft)
    total, called = len(draft.roster.teams), len(draft.roster.callable())
    return Answer(
        [f"{arguments['file']['source']}: no mistakes; {total} teams, {called} of them called", *remarks],
        status=1 if remarks else 0,
        data={"teams": total, "called": called, "remarks": remarks},
    )


async def load_roster(site: Site, arguments: dict[str, Any]) -> Answer:
    """`alertbox roster load FILE`."""
    draft = _draft(site, arguments["file"])
    unspoken = await site.prepare_names(draft.roster) if site.prepare_names is not None else []
    try:
        loaded = await load.load(
            site.store, draft, source=arguments["file"]["source"], by=site.by, set_pins=bool(arguments["set_pins"])
        )
    except StorageError as error:
        raise CommandFailed(f"nothing has changed: {error}") from error
    remarks = _remarks(site, draft)
    remarks += [f"warning: {name} cannot be spoken; its UID is said instead" for name in unspoken]
    remarks += [f"warning: {team} has no PIN and cannot log in: alertbox pin set {team}" for team in loaded.without_pin]
    lines = [f"loaded: {len(loaded.roster.teams)} teams, {len(loaded.roster.callable())} of them called"]
    if loaded.pins:
        lines.append(f"{len(loaded.pins)} PINs set; take them out of the file now")
    if loaded.kept:
        lines.append(f"{len(loaded.kept)} PINs of the file not set, there are such; --set-pins sets them all")
    data = {"digest": loaded.roster.digest, "pins": [list(each) for each in loaded.pins], "remarks": remarks}
    return Answer([*lines, *remarks], status=1 if remarks else 0, data=data)


async def set_pin(site: Site, arguments: dict[str, Any]) -> Answer:
    """`alertbox pin set TEAM [--group GROUP]`."""
    key, group = arguments["team"], arguments["group"] or ""
    team = site.store.roster.current().by_key(key)
    if team is None:
        raise CommandFailed(f"the roster has no team {key}; alertbox roster list shows them")
    if group and group not in team.groups:
        raise CommandFailed(f"{key} has no group {group}; it has: {', '.join(team.groups) or 'none'}")
    limits = site.config.limits
    digits = limits.group_pin_digits if group else limits.pin_digits
    credentials = site.store.credentials
    pin = _random_pin(digits)
    while group and await credentials.verify_group(key, pin):
        pin = _random_pin(digits)  # another group has it: it would not say which one listens
    try:
        await site.store.commit(PinSet(key, group, await credentials.hash(pin), site.by))
    except StorageError as error:
        raise CommandFailed(f"the PIN has not changed: {error}") from error
    whose = f"group {group} of {key}" if group else key
    return Answer([f"PIN of {whose}: {pin}", "It is shown this once; nobody can read it again."], data={"pin": pin})


async def clear_alarm(site: Site, arguments: dict[str, Any]) -> Answer:
    """`alertbox alarm clear KEY`."""
    key = arguments["key"]
    if site.store.alarms.get(key) is None:
        standing = ", ".join(alarm.key for alarm in site.store.alarms.active())
        raise CommandFailed(f"there is no alarm {key}; standing are: {standing or 'none'}")
    try:
        await site.store.commit(AlarmCleared(key, f"by {site.by}"))
    except StorageError as error:
        raise CommandFailed(f"the alarm stands: {error}") from error
    return Answer([f"{key} is cleared."])


def _random_pin(digits: int) -> str:
    return f"{secrets.randbelow(10**digits):0{digits}d}"
