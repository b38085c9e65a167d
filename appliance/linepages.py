"""The commands of `alertbox lines`: the list, the page of one line, its trace, and what is plugged in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from appliance import diagnosis, discovery
from appliance.answers import Answer, CommandFailed, Grid
from appliance.console.visible import visible
from appliance.discovery import Finding
from appliance.linedesk import LineDesk
from appliance.site import Site


async def lines(site: Site, _: dict[str, Any]) -> Answer:
    """`alertbox lines`."""
    statuses = site.lines()
    rows = [
        (str(n), each.name, each.direction.value, each.state if each.in_service else "out of service", each.detail)
        for n, each in enumerate(statuses, 1)
    ]
    data = [
        {
            "name": each.name,
            "direction": each.direction.value,
            "state": each.state,
            "in_service": each.in_service,
            "detail": each.detail,
        }
        for each in statuses
    ]
    status = 0 if all(each.in_service for each in statuses) else 1
    return Answer([Grid("", ("", "line", "calls", "state", "modem"), rows, right=(0,))], status, data)


def _desk(site: Site) -> LineDesk:
    if site.desk is None:
        raise CommandFailed("the box is not running; start it with: systemctl start alertbox")
    return site.desk


def _line(desk: LineDesk, word: str) -> str:
    try:
        return desk.named(word)
    except KeyError:
        known = ", ".join(f"{n} {name}" for n, name in enumerate(desk.names(), 1)) or "none"
        raise CommandFailed(f"there is no line {word}; there are: {known}") from None


async def show(site: Site, arguments: dict[str, Any]) -> Answer:
    """`alertbox lines show LINE`."""
    desk = _desk(site)
    sheet = await desk.sheet(_line(desk, arguments["line"]))
    return Answer([diagnosis.page(sheet)], 0 if sheet.in_service else 1, sheet.data())


async def trace(site: Site, arguments: dict[str, Any]) -> Answer:
    """`alertbox lines trace LINE`: what `hal.trace` has kept, oldest first."""
    desk = _desk(site)
    name = _line(desk, arguments["line"])
    traces = desk.traces(name)
    after, seconds = arguments["after"] or 0, arguments["seconds"]
    oldest = site.clock.wall() - seconds if seconds else 0.0
    found = sorted(
        ((entry, n) for n, (_, kept) in enumerate(traces) for entry in kept.since(after)),
        key=lambda pair: pair[0].number,
    )
    rows, data = [], []
    for entry, n in found:
        wall = desk.wall_of(entry)
        if wall < oldest:
            continue
        moment = dt.datetime.fromtimestamp(wall, site.config.service.time_zone).strftime("%H:%M:%S.%f")[:-3]
        port = "" if n == 0 else "audio "
        rows.append(f"{moment} {port}{entry.kind.value:<2} {visible(entry.text)}".replace("\n", "\\n"))
        kind = entry.kind.name.lower()
        data.append(
            {"number": entry.number, "at": round(wall, 3), "port": traces[n][0], "kind": kind, "text": entry.text}
        )
    last = max((entry.number for entry, _ in found), default=after)
    return Answer(["\n".join(rows)] if rows else [], data={"line": name, "last": last, "entries": data})


async def discover(site: Site, arguments: dict[str, Any]) -> Answer:
    """`alertbox lines discover`: through the running box, which asks only modems that it does not use."""
    desk = _desk(site)
    return report(await discovery.discover(desk.bus, await desk.used(), ask=not arguments["no_ask"]))


def report(findings: Sequence[Finding]) -> Answer:
    """What was found, for people and programs."""
    if not findings:
        text = "No modem is plugged in at any USB port. lsusb shows what the kernel sees; look at cable and power."
        return Answer([text], 1, [])
    parts: list[str | Grid] = []
    for finding in findings:
        parts.append(_paragraph(finding))
        rows = [
            (f"usb:{finding.path}:{port.interface}", port.node or "-", port.role, port.kernel or "none")
            for port in finding.ports
        ]
        if rows:
            parts.append(Grid("", ("  port", "today", "for", "kernel driver"), [(f"  {r[0]}", *r[1:]) for r in rows]))
    usable = any(finding.used_by or finding.voice for finding in findings)
    return Answer(parts, 0 if usable else 1, [finding.data() for finding in findings])


def _paragraph(finding: Finding) -> str:
    lines = [f"USB {finding.path}: {finding.name} ({finding.identity}), serial number {finding.serial or 'none'}"]
    if finding.used_by:
        lines.append(f"  is {finding.used_by} of the configuration; alertbox lines show tells how it is")
    elif finding.driver:
        lines.append(f"  driver {finding.driver}, commands on {finding.at_port or 'no port'}")
        lines[-1] += f", audio on {finding.audio}" if finding.audio else ""
    if finding.says:
        lines.append(f"  says: {finding.says}")
    if finding.detail and not finding.advice.startswith("it does not answer"):
        voice = {True: "yes", False: "no", None: "not known"}[finding.voice]
        lines.append(f"  voice: {voice} ({finding.detail})")
    if finding.advice:
        lines.append(f"  {finding.advice}")
    return "\n".join(lines)
