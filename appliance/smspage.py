"""`alertbox sms`: the short messages that came in, and what became of those that went out."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from appliance.answers import Answer, CommandFailed, Grid
from appliance.site import Site

CAUTION = "Sender numbers can be forged. The box only shows these messages; it obeys none."
_SHOWN = 40
"""Characters of a text in the list."""
_DAY_S = 24 * 3600.0
_LINE_ENDS = re.compile(r"\r\n|[\r\n]")
"""Sender and text are the sender's own: neither may look like a line that the box says."""


async def received(site: Site, arguments: dict[str, Any]) -> Answer:
    """`alertbox sms`: what came in, newest last. Exit status 1 where some were deleted unread."""
    messages = await site.store.sms.received(max(1, arguments["count"]))
    dropped = await site.store.sms.dropped_since(site.clock.wall() - _DAY_S)
    waiting = await site.store.sms.waiting_parts()
    rows = [
        (
            str(each.id),
            _when(each.wall, site),
            each.device,
            _short(each.sender),
            _short(each.text),
            _parts(each.parts, each.of),
        )
        for each in messages
    ]
    parts: list[str | Grid] = [Grid("", ("sms", "received", "over", "from", "text", "parts"), rows, right=(0,))]
    if not rows:
        parts = ["No message has come in."]
    if waiting:
        parts.append(f"{len(waiting)} parts of long messages wait for the others, for a day at most.")
    if dropped:
        parts.append(f"{dropped} messages of the last day were deleted unread, because too many came.")
    parts.append(CAUTION)
    data = {"received": [each.id for each in messages], "waiting parts": len(waiting), "dropped": dropped}
    return Answer(parts, 1 if dropped else 0, data)


async def show(site: Site, arguments: dict[str, Any]) -> Answer:
    """`alertbox sms show ID`."""
    found = await site.store.sms.get_received(arguments["id"])
    if found is None:
        raise CommandFailed(f"there is no received message {arguments['id']}; alertbox sms shows them")
    sent = f", sent {_when(found.sent_at, site)} by the network's clock" if found.sent_at is not None else ""
    sender = _one_line(found.sender) or "nobody"
    head = f"Message {found.id} from {sender} over {found.device}, received {_when(found.wall, site)}{sent}"
    lines: list[str | Grid] = [head]
    if found.parts < found.of:
        lines.append(f"Only {found.parts} of its {found.of} parts have come.")
    lines += ["\n".join(f"| {line}" for line in _LINE_ENDS.split(found.text)), CAUTION]
    data = {"id": found.id, "from": found.sender, "text": found.text, "parts": [found.parts, found.of]}
    return Answer(lines, 0, data)


def _when(wall: float, site: Site) -> str:
    return dt.datetime.fromtimestamp(wall, site.config.service.time_zone).strftime("%Y-%m-%d %H:%M:%S")


def _one_line(text: str) -> str:
    return _LINE_ENDS.sub(" ", text)


def _short(text: str) -> str:
    line = _one_line(text)
    return line if len(line) <= _SHOWN else line[: _SHOWN - 3] + "..."


def _parts(came: int, of: int) -> str:
    return "" if came == of else f"{came} of {of}"
