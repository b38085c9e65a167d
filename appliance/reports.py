"""Commands that only report. Each reads the stores and answers in text, tables and data."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from appliance.answers import Answer, CommandFailed, Grid
from appliance.check import Facts, judge
from appliance.linedesk import WEAK_SUPPLY, shaky
from appliance.site import Site
from hal.board.power import under_voltage
from hal.clock import Clock, ClockTrust
from hal.usb.names import unstable
from ivr import report
from storage.campaigns import Campaign
from storage.roster import Acknowledgement, Roster

STALE_DAYS = 365
"""Age at which contact data is said to be old."""


def when(site: Site, wall: float | None) -> str:
    """A time for people, in the box's time zone."""
    if wall is None:
        return ""
    return dt.datetime.fromtimestamp(wall, site.config.service.time_zone).strftime("%Y-%m-%d %H:%M:%S")


def contact_warnings(roster: Roster, clock: Clock) -> list[str]:
    """Contact data that nobody has confirmed for a year; only a warning, and none by a clock that is in doubt."""
    warnings = []
    today = dt.datetime.fromtimestamp(clock.wall(), dt.UTC).date()
    for team in roster.callable():
        if team.contact_confirmed is None:
            warnings.append(f"{team.key}: contact data was never confirmed")
        elif clock.trust is ClockTrust.TRUSTED and (today - team.contact_confirmed).days > STALE_DAYS:
            warnings.append(f"{team.key}: contact data was last confirmed on {team.contact_confirmed}")
    return warnings


async def check(site: Site, _: dict[str, Any]) -> Answer:
    """`alertbox check`."""
    roster = site.store.roster.current()
    missing = []
    for team in roster.callable():
        if not await site.store.credentials.has_pin(team.key):
            missing.append(f"{team.key} has no PIN and cannot send an alert: alertbox pin set {team.key}")
        have = await site.store.credentials.groups(team.key)
        if team.acknowledgement is Acknowledgement.PIN and not set(team.groups) & set(have):
            missing.append(
                f"{team.key} has no group PIN and cannot acknowledge: alertbox pin set {team.key} --group ..."
            )
    named_by_number = [
        f"{device.name}: {shaky(port)}"
        for device in site.config.devices
        for line in device.lines
        for port in (line.port, line.audio)
        if unstable(port)
    ]
    verdict = judge(
        Facts(
            running=site.running,
            lines=site.lines(),
            roster=roster,
            alarms=site.store.alarms.active(),
            trouble=site.trouble() + ([WEAK_SUPPLY] if under_voltage() else []),
            contacts=contact_warnings(roster, site.clock),
            without_pin=missing,
            ports=named_by_number,
        )
    )
    parts: list[str | Grid] = [verdict.answer, *(f"  - {each}" for each in verdict.stops + verdict.remarks)]
    data = {"stops": verdict.stops, "remarks": verdict.remarks}
    return Answer(parts, verdict.status, data)


async def alarms(site: Site, _: dict[str, Any]) -> Answer:
    """`alertbox alarm`."""
    active = site.store.alarms.active()
    rows = [(when(site, each.since), each.severity, each.key, each.text) for each in active]
    parts: list[str | Grid] = [Grid("", ("since", "severity", "alarm", "text"), rows)] if rows else ["No alarm stands."]
    status = 2 if any(each.severity == "critical" for each in active) else 1 if active else 0
    return Answer(parts, status, [dataclasses.asdict(each) for each in active])


async def calls(site: Site, arguments: dict[str, Any]) -> Answer:
    """`alertbox calls`."""
    records = list(reversed(await site.store.calls.recent(arguments["count"])))
    rows = [
        (
            str(each.id),
            when(site, each.started.wall)[5:],
            each.direction,
            each.line,
            (each.source if each.direction == "in" else each.target) or "unknown",
            each.originator if each.direction == "out" else "",
            each.outcome or "running",
            f"{each.duration_s:.0f}" if each.duration_s is not None else "",
        )
        for each in records
    ]
    columns = ("call", "began", "way", "line", "number", "by", "outcome", "s")
    data = [
        {"call": each.id, "direction": each.direction, "line": each.line, "source": each.source, "target": each.target}
        | {"originator": each.originator, "outcome": each.outcome, "detail": each.detail}
        | {"duration_s": each.duration_s, "talk_s": each.talk_s}
        for each in records
    ]
    return Answer([Grid("", columns, rows, right=(0, 7))], data=data)


def _calling(campaign: Campaign) -> list[str]:
    """Teams for which the calling goes on."""
    if campaign.ended:
        return []
    settled = campaign.reached.keys() | campaign.not_reached.keys()
    return [each.team for each in campaign.targets if not each.excluded and each.team not in settled]


async def alerts(site: Site, arguments: dict[str, Any]) -> Answer:
    """`alertbox alerts`."""
    campaigns = list(reversed(await site.store.campaigns.recent(arguments["count"])))
    rows = [
        (
            str(each.alert),
            when(site, each.confirmed_at),
            each.sender,
            "exercise" if each.exercise else "alert",
            str(len(each.reached)),
            str(len(each.not_reached)),
            str(len(_calling(each))),
            each.ended or "running",
        )
        for each in campaigns
    ]
    columns = ("alert", "confirmed", "sender", "kind", "reached", "not", "open", "state")
    return Answer([Grid("", columns, rows, right=(0, 4, 5, 6))], data=[each.alert for each in campaigns])


async def alert(site: Site, arguments: dict[str, Any]) -> Answer:
    """`alertbox alerts show ID`: the report of `ivr.report`, and the messages that went out about the alert."""
    found = await report.gather(site.store, arguments["id"])
    if found is None:
        raise CommandFailed(f"there is no alert {arguments['id']}; alertbox alerts shows them")
    messages = await site.store.sms.for_alert(found.alert)
    sms = Grid(
        "Short messages",
        ("sms", "purpose", "to", "number", "state", "detail"),
        [(str(each.id), each.purpose, each.team or "", each.number, each.fate, each.detail) for each in messages],
        right=(0,),
    )
    tries = sorted(((each, team.team) for team in found.teams for each in team.tries), key=lambda pair: pair[0].call)
    data = {
        "alert": found.alert,
        "ended": found.ended,
        "teams": {team.team: _result(team) for team in found.teams},
        "attempts": [[team, each.outcome, each.counted] for each, team in tries],
        "sms": [[each.purpose, each.number, each.fate] for each in messages],
        "report": found.data(),
    }
    text = report.text(found, site.config.service.time_zone)
    return Answer([text, sms] if messages else [text], 1 if found.count("not reached") else 0, data)


def _result(team: report.TeamReport) -> str:
    """What became of a team, in one line."""
    match team.result:
        case "reached":
            how = {"key": "by key", "pin": "by PIN", "playback": "on its own call"}.get(team.how, team.how)
            group = f", group {team.group}" if team.group else ""
            return f"reached {how}{group}, heard {team.heard_s:.1f} s" + ("" if team.heard_all else " (not to the end)")
        case "not reached":
            return f"NOT REACHED: {team.how}"
        case "not called":
            return f"not called: {team.how}"
    if team.tries and team.tries[-1].ended is None:
        return f"being called on {team.tries[-1].line}"
    return "to be called again" if team.tries else "to be called"


async def verify_journal(site: Site, _: dict[str, Any]) -> Answer:
    """`alertbox journal verify`."""
    report = await site.store.journal.verify()
    verdict = "every seal is right" if report.ok else f"BROKEN at record {report.first_bad}"
    lines = [f"{report.records} records, {verdict}", f"head {report.head}"]
    if report.unknown:
        lines.append(f"{len(report.unknown)} records are of kinds that this program does not know")
    data = {"ok": report.ok, "records": report.records, "head": report.head, "first_bad": report.first_bad}
    return Answer(list(lines), 0 if report.ok else 2, data)


async def roster(site: Site, _: dict[str, Any]) -> Answer:
    """`alertbox roster list`."""
    current = site.store.roster.current()
    excluded = current.excluded()
    rows = [
        (
            team.key,
            team.uid,
            team.name,
            team.language,
            ", ".join(each.number for each in team.numbers),
            team.acknowledgement.value,
            f"not called: {excluded[team.key]}" if team.key in excluded else team.state.value,
        )
        for team in current.teams
    ]
    columns = ("team", "UID", "name", "lang", "numbers", "ack", "state")
    parts: list[str | Grid] = [
        Grid("", columns, rows),
        *(f"warning: {each}" for each in contact_warnings(current, site.clock)),
    ]
    return Answer(parts, 1 if excluded else 0, {"digest": current.digest, "excluded": excluded})


async def overload(site: Site, arguments: dict[str, Any]) -> Answer:
    """`alertbox overload status`."""
    screens = site.overload()
    wanted = [each for each in screens if arguments["of"] in ("", each[0])]
    if not wanted:
        known = ", ".join(name for name, *_ in screens) or "none: see [watch] of the configuration"
        raise CommandFailed(f"{arguments['of'] or 'overload'} is not watched; watched are {known}")
    alarmed = any(data["overload"] or any(each["alarms"] for each in data["domains"]) for *_, data in wanted)
    return Answer([text for _, text, _ in wanted], 1 if alarmed else 0, {name: data for name, _, data in wanted})
