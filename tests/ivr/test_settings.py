"""A team's own settings."""

import pytest

from ivr.settings import trivial
from storage.records import PinSet, SpokenNameRecorded
from tests.ivr.fakecall import live
from tests.ivr.village import carries, log_in, speech, village

NEW = "50728"


async def enter(call, choice):
    await log_in(call)
    await call.press("4")
    await call.hears("To change your PIN")
    await call.press(choice)


async def _say(call, *dialogue):
    """Pairs of what is heard and what is then pressed."""
    for words, keys in zip(dialogue[::2], dialogue[1::2], strict=True):
        await call.hears(words)
        await call.press(keys)


def test_the_pin_is_changed_after_the_old_one_and_twice_the_new_one(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await enter(call, "1")
                await _say(call, "present PIN", "48213", "new PIN,", NEW, "once more", NEW)
                await call.hears("Your PIN is changed.")

            await v.call_in(person)
            assert not await v.store.credentials.verify("alpha", "48213")
            assert await v.store.credentials.verify("alpha", NEW)
            changed = (await v.records(PinSet))[-1]
            assert (changed.team, changed.group, changed.by) == ("alpha", "", "team:alpha")

    live(scene())


@pytest.mark.parametrize(
    ("dialogue", "answer"),
    [
        (("present PIN", "00000", "not your PIN", "", "present PIN", "11111", "present PIN", "22222"), "not changed"),
        (("present PIN", "48213", "new PIN,", NEW, "once more", "50729"), "The two entries differ."),
        (("present PIN", "48213", "new PIN,", "48213", "once more", "48213"), "That is the present PIN."),
        (("present PIN", "48213", "new PIN,", "12345"), "too easy to guess"),
        (("present PIN", "48213", "new PIN,", "123"), "That was not complete."),
    ],
)
def test_otherwise_the_old_pin_holds(tmp_path, dialogue, answer):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await enter(call, "1")
                await _say(call, *dialogue)
                await call.hears(answer)
                if answer != "not changed":
                    await call.hears("Your PIN is not changed.", within=200)

            await v.call_in(person)
            assert await v.store.credentials.verify("alpha", "48213")

    live(scene())


@pytest.mark.parametrize("pin", ["11111", "12345", "98765", "78901", "21098", "01001", "10010"])
def test_trivial_pins(pin):
    assert trivial(pin, "1001")


@pytest.mark.parametrize("pin", ["48213", "13579", "11112", "12354", "90909"])
def test_pins_that_are_not_trivial(pin):
    assert not trivial(pin, "1001")


def test_the_recorded_name_is_played_kept_and_from_then_on_spoken(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            name = speech(1.5, seed=42)

            async def records(call):
                await enter(call, "2")
                await call.hears("say the name of your team")
                await call.speaks(name)
                await call.press("5")
                await call.hears("To keep it")
                assert any(carries(sound, name) for sound in call.played)
                await call.press("1")
                await call.hears("The name is stored.")

            await v.call_in(records)
            assert len(await v.records(SpokenNameRecorded)) == 1
            await v.alert()

            async def hears_it(call):
                await log_in(call, "gamma")
                await call.press("2")
                await call.hears("Alert from Alpha CSIRT")
                await call.hears("U T C")
                assert any(carries(sound, name) for sound in call.played)

            await v.call_in(hears_it)

    live(scene())


@pytest.mark.parametrize("key", ["0", ""])
def test_a_name_that_is_discarded_or_cut_off_changes_nothing(tmp_path, key):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await enter(call, "2")
                await call.hears("say the name")
                await call.speaks(speech())
                await call.press("5")
                await call.hears("To keep it")
                await call.press(key)
                if key:
                    await call.hears("The name is not stored.")

            await v.call_in(person)
            assert await v.store.messages.spoken_name("alpha") is None

    live(scene())


def test_a_name_may_be_recorded_again(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await enter(call, "2")
                for key in "31":
                    await call.hears("say the name")
                    await call.speaks(speech())
                    await call.press("5")
                    await call.hears("To keep it")
                    await call.press(key)
                await call.hears("The name is stored.")

            await v.call_in(person)
            assert len(await v.records(SpokenNameRecorded)) == 1

    live(scene())
