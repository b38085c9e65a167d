"""Playing back: how many messages there are; of each the sender, date, time, kind and words; and the keys between them."""

from __future__ import annotations

import asyncio

from hal.audio.sound import RATE
from hal.simulated import PhoneCall
from tests.flows.call_in.people import (
    LINE_KINDS,
    MAIN_MENU,
    PAIR,
    log_in,
    nobody_answers,
    on_every_line,
    send,
    voice,
)
from tests.support.box import Town, samples_heard

SPOKEN = [voice(1.5, seed=11), voice(1.5, seed=12), voice(1.5, seed=13)]
INTRO = "Alarm von Alpha Am Sonntag, dem zweiundzwanzigsten November dreizehn Uhr"
EXERCISE = "Dies ist eine Übung. Von Alpha Am Sonntag, dem zweiundzwanzigsten November dreizehn Uhr"


async def _alpha_sends(town: Town, count: int, number: str = "4711") -> None:
    """So many messages, the second of them an exercise. Bravo's telephone rings in vain."""
    nobody_answers(town)
    for index in range(count):
        async with town.call_in("alpha", number) as call:
            await log_in(town, call)
            await send(town, call, SPOKEN[index], key="4" if index == 1 else "1")
        await asyncio.sleep(61)
    await town.free(within=120)


async def _bravo_listens(town: Town, call: PhoneCall) -> None:
    await log_in(town, call, "bravo")
    await call.press("2")


def _hears_it(call: PhoneCall, since: int, message: int) -> bool:
    spoken = SPOKEN[message]
    return samples_heard(spoken.data, call.heard[since:]) >= spoken.samples - 0.2 * RATE


@on_every_line
def test_one_message_with_sender_date_time_and_kind(play, kind):
    async def story(town: Town) -> None:
        await _alpha_sends(town, 1, kind.number)
        async with town.call_in("bravo", kind.number) as call:
            await _bravo_listens(town, call)
            said = await call.hears("Ende der Nachricht", within=20)
            assert said.startswith("Es gibt eine neue Nachricht. Alarm von Alpha Am Sonntag, dem zweiundzwanzigsten")
            assert "November dreizehn Uhr Ortszeit" in said
            assert _hears_it(call, 0, 0)
            await call.press("0")
            await call.hears(MAIN_MENU["bravo"], within=5)

    play(story, members=PAIR, config=kind.config)


def test_none_and_back_to_the_main_menu(play):
    async def story(town: Town) -> None:
        async with town.call_in("bravo") as call:
            await _bravo_listens(town, call)
            said = await call.hears("Für Ihre eigenen Einstellungen", within=10)
            assert said.endswith(
                "Es gibt keine neuen Nachrichten. Zum Aufnehmen eines Alarms drücken Sie die eins "
                "Zum Abhören der Nachrichten drücken Sie die zwei Für den Stand Ihres Alarms drücken Sie die drei "
                "Für Ihre eigenen Einstellungen drücken Sie die"
            )

    play(story, members=PAIR)


def test_previous_repeat_next_and_help(play):
    async def story(town: Town) -> None:
        await _alpha_sends(town, 3)
        async with town.call_in("bravo") as call:
            await _bravo_listens(town, call)
            await call.hears("Es gibt drei neue Nachrichten", within=10)
            # 6: the next one, also in the middle of a message; what was begun is left.
            await call.hears("Ortszeit", whole=True)
            await call.press("6")
            said = await call.hears(EXERCISE, within=10)
            assert "Ende der Nachricht" not in said
            since = len(call.heard)
            await call.hears("Ende der Nachricht", within=10)
            assert _hears_it(call, since, 1)
            # 5: again.
            since = len(call.heard)
            await call.press("5")
            await call.hears(EXERCISE, within=5)
            await call.hears("Ende der Nachricht", within=10)
            assert _hears_it(call, since, 1)
            # 4: the one before.
            since = len(call.heard)
            await call.press("4")
            await call.hears(INTRO, within=5)
            await call.hears("Ende der Nachricht", within=10)
            assert _hears_it(call, since, 0)
            # There is none before the first, and none after the last.
            await call.press("4")
            await call.hears("Dies ist die erste Nachricht", within=5)
            await call.press("6")
            await call.hears(EXERCISE, within=5)
            await call.press("6")
            since = len(call.heard)
            await call.hears("Ende der Nachricht", within=10)
            assert _hears_it(call, since, 2)
            await call.press("6")
            await call.hears("Dies ist die letzte Nachricht", within=5)
            # *: help says every key.
            await call.hears_silence(2.0)
            await call.press("*")
            said = await call.hears("für Hilfe drücken Sie Stern", within=10)
            assert said == (
                "Für die vorige Nachricht drücken Sie die vier Um diese Nachricht zu wiederholen, drücken Sie die fünf "
                "Für die nächste Nachricht drücken Sie die sechs Für das Hauptmenü drücken Sie die null "
                "Für Hilfe drücken Sie Stern"
            ) or said.endswith("Für Hilfe drücken Sie Stern")
            await call.press("0")
            await call.hears(MAIN_MENU["bravo"], within=5)

    play(story, members=PAIR)


def test_other_keys_do_not_disturb_a_message(play):
    async def story(town: Town) -> None:
        await _alpha_sends(town, 1)
        async with town.call_in("bravo") as call:
            await _bravo_listens(town, call)
            await call.hears("Ortszeit", whole=True)
            since = len(call.heard)
            await call.press("7")
            await call.hears("Ende der Nachricht", within=10)
            assert _hears_it(call, since, 0)

    play(story, members=PAIR)


def test_help_in_the_middle_of_a_message_on_half_a_line(play):
    kind = LINE_KINDS[2]

    async def story(town: Town) -> None:
        await _alpha_sends(town, 1, kind.number)
        async with town.call_in("bravo", kind.number) as call:
            await _bravo_listens(town, call)
            await call.hears("Ortszeit", whole=True)
            await call.press("*")
            said = await call.hears("Für Hilfe drücken Sie", within=10)
            assert "Ende der Nachricht" not in said
            await call.press("5")
            await call.hears("Ende der Nachricht", within=20)

    play(story, members=PAIR, config=kind.config)
