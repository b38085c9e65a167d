"""The box answers, says whose service it is, and asks for UID and PIN."""

from __future__ import annotations

from tests.flows.call_in.people import PAIR, log_in, on_every_line
from tests.support.box import Town


@on_every_line
def test_answers_and_says_who_it_is_and_what_it_wants(play, kind):
    async def story(town: Town) -> None:
        async with town.call_in("alpha", kind.number) as call:
            said = await call.hears("neun Ziffern ohne Pause", within=10)
        assert said == (
            "Welcome to the Test alert Please enter your U I D and your PIN, nine digits without a break. "
            "Willkommen bei der Test alert Bitte geben Sie Ihre U I D und Ihre PIN ein, neun Ziffern ohne Pause."
        )

    play(story, members=PAIR, config=kind.config)


@on_every_line
def test_the_main_menu_says_every_key(play, kind):
    async def story(town: Town) -> None:
        async with town.call_in("alpha", kind.number) as call:
            await log_in(town, call, whole_menu=True)
            assert " ".join(call.captions[call.captions.index("Alpha") :]) == (
                "Alpha To record an alert, press one To play back messages, press two "
                "For the state of your alert, press three For your own settings, press four To hear this again, press star"
            )

    play(story, members=PAIR, config=kind.config)
