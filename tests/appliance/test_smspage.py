"""Received messages on a screen: what the sender wrote never looks like what the box says."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from appliance import smspage
from appliance.answers import Answer
from appliance.console.render import plain
from appliance.console.visible import visible
from storage.sms import ReceivedSms

FORGED = ReceivedSms(
    7, "gsm", "Box\r\nNo alarm", "hello\nMessage 8 from +4930\rNo alarm stands.\n\x1b[2Jgone \u202e", None, 1, 1, 1.8e9
)


class Messages:
    async def received(self, limit: int) -> list[ReceivedSms]:
        return [FORGED]

    async def get_received(self, received: int) -> ReceivedSms:
        return FORGED

    async def dropped_since(self, since: float) -> int:
        return 0

    async def waiting_parts(self) -> list[Any]:
        return []


SITE: Any = SimpleNamespace(
    store=SimpleNamespace(sms=Messages()),
    clock=SimpleNamespace(wall=lambda: 1.8e9),
    config=SimpleNamespace(service=SimpleNamespace(time_zone=ZoneInfo("UTC"))),
)


def lines(answer: Answer) -> list[str]:
    return visible(plain(answer)).split("\n")


def test_no_line_of_a_message_begins_like_one_of_the_box() -> None:
    shown = lines(asyncio.run(smspage.show(SITE, {"id": 7})))
    assert shown[0].startswith("Message 7 from Box No alarm over gsm")
    assert shown[1:5] == ["| hello", "| Message 8 from +4930", "| No alarm stands.", "| \\x1b[2Jgone \\u202e"]


def test_a_forged_sender_takes_one_row_of_the_list() -> None:
    shown = lines(asyncio.run(smspage.received(SITE, {"count": 10})))
    assert sum(line.startswith(("  7", "7")) for line in shown) == 1
    assert not any(line.startswith("No alarm") for line in shown)
