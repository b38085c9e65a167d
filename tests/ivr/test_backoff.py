"""Guessing PINs is hopeless, and nobody is locked out of a team's own telephone, or for ever."""

import asyncio
import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.backoff import ALARM_FAILURES, WINDOW_S, Tried, allow, judge, room, suspicious
from ivr.limits import Limits
from ivr.loginhistory import RegisteredNumbers
from storage.records import AlarmCleared, AlarmRaised, CallEnded, LoginTried
from storage.roster import Number, Roster
from tests.ivr.fakecall import live
from tests.ivr.village import LOGIN, log_in, team, village

LIMITS = Limits()
SIEGE_S = 3 * 3600 + 3600


def siege(*, caller, aim, own=False, registered=False):
    """Guesses a day that are looked at when a besieger tries without a pause, each try as soon as the policy lets it.

    `caller` and `aim` give number and team by the number of the try. What may be tried at once at first does not count.
    """
    past, now, looked_at, n = [], 0.0, 0, 0
    while now < SIEGE_S:
        history = [Tried(now - at, number, registered, team, own) for at, number, team in past]
        allowance = allow(history, caller(n), registered, LIMITS)
        if allowance.attempts and allowance.wait_s <= 0:
            ok_to_look = judge(history, aim(n), own, LIMITS)
            looked_at += ok_to_look and now > 3600
            past.append((now, caller(n), aim(n)))
        else:
            now += allowance.wait_s or 20.0
        n += 1
    return looked_at / (SIEGE_S - 3600) * 86400


def test_one_known_uid_from_ever_new_numbers():
    assert 50_000 / siege(caller=lambda n: f"0{n}", aim=lambda n: "alpha") > 340


def test_all_teams_from_ever_new_numbers():
    assert 100_000 / siege(caller=lambda n: f"0{n}", aim=lambda n: f"team{n % 500}") > 137


@pytest.mark.parametrize("caller", ["03012345", None])
def test_one_number_or_no_number_gets_two_an_hour(caller):
    assert siege(caller=lambda n: caller, aim=lambda n: f"team{n % 500}") <= 50


def test_one_known_uid_with_its_own_number_forged():
    assert 50_000 / siege(caller=lambda n: "own", aim=lambda n: "alpha", own=True, registered=True) > 34


def test_every_teams_own_number_forged_in_turn():
    per_day = siege(caller=lambda n: f"own{n % 500}", aim=lambda n: f"team{n % 500}", own=True, registered=True)
    assert 100_000 / per_day > 22.9


def test_a_registered_number_does_not_help_against_another_team():
    assert 50_000 / siege(caller=lambda n: f"own{n % 500}", aim=lambda n: "alpha", registered=True) > 340


tries = st.builds(
    Tried,
    age_s=st.floats(-100, WINDOW_S),
    caller=st.sampled_from([None, "a", "b", "own"]),
    registered=st.booleans(),
    team=st.sampled_from([None, "alpha", "beta"]),
    own=st.booleans(),
    ok=st.booleans(),
)


@settings(deadline=None, derandomize=True)
@given(st.lists(tries, max_size=200))
def test_a_registered_number_always_has_its_three_attempts_and_waits_within_reason(history):
    allowance = allow(history, "own", True, LIMITS)
    assert allowance.attempts == LIMITS.attempts
    assert 0 <= allowance.wait_s <= LIMITS.own_spacing_s + 100
    assert judge(history, "alpha", True, LIMITS)


@settings(deadline=None, derandomize=True)
@given(st.lists(tries, max_size=200))
def test_whatever_happened_time_alone_opens_the_door_again(history):
    later = [dataclasses.replace(t, age_s=t.age_s + 7200) for t in history]
    assert allow(later, "somebody new", False, LIMITS).attempts == LIMITS.attempts
    assert judge(later, "alpha", False, LIMITS)
    assert 0 <= allow(history, "somebody new", False, LIMITS).attempts <= LIMITS.attempts


def test_right_logins_use_nothing_up():
    history = [Tried(1.0, "a", False, "alpha", False, ok=True)] * 100
    assert allow(history, "a", False, LIMITS).attempts == 3
    assert judge(history, "alpha", False, LIMITS)
    assert not suspicious(history, LIMITS)


def test_callers_without_a_number_share_one_budget_that_is_nobody_elses():
    history = [Tried(1.0, None, False, None, False)] * LIMITS.caller_tries
    assert allow(history, None, False, LIMITS).attempts == 0
    assert allow(history, "03012345", False, LIMITS).attempts == 3


def test_a_bucket_empties_one_by_one():
    assert room([0.0] * 6, 6, 60) == 0
    assert room([60.0] * 6, 6, 60) == 1
    assert room([180.0] * 6 + [100.0], 6, 60) == 2
    assert room([660.0] * 6 + [float(age) for age in range(0, 600, 5)], 6, 600) == 0
    assert room([], 6, 60) == 6


def test_ten_minutes_after_a_flood_of_hours_a_stranger_gets_in():
    flood = [n * 7.0 for n in range(5000)]

    def served(seconds_after):
        history = [Tried(age + seconds_after, f"{age}", False, "alpha", False) for age in flood]
        return judge(history, "alpha", False, LIMITS)

    assert served(LIMITS.team_refill_s)
    assert not all(served(seconds) for seconds in range(5))


def test_it_is_suspicious_when_one_team_or_one_number_has_many():
    few = [Tried(float(n), f"{n}", False, "alpha", False) for n in range(ALARM_FAILURES - 1)]
    assert not suspicious(few, LIMITS)
    assert suspicious([*few, Tried(0.0, "x", False, "alpha", False)], LIMITS)
    assert not suspicious([*few, Tried(0.0, "x", False, "beta", False)], LIMITS)
    one_number = [Tried(float(n), "own", True, None, False) for n in range(ALARM_FAILURES)]
    assert suspicious(one_number, LIMITS)


@pytest.mark.parametrize("presented", ["+493011111", "03011111", "493011111", "00493011111", "3011111"])
def test_a_number_is_recognised_however_the_network_writes_it(presented):
    numbers = RegisteredNumbers(Roster.of([team("alpha", "1001", "+493011111")]))
    assert numbers.owners(presented) == {"alpha"}


@pytest.mark.parametrize("presented", [None, "", "11111", "03011112", "+4930111119", "unknown"])
def test_another_number_is_not(presented):
    numbers = RegisteredNumbers(Roster.of([team("alpha", "1001", "+493011111", mobile="+491511111")]))
    assert numbers.owners(presented) == set()


def test_an_extension_as_short_as_the_one_presented_is_recognised():
    assert RegisteredNumbers(Roster.of([team("alpha", "1001", "", numbers=(Number("42"),))])).owners("42") == {"alpha"}


# --- over whole calls


async def wrong_three_times(call):
    await call.hears("Welcome")
    for n in range(3):
        await call.press("1001" + f"7000{n}")
        await call.hears("not accepted")
    await call.over()


async def told_to_come_back(call):
    await call.hears("Too many wrong entries were made.")
    await call.hears("Es gab zu viele falsche Eingaben.")
    await call.over()


def test_after_six_wrong_entries_a_telephone_is_told_to_come_back_later(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            await v.call_in(wrong_three_times)
            await v.call_in(wrong_three_times)
            await v.call_in(told_to_come_back)
            assert [e.outcome for e in await v.records(CallEnded)] == ["login-failed"] * 3
            assert len(await v.records(LoginTried)) == 6
            await asyncio.sleep(LIMITS.caller_refill_s)
            await v.call_in(log_in)

    live(scene())


def test_a_flood_from_elsewhere_leaves_the_teams_own_telephones_alone(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            for n in range(12):
                await v.call_in(wrong_three_times if n < 10 else told_to_come_back, caller=f"0555000{n}")
            for number in ("03011111", "+491511111"):
                await v.call_in(log_in, caller=number)

    live(scene())


def test_when_a_teams_budget_is_used_up_elsewhere_even_the_right_pin_sounds_wrong_there_for_ten_minutes(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            for n in range(2):
                await v.call_in(wrong_three_times, caller=f"0555000{n}")

            async def right_but_too_soon(call):
                await call.hears("nine digits")
                await call.press(LOGIN["alpha"])
                await call.hears("This was not accepted.")

            await v.call_in(right_but_too_soon, caller="07777777")
            await asyncio.sleep(LIMITS.team_refill_s * 2)
            await v.call_in(log_in, caller="07777777")

    live(scene())


def test_the_teams_own_number_always_gets_three_attempts_only_slower(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            loop = asyncio.get_running_loop()
            for _ in range(2):
                await v.call_in(wrong_three_times, caller="03011111")
            began = loop.time()

            async def third_call(call):
                await call.hears("nine digits")
                for n in range(2):
                    await call.press(f"10017000{n}")
                    await call.hears("Please wait.")
                    await call.hears("not accepted")
                await call.press(LOGIN["alpha"])
                await call.hears("To record an alert")

            await v.call_in(third_call, caller="03011111")
            assert 120 < loop.time() - began < 220

    live(scene())


def test_many_lines_at_once_are_no_way_around_it(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            checked, verify = [], v.store.credentials.verify

            async def spy(team, pin):
                checked.extend([team] if team else [])
                return await verify(team, pin)

            v.store.credentials.verify = spy

            def guesser(n):
                async def person(call):
                    await call.hears("nine digits")
                    await call.press(f"100{n % 3 + 1}70000", gap=0)
                    await asyncio.sleep(30)

                return person

            async with asyncio.TaskGroup() as group:
                for n in range(20):
                    group.create_task(v.call_in(guesser(n), caller=None))
            assert len(checked) == LIMITS.caller_tries

    live(scene())


def test_an_attempt_that_is_being_checked_counts_already(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            loop = asyncio.get_running_loop()
            answers = []

            async def from_own_number(call):
                await call.hears("nine digits")
                await call.press("100170000", gap=0)
                await call.hears("not accepted", within=2000)
                answers.append(loop.time())

            for _ in range(2):
                await v.call_in(wrong_three_times, caller="03011111")
            async with asyncio.TaskGroup() as group:
                for _ in range(5):
                    group.create_task(v.call_in(from_own_number, caller="03011111"))
            gaps = [b - a for a, b in zip(sorted(answers), sorted(answers)[1:], strict=False)]
            assert min(gaps) >= LIMITS.own_spacing_s - 0.1

    live(scene())


def test_the_back_off_survives_a_restart(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            await v.call_in(wrong_three_times)
            await v.call_in(wrong_three_times)
        async with village(tmp_path) as v:
            await v.call_in(told_to_come_back)

    live(scene())


def test_guessing_raises_an_alarm_once_and_quiet_clears_it(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            for n in range(4):
                await v.call_in(wrong_three_times, caller=f"0555000{n}")
            assert [a.key for a in v.store.alarms.active()] == ["login.guessing"]
            assert len(await v.records(AlarmRaised)) == 1
            await asyncio.sleep(7200)
            await v.call_in(log_in)
            assert len(await v.records(AlarmCleared)) == 1
            assert v.store.alarms.active() == []

    live(scene())
