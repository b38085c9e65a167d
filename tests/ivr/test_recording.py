"""Recording an alert: what is said, what is kept, and what sends."""

import asyncio

import pytest

from hal.audio.sound import Sound
from hal.audio.tones import beep, sound, tone
from storage.records import AlertConfirmed, MessageDiscarded, MessageRecorded, Target
from tests.ivr.fakecall import live
from tests.ivr.village import carries, log_in, speech, village


async def record(call, sound=None, stop="5"):
    """Log in, speak, stop with a key, and wait for the confirm menu."""
    await log_in(call)
    await call.press("1")
    await call.hears("Please speak after the tone, at most two minutes.")
    await call.speaks(sound or speech())
    await call.press(stop)
    await call.hears("send it as a real alert")


def test_an_announcement_a_beep_and_any_key_stops(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            for key in "0#*9":

                async def person(call, key=key):
                    await record(call, stop=key)
                    assert beep() in call.played
                    await call.press("0")
                    await call.hears("discarded")

                await v.call_in(person)
            assert len(await v.records(MessageRecorded)) == 4

    live(scene())


def test_the_recording_is_kept_as_received(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            said = speech(3.0)
            await v.call_in(lambda call: record(call, said))
            (draft,) = await v.store.messages.drafts("alpha")
            kept = await v.store.messages.sound(draft.id)
            assert kept.data[: said.samples] == said.data

    live(scene())


def test_after_two_minutes_the_recording_ends(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await log_in(call)
                await call.press("1")
                await call.speaks(speech(1.0))
                await call.hears("The longest time is reached.", within=125)
                await call.hears("real alert")

            await v.call_in(person)
            (recorded,) = await v.records(MessageRecorded)
            assert recorded.samples == 120 * 8000

    live(scene())


@pytest.mark.parametrize(
    ("key", "exercise", "words"), [("1", False, "Your alert is stored"), ("4", True, "Your exercise is stored")]
)
def test_1_sends_as_an_alert_and_4_as_an_exercise(tmp_path, key, exercise, words):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await record(call)
                await call.press(key)
                await call.hears(words)
                await call.hears("To record an alert")

            await v.call_in(person)
            (confirmed,) = await v.records(AlertConfirmed)
            assert (confirmed.sender, confirmed.exercise) == ("alpha", exercise)
            assert v.woken == [confirmed.alert]

    live(scene())


def test_the_targets_are_all_others_in_roster_order_with_the_reason_why_some_are_not_called(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await record(call)
                await call.press("1")
                await call.hears("stored")

            await v.call_in(person)
            (confirmed,) = await v.records(AlertConfirmed)
            assert confirmed.targets == [
                Target("beta"),
                Target("gamma"),
                Target("delta", "no code of conduct"),
                Target("idle", "inactive"),
            ]

    live(scene())


def test_the_confirmation_is_spoken_only_when_the_alert_is_on_the_card_and_the_calling_is_woken(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            order = []
            v.house.on_alert = lambda alert: order.append("woken")
            v.store.subscribe(lambda e: order.append("durable") if isinstance(e.record, AlertConfirmed) else None)

            async def person(call):
                await record(call)
                await call.press("1")
                await call.hears("Your alert is stored")
                order.append("said")

            await v.call_in(person)
            assert order == ["durable", "woken", "said"]

    live(scene())


@pytest.mark.parametrize("keys", ["", "5", "7", "8", "9", "*", "#", "6", "A"])
def test_nothing_is_sent_without_1_or_4(tmp_path, keys):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await record(call)
                await call.press(keys)
                await asyncio.sleep(60)

            await v.call_in(person)
            assert await v.records(AlertConfirmed) == []
            assert v.woken == []
            assert len(await v.store.messages.drafts("alpha")) == 1

    live(scene())


def test_2_plays_the_recording(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            said = speech(3.0)

            async def person(call):
                await record(call, said)
                call.played.clear()
                await call.press("2")
                await call.hears("real alert")
                assert any(carries(sound, said) for sound in call.played)

            await v.call_in(person)

    live(scene())


def test_3_records_again_and_the_first_take_is_gone_only_when_the_second_is_stored(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await record(call)
                await call.press("3")
                await call.hears("Please speak after the tone")
                assert len(await v.store.messages.drafts("alpha")) == 1
                await call.speaks(speech(seed=7))
                await call.press("#")
                await call.hears("real alert")

            await v.call_in(person)
            first, second = await v.records(MessageRecorded)
            (gone,) = await v.records(MessageDiscarded)
            assert gone.message == first.message
            assert [draft.id for draft in await v.store.messages.drafts("alpha")] == [second.message]

    live(scene())


def test_0_discards(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await record(call)
                await call.press("0")
                await call.hears("The recording is discarded.")
                await call.hears("To record an alert")

            await v.call_in(person)
            assert await v.store.messages.drafts("alpha") == []

    live(scene())


@pytest.mark.parametrize(
    ("sound", "remark"),
    [
        (Sound.pause(3.0), "The recording seems to be silent."),
        (sound(tone([425], 3.0)), "The recording seems to be silent."),
        (speech(0.4), "The recording is shorter than one second."),
    ],
)
def test_a_recording_that_seems_empty_is_said_to_be_so_and_may_be_sent_all_the_same(tmp_path, sound, remark):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await log_in(call)
                await call.press("1")
                await call.speaks(sound)
                await call.press("5")
                await call.hears(remark)
                await call.hears("real alert")
                await call.press("1")
                await call.hears("Your alert is stored")

            await v.call_in(person)
            assert len(await v.records(AlertConfirmed)) == 1

    live(scene())


def test_good_speech_is_not_remarked_on(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await record(call)
                assert "seems" not in call.text
                assert "shorter" not in call.text

            await v.call_in(person)

    live(scene())


@pytest.mark.parametrize("moment", ["while speaking", "in the menu"])
def test_a_call_that_drops_leaves_a_draft_that_is_offered_at_the_next_login(tmp_path, moment):
    async def scene():
        async with village(tmp_path) as v:

            async def drops(call):
                if moment == "in the menu":
                    await record(call)
                    return
                await log_in(call)
                await call.press("1")
                await call.speaks(speech())

            async def comes_back(call):
                await call.hears("nine digits")
                await call.press("100148213")
                await call.hears("There is a recording of your team that was not sent")
                await call.hears("Sunday, the twenty-second of November twelve oh")
                await call.hears("real alert")
                await call.press("1")
                await call.hears("Your alert is stored")
                await call.hears("To record an alert")

            await v.call_in(drops)
            assert await v.records(AlertConfirmed) == []
            await v.call_in(comes_back)
            assert len(await v.records(AlertConfirmed)) == 1
            assert await v.store.messages.drafts("alpha") == []

    live(scene())


def test_a_draft_may_be_kept_for_later(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            await v.call_in(record)

            async def keeps(call):
                await call.hears("nine digits")
                await call.press("100148213")
                await call.hears("keep it for later")
                await call.press("6")
                await call.hears("To record an alert")

            await v.call_in(keeps)
            assert len(await v.store.messages.drafts("alpha")) == 1

    live(scene())


def test_another_team_is_not_offered_the_draft(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            await v.call_in(record)

            async def other(call):
                await log_in(call, "gamma")
                assert "not sent" not in call.text

            await v.call_in(other)

    live(scene())


def test_a_recording_that_a_colleague_is_just_deciding_on_is_not_offered_as_a_draft(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            recorded = asyncio.Event()

            async def first(call):
                await record(call)
                recorded.set()
                await asyncio.sleep(20)

            async def second(call):
                await recorded.wait()
                await log_in(call)
                assert "not sent" not in call.text

            async with asyncio.TaskGroup() as group:
                group.create_task(v.call_in(first))
                group.create_task(v.call_in(second))
            assert v.house.in_hand == set()

    live(scene())


def test_a_silent_caller_is_told_that_the_recording_stays_a_draft(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await record(call)
                await call.hears("The recording is not sent. It is kept as a draft.")
                await call.hears("Goodbye")
                await call.over()

            await v.call_in(person)

    live(scene())
