"""Short messages: a notice to each team with a mobile number, the result to the sender, and never in the way of a call."""

from __future__ import annotations

from dataclasses import replace

from storage.records import AttemptEnded, AttemptStarted, SmsTried
from tests.support.box import CONFIG, GSM, ISDN, MANAGEMENT, RADIO, Town
from tests.support.callees import ALPHA, BRAVO, DELTA, ECHO, FOXTROT, confirm, person

NOTICE = "eCSIRT.net alert function - a new voice-mail was received."
SENDER = replace(ALPHA, mobile="+4917000001")
MOBILE = tuple(
    replace(member, mobile=f"+491700000{n}") for n, member in enumerate((BRAVO, DELTA, ECHO, FOXTROT), start=2)
)


def test_each_team_with_a_mobile_number_gets_exactly_this_text(play):
    async def story(town: Town) -> None:
        person(town, BRAVO)
        person(town, DELTA)
        await town.ended(await confirm(town))
        await town.messages_sent()
        notices = [sms for sms in town.exchange.sms if sms.text == NOTICE]
        assert [(sms.sender, sms.recipient) for sms in notices] == [(GSM, MOBILE[0].mobile)]

    play(story, members=(SENDER, MOBILE[0], DELTA), config=CONFIG + ISDN + RADIO)


def test_the_sender_and_the_management_get_the_result(play):
    async def story(town: Town) -> None:
        person(town, BRAVO)
        town.phone("delta").switched_off = True
        campaign = await town.ended(await confirm(town))
        await town.messages_sent()
        results = {sms.recipient: sms.text for sms in town.exchange.sms if "teams reached" in sms.text}
        assert results.keys() == {SENDER.mobile, MANAGEMENT}
        text = results[SENDER.mobile]
        assert text.startswith(f"Alert {campaign.alert} ended: 1 of 2 teams reached. Not reached: delta. Journal ")
        assert len(text) <= 160

    play(story, members=(SENDER, BRAVO, DELTA), config=CONFIG + ISDN + RADIO + "[limits]\ngap_s = 5\n")


def test_no_call_waits_for_more_than_one_message(play):
    """The radio modem is the only line that dials, and has a message for every team."""
    order: list[str] = []

    async def story(town: Town) -> None:
        def note(envelope) -> None:
            match envelope.record:
                case AttemptStarted() | AttemptEnded() | SmsTried():
                    order.append(type(envelope.record).__name__)

        town.box.store.subscribe(note)
        for member in MOBILE:
            person(town, member)
        campaign = await town.ended(await confirm(town))
        assert {each.line for each in campaign.attempts} == {"gsm"}
        await town.messages_sent()
        assert sum(sms.text == NOTICE for sms in town.exchange.sms) == len(MOBILE)

        first, *others = [at for at, what in enumerate(order) if what == "AttemptStarted"]
        assert first == 0
        for start in others:
            before = order[:start]
            last_call = len(before) - before[::-1].index("AttemptEnded")
            assert before[last_call:].count("SmsTried") <= 1

    isdn = ISDN.replace('number = "4711"', 'number = "4711"\ndirection = "in"')
    play(story, members=(SENDER, *MOBILE), config=CONFIG + isdn + RADIO)
