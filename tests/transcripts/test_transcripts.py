"""Dialogues of real modems, replayed through the parsers and the drivers."""

from __future__ import annotations

import pytest

from tests.support.virtualtime import run_virtual
from tests.transcripts.dialogue import mismatches
from tests.transcripts.notation import Transcript, all_transcripts
from tests.transcripts.replay import Replay

TRANSCRIPTS = all_transcripts()
NAMES = [transcript.name for transcript in TRANSCRIPTS]
DRIVEN = [transcript for transcript in TRANSCRIPTS if transcript.opens < len(transcript.steps)]


@pytest.mark.parametrize("chunk", [0, 1, 7], ids=["as it came", "byte by byte", "in odd pieces"])
@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=NAMES)
def test_the_parsers_hear_what_the_modem_said(transcript: Transcript, chunk: int):
    assert mismatches(transcript, chunk=chunk) == []


@pytest.mark.parametrize("transcript", DRIVEN, ids=[transcript.name for transcript in DRIVEN])
def test_the_driver_makes_the_right_thing_of_it(transcript: Transcript, tmp_path):
    run_virtual(Replay(transcript, tmp_path).run(), limit_s=3600)


def test_there_are_enough_and_each_says_where_it_is_from():
    assert len(TRANSCRIPTS) >= 50
    for transcript in TRANSCRIPTS:
        assert any("http" in line or "gammu " in line or "chan_quectel" in line for line in transcript.header), (
            transcript.name
        )
        assert any(step.mark == "=" for step in transcript.steps), f"{transcript.name} expects nothing"
    assert len(DRIVEN) >= 43
