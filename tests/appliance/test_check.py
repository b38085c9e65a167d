"""Would an alert go out now? The verdict and its reasons."""

from __future__ import annotations

import datetime as dt

import pytest

from appliance.check import Facts, judge
from appliance.site import LineStatus
from hal.line import Direction
from storage.roster import Number, Roster, Team
from storage.standing import Alarm

DAY = dt.date(2026, 1, 1)
ALPHA = Team("alpha", "4711", "Alpha", numbers=(Number("030"),), registered=DAY, code_of_conduct=DAY)
BETA = Team("beta", "4712", "Beta", numbers=(Number("031"),), registered=DAY)
GOOD = Roster.of([ALPHA])


def line(name="isdn.1", *, in_service=True, direction=Direction.BOTH, sms=True):
    return LineStatus(name, "isdn4linux", direction, "idle", in_service, "fine" if in_service else "unplugged", sms)


def test_all_is_well():
    verdict = judge(Facts(True, [line()], GOOD))
    assert (verdict.status, verdict.stops, verdict.remarks) == (0, [], [])
    assert verdict.answer == "Yes: an alert would go to 1 of 1 teams now, on isdn.1."


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (Facts(False, [], GOOD), "the box is not running"),
        (Facts(True, [], GOOD), "no line that may dial is in service"),
        (Facts(True, [line(in_service=False)], GOOD), "no line that may dial is in service"),
        (Facts(True, [line(direction=Direction.IN)], GOOD), "no line that may dial is in service"),
        (Facts(True, [line(direction=Direction.OUT)], GOOD), "no line that takes calls is in service"),
        (Facts(True, [line()], Roster.of([])), "there is no roster"),
        (Facts(True, [line()], Roster.of([BETA])), "the roster has no team that is called"),
    ],
)
def test_no_alert_would_go_out(facts, why):
    verdict = judge(facts)
    assert verdict.status == 2
    assert any(each.startswith(why) for each in verdict.stops)


@pytest.mark.parametrize(
    ("facts", "remark"),
    [
        (Facts(True, [line(), line("gsm", in_service=False)], GOOD), "line gsm is out of service: unplugged"),
        (Facts(True, [line()], Roster.of([ALPHA, BETA])), "not called: beta: no code of conduct"),
        (Facts(True, [line()], GOOD, [Alarm("a.b", "major", "look", 0.0)]), "alarm (major) a.b: look"),
        (Facts(True, [line()], GOOD, trouble=["no database"]), "no database"),
        (Facts(True, [line()], GOOD, contacts=["alpha is stale"]), "warning: alpha is stale"),
        (Facts(True, [line()], GOOD, without_pin=["alpha has no PIN"]), "alpha has no PIN"),
    ],
)
def test_an_alert_would_go_out_and_yet_there_is_something_to_look_at(facts, remark):
    verdict = judge(facts)
    assert verdict.status == 1
    assert remark in verdict.remarks


def test_short_messages_without_a_modem_for_them():
    import dataclasses

    roster = Roster.of([dataclasses.replace(ALPHA, mobile="+4915112")])
    assert judge(Facts(True, [line(sms=False)], roster)).remarks == ["no line in service sends short messages"]
