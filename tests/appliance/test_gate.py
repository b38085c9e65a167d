"""The dial gate: which numbers the box calls, and that nothing else reaches a modem."""

from __future__ import annotations

import asyncio

import pytest

from appliance.gate import RULES, Gate
from hal.errors import Refused
from hal.line import DialRequest
from storage.roster import Number, Roster, Team
from tests.support.stores import open_store

ROSTER = Roster.of([Team("alpha", "4711", "Alpha", numbers=(Number("+493012345"), Number("03067")), mobile="+4915112")])


def ask(tmp_path, number, account="alert", **settings):
    """Ask the gate; the text of its refusal, and the alarms that stand afterwards."""

    async def story():
        async with open_store(tmp_path) as store:
            gate = Gate(store, roster=lambda: ROSTER, **settings)
            refusal = ""
            try:
                if account == "sms":
                    await gate.allow_sms(number, "notices:1", "gsm")
                else:
                    await gate.allow_call(DialRequest(number, "campaign:17", account), "isdn.1")
            except Refused as error:
                refusal = str(error)
            return refusal, store.alarms.active()

    return asyncio.run(story())


@pytest.mark.parametrize(
    ("number", "account"),
    [("+493012345", "alert"), ("03067", "alert"), ("0800", "test"), ("+4915112", "sms"), ("+49170", "sms")],
)
def test_what_the_box_has_reason_to_call_passes(tmp_path, number, account):
    assert ask(tmp_path, number, account, management_number="+49170", test_number="0800") == ("", [])


@pytest.mark.parametrize(
    ("number", "account", "why"),
    [
        ("+493012346", "alert", "it is not a number of a team"),
        ("+4915112", "alert", "it is not a number of a team"),
        ("0800", "alert", "it is not a number of a team"),
        ("+493012345", "test", "it is not the configured test number"),
        ("+493012345", "sms", "it is not the mobile number of a team"),
        ("+493012345", "gossip", "there is no account of that name"),
        ("", "sms", "that is no number"),
        ("", "test", "that is no number"),
        ("+493012345;", "alert", "that is no number"),
        ("+493012345,,9", "alert", "that is no number"),
        ("ATH0", "alert", "that is no number"),
        ("+493012345\n", "alert", "that is no number"),
        ("03067\rATD0190", "alert", "that is no number"),
    ],
)
def test_everything_else_is_refused_and_an_alarm(tmp_path, number, account, why):
    refusal, alarms = ask(tmp_path, number, account, test_number="0800")
    assert why in refusal
    assert [(alarm.key, alarm.text) for alarm in alarms] == [(f"gate.{account}", refusal)]


@pytest.mark.parametrize("account", RULES)
def test_numbers_that_are_not_configured_open_nothing(tmp_path, account):
    assert ask(tmp_path, "", account)[0]


def test_a_refusal_stands_also_where_it_cannot_be_written(tmp_path):
    async def story():
        async with open_store(tmp_path) as store:
            gate = Gate(store, roster=lambda: ROSTER)
        with pytest.raises(Refused):  # the store is closed
            await gate.allow_call(DialRequest("0190", "x", "alert"), "isdn.1")

    asyncio.run(story())
