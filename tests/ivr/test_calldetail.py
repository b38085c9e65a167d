"""Every call in has its call detail record, whatever becomes of it."""

import asyncio

import pytest

from hal.errors import HungUp, ModemSilent
from ivr.inbound import answer
from storage.records import CallAnswered, CallEnded, CallStarted
from tests.ivr.fakecall import FakeCall, FakeIncoming, live
from tests.ivr.village import log_in, village


def test_line_source_target_and_times(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await log_in(call)
                await asyncio.sleep(5)

            await v.call_in(person, caller="03012345", called="4711")
            (call,) = await v.store.calls.recent(5)
            assert (call.direction, call.line, call.source, call.target) == ("in", "fake.1", "03012345", "4711")
            assert (call.originator, call.account) == ("caller:03012345", "alert-in")
            assert (call.outcome, call.detail) == ("completed", "team alpha, hung up")
            assert call.answered is not None
            assert 5 < call.talk_s <= call.duration_s < 30

    live(scene())


def test_no_number_presented(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            await v.call_in(log_in, caller=None)
            (call,) = await v.store.calls.recent(5)
            assert (call.source, call.originator) == (None, "caller:no number")

    live(scene())


def test_hung_up_before_login_is_abandoned(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            await v.call_in(lambda call: call.hears("nine digits"))
            (call,) = await v.store.calls.recent(5)
            assert (call.outcome, call.answered is not None) == ("abandoned", True)

    live(scene())


@pytest.mark.parametrize(("fault", "outcome"), [(HungUp("gone"), "abandoned"), (ModemSilent("no OK"), "line-fault")])
def test_a_call_that_cannot_be_answered(tmp_path, fault, outcome):
    async def scene():
        async with village(tmp_path) as v:
            await answer(FakeIncoming(FakeCall(), fault), v.house)
            (call,) = await v.store.calls.recent(5)
            assert (call.outcome, call.answered, call.talk_s) == (outcome, None, 0.0)
            assert await v.store.calls.unfinished() == []

    live(scene())


def test_a_shutdown_in_the_middle_is_an_interrupted_call(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            call = FakeCall()
            talking = asyncio.create_task(answer(FakeIncoming(call), v.house))
            await log_in(call)
            talking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await talking
            assert call.hung_up
            (detail,) = await v.store.calls.recent(5)
            assert (detail.outcome, detail.detail) == ("interrupted", "team alpha, hung up")

    live(scene())


def test_a_mistake_in_the_program_ends_in_a_spoken_word_and_the_record(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def broken(*_):
                raise RuntimeError("a mistake")

            v.store.messages.drafts = broken

            async def person(call):
                await call.hears("nine digits")
                await call.press("100148213")
                await call.hears("internal fault. Goodbye")
                await call.over()

            await v.call_in(person)
            (call,) = await v.store.calls.recent(5)
            assert call.outcome == "interrupted"
            assert "a mistake" in call.detail

    live(scene())


def test_a_card_that_stalls_lets_no_caller_wait(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            commit, stalled = v.store.commit, asyncio.Event()

            async def slow(*records, audio=None):
                if isinstance(records[0], CallStarted):
                    await stalled.wait()
                return await commit(*records, audio=audio)

            v.store.commit = slow

            async def person(call):
                await log_in(call)
                stalled.set()

            await v.call_in(person)
            for kind in (CallStarted, CallAnswered, CallEnded):
                assert len(await v.records(kind)) == 1

    live(scene())


def test_a_silent_caller_is_taken_leave_of(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await log_in(call)
                await call.hears("Goodbye.")
                await call.over()

            await v.call_in(person)
            (call,) = await v.store.calls.recent(5)
            assert call.detail == "team alpha, pressed no more keys (Main menu)"

    live(scene())
