"""Guessing over many calls is hopeless; a team that calls from its own registered number always gets its three attempts."""

from __future__ import annotations

from hal.simulated import CallEnded
from tests.flows.call_in.people import LAST_OF_MAIN_MENU, LIMITS, PAIR, log_in
from tests.support.box import CONFIG, ISDN, Town

REFUSED = "Too many wrong entries were made."


async def _guess(
    town: Town, number: str, *, present: bool = True, digits: str = "100199999", patience: float = 30.0
) -> tuple[int, list[str]]:
    """A call with three wrong entries, or as many as the box takes: how many, and what was said."""
    phone = town.exchange.phone(number)
    phone.present_number = present
    entries = 0
    async with phone.dial("4711") as call:
        try:
            for _ in range(3):
                await call.hears("your U I D and your PIN", within=patience)
                await call.press(digits)
                entries += 1
        except CallEnded:
            pass
        assert await call.ends(within=patience)
        captions = call.captions
    await town.free()
    return entries, captions


def test_a_stranger_may_try_six_times_and_is_then_turned_away(play):
    async def story(town: Town) -> None:
        assert [(await _guess(town, "0309999999"))[0] for _ in range(3)] == [3, 3, 0]
        entries, captions = await _guess(town, "0309999999")
        assert entries == 0
        assert any(caption.startswith(REFUSED) for caption in captions)
        assert "Welcome to the" not in captions

    play(story, members=PAIR)


def test_all_who_hide_their_number_are_one_stranger(play):
    async def story(town: Town) -> None:
        tries = [(await _guess(town, f"030777000{n}", present=False))[0] for n in range(3)]
        assert tries == [3, 3, 0]

    play(story, members=PAIR)


def test_one_teams_pin_is_not_looked_at_any_more_after_six_wrong_ones_from_many_telephones(play):
    async def story(town: Town) -> None:
        for n in range(2):
            assert (await _guess(town, f"030777000{n}"))[0] == 3
        # The right PIN now gets the words of a wrong one from elsewhere ...
        entries, captions = await _guess(town, "0307770009", digits="100111111")
        assert entries == 3
        assert captions.count("This was not accepted.") == 3
        # ... and the team is let in from its own telephone.
        async with town.call_in("alpha") as call:
            await log_in(town, call)

    play(story, members=PAIR)


def test_a_team_always_gets_its_three_attempts_from_its_own_number(play):
    async def story(town: Town) -> None:
        own = town.members["alpha"].number
        assert (await _guess(town, own))[0] == 3
        assert (await _guess(town, own, patience=60.0))[0] == 3
        async with town.call_in("alpha") as call:
            await call.hears("your U I D and your PIN")
            await call.press("100111111")
            began = town.clock.monotonic()
            await call.hears(LAST_OF_MAIN_MENU["alpha"], within=90)
            # The answers come slowly, and nobody is left in silence meanwhile.
            assert town.clock.monotonic() - began > 20
            assert sum(caption.startswith("Please wait") for caption in call.captions) >= 2

    play(story, members=PAIR, config=CONFIG + ISDN + LIMITS + "own_tries = 3\nown_spacing_s = 25\n")


def test_somebody_who_guesses_is_an_alarm_and_the_back_off_outlives_a_restart(play):
    async def story(town: Town) -> None:
        for n in range(3):
            assert (await _guess(town, f"030777000{n}"))[0] == 3
        assert town.box.store.alarms.get("login.guessing") is None
        assert (await _guess(town, "0309999999"))[0] == 3
        assert town.box.store.alarms.get("login.guessing") is not None
        await town.stop()
        await town.restart()
        assert (await _guess(town, "0309999999"))[0] == 0
        assert any("guessing" in alarm.text for alarm in town.box.store.alarms.active())

    play(story, members=PAIR, config=CONFIG + ISDN + LIMITS + "caller_tries = 3\n")
