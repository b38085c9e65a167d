"""Every team is spoken to in its own language; numbers, dates and names as that language says them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.flows.call_in.people import PAIR, log_in, nobody_answers, send, voice
from tests.support.box import Town


def test_a_german_team_sends_an_alert_in_german(play):
    async def story(town: Town) -> None:
        nobody_answers(town)
        async with town.call_in("bravo") as call:
            await log_in(town, call, "bravo")
            logged_in = call.captions.index("Willkommen,")
            await call.press("1")
            await call.hears("Bitte sprechen Sie nach dem Ton, höchstens zwei Minuten", whole=True)
            await call.wait(0.8)
            await call.speaks(voice(1.2))
            await call.press("#")
            said = await call.hears("Zum Verwerfen drücken Sie die null")
            assert said.endswith(
                "Zum Senden als echten Alarm drücken Sie die eins Zum Senden als Übung drücken Sie die vier "
                "Zum Anhören drücken Sie die zwei Zum erneuten Aufnehmen drücken Sie die drei "
                "Zum Verwerfen drücken Sie die null"
            )
            await call.press("1")
            await call.hears("Ihr Alarm ist gespeichert, und die Anrufe beginnen jetzt.")
            english = {"press", "alert", "Goodbye", "the"}
            assert not [c for c in call.captions[logged_in:] if english & set(c.replace(",", " ").split())]

    play(story, members=PAIR)


@pytest.mark.parametrize(
    ("sent", "english", "german"),
    [
        (
            datetime(2026, 3, 1, 5, 7, tzinfo=UTC),
            "Sunday, the first of March six oh seven local time",
            "Sonntag, dem ersten März sechs Uhr sieben Ortszeit",
        ),
        (
            datetime(2026, 7, 31, 22, 30, tzinfo=UTC),
            "Saturday, the first of August zero thirty local time",
            "Samstag, dem ersten August null Uhr dreißig Ortszeit",
        ),
        (
            datetime(2026, 12, 23, 20, 55, tzinfo=UTC),
            "Wednesday, the twenty-third of December twenty-one fifty-five local time",
            "Mittwoch, dem dreiundzwanzigsten Dezember einundzwanzig Uhr fünfundfünfzig Ortszeit",
        ),
    ],
)
def test_dates_and_times(play, sent, english, german):
    async def story(town: Town) -> None:
        nobody_answers(town)
        town.later(sent.timestamp())
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await send(town, call, voice(1.0))
        await town.free(within=90)
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await call.press("3")
            await call.hears(f"Your alert of {english}", within=10)
        async with town.call_in("bravo") as call:
            await log_in(town, call, "bravo")
            await call.press("2")
            await call.hears(f"Alarm von Alpha Am {german}", within=10)

    play(story, members=PAIR)
