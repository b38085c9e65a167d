"""Playing back on a call in."""

import asyncio

import pytest

from storage.records import MessageHeard, TeamReached
from tests.ivr.fakecall import live
from tests.ivr.village import carries, log_in, speech, village


async def enter(call, key="gamma"):
    await log_in(call, key)
    await call.press("2")


async def message_begins(call, seconds):
    """Wait for the message of that length."""
    while not call.played or call.played[-1].seconds != seconds:
        await asyncio.sleep(0.01)


def test_without_new_messages_it_says_so_and_goes_back_to_the_main_menu(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await enter(call)
                await call.hears("There are no new messages.")
                await call.hears("To record an alert")

            await v.call_in(person)

    live(scene())


@pytest.mark.parametrize(("count", "words"), [(1, "There is one new message."), (3, "There are three new messages.")])
def test_it_says_how_many_new_messages(tmp_path, count, words):
    async def scene():
        async with village(tmp_path) as v:
            for _ in range(count):
                await v.alert()

            async def person(call):
                await enter(call)
                await call.hears(words)

            await v.call_in(person)

    live(scene())


@pytest.mark.parametrize(
    ("exercise", "all_clear", "words"),
    [
        (False, False, "Alert from Alpha CSIRT"),
        (True, False, "This is an exercise. From Alpha CSIRT"),
        (False, True, "All-clear from Alpha CSIRT"),
        (True, True, "This is the end of an exercise. From Alpha CSIRT"),
    ],
)
def test_each_message_is_introduced_by_kind_sender_date_and_time(tmp_path, exercise, all_clear, words):
    async def scene():
        async with village(tmp_path) as v:
            await v.alert(exercise=exercise, all_clear_of=99 if all_clear else None)

            async def person(call):
                await enter(call)
                await call.hears(words)
                await call.hears("Sunday, the twenty-second of November twelve oh five U T C")
                await call.hears("End of message.")

            await v.call_in(person)

    live(scene())


def test_german_says_it_in_german(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            await v.alert()

            async def person(call):
                await enter(call, "beta")
                await call.hears("Es gibt eine neue Nachricht. Alarm von Alpha CSIRT")
                await call.hears("Sonntag, dem zweiundzwanzigsten November zwölf Uhr fünf U T C")
                await call.hears("Ende der Nachricht.")

            await v.call_in(person)

    live(scene())


def test_the_keys_4_5_6_0_and_star(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            sounds = {name: speech(2.0, seed) for name, seed in (("one", 11), ("two", 12), ("three", 13))}
            for sound in sounds.values():
                await v.alert(sound=sound)

            def playing(call):
                return next(n for s in reversed(call.played) for n, known in sounds.items() if carries(s, known))

            async def person(call):
                await enter(call)
                heard = []
                for key in "6544":
                    await call.hears("End of message.")
                    heard.append(playing(call))
                    await call.press(key)
                await call.hears("This is the first message.")
                await call.press("*")
                await call.hears("For the previous message, press four")
                await call.hears("To repeat this message, press five For the next message, press six")
                await call.hears("For the main menu, press zero For help, press star")
                await call.press("6")
                await call.hears("End of message.")
                heard.append(playing(call))
                await call.press("6")
                await call.hears("End of message.")
                heard.append(playing(call))
                await call.press("6")
                await call.hears("This is the last message.")
                await call.press("0")
                await call.hears("To record an alert")
                assert heard == ["one", "two", "two", "one", "two", "three"]

            await v.call_in(person)

    live(scene())


def test_a_key_moves_on_in_the_middle_of_a_message(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            await v.alert(sound=speech(30, 1))
            await v.alert(sound=speech(2, 2))

            async def person(call):
                await enter(call)
                await message_begins(call, 30)
                await asyncio.sleep(5)
                await call.press("6")
                await call.hears("Alert from")
                await call.hears("End of message.")

            await v.call_in(person)
            first, second = await v.records(MessageHeard)
            assert (round(first.seconds), first.complete) == (5, False)
            assert (second.seconds, second.complete) == (2.0, True)

    live(scene())


def test_other_keys_leave_the_message_in_peace(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            await v.alert(sound=speech(10))

            async def person(call):
                await enter(call)
                await call.hears("U T C")
                await call.press("1237")
                await call.hears("End of message.")

            await v.call_in(person)
            assert [heard.complete for heard in await v.records(MessageHeard)] == [True]

    live(scene())


def test_own_messages_are_not_played_back(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            await v.alert("gamma")

            async def person(call):
                await enter(call)
                await call.hears("There are no new messages.")

            await v.call_in(person)

    live(scene())


def test_after_72_hours_a_message_is_archived(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            await v.alert()
            await asyncio.sleep(72 * 3600 - 60)

            async def still_there(call):
                await enter(call)
                await call.hears("one new message")

            async def gone(call):
                await enter(call)
                await call.hears("no new messages")

            await v.call_in(still_there)
            await asyncio.sleep(60)
            await v.call_in(gone)

    live(scene())


def test_heard_to_the_end_counts_as_reached_and_is_not_counted_twice(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            alert = await v.alert()
            assert await v.house.pending_alerts("gamma") == [alert]

            async def person(call):
                await enter(call)
                await call.hears("End of message.")
                await call.press("5")
                await call.hears("End of message.")

            await v.call_in(person)
            (reached,) = await v.records(TeamReached)
            assert (reached.alert, reached.team, reached.how) == (alert, "gamma", "playback")
            assert await v.house.pending_alerts("gamma") == []

    live(scene())


def test_hung_up_half_way_does_not_count_as_reached_and_says_how_much_was_heard(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            alert = await v.alert(sound=speech(20))

            async def person(call):
                await enter(call)
                await message_begins(call, 20)
                await asyncio.sleep(7)

            await v.call_in(person)
            assert await v.records(TeamReached) == []
            (heard,) = await v.records(MessageHeard)
            assert heard.seconds == pytest.approx(7, abs=0.3)
            assert not heard.complete
            assert await v.house.pending_alerts("gamma") == [alert]

    live(scene())


def test_it_begins_with_the_first_message_not_yet_heard(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            await v.alert()

            async def first(call):
                await enter(call)
                await call.hears("End of message.")

            async def again(call):
                await enter(call)
                await call.hears("There are two new messages. You have heard one of them.")
                await call.hears("All-clear from")

            await v.call_in(first)
            await v.alert(all_clear_of=1)
            await v.call_in(again)

    live(scene())
