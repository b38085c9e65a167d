"""The demonstration's verdict: what it takes for well, and what it notices."""

from __future__ import annotations

import copy
import random
import tomllib
from importlib import resources

import pytest

from appliance import config
from appliance.demo import split, story
from appliance.demo.ears import PIECE, Likeness, likeness
from appliance.demo.story import differences
from hal.audio.companding import decode, encode
from hal.audio.sound import Encoding
from provisioning import roster

SPOKEN = random.Random(1).randbytes(8000)
ALL = Likeness(1.0, 9.7)
REPORT = {
    "ended": "complete",
    "teams": {
        team: text
        + (
            ", heard 5.0 s (not to the end)"
            if team in story.PARTLY
            else ", heard 12.0 s"
            if "reached by" in text
            else ""
        )
        for team, text in story.EXPECTED.items()
    },
    "attempts": [["polder", "busy", True], ["polder", "reached", True], ["fjord", "no-answer", True]],
}
TEXTS = [{"to": to, "text": story.NOTICE} for to in story.NOTICES] + [
    {"to": to, "text": "Alert 1 ended: 5 of 7 teams reached."} for to in story.RESULTS
]


def test_as_it_should_be():
    assert differences(REPORT, TEXTS, ALL, exact=True) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda r: r["teams"].update(alpine="NOT REACHED: 3 calls"), "alpine: NOT REACHED"),
        (lambda r: r["teams"].update(fjord="reached by key, heard 1 s"), "fjord: reached"),
        (lambda r: r["teams"].update(hasty="reached by key, heard 12 s"), "hasty: reached"),
        (lambda r: r["teams"].update(alpine="reached by key, heard 2 s (not to the end)"), "alpine: reached"),
        (lambda r: r["teams"].pop("mixup"), "mixup: nothing"),
        (lambda r: r["teams"].update(ghost="reached"), "teams that should not be there: ghost"),
        (lambda r: r.update(ended=None), "the alert has not ended"),
        (lambda r: r["attempts"].pop(0), "polder: the first call was"),
        (lambda r: r["attempts"].extend([["fjord", "no-answer", True]] * 3), "fjord was called 4 times"),
    ],
)
def test_what_is_wrong_is_noticed(change, found):
    report = copy.deepcopy(REPORT)
    change(report)
    assert any(each.startswith(found) for each in differences(report, TEXTS, ALL, exact=True))


def test_messages_that_are_missing_doubled_or_wrong_are_noticed():
    for texts in (TEXTS[1:], [*TEXTS, TEXTS[0]], TEXTS[:-1], [{**TEXTS[0], "text": "x"}, *TEXTS[1:]]):
        assert differences(REPORT, texts, ALL, exact=True)


def test_broken_sound_is_noticed():
    assert differences(REPORT, TEXTS, Likeness(0.95, 3.0), exact=True)
    assert not differences(REPORT, TEXTS, Likeness(0.95, 3.0), exact=False)
    assert differences(REPORT, TEXTS, Likeness(0.5, 3.0), exact=False)


def test_likeness():
    assert likeness(SPOKEN, b"\xd5" * 500 + SPOKEN + b"\xd5" * 500) == Likeness(1.0, pytest.approx(1.0))
    half = 5 * PIECE
    gap = SPOKEN[:half] + b"\xd5" * 100 + SPOKEN[half:]
    assert likeness(SPOKEN, gap) == Likeness(1.0, pytest.approx(0.5))
    assert likeness(SPOKEN, SPOKEN[:half]).share == 0.5
    assert likeness(SPOKEN, SPOKEN[half:] + SPOKEN[:half]).share <= 0.5
    assert likeness(SPOKEN, b"").share == 0


def test_likeness_does_not_mind_the_level_nor_silent_ends():
    quieter = encode(decode(SPOKEN, Encoding.ALAW) // 4, Encoding.ALAW)
    assert likeness(SPOKEN, quieter).share == 1.0
    assert likeness(b"\xd5" * 4000 + SPOKEN + b"\x55" * 4000, b"\xd5" * 300 + quieter).share == 1.0
    other = random.Random(2).randbytes(8000)
    assert likeness(SPOKEN, other).share == 0.0


def test_the_files_of_the_demonstration_are_sound():
    files = resources.files("appliance.demo")
    teams = roster.parse(files.joinpath("roster.toml").read_text(), "roster.toml").roster
    assert teams.excluded() == {"newcomer": "no code of conduct"}
    assert {team.key for team in teams.teams} == {*story.EXPECTED, "harbour"}
    exchange = tomllib.loads(files.joinpath("exchange.toml").read_text())
    assert {each["number"] for each in exchange["subscriber"]} == {team.numbers[0].number for team in teams.teams}
    box = files.joinpath("box.toml").read_text()
    for name, value in {"$directory": "/x", "$prompts": "/y", "$gap": "20", "$speed": "10"}.items():
        box = box.replace(name, value)
    assert len(config.parse(box, "box.toml").devices) == 2


def test_words_typed_after_the_demonstration():
    assert split("alertbox alerts show 2 ") == ["alerts", "show", "2"]
    assert split("roster check 'a b.toml'") == ["roster", "check", "a b.toml"]
    assert split("pin set it's") == ["pin", "set", "it's"]
    assert split("") == []
