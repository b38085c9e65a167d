"""The state of my alert, and the all-clear."""

import pytest

from storage.records import AlertConfirmed, AlertEnded, TeamNotReached, TeamReached
from tests.ivr.fakecall import live
from tests.ivr.village import log_in, speech, village


async def enter(call):
    await log_in(call)
    await call.press("3")


def test_without_an_alert_it_says_so(tmp_path):
    async def scene():
        async with village(tmp_path) as v:

            async def person(call):
                await enter(call)
                await call.hears("You have sent no alert")
                await call.hears("To record an alert")

            await v.call_in(person)

    live(scene())


def test_it_says_how_many_are_reached_and_not_and_still_being_called(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            alert = await v.alert()

            async def before(call):
                await enter(call)
                await call.hears("Your alert of Sunday, the twenty-second of November")
                await call.hears("No team has been reached. No team has been given up.")
                await call.hears("two teams are not called. two teams are still being called.")

            async def after(call):
                await enter(call)
                await call.hears("One team has been reached. One team could not be reached.")
                await call.hears("No team is still being called.")

            await v.call_in(before)
            await v.store.commit(TeamReached(alert, "beta", "key", "", 0), TeamNotReached(alert, "gamma", "3 calls"))
            await v.call_in(after)

    live(scene())


@pytest.mark.parametrize(
    ("reason", "words"), [("complete", "The calling has ended."), ("all-clear", "The calling was ended early.")]
)
def test_an_alert_that_has_ended_is_reported_without_a_key_to_end_it(tmp_path, reason, words):
    async def scene():
        async with village(tmp_path) as v:
            await v.store.commit(AlertEnded(await v.alert(), reason))

            async def person(call):
                await enter(call)
                await call.hears(words)
                await call.hears("To record an alert")
                assert "press nine" not in call.text

            await v.call_in(person)

    live(scene())


def test_9_ends_the_calling_early(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            alert = await v.alert()

            async def person(call):
                await enter(call)
                await call.hears("To end the calling now, as an all-clear, press nine")
                await call.press("9")
                await call.hears("The calling has been ended.")
                await call.hears("To send no message, press zero")
                await call.press("0")
                await call.hears("To record an alert")

            await v.call_in(person)
            assert await v.records(AlertEnded) == [AlertEnded(alert, "all-clear", "alpha")]
            assert v.cleared == [alert]
            assert len(await v.records(AlertConfirmed)) == 1

    live(scene())


@pytest.mark.parametrize("exercise", [False, True])
def test_a_recorded_all_clear_goes_to_all_teams_as_an_alert_of_the_same_kind(tmp_path, exercise):
    async def scene():
        async with village(tmp_path) as v:
            alert = await v.alert(exercise=exercise)

            async def person(call):
                await enter(call)
                await call.press("9")
                await call.hears("To record an all-clear message for all teams, press one")
                await call.press("1")
                await call.hears("Please speak")
                await call.speaks(speech())
                await call.press("#")
                await call.hears("To send it to all teams, press one")
                assert "exercise, press four" not in call.text
                await call.press("1")
                await call.hears("Your all-clear is stored")

            await v.call_in(person)
            _, all_clear = await v.records(AlertConfirmed)
            assert (all_clear.all_clear_of, all_clear.exercise) == (alert, exercise)
            assert [t.team for t in all_clear.targets] == ["beta", "gamma", "delta", "idle"]
            assert v.woken == [all_clear.alert]

    live(scene())


def test_somebody_elses_alert_is_not_mine_to_end(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            await v.alert("gamma")

            async def person(call):
                await enter(call)
                await call.hears("You have sent no alert")

            await v.call_in(person)

    live(scene())


def test_several_running_alerts_are_told_newest_first_one_by_one(tmp_path):
    async def scene():
        async with village(tmp_path) as v:
            older = await v.alert(exercise=True)
            await v.alert()

            async def person(call):
                await enter(call)
                await call.hears("Your alert of")
                await call.hears("For your next alert, press six")
                await call.press("6")
                await call.hears("Your exercise of")
                await call.hears("For the main menu")
                assert "next alert" not in call.since
                await call.press("9")
                await call.hears("ended")

            await v.call_in(person)
            assert [ended.alert for ended in await v.records(AlertEnded)] == [older]

    live(scene())
