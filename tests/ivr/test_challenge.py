"""A key before the login, while calls of a network look like an attack."""

import pytest

from ivr.challenge import KEYS
from storage.records import CallEnded, LoginTried
from tests.ivr.fakecall import live
from tests.ivr.village import log_in, village

NAMES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


async def named(call):
    """The key that the box has just named."""
    await call.hears("To be put through, press")
    await call.hears("durchgestellt")
    said = call.text.rpartition("To be put through, press")[2]
    return KEYS[NAMES.index(next(name for name in NAMES if f" {name}" in said))]


def wrong(key):
    return KEYS[KEYS.index(key) - 1]


def test_whoever_presses_the_key_is_welcome(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await call.press(await named(call))
                await log_in(call)

            await v.call_in(person, challenged=True)
            assert [t.ok for t in await v.records(LoginTried)] == [True]

    live(scene())


def test_after_a_wrong_key_another_one_is_named(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await call.press(wrong(await named(call)))
                await call.press(await named(call))
                await call.hears("Welcome to the")

            await v.call_in(person, challenged=True)

    live(scene())


@pytest.mark.parametrize("keys", ["", "wrong"])
def test_who_does_not_is_hung_up_on_before_any_login(tmp_path, keys):
    async def scene():
        async with village(tmp_path) as v:

            async def robot(call):
                for _ in range(2 if keys else 0):
                    await call.press(wrong(await named(call)))
                await call.hears("Goodbye.")
                await call.over()
                assert "Welcome" not in call.text

            await v.call_in(robot, challenged=True)
            assert [(e.outcome, e.detail) for e in await v.records(CallEnded)] == [
                ("login-failed", "the key that was asked for was not pressed")
            ]
            assert await v.records(LoginTried) == []

    live(scene())


def test_a_registered_telephone_is_not_asked(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await log_in(call)
                assert "put through" not in call.text

            await v.call_in(person, "+493011111", challenged=True)

    live(scene())
