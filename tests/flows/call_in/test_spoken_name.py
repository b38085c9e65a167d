"""A team's spoken name: recorded by the team, heard by itself at login and by the others before its alerts."""

from __future__ import annotations

from hal.audio.sound import RATE, Encoding
from tests.flows.call_in.people import MAIN_MENU, PAIR, log_in, nobody_answers, on_both_kinds_of_wire, send, voice
from tests.support.box import Town, longest_common_stretch, samples_heard

NAME = voice(1.2, seed=31)


@on_both_kinds_of_wire
def test_recorded_heard_kept_and_used(play, kind):
    async def story(town: Town) -> None:
        nobody_answers(town)
        async with town.call_in("alpha", kind.number) as call:
            await log_in(town, call)
            await call.press("4")
            await call.hears("To record the spoken name of your team")
            await call.press("2")
            await call.hears("Please say the name of your team", whole=True)
            await call.wait(0.8)
            await call.speaks(NAME)
            before = len(call.heard)
            await call.press("#")
            await call.hears("To keep it, press one")
            assert samples_heard(NAME.data, call.heard[before:]) >= 0.8 * NAME.samples
            await call.press("1")
            await call.hears("The name is stored", within=10)
        await town.free()
        kept = (await town.box.store.messages.spoken_name("alpha")).to(Encoding.ALAW)
        async with town.call_in("alpha", kind.number) as call:
            await log_in(town, call)
            assert "Alpha" not in call.captions
            assert longest_common_stretch(kept.data, call.heard) >= kept.samples - 0.1 * RATE
            await send(town, call, voice(1.0))
        await town.free(within=90)
        async with town.call_in("bravo", kind.number) as call:
            await log_in(town, call, "bravo")
            await call.press("2")
            await call.hears("Ende der Nachricht", within=20)
            assert "Alpha" not in call.captions
            assert longest_common_stretch(kept.data, call.heard) >= kept.samples - 0.1 * RATE

    play(story, members=PAIR, config=kind.config)


def test_again_and_discarded(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await call.press("4")
            await call.hears("To record the spoken name of your team")
            await call.press("2")
            for key in "30":
                await call.hears("Please say the name of your team", whole=True)
                await call.wait(0.8)
                await call.speaks(NAME)
                await call.press("#")
                await call.hears("To keep it, press one")
                await call.press(key)
            await call.hears("The name is not stored", within=10)
            await call.press("0")
            await call.hears(MAIN_MENU["alpha"])
        assert await town.box.store.messages.spoken_name("alpha") is None

    play(story, members=PAIR)


def test_a_silent_name_is_said_to_be_so_and_an_endless_one_ends(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await call.press("4")
            await call.hears("To record the spoken name of your team")
            await call.press("2")
            await call.hears("Please say the name of your team", whole=True)
            await call.hears("The recording seems to be silent. To keep it", within=10)

    play(story, members=PAIR)
