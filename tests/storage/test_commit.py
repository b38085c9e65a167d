"""`commit`: what it promises to its caller and to everyone who listens."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from storage import Envelope, InvalidRecord, StorageClosed, Store
from storage import records as r
from tests.storage.support import open_store, sound


def alarm(n: int) -> r.AlarmRaised:
    return r.AlarmRaised(f"test.{n}", "minor", f"number {n}")


def test_a_reader_sees_everything_committed_before_its_call(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        for n in range(1, 20):
            await store.commit(r.CallStarted(store.new_id("call"), "in", "isdn.1", None, None, "caller", "alert"))
            assert [call.id for call in await store.calls.recent(1)] == [n]
        await store.close()

    asyncio.run(main())


def test_commits_that_come_together_share_a_transaction(tmp_path: Path) -> None:
    async def main() -> int:
        store = await open_store(tmp_path)
        statements: list[str] = []
        await store._database.write(lambda db: db.conn.set_trace_callback(statements.append))
        await asyncio.gather(*(store.commit(alarm(n)) for n in range(40)))
        await store._database.write(lambda db: db.conn.set_trace_callback(None))
        assert len(store.alarms.active()) == 40
        await store.close()
        return sum(statement.upper().startswith("COMMIT") for statement in statements)

    assert asyncio.run(main()) <= 2


def test_commits_keep_the_order_of_their_calls(tmp_path: Path) -> None:
    async def main() -> list[Envelope]:
        store = await open_store(tmp_path)
        heard: list[Envelope] = []
        store.subscribe(heard.append)
        async with asyncio.TaskGroup() as tasks:
            for n in range(30):
                tasks.create_task(store.commit(alarm(n), alarm(n + 100)))
        assert [envelope async for envelope in store.journal.records()] == heard
        await store.close()
        return heard

    heard = asyncio.run(main())
    expected = [alarm(m) for n in range(30) for m in (n, n + 100)]
    assert [envelope.record for envelope in heard] == expected
    assert [envelope.seq for envelope in heard] == list(range(1, 61))


def test_subscribers_hear_of_a_fact_when_it_is_durable_and_caches_know_it(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        seen = []

        def listen(envelope: Envelope) -> None:
            seen.append((envelope.record.kind, [a.key for a in store.alarms.active()], store.journal.head))

        end = store.subscribe(listen)
        store.subscribe(lambda envelope: 1 / 0)  # another one's mistake
        await store.commit(alarm(1))
        end()
        await store.commit(alarm(2))
        assert [(kind, keys) for kind, keys, _ in seen] == [("alarm.raised", ["test.1"])]
        assert (await store.journal.verify()).head == store.journal.head != seen[0][2]
        await store.close()

    asyncio.run(main())


def test_one_bad_commit_spoils_no_other_of_its_group(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        outcomes = await asyncio.gather(
            store.commit(alarm(1)),
            store.commit(alarm(2), r.CallEnded(77, "completed", "", 1.0, 1.0)),
            store.commit(alarm(3)),
            return_exceptions=True,
        )
        assert isinstance(outcomes[1], InvalidRecord)
        assert [a.key for a in store.alarms.active()] == ["test.1", "test.3"], "nothing of the bad one is there"
        report = await store.journal.verify()
        assert report.ok
        assert report.records == 2
        assert report.head == store.journal.head
        await store.close()

    asyncio.run(main())


def test_a_record_of_the_wrong_type_is_refused_at_once(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        with pytest.raises(InvalidRecord, match="call"):
            await store.commit(r.CallAnswered("7"))
        with pytest.raises(InvalidRecord, match=r"finite|JSON"):
            await store.commit(r.CallEnded(7, "completed", "", float("nan"), 0.0))
        await store.close()

    asyncio.run(main())


def test_a_cancelled_caller_does_not_take_the_fact_back(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        task = asyncio.create_task(store.commit(alarm(1)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await store.close()
        store = await open_store(tmp_path)
        assert store.alarms.get("test.1") is not None
        await store.close()

    asyncio.run(main())


def test_the_loop_does_not_wait_for_a_slow_card(tmp_path: Path) -> None:
    async def main() -> int:
        store = await open_store(tmp_path)
        card = threading.Event()
        stuck = asyncio.create_task(store._database.write(lambda _: card.wait(30)))
        commit = asyncio.create_task(store.commit(alarm(1)))
        ticks = 0
        while ticks < 50:
            await asyncio.sleep(0)
            assert await store.calls.recent(1) == [], "reading goes on as well"
            ticks += 1
        assert not commit.done()
        card.set()
        await asyncio.gather(stuck, commit)
        await store.close()
        return ticks

    assert asyncio.run(main()) == 50


def test_closing_finishes_what_was_begun_and_takes_nothing_more(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        waiting = [asyncio.create_task(store.commit(alarm(n))) for n in range(10)]
        await asyncio.sleep(0)
        await store.close()
        await store.close()
        assert all([await task for task in waiting])
        with pytest.raises(StorageClosed):
            await store.commit(alarm(99))
        with pytest.raises(StorageClosed):
            await store.calls.recent(1)

    asyncio.run(main())


def test_numbers_are_never_given_twice(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        digest = Store.digest(sound())
        numbers = [store.new_id("message") for _ in range(5)]
        assert numbers == [1, 2, 3, 4, 5]
        record = r.MessageRecorded(4, "a", 1, digest, "alaw", 8000)
        await store.commit(record, r.MessageDiscarded(4, "by the caller"), audio={digest: sound()})
        await store.close()
        store = await open_store(tmp_path)
        assert store.new_id("message") == 5, "4 was committed, 5 never was"
        with pytest.raises(InvalidRecord):
            await store.commit(record)
        await store.close()

    asyncio.run(main())


def test_a_fact_carries_the_time_of_its_call(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        [envelope] = await store.commit(alarm(1))
        assert envelope.wall == 1_000_001.0
        assert envelope.mono == 1.0
        assert (envelope.boot, envelope.trust) == ("boot-1", "trusted")
        await store.close()

    asyncio.run(main())
