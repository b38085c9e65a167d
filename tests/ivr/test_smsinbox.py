"""Received messages and delivery reports, between the devices and the journal."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.clock import Clock
from hal.line import Delivery, DeliveryReport, IncomingSms, SmsPart
from ivr import smsinbox
from ivr.smsinbox import SmsInbox, message_of, same_number
from storage import StorageError, Store
from storage.journal import Stamp
from storage.records import SmsPartReceived, SmsQueued, SmsReceived, SmsReported, SmsTried
from storage.sms import Sms
from tests.storage.support import CHEAP, SECRETS
from tests.support.virtualtime import START_WALL, run_virtual

FRIEND = "+491711234567"


def play(story: Any, directory: Path, **options: Any) -> None:
    async def all_of_it() -> None:
        loop: Any = asyncio.get_running_loop()
        clock = Clock(wall=loop.wall, boot_id="boot")
        store = await Store.open(directory / "box.db", clock=clock, secrets=SECRETS, pin_cost=CHEAP)
        inbox = SmsInbox(store, clock)
        running = asyncio.create_task(inbox.run())
        try:
            await story(store, inbox, clock)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await store.close()

    run_virtual(all_of_it(), limit_s=500_000, **options)


def part(number: int, total: int, text: str, reference: int = 9, sender: str = FRIEND) -> IncomingSms:
    return IncomingSms(sender, text, None, SmsPart(reference, total, number))


def report(
    reference: int, number: str = FRIEND, at: float | None = None, how: Delivery = Delivery.DELIVERED
) -> DeliveryReport:
    return DeliveryReport(reference, number, how, 0, datetime.fromtimestamp(at, UTC) if at is not None else None)


async def sent(store: Store, number: str, detail: str, outcome: str = "sent", text: str = "notice") -> int:
    sms = store.new_id("sms")
    await store.commit(SmsQueued(sms, "notice", None, None, number, text), SmsTried(sms, "gsm", outcome, detail))
    return sms


@settings(deadline=None, derandomize=True, max_examples=12)
@given(st.integers(1, 6), st.integers(0, 10**6), st.integers(0, 3))
def test_parts_in_any_order_and_twice_are_one_message(total, seed, doubled):
    pieces = [part(n, total, f"<{n}>") if total > 1 else IncomingSms(FRIEND, "<1>") for n in range(1, total + 1)]
    shuffled = pieces + pieces[: min(doubled, total - 1)]
    random.Random(seed).shuffle(shuffled)

    async def story(store: Store, inbox: SmsInbox, clock: Clock) -> None:
        for piece in shuffled:
            await inbox.received("gsm", piece)
        found = await store.sms.received(10)
        assert [sms.text for sms in found] == ["".join(f"<{n}>" for n in range(1, total + 1))]
        assert not await store.sms.waiting_parts()

    with TemporaryDirectory() as directory:
        play(story, Path(directory))


def test_a_reference_that_comes_round_begins_another_message(tmp_path):
    async def story(store: Store, inbox: SmsInbox, clock: Clock) -> None:
        await inbox.received("gsm", part(1, 2, "old one, "))
        await inbox.received("gsm", part(1, 2, "new one, "))
        await inbox.received("gsm", part(2, 2, "complete"))
        assert [(sms.text, sms.parts, sms.of) for sms in await store.sms.received(10)] == [
            ("old one, ", 1, 2),
            ("new one, complete", 2, 2),
        ]

    play(story, tmp_path)


def test_parts_of_others_are_kept_apart(tmp_path):
    async def story(store: Store, inbox: SmsInbox, clock: Clock) -> None:
        await inbox.received("gsm", part(1, 2, "a"))
        await inbox.received("gsm", part(2, 2, "b", sender="Bank"))
        await inbox.received("gsm2", part(2, 2, "c"))
        await inbox.received("gsm", part(2, 2, "d", reference=10))
        assert not await store.sms.received(10)
        await inbox.received("gsm", part(2, 2, "e"))
        assert [sms.text for sms in await store.sms.received(10)] == ["ae"]

    play(story, tmp_path)


def test_what_waits_is_delivered_after_a_day_counted_over_restarts(tmp_path):
    async def first(store: Store, inbox: SmsInbox, clock: Clock) -> None:
        await inbox.received("gsm", part(2, 3, "the middle"))
        await asyncio.sleep(20 * 3600)
        assert not await store.sms.received(10)

    async def second(store: Store, inbox: SmsInbox, clock: Clock) -> None:
        clock.boot_id = "another boot"  # its monotonic clock says nothing about the first
        await asyncio.sleep(3 * 3600)
        assert not await store.sms.received(10)
        await asyncio.sleep(2 * 3600)
        (found,) = await store.sms.received(10)
        assert (found.text, found.parts, found.of) == ("the middle", 1, 3)

    play(first, tmp_path)
    play(second, tmp_path, start_wall=START_WALL + 20 * 3600)


def test_a_store_that_fails_keeps_the_modems_copy_and_the_parts(tmp_path, monkeypatch):
    async def story(store: Store, inbox: SmsInbox, clock: Clock) -> None:
        await inbox.received("gsm", part(1, 2, "a"))
        commit = store.commit

        async def fails(*records: object, **more: object) -> None:
            raise StorageError("the card is gone")

        store.commit = fails
        for incoming in (part(2, 2, "b"), IncomingSms(FRIEND, "hello")):
            with pytest.raises(StorageError):
                await inbox.received("gsm", incoming)
        store.commit = commit
        await inbox.received("gsm", part(2, 2, "b"))  # offered again
        assert [sms.text for sms in await store.sms.received(10)] == ["ab"]

    play(story, tmp_path)


def test_the_bound_holds_over_a_restart_and_ends_with_the_day(tmp_path, monkeypatch):
    monkeypatch.setattr(smsinbox, "A_DAY", 4)

    async def flood(store: Store, inbox: SmsInbox, clock: Clock) -> None:
        for number in range(3):
            await inbox.received("gsm", IncomingSms(FRIEND, str(number)))

    async def goes_on(store: Store, inbox: SmsInbox, clock: Clock) -> None:
        for number in range(3, 9):
            await inbox.received("gsm", IncomingSms(FRIEND, str(number)))
        assert [sms.text for sms in await store.sms.received(10)] == ["0", "1", "2", "3"]
        alarm = store.alarms.get("sms.flood")
        assert alarm is not None
        assert alarm.severity == "major"
        await asyncio.sleep(25 * 3600)
        assert await store.sms.dropped_since(0) == 5
        await inbox.received("gsm", IncomingSms(FRIEND, "tomorrow"))
        assert (await store.sms.received(10))[-1].text == "tomorrow"

    play(flood, tmp_path)
    play(goes_on, tmp_path, start_wall=START_WALL + 600)


# --- reports ---------------------------------------------------------------------------------------------------------------------


def test_a_report_that_is_quicker_than_the_notice_of_its_sending(tmp_path):
    async def story(store: Store, inbox: SmsInbox, clock: Clock) -> None:
        await inbox.reported("gsm", report(42))
        await inbox.reported("gsm", report(77))
        await asyncio.sleep(3)
        sms = await sent(store, FRIEND, "42")
        await asyncio.sleep(1)
        found = await store.sms.get(sms)
        assert found is not None
        assert found.fate == "delivered"
        await asyncio.sleep(200)  # the other one is nobody's, and is kept all the same
        unmatched = [e.record async for e in store.journal.records() if isinstance(e.record, SmsReported)]
        assert [(record.sms, record.reference) for record in unmatched] == [(sms, 42), (None, 77)]

    play(story, tmp_path)


def test_long_and_failed_messages(tmp_path):
    async def story(store: Store, inbox: SmsInbox, clock: Clock) -> None:
        long = await sent(store, "01711234567", "255,0")  # as dialled; the counter has come round
        await inbox.reported("gsm", report(0))
        assert (await store.sms.get(long)).fate == "sent"
        await inbox.reported("gsm", report(255, how=Delivery.FAILED))
        assert (await store.sms.get(long)).fate == "undelivered"

    play(story, tmp_path)


def message(
    id_: int, tried_at: float, detail: str, *, state: str = "sent", number: str = FRIEND, text: str = "x"
) -> Sms:
    return Sms(id_, "notice", None, None, number, text, Stamp(0, 0, ""), state, 1, "gsm", detail, tried_at)


@pytest.mark.parametrize(
    ("told", "sent_at", "expected"),
    [
        (report(7), None, 3),  # the newest with that reference
        (report(7), 1010.0, 1),  # the one that was sent when the network took it
        (report(7), 260_000.0, 3),
        (report(8), None, 2),
        (report(9), None, None),
        (report(7, "+4930123"), None, None),
        (report(9), 500_010.0, 5),  # nobody knew whether that one had been sent; now it is known
        (report(9), 500_700.0, None),
    ],
)
def test_which_message_a_report_speaks_of(told, sent_at, expected):
    messages = [
        message(1, 1000.0, "7"),
        message(2, 2000.0, "6,7,8"),
        message(3, 259_000.0, "7"),
        message(4, 260_000.0, "7", number="+49301234567"),
        message(5, 500_000.0, "timeout, 60 s", state="unknown"),
        message(6, 500_020.0, "timeout", state="unknown", text="x" * 200),
    ]
    found = message_of("gsm", told, messages, sent_at)
    assert (found.id if found else None) == expected
    assert message_of("another modem", told, messages, sent_at) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+491711234567", "01711234567", True),
        ("00491711234567", "+491711234567", True),
        ("+491711234567", "+491711234568", False),
        ("12345", "+49171112345", False),
        ("12345", "12345", True),
        ("", "+491711234567", False),
    ],
)
def test_ways_to_write_a_number(one, other, same):
    assert same_number(one, other) is same
    assert same_number(other, one) is same


def test_records_hold_what_was_received_to_the_letter(tmp_path):
    text = "pay now\x1b[2J\x00\r\n\u202eevil 😀"

    async def story(store: Store, inbox: SmsInbox, clock: Clock) -> None:
        await inbox.received("gsm", IncomingSms("Bank\x07", text))
        (envelope,) = [e async for e in store.journal.records() if isinstance(e.record, SmsReceived | SmsPartReceived)]
        assert isinstance(envelope.record, SmsReceived)
        assert (envelope.record.sender, envelope.record.text) == ("Bank\x07", text)

    play(story, tmp_path)


def test_forged_reports_and_a_store_that_flutters_do_not_fill_the_journal(tmp_path):
    async def story(store: Store, inbox: SmsInbox, clock: Clock) -> None:
        sms = await sent(store, FRIEND, "7")
        before = (await store.journal.verify()).records
        for n in range(300):
            how = (Delivery.TRYING, Delivery.FAILED)[n % 2]
            await inbox.reported("gsm", DeliveryReport(7, FRIEND, how, 0x30 + 0x20 * (n % 2), None))
            inbox.store_full("gsm", n % 2 == 0)
        await asyncio.sleep(1)
        assert (await store.journal.verify()).records - before <= smsinbox.WORDS + 2
        for _ in range(20):
            await inbox.reported("gsm", report(7))
        found = await store.sms.get(sms)
        assert found is not None
        assert found.delivery == "delivered"  # what is new is heard all the same
        await asyncio.sleep(smsinbox.FULL_AGAIN_S)
        inbox.store_full("gsm", True)
        await asyncio.sleep(1)
        assert store.alarms.get("sms.store.gsm") is not None
        assert (await store.journal.verify()).records - before <= smsinbox.WORDS + 4

    play(story, tmp_path)
