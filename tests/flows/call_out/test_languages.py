"""Each team is spoken to in its own language; a name that a team has recorded wins over the rendered one."""

from __future__ import annotations

from dataclasses import replace

from storage import Store
from storage.records import SpokenNameRecorded
from tests.support.box import Town, longest_common_stretch, speech
from tests.support.callees import ALPHA, BRAVO, DELTA, confirm, person

GERMAN = replace(BRAVO, language="de")


def test_german_for_one_and_english_for_the_other(play):
    async def story(town: Town) -> None:
        german = person(town, GERMAN, welcome="Um sie zu empfangen", until="Ende der Nachricht")
        english = person(town, DELTA)
        await town.ended(await confirm(town))
        for words in ("Hier ist die Test alert", "für Bravo", "Ihre Bestätigung ist gespeichert", "Alarm von Alpha"):
            assert words in german.captions
        assert "zweiundzwanzigsten November dreizehn Uhr" in german.captions
        assert "Thank you" in english.captions
        assert "Danke" not in english.captions

    play(story, members=(ALPHA, GERMAN, DELTA))


def test_a_recorded_name_is_heard_instead_of_the_rendered_one(play):
    async def story(town: Town) -> None:
        name = speech(0.8, seed=9)
        digest = Store.digest(name)
        await town.box.store.commit(SpokenNameRecorded("alpha", digest), audio={digest: name})
        team = person(town, BRAVO)
        await town.ended(await confirm(town))
        assert longest_common_stretch(name.data, team.heard) >= name.samples - 1600
        assert "Alpha" not in team.captions

    play(story, members=(ALPHA, BRAVO))
