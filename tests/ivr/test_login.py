"""Who calls in: UID and PIN, three attempts, and nothing given away."""

import asyncio

import pytest

from hal.errors import HungUp
from storage.records import CallEnded, LoginTried
from tests.ivr.fakecall import FakeCall, live
from tests.ivr.village import LOGIN, log_in, village


def test_the_welcome_names_the_service_in_the_boxs_languages(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await call.hears("Welcome to the eCSIRT.net alert function Please enter your U I D and your PIN")
                await call.hears("Willkommen bei der eCSIRT.net alert function Bitte geben Sie Ihre U I D")

            await v.call_in(person)

    live(scene())


def test_nine_digits_in_one_string_lead_to_the_main_menu(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            await v.call_in(log_in)
            assert [(t.team, t.ok) for t in await v.records(LoginTried)] == [("alpha", True)]

    live(scene())


def test_a_key_stops_the_prompt(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await call.hears("Welcome to the")
                await call.press(LOGIN["alpha"])
                await call.hears("To record an alert")
                assert "Willkommen bei der" not in call.text

            await v.call_in(person)

    live(scene())


def test_after_login_the_box_speaks_the_teams_language(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await log_in(call, "beta")
                assert "To record" not in call.text

            await v.call_in(person)

    live(scene())


def test_three_wrong_entries_end_the_call_with_a_goodbye(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                for _ in range(2):
                    await call.hears("nine digits")
                    await call.press("100100000")
                    await call.hears("This was not accepted.")
                await call.press("100100000")
                await call.hears("You could not be identified. Goodbye.")
                await call.over()

            await v.call_in(person)
            assert [t.ok for t in await v.records(LoginTried)] == [False] * 3
            assert [e.outcome for e in await v.records(CallEnded)] == ["login-failed"]

    live(scene())


def test_the_third_attempt_may_be_right(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                for _ in range(2):
                    await call.hears("nine digits")
                    await call.press("100199999")
                    await call.hears("not accepted")
                await log_in(call)

            await v.call_in(person)

    live(scene())


async def _refusal(v, entry: str) -> tuple[list[str], float]:
    """What one wrong entry sounds like, and the seconds from its last digit to the answer."""
    loop = asyncio.get_running_loop()
    took = 0.0

    async def person(call):
        nonlocal took
        await call.hears("nine digits")
        call.captions.clear()
        call._mark = 0
        await call.press(entry, gap=0)
        began = loop.time()
        await call.hears("nine digits")
        took = loop.time() - began

    call = await v.call_in(person, caller=None)
    return call.captions, round(took, 2)


def test_an_unknown_uid_a_wrong_pin_and_an_inactive_team_sound_and_last_the_same(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            answers = [await _refusal(v, entry) for entry in ("777748213", "100100000", "100548213")]
            assert answers[0] == answers[1] == answers[2]
            assert answers[0][1] >= v.house.limits.login_reply_s

    live(scene())


def test_a_right_answer_takes_as_long_as_a_wrong_one(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            loop = asyncio.get_running_loop()

            async def person(call):
                await call.hears("nine digits")
                await call.press(LOGIN["alpha"], gap=0)
                began = loop.time()
                await call.hears("Welcome,")
                assert loop.time() - began == pytest.approx(v.house.limits.login_reply_s, abs=0.05)

            await v.call_in(person)

    live(scene())


def test_the_first_digit_may_take_ten_seconds_and_the_next_five(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def slow_but_right(call):
                await call.hears("neun Ziffern")
                await asyncio.sleep(9.5)
                await call.press(LOGIN["alpha"], gap=4.5)
                await call.hears("To record an alert")

            async def too_slow(call):
                await call.hears("neun Ziffern")
                await call.press(LOGIN["alpha"][:4])
                await asyncio.sleep(5.2)
                await call.hears("Nine digits are needed.")

            async def nothing_pressed(call):
                await call.hears("neun Ziffern")
                await asyncio.sleep(9.5)
                assert "Nine digits are needed." not in call.text
                await asyncio.sleep(1.0)
                await call.hears("Nine digits are needed.")

            for person in (slow_but_right, too_slow, nothing_pressed):
                await v.call_in(person)

    live(scene())


def test_star_starts_over_and_hash_and_further_keys_mean_nothing(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await call.hears("nine digits")
                await call.press("4711*" + LOGIN["alpha"] + "#1")
                await call.hears("To record an alert")
                await asyncio.sleep(3)
                assert "Please speak" not in call.text

            await v.call_in(person)

    live(scene())


def test_whoever_keeps_starting_over_does_not_hold_the_line_for_ever(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await call.hears("nine digits")
                while not call.hung_up:
                    await call.press("12*#", gap=1)

            await v.call_in(person)

    live(scene())


def test_what_an_unknown_caller_typed_is_nowhere_kept(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await call.hears("nine digits")
                await call.press("777766554")
                await call.hears("not accepted")

            await v.call_in(person)
            assert [t.team for t in await v.records(LoginTried)] == [None]

    live(scene())
    assert not any(b"77665" in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_a_caller_who_gives_up_before_the_answer_is_abandoned(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            from ivr.inbound import answer
            from tests.ivr.fakecall import FakeIncoming

            await answer(FakeIncoming(FakeCall(), HungUp("stopped ringing")), v.house)
            (ended,) = await v.records(CallEnded)
            assert (ended.outcome, ended.talk_s) == ("abandoned", 0.0)

    live(scene())
