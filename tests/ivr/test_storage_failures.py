"""After a failed commit the caller is told the truth, never a false confirmation."""

import pytest

from storage.errors import StorageError, StorageFull
from storage.records import (
    AlertConfirmed,
    AlertEnded,
    CallAnswered,
    CallEnded,
    CallStarted,
    LoginTried,
    MessageDiscarded,
    MessageHeard,
    MessageRecorded,
    PinSet,
    SpokenNameRecorded,
    TeamReached,
)
from tests.ivr.fakecall import live
from tests.ivr.village import TEAMS, log_in, speech, team, village

ENGLISH = (TEAMS[0], team("beta", "1002", "+493022222"), *TEAMS[2:])


class FailingOn:
    """The store refuses commits that hold such a record, the first `times` times."""

    def __init__(self, store, *kinds, times=10**6):
        self.kinds, self.left, self.commit = kinds, times, store.commit
        store.commit = self

    async def __call__(self, *records, audio=None):
        if self.left and any(isinstance(record, self.kinds) for record in records):
            self.left -= 1
            raise StorageFull("disk full")
        return await self.commit(*records, audio=audio)


async def speak(call):
    await log_in(call)
    await call.press("1")
    await call.speaks(speech())
    await call.press("5")


def test_a_recording_that_cannot_be_stored_may_be_tried_again(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            FailingOn(v.store, MessageRecorded, times=2)

            async def person(call):
                await speak(call)
                for _ in range(2):
                    await call.hears(
                        "The recording could not be stored. Nothing has been sent. To try again, press one"
                    )
                    await call.press("1")
                await call.hears("real alert")
                await call.press("1")
                await call.hears("Your alert is stored")

            await v.call_in(person)
            assert len(await v.records(AlertConfirmed)) == 1

    live(scene())


def test_or_given_up(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            FailingOn(v.store, MessageRecorded)

            async def person(call):
                await speak(call)
                await call.hears("could not be stored")
                await call.press("0")
                await call.hears("To record an alert")

            await v.call_in(person)
            assert v.woken == []

    live(scene())


def test_an_alert_that_cannot_be_stored_is_not_confirmed_and_may_be_sent_again(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            FailingOn(v.store, AlertConfirmed, times=1)

            async def person(call):
                await speak(call)
                await call.hears("real alert")
                await call.press("1")
                await call.hears("Your order could not be stored. Nothing has been sent.")
                assert "Your alert is stored" not in call.text
                assert v.woken == []
                await call.hears("real alert")
                await call.press("1")
                await call.hears("Your alert is stored")

            await v.call_in(person)
            assert len(v.woken) == 1

    live(scene())


def test_a_recording_that_cannot_be_discarded_is_said_to_be_kept(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            FailingOn(v.store, MessageDiscarded)

            async def person(call):
                await speak(call)
                await call.hears("real alert")
                await call.press("0")
                await call.hears("The recording is kept as a draft.")

            await v.call_in(person)

    live(scene())


def test_a_calling_that_cannot_be_ended_goes_on(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            await v.alert()
            FailingOn(v.store, AlertEnded)

            async def person(call):
                await log_in(call)
                await call.press("39")
                await call.hears("That could not be stored. The calling goes on.")

            await v.call_in(person)
            assert v.cleared == []

    live(scene())


def test_a_pin_that_cannot_be_stored_is_not_changed(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            FailingOn(v.store, PinSet)

            async def person(call):
                await log_in(call)
                await call.press("41")
                for words, keys in (("present PIN", "48213"), ("new PIN,", "50728"), ("once more", "50728")):
                    await call.hears(words)
                    await call.press(keys)
                await call.hears("That could not be stored. Your PIN is not changed.")

            await v.call_in(person)

    live(scene())


def test_a_name_that_cannot_be_stored_is_not_kept(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            FailingOn(v.store, SpokenNameRecorded)

            async def person(call):
                await log_in(call)
                await call.press("42")
                await call.speaks(speech())
                await call.press("5")
                await call.hears("To keep it")
                await call.press("1")
                await call.hears("That could not be stored. The name is not stored.")

            await v.call_in(person)

    live(scene())


def test_an_acknowledgement_that_cannot_be_stored_is_not_confirmed_but_the_message_is_played(tmp_path):
    async def scene():
        async with village(tmp_path, teams=ENGLISH) as v:
            alert = await v.alert()
            FailingOn(v.store, TeamReached)

            async def person(call):
                await call.hears("with a message for")
                await call.press("1")
                await call.hears("Your acknowledgement could not be stored. You may be called again.")
                await call.hears("Alert from Alpha")
                await call.hears("End of message.")

            result, _ = await v.call_out(person, "beta", [alert])
            assert result.outcome == "unacknowledged"

    live(scene())


def test_an_acknowledgement_that_can_be_stored_at_last_counts(tmp_path):
    async def scene():
        async with village(tmp_path, teams=ENGLISH) as v:
            alert = await v.alert()
            FailingOn(v.store, TeamReached, times=1)

            async def person(call):
                await call.hears("with a message for")
                await call.press("1")
                await call.hears("could not be stored")

            result, _ = await v.call_out(person, "beta", [alert])
            assert result.outcome == "reached"
            assert [r.alert for r in await v.records(TeamReached)] == [alert]

    live(scene())


@pytest.mark.parametrize("kind", [LoginTried, CallStarted, CallAnswered, CallEnded, MessageHeard])
def test_facts_that_cannot_be_stored_never_keep_anybody_from_an_alert(tmp_path, kind):
    async def scene():
        async with village(tmp_path) as v:
            await v.alert("gamma")
            FailingOn(v.store, kind)

            async def person(call):
                await log_in(call)
                await call.press("2")
                await call.hears("End of message.")
                await call.press("0")
                await call.hears("To record an alert")
                await call.press("1")
                await call.speaks(speech())
                await call.press("5")
                await call.hears("real alert")
                await call.press("1")
                await call.hears("Your alert is stored")

            await v.call_in(person)
            assert len(v.woken) == 1

    live(scene())


def test_a_memory_that_cannot_be_read_is_said_to_have_a_fault_and_the_rest_goes_on(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def broken(*_):
                raise StorageError("damaged")

            v.store.campaigns.by_sender = broken

            async def person(call):
                await log_in(call)
                await call.press("3")
                await call.hears("The memory of the alert box has a fault.")
                await call.hears("To record an alert")
                await call.press("1")
                await call.hears("Please speak")

            await v.call_in(person)

    live(scene())


def test_without_credentials_a_caller_is_told_and_the_call_ends(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def broken(*_):
                raise StorageError("damaged")

            v.store.credentials.verify = broken

            async def person(call):
                await call.hears("nine digits")
                await call.press("100148213")
                await call.hears("The alert box has an internal fault. Goodbye.")
                await call.over()

            await v.call_in(person)
            assert [e.outcome for e in await v.records(CallEnded)] == ["interrupted"]

    live(scene())
