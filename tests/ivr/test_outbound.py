"""A call out, from its answer on."""

import asyncio

import pytest

from hal.audio.playcopy import playback_copy
from hal.audio.sound import Sound
from storage.records import MessageHeard, TeamReached
from tests.ivr.fakecall import live
from tests.ivr.village import TEAMS, speech, team, village

QUICK = (TEAMS[0], team("beta", "1002", "+493022222"), *TEAMS[2:])
"""All in English."""


async def acknowledges(call, keys="1"):
    await call.hears("with a message for")
    await call.press(keys)


def test_the_welcome_names_service_and_team_in_its_language(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            alert = await v.alert()

            async def person(call):
                await call.hears("Hier ist die eCSIRT.net alert function mit einer Nachricht für Beta CSIRT")
                await call.hears("Um sie zu empfangen, drücken Sie die eins")

            await v.call_out(person, "beta", [alert])

    live(scene())


def test_key_1_acknowledges_and_sender_kind_time_and_message_follow_at_once(tmp_path):
    async def scene():
        async with village(tmp_path, teams=QUICK) as v:
            said = speech(3.0, seed=5)
            alert = await v.alert(sound=said)

            async def person(call):
                await acknowledges(call)
                await call.hears("Thank you. Your acknowledgement is stored.")
                await call.hears("Alert from Alpha CSIRT Sunday, the twenty-second of November twelve oh five U T C")
                await call.hears("End of message.")
                assert playback_copy(said) in call.played
                await call.hears("To end the call, press zero")
                await call.press("0")
                await call.hears("Goodbye")
                await call.over()

            result, _ = await v.call_out(person, "beta", [alert])
            assert (result.outcome, result.group) == ("reached", "")
            (reached,) = await v.records(TeamReached)
            assert (reached.alert, reached.team, reached.how) == (alert, "beta", "key")
            assert [(h.seconds, h.complete) for h in await v.records(MessageHeard)] == [
                (playback_copy(said).seconds, True)
            ]

    live(scene())


def test_the_acknowledgement_is_on_the_card_before_it_is_confirmed(tmp_path):
    async def scene():
        async with village(tmp_path, teams=QUICK) as v:
            alert = await v.alert()
            order = []
            v.store.subscribe(lambda e: order.append("durable") if isinstance(e.record, TeamReached) else None)

            async def person(call):
                await acknowledges(call)
                await call.hears("Your acknowledgement is stored")
                order.append("said")

            await v.call_out(person, "beta", [alert])
            assert order == ["durable", "said"]

    live(scene())


@pytest.mark.parametrize("keys", ["", "2", "0", "34567", "*", "#", "ABCD", "00000000"])
def test_nothing_else_acknowledges_and_the_welcome_goes_on_for_a_minute(tmp_path, keys):
    async def scene():
        async with village(tmp_path, teams=QUICK) as v:
            alert = await v.alert()
            loop = asyncio.get_running_loop()
            began = loop.time()

            async def person(call):
                for _ in range(3):
                    await acknowledges(call, keys)
                await call.over()
                assert 60 <= loop.time() - began <= 63
                assert call.text.count("with a message for") > 5

            result, _ = await v.call_out(person, "beta", [alert])
            assert result.outcome == "unacknowledged"
            assert await v.records(TeamReached) == []

    live(scene())


def test_a_key_from_before_the_welcome_does_not_count(tmp_path):
    async def scene():
        async with village(tmp_path, teams=QUICK) as v:
            alert = await v.alert()

            async def greeting_that_sounds_like_keys(call):
                call._keys.extend("11")
                await call.over()

            result, _ = await v.call_out(greeting_that_sounds_like_keys, "beta", [alert])
            assert result.outcome == "unacknowledged"

    live(scene())


def test_1_still_counts_after_other_keys(tmp_path):
    async def scene():
        async with village(tmp_path, teams=QUICK) as v:
            alert = await v.alert()
            result, _ = await v.call_out(lambda call: acknowledges(call, "5781"), "beta", [alert])
            assert result.outcome == "reached"

    live(scene())


@pytest.mark.parametrize("name", ["beta", "gamma"])
def test_9_declines(tmp_path, name):
    async def scene():
        async with village(tmp_path, teams=QUICK) as v:
            alert = await v.alert()

            async def person(call):
                await acknowledges(call, "9")
                await call.hears("Understood. Goodbye.")
                await call.over()

            result, _ = await v.call_out(person, name, [alert])
            assert result.outcome == "declined"
            assert await v.records(TeamReached) == []

    live(scene())


@pytest.mark.parametrize(("pin", "group"), [("2468", "day"), ("9137", "night")])
def test_a_group_pin_acknowledges_and_names_the_group(tmp_path, pin, group):
    async def scene():
        async with village(tmp_path) as v:
            alert = await v.alert()

            async def person(call):
                await call.hears("enter your authorisation PIN")
                await call.press(pin)
                await call.hears("Your acknowledgement is stored.")
                await call.hears("Alert from")

            result, _ = await v.call_out(person, "gamma", [alert])
            assert (result.outcome, result.group) == ("reached", group)
            (reached,) = await v.records(TeamReached)
            assert (reached.how, reached.group) == ("pin", group)

    live(scene())


def test_with_a_pin_the_key_1_is_not_enough(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            alert = await v.alert()

            async def person(call):
                for _ in range(3):
                    await acknowledges(call, "1")
                    await asyncio.sleep(6)
                await call.over()

            result, _ = await v.call_out(person, "gamma", [alert])
            assert result.outcome == "unacknowledged"

    live(scene())


def test_three_wrong_pins_end_the_call(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            alert = await v.alert()

            async def person(call):
                await acknowledges(call, "1111")
                await call.hears("This PIN was not accepted.")
                await acknowledges(call, "2222")
                await call.hears("This PIN was not accepted.")
                await acknowledges(call, "48213"[:4])
                await call.hears("You could not be authorised. Goodbye.")
                await call.over()

            result, _ = await v.call_out(person, "gamma", [alert])
            assert result.outcome == "wrong-pin"
            assert await v.records(TeamReached) == []

    live(scene())


def test_the_third_pin_may_be_right(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            alert = await v.alert()

            async def person(call):
                for pin in ("1111", "2222", "2468"):
                    await acknowledges(call, pin)
                    await asyncio.sleep(3)

            result, _ = await v.call_out(person, "gamma", [alert])
            assert result.outcome == "reached"

    live(scene())


def test_stray_digits_of_a_voice_are_no_wrong_pin(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            alert = await v.alert()

            async def machine(call):
                for stray in "5", "73", "1":
                    await acknowledges(call, stray)
                    await asyncio.sleep(7)
                await call.hears("with a message for")
                await call.press("2468")
                await call.hears("stored")

            result, _ = await v.call_out(machine, "gamma", [alert])
            assert result.outcome == "reached"

    live(scene())


def test_keys_for_an_extension_are_pressed_first(tmp_path):
    async def scene():
        async with village(tmp_path, teams=QUICK) as v:
            alert = await v.alert()
            result, call = await v.call_out(acknowledges, "beta", [alert], keys=",,42")
            assert call.sent_keys == ",,42"
            assert result.outcome == "reached"

    live(scene())


def test_hung_up_before_acknowledgement_reaches_nobody(tmp_path):
    async def scene():
        async with village(tmp_path, teams=QUICK) as v:
            alert = await v.alert()
            result, _ = await v.call_out(lambda call: call.hears("with a message for"), "beta", [alert])
            assert result.outcome == "hung-up"
            assert await v.records(TeamReached) == []

    live(scene())


def test_acknowledged_and_hung_up_early_is_reached_and_the_seconds_heard_are_kept(tmp_path):
    async def scene():
        async with village(tmp_path, teams=QUICK) as v:
            alert = await v.alert(sound=speech(20))

            async def person(call):
                await acknowledges(call)
                while call.played[-1].seconds != 20:
                    await asyncio.sleep(0.01)
                await asyncio.sleep(4)

            result, _ = await v.call_out(person, "beta", [alert])
            assert result.outcome == "reached"
            (heard,) = await v.records(MessageHeard)
            assert heard.seconds == pytest.approx(4, abs=0.1)
            assert not heard.complete
            campaign = await v.store.campaigns.get(alert)
            assert campaign.reached["beta"].heard_s == heard.seconds

    live(scene())


def test_all_pending_alerts_are_acknowledged_and_played_in_the_same_call(tmp_path):
    async def scene():
        async with village(tmp_path, teams=QUICK) as v:
            first, second = await v.alert(), await v.alert("gamma", exercise=True)

            async def person(call):
                await acknowledges(call)
                await call.hears("Alert from Alpha CSIRT")
                await call.hears("This is an exercise. From Gamma CSIRT")
                await call.hears("End of message. For the previous message, press four")

            result, _ = await v.call_out(person, "beta", [first])
            assert result.outcome == "reached"
            assert [r.alert for r in await v.records(TeamReached)] == [first, second]
            assert len(await v.records(MessageHeard)) == 2
            assert await v.house.pending_alerts("beta") == []

    live(scene())


def test_an_all_clear_is_introduced_as_such(tmp_path):
    async def scene():
        async with village(tmp_path, teams=QUICK) as v:
            alert = await v.alert(all_clear_of=await v.alert())

            async def person(call):
                await acknowledges(call)
                await call.hears("All-clear from Alpha CSIRT")

            await v.call_out(person, "beta", [alert])

    live(scene())


def test_the_menu_after_the_message_repeats_it(tmp_path):
    async def scene():
        async with village(tmp_path, teams=QUICK) as v:
            alert = await v.alert()

            async def person(call):
                await acknowledges(call)
                await call.hears("End of message.")
                await call.press("5")
                await call.hears("Alert from Alpha")
                await call.hears("End of message.")

            await v.call_out(person, "beta", [alert])

    live(scene())


def test_the_playback_copy_reaches_the_ear_sample_by_sample(tmp_path):
    async def scene():
        async with village(tmp_path, teams=QUICK) as v:
            said = Sound(speech(5).data)
            alert = await v.alert(sound=said)

            async def person(call):
                await acknowledges(call)
                await call.hears("End of message.")
                assert playback_copy(said).data in [sound.data for sound in call.played]

            await v.call_out(person, "beta", [alert])

    live(scene())


def test_a_message_that_cannot_be_read_is_said_to_be_so(tmp_path):
    async def scene():
        async with village(tmp_path, teams=QUICK) as v:
            alert = await v.alert()

            async def gone(message):
                raise LookupError("expired")

            v.store.messages.sound = gone

            async def person(call):
                await acknowledges(call)
                await call.hears("This recording cannot be read.")

            result, _ = await v.call_out(person, "beta", [alert])
            assert result.outcome == "reached"

    live(scene())


def test_a_pin_that_is_begun_in_the_last_second_may_be_finished(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            alert = await v.alert()

            async def person(call):
                await asyncio.sleep(59)
                await call.press("2468", gap=2)
                await call.hears("stored")

            result, _ = await v.call_out(person, "gamma", [alert])
            assert result.outcome == "reached"

    live(scene())


def test_a_machine_that_sounds_like_a_digit_now_and_then_does_not_hold_the_line(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            alert = await v.alert()
            loop = asyncio.get_running_loop()
            began = loop.time()

            async def machine(call):
                while not call.hung_up:
                    await call.press("3")
                    await asyncio.sleep(7)

            result, _ = await v.call_out(machine, "gamma", [alert])
            assert result.outcome == "unacknowledged"
            assert loop.time() - began <= 125

    live(scene())
