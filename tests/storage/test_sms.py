"""Received messages, and what the network says of those that were sent."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest
from sqlite_utils import Database as Tables

from storage import InvalidRecord, schema
from storage import records as r
from tests.storage.support import open_store


def sent(sms: int, detail: str) -> list[r.Record]:
    return [r.SmsQueued(sms, "notice", 1, "bravo", "+49151", "text"), r.SmsTried(sms, "gsm", "sent", detail)]


def report(sms: int | None, reference: int, outcome: str) -> r.SmsReported:
    return r.SmsReported(sms, "gsm", reference, "+49151", outcome, 0)


def test_a_message_is_delivered_when_all_its_parts_are(tmp_path):
    async def story():
        store = await open_store(tmp_path)
        await store.commit(*sent(1, "7,8"), *sent(2, "9"), r.SmsQueued(3, "notice", 1, "c", "1", "t"))

        async def fates() -> list[str]:
            return [sms.fate for sms in await store.sms.for_alert(1)]

        assert await fates() == ["sent", "sent", "queued"]
        await store.commit(report(1, 7, "delivered"), report(2, 9, "trying"))
        assert await fates() == ["sent", "sent", "queued"]
        await store.commit(report(1, 8, "delivered"))
        await store.commit(report(2, 9, "failed"), report(None, 200, "delivered"))
        assert await fates() == ["delivered", "undelivered", "queued"]
        await store.commit(report(1, 8, "failed"), report(2, 9, "delivered"))  # nothing takes a delivery back
        assert await fates() == ["delivered", "delivered", "queued"]
        assert [sms.references for sms in await store.sms.reportable(0)] == [(7, 8), (9,)]
        with pytest.raises(InvalidRecord):
            await store.commit(report(77, 1, "delivered"))
        await store.close()

    asyncio.run(story())


def test_received_messages_and_the_parts_that_wait(tmp_path):
    async def story():
        store = await open_store(tmp_path)
        parts = [r.SmsPartReceived("gsm", "+4917", 5, 3, n, f"part {n} ", None) for n in (3, 1, 1)]
        await store.commit(*parts)
        await store.commit(r.SmsPartReceived("gsm", "+4917", 6, 2, 1, "another", 1.0))
        assert {(part.reference, part.part) for part in await store.sms.waiting_parts()} == {(5, 1), (5, 3), (6, 1)}
        assert await store.sms.received_since(0) == 3
        await store.commit(r.SmsReceived(store.new_id("received"), "gsm", "+4917", "part 1 part 3 ", None, 2, 3, 5))
        await store.commit(r.SmsReceived(store.new_id("received"), "gsm", "Bank", "pay\x1b[2J", 2.5))
        await store.commit(r.SmsDropped("gsm", 4, "+4918"))
        assert [part.reference for part in await store.sms.waiting_parts()] == [6]
        found = await store.sms.received(10)
        assert [(sms.id, sms.sender, sms.text, sms.parts, sms.of) for sms in found] == [
            (1, "+4917", "part 1 part 3 ", 2, 3),
            (2, "Bank", "pay\x1b[2J", 1, 1),
        ]
        assert await store.sms.received(1) == found[1:]
        assert await store.sms.get_received(2) == found[1]
        assert await store.sms.get_received(3) is None
        assert await store.sms.received_since(0) == 4
        assert await store.sms.dropped_since(0) == 4
        assert await store.sms.dropped_since(1e12) == 0
        await store.close()

    asyncio.run(story())


def test_a_database_of_the_first_tables_is_taken_over(tmp_path):
    async def story():
        store = await open_store(tmp_path)
        await store.commit(*sent(1, "7"))
        await store.close()
        with Tables(sqlite3.connect(tmp_path / "box.db")) as db:  # as the program before left it
            for table in ("sms_reports", "received", "received_parts", "received_dropped"):
                db[table].drop()
            db.execute("drop index sms_sent")
            db.execute("alter table sms drop column delivery")
            db.execute("delete from _sqlite_migrations where name = ?", (schema.MIGRATIONS[1],))
            db.conn.commit()
        store = await open_store(tmp_path)
        await store.commit(report(1, 7, "delivered"))
        assert [sms.fate for sms in await store.sms.for_alert(1)] == ["delivered"]
        await store.close()

    asyncio.run(story())
