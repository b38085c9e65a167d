"""Short messages that come in, and what the network reports of those that went out: from the air to the technician's page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hal.simulated import pdu
from ivr import smsinbox
from storage.records import AlarmRaised, SmsPartReceived, SmsReceived, SmsReported
from tests.support.box import CONFIG, GSM, ISDN, RADIO, Town
from tests.support.callees import ALPHA, BRAVO, DELTA, confirm, person

WITH_RADIO = CONFIG + ISDN + RADIO
STRANGER = "+491709999999"
LONG = "Anhang: " + "0123456789 " * 30 + "€ [Ende]"


async def until(what: Callable[[], Awaitable[bool]], *, within: float = 900.0) -> None:
    async with asyncio.timeout(within):
        while not await what():
            await asyncio.sleep(1.0)


async def page(town: Town, command: str = "sms", **arguments: object) -> str:
    answer = await town.box.command(command, **arguments)
    return "\n".join(part if isinstance(part, str) else str([*part.rows]) for part in answer.parts)


def test_a_message_is_shown_and_obeyed_by_nobody(play):
    async def story(town: Town) -> None:
        modem = town.exchange.devices["gsm"]
        town.exchange.send_sms(STRANGER, GSM, "alarm clear sms.flood; pin set alpha 0000")
        town.exchange.send_sms(STRANGER, GSM, LONG)

        async def both() -> bool:
            return len(await town.box.store.sms.received(10)) == 2

        await until(both)
        first, second = await town.box.store.sms.received(10)
        assert (first.sender, first.text) == (STRANGER, "alarm clear sms.flood; pin set alpha 0000")
        assert (second.text, second.parts, second.of) == (LONG, 3, 3)
        assert not any(modem.messages.stores.values())  # deleted, after it was stored
        assert not await town.box.store.sms.waiting_parts()
        assert not town.exchange.calls
        shown = await page(town)
        assert STRANGER in shown
        assert "can be forged" in shown
        assert LONG in await page(town, "sms show", id=second.id)

    play(story, members=(ALPHA, BRAVO), config=WITH_RADIO)


def test_parts_that_come_before_and_after_a_restart_are_one_message(play):
    async def story(town: Town) -> None:
        modem = town.exchange.devices["gsm"]
        parts = parts_of(town, LONG)
        modem.messages.deliver_pdu(*parts[2])
        modem.messages.deliver_pdu(*parts[0])
        await until(lambda: waiting(town, 2))
        assert not any(modem.messages.stores.values())  # they wait in the box, not on the SIM
        await town.stop()
        modem.messages.deliver_pdu(*parts[0])  # the network sends one again, and the last while the box is down
        modem.messages.deliver_pdu(*parts[1])
        await town.start()
        await town.in_service()

        async def whole() -> bool:
            return bool(await town.box.store.sms.received(1))

        await until(whole)
        (found,) = await town.box.store.sms.received(10)
        assert (found.text, found.parts, found.of) == (LONG, 3, 3)
        assert not await town.box.store.sms.waiting_parts()

    play(story, members=(ALPHA, BRAVO), config=WITH_RADIO)


def test_a_part_that_never_comes_is_waited_for_a_day(play, monkeypatch):
    monkeypatch.setattr(smsinbox, "PARTS_S", 1800.0)

    async def story(town: Town) -> None:
        parts = parts_of(town, LONG)
        town.exchange.devices["gsm"].messages.deliver_pdu(*parts[1])
        await until(lambda: waiting(town, 1))
        await asyncio.sleep(1000)
        assert not await town.box.store.sms.received(1)
        await asyncio.sleep(1500)
        (found,) = await town.box.store.sms.received(10)
        assert (found.parts, found.of) == (1, 3)
        assert found.text in LONG
        assert "Only 1 of its 3 parts have come." in await page(town, "sms show", id=found.id)

    play(story, members=(ALPHA, BRAVO), config=WITH_RADIO)


def test_a_flood_fills_neither_card_nor_sim(play, monkeypatch):
    monkeypatch.setattr(smsinbox, "A_DAY", 5)
    records: list[object] = []

    async def story(town: Town) -> None:
        town.box.store.subscribe(lambda envelope: records.append(envelope.record))
        modem = town.exchange.devices["gsm"]
        modem.faults.cmti_lost = True  # nobody hears of them until the SIM is full
        for number in range(40):
            town.exchange.send_sms(STRANGER, GSM, f"flood {number}")
        await asyncio.sleep(1300)
        kept = [record for record in records if isinstance(record, SmsReceived | SmsPartReceived)]
        assert len(kept) == 5
        assert not any(modem.messages.stores.values())
        assert await town.box.store.sms.dropped_since(0) == 35
        alarms = [record.key for record in records if isinstance(record, AlarmRaised)]
        assert {"sms.flood", "sms.store.gsm"} <= set(alarms)
        assert "35 messages of the last day were deleted unread" in await page(town)
        assert town.box.store.alarms.get("sms.store.gsm") is None

    play(story, members=(ALPHA, BRAVO), config=WITH_RADIO)


@pytest.mark.parametrize(
    ("statuses", "fate"), [((0x00,), "delivered"), ((0x20, 0x00), "delivered"), ((0x41,), "undelivered"), ((), "sent")]
)
def test_what_became_of_each_notice_stands_in_the_alerts_report(play, statuses, fate):
    async def story(town: Town) -> None:
        town.exchange.devices["gsm"].messages.report_statuses = statuses
        person(town, BRAVO)
        person(town, DELTA)
        campaign = await town.ended(await confirm(town))
        await town.messages_sent()
        await asyncio.sleep(30)
        notices = [sms for sms in await town.box.store.sms.for_alert(campaign.alert) if sms.purpose == "notice"]
        assert [(sms.team, sms.fate) for sms in notices] == [("bravo", fate)]
        shown = await page(town, "alerts show", id=campaign.alert)
        assert f" {fate}" in next(line for line in shown.splitlines() if line.startswith("bravo"))

    mobile = replace(BRAVO, mobile="+4917000002")
    play(story, members=(ALPHA, mobile, DELTA), config=WITH_RADIO)


def test_a_report_of_nobodys_message_is_kept_and_changes_nothing(play):
    records: list[object] = []

    async def story(town: Town) -> None:
        town.box.store.subscribe(lambda envelope: records.append(envelope.record))
        modem = town.exchange.devices["gsm"]
        modem.urc("+CDS: 26\r\n00062A0B911346610089F6621122214365806211222153958000")
        await asyncio.sleep(200)
        assert [r.sms for r in records if isinstance(r, SmsReported)] == [None]

    play(story, members=(ALPHA, BRAVO), config=WITH_RADIO)


def parts_of(town: Town, text: str) -> list[tuple[str, int]]:
    """As the exchange's own codec makes them, all with one reference."""
    return pdu.deliver(STRANGER, text, datetime.fromtimestamp(town.exchange.wall(), UTC))


async def waiting(town: Town, count: int) -> bool:
    return len(await town.box.store.sms.waiting_parts()) == count
