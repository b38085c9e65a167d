"""A recording that seems silent, or is shorter than a second, is said to be so; the caller decides."""

from __future__ import annotations

from tests.flows.call_in.people import CONFIRM, PAIR, log_in, nobody_answers, on_both_kinds_of_wire, voice
from tests.support.box import Town

SILENT = "The recording seems to be silent."
SHORT = "The recording is shorter than one second."


@on_both_kinds_of_wire
def test_silent_short_and_neither(play, kind):
    async def story(town: Town) -> None:
        nobody_answers(town)
        async with town.call_in("alpha", kind.number) as call:
            await log_in(town, call)
            key = "1"
            for spoken_s, silence_s, remarks in ((0.0, 2.0, {SILENT}), (0.5, 0.0, {SHORT}), (1.5, 0.0, set())):
                await call.press(key)
                await call.hears("after the tone", whole=True)
                await call.wait(0.6)  # the beep
                if spoken_s:
                    await call.speaks(voice(spoken_s))
                await call.wait(silence_s)
                await call.press("#")
                said = await call.hears(CONFIRM)
                assert {remark for remark in (SILENT, SHORT) if remark in said} == remarks, (spoken_s, said)
                key = "3"

    play(story, members=PAIR, config=kind.config)


def test_a_silent_one_may_be_sent_all_the_same(play):
    async def story(town: Town) -> None:
        nobody_answers(town)
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await call.press("1")
            await call.hears("after the tone", whole=True)
            await call.wait(2)
            await call.press("#")
            await call.hears(SILENT)
            await call.press("1")
            await call.hears("Your alert is stored")

    play(story, members=PAIR)
