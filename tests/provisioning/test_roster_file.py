"""The roster file: what it may say, and every mistake at its place."""

from __future__ import annotations

import re

import pytest

from hal.line import DIALLABLE
from provisioning import roster
from provisioning.tomlplaces import Invalid
from storage.roster import Acknowledgement, Number, TeamState

GOOD = """
[[team]]
key = "alpha"
uid = "4711"
name = "Alpha CERT"
language = "de"
numbers = ["+493012345", { number = "+493067890", keys = ",,42" }]
mobile = "+4915112345"
acknowledgement = "pin"
groups = ["duty"]
group_pins = { management = "1234" }
pin = "00042"
state = "partner"
registered = 2026-01-31
code_of_conduct = 2026-02-01
contact_confirmed = 2026-06-30

[[team]]
key = "beta"
uid = "0042"
name = "Beta"
numbers = ["03099"]
state = "accredited"
active = false
"""


def mistakes(text, **options):
    with pytest.raises(Invalid) as caught:
        roster.parse(text, "roster.toml", **options)
    return [str(each) for each in caught.value.problems]


def change(old, new):
    assert old in GOOD
    return GOOD.replace(old, new)


def test_everything_that_a_roster_says_is_read():
    draft = roster.parse(GOOD, "roster.toml")
    alpha, beta = draft.roster.teams
    assert alpha.numbers == (Number("+493012345"), Number("+493067890", ",,42"))
    assert (alpha.uid, alpha.language, alpha.mobile) == ("4711", "de", "+4915112345")
    assert alpha.acknowledgement is Acknowledgement.PIN
    assert alpha.groups == ("duty", "management")
    assert alpha.state is TeamState.PARTNER
    assert str(alpha.code_of_conduct) == "2026-02-01"
    assert not beta.active
    assert beta.acknowledgement is Acknowledgement.KEY
    assert draft.pins == {("alpha", ""): "00042", ("alpha", "management"): "1234"}
    assert draft.roster.excluded() == {"beta": "inactive"}


def test_a_team_without_registration_or_code_of_conduct_is_no_mistake_but_not_called():
    text = change("registered = 2026-01-31\n", "").replace("active = false\n", "registered = 2026-01-01\n")
    assert roster.parse(text, "r").roster.excluded() == {"alpha": "no registration", "beta": "no code of conduct"}


def test_no_date_of_the_far_future_or_past_excludes_anybody():
    text = change("2026-01-31", "2999-01-01").replace("2026-02-01", "1970-01-01")
    assert "alpha" not in roster.parse(text, "r").roster.excluded()


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('uid = "4711"', 'uid = "471"', r'roster.toml:4: \[\[team\]\] 1 \(alpha\).uid: "471" is not a UID of 4 digits'),
        ('uid = "4711"', "uid = 4711", r"roster.toml:4: .*4711 is no text; write it in quotes"),
        ('uid = "0042"', 'uid = "4711"', r'roster.toml:20: .*"4711" belongs to \[\[team\]\] 1 \(alpha\) already'),
        ('key = "beta"', 'key = "alpha"', r'roster.toml:19: .*"alpha" belongs to'),
        ('"03099"', '"030 99"', r"roster.toml:22: .*is not a telephone number"),
        ('"03099"', '"*21*030#"', r"roster.toml:22: .*is not a telephone number"),
        ('"03099"', "", r"roster.toml:22: .*too few entries"),
        ('",,42"', '"4x2"', r'roster.toml:7: .*keys "4x2"'),
        ('state = "accredited"', 'state = "friend"', r"roster.toml:23: .*one of: accredited, partner, liaison"),
        ('language = "de"', 'language = "fr"', r'roster.toml:6: .*"fr" is not known; write one of: en, de'),
        ("2026-01-31", '"31.1.2026"', r"roster.toml:14: .*is no date"),
        ("2026-01-31", "2026-01-31T00:00:00", r"roster.toml:14: .*is no date"),
        ('"1234"', '"123"', r"roster.toml:11: .*group_pins.management: the value must be 4 digits"),
        ('"00042"', '"0042"', r"roster.toml:12: .*pin: the value must be 5 digits"),
        ('{ management = "1234" }', '{ a = "1234", b = "1234" }', r"roster.toml:11: .*two groups have the same PIN"),
        ("active = false", "activ = false", r"roster.toml:24: .*did you mean active\?"),
        ("active = false", "active = 0", r"roster.toml:24: .*neither true nor false"),
        ('name = "Beta"\n', "", r"roster.toml:18: .*name: is missing"),
        ("active = false", 'acknowledgement = "pin"', r"roster.toml:24: .*needs at least one group"),
        ('[[team]]\nkey = "alpha"', '[team]\nkey = "alpha"', r"roster.toml:18: this is no TOML"),
    ],
)
def test_a_mistake_is_reported_at_its_place(old, new, found):
    assert re.match(found, "\n".join(mistakes(change(old, new))))


def test_every_mistake_is_reported_at_once():
    text = change('"4711"', '"x"').replace("2026-01-31", "7").replace('"03099"', '"?"').replace('"accredited"', '""')
    assert [int(each.split(":")[1]) for each in mistakes(text)] == [4, 14, 22, 23]


def test_a_pin_stands_in_no_message():
    for each in mistakes(change('"00042"', '"987654"').replace('"1234"', '"98765"')):
        assert "9876" not in each


def test_pins_only_in_a_file_that_nobody_else_reads():
    assert "chmod 600" in mistakes(GOOD, private=False)[0]
    without = change('pin = "00042"\n', "").replace('group_pins = { management = "1234" }\n', "")
    assert not roster.parse(without, "r", private=False).pins


def test_uid_and_pin_have_nine_digits_together():
    text = change('"4711"', '"123456"').replace('"0042"', '"000042"').replace('"00042"', '"042"')
    assert roster.parse(text, "r", uid_digits=6).pins["alpha", ""] == "042"


def test_a_number_of_two_teams_is_a_warning():
    draft = roster.parse(change('"03099"', '"+493012345"'), "r")
    assert draft.warnings == ("+493012345 is a number of alpha and beta",)


def test_an_empty_roster_is_a_mistake():
    assert mistakes("") == ["roster.toml: team: the roster has no team; write [[team]]"]


@pytest.mark.parametrize("number", ["+493012345", "110", "03012345678901234567"])
def test_what_the_roster_takes_a_line_can_dial(number):
    draft = roster.parse(change('"03099"', f'"{number}"'), "r")
    assert DIALLABLE.match(draft.roster.teams[1].numbers[0].number)
