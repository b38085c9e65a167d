"""What events of Asterisk mean for the monitor. Texts: see `texts`."""

from __future__ import annotations

from appliance.ami.codec import Decoder
from appliance.ami.mapping import Ingress, Mapping, Rules
from appliance.monitor.overload.events import (
    Answered,
    Area,
    Ended,
    Event,
    Offered,
    Queued,
    Rejected,
    Ringing,
)
from tests.appliance.ami import texts
from tests.appliance.ami.texts import Channel

RULES = Rules(
    ingress=(
        Ingress(channel="PJSIP/voip-*", domain="voip"),
        Ingress(context="from-mobile", domain="mobile"),
        Ingress(channel="DAHDI/*", called="1127", domain="voip"),
        Ingress(channel="DAHDI/*", called="112*", domain="pstn"),
        Ingress(context="from-anywhere"),
    ),
    refusal_contexts=("queue-full",),
)
CALLER = Channel("PJSIP/voip-00000001", "100.1")
AGENT = Channel("PJSIP/agent1-00000002", "100.2", "100.1", state=5, context="agents", number="11")
AGENT2 = Channel("PJSIP/agent2-00000003", "100.3", "100.1", state=5, context="agents", number="12")


def play(mapping: Mapping, *data: bytes) -> list[Event]:
    decoder = Decoder()
    frames = decoder.feed(b"".join(data))
    assert decoder.broken == 0
    return [event for at, frame in enumerate(frames) for event in mapping.feed(frame, float(at))]


def test_a_call_through_queue_and_agent() -> None:
    mapping = Mapping(RULES)
    assert play(
        mapping,
        texts.newchannel(CALLER),
        texts.join(CALLER, "emergency"),
        texts.newchannel(Channel(AGENT.name, AGENT.uniqueid, AGENT.linkedid, state=0)),
        texts.dial_begin(CALLER, AGENT),
        texts.agent_called(CALLER, AGENT, "emergency"),
        texts.dial_end(CALLER, AGENT),
        texts.leave(CALLER, "emergency"),
        texts.agent_connect(CALLER, AGENT, "emergency"),
        texts.agent_complete(CALLER, AGENT, "emergency"),
        texts.hangup(AGENT),
        texts.hangup(CALLER),
    ) == [
        Offered("100.1", "voip", 0.0),
        Queued("100.1", 1.0),
        Ringing("100.1", 4.0),
        Answered("100.1", 7.0),
        Ended("100.1", 10.0),
    ]
    assert len(mapping) == 0


def test_domains_by_trunk_context_and_called_number_the_first_rule_counts() -> None:
    mapping = Mapping(RULES, by_caller=lambda number: "mobile" if number.startswith("+4917") else "pstn")
    channels = [
        Channel("PJSIP/voip-00000001", "1", context="from-mobile"),
        Channel("PJSIP/gsm-00000001", "2", context="from-mobile"),
        Channel("DAHDI/i1/0221-1", "3", context="from-pstn", exten="1127"),
        Channel("DAHDI/i1/0221-2", "4", context="from-pstn", exten="1128"),
        Channel("SIP/any-1", "5", context="from-anywhere", number="+491711234567"),
        Channel("SIP/any-2", "6", context="from-anywhere", number="+492211234567"),
        Channel("PJSIP/agent1-00000009", "7", context="internal"),
    ]
    events = play(mapping, *(texts.newchannel(channel) for channel in channels))
    assert [(event.call, event.domain) for event in events] == [
        ("1", "voip"),
        ("2", "mobile"),
        ("3", "voip"),
        ("4", "pstn"),
        ("5", "mobile"),
        ("6", "pstn"),
    ]


def test_what_the_pbx_dials_itself_is_no_caller() -> None:
    outgoing = Channel("PJSIP/voip-00000005", "7.1", "6.9", state=0)
    originated = Channel("PJSIP/voip-00000006", "7.2", state=0)
    local = Channel("Local/112@from-mobile-0001;1", "7.3", context="from-mobile")
    assert play(Mapping(RULES), *map(texts.newchannel, (outgoing, originated, local))) == []


def test_agents_behind_local_channels_do_not_count_twice() -> None:
    one = Channel("Local/11@agents-00000001;1", "100.5", "100.1", state=0)
    two = Channel("Local/11@agents-00000001;2", "100.6", "100.1", state=4, context="agents")
    leg = Channel("PJSIP/agent1-00000002", "100.7", "100.1", state=0)
    events = play(
        Mapping(Rules(RULES.ingress, direct=True)),
        texts.newchannel(CALLER),
        texts.join(CALLER, "emergency"),
        texts.newchannel(one),
        texts.newchannel(two),
        texts.agent_called(CALLER, one, "emergency"),
        texts.newchannel(leg),
        texts.dial_begin(two, leg),
        texts.dial_end(two, leg),
        texts.dial_end(CALLER, one),
        texts.agent_connect(CALLER, one, "emergency"),
        texts.hangup(one),
        texts.hangup(two),
        texts.hangup(leg),
        texts.hangup(CALLER),
    )
    assert [type(event) for event in events] == [Offered, Queued, Ringing, Answered, Ended]
    assert events[3].at == 9.0


def test_a_caller_who_is_sent_to_a_challenge_and_comes_back_is_the_same_call() -> None:
    """AMI's Redirect takes him out of the queue as if he had given up; he rejoins it when he has pressed the key."""
    leg = Channel("PJSIP/agent1-00000002", "100.7", "100.1", state=0)
    mapping = Mapping(RULES)
    events = play(
        mapping,
        texts.newchannel(CALLER),
        texts.join(CALLER, "emergency"),
        texts.abandon(CALLER, "emergency"),
        texts.join(CALLER, "emergency"),
        texts.agent_called(CALLER, leg, "emergency"),
        texts.agent_connect(CALLER, leg, "emergency"),
    )
    assert [type(event) for event in events] == [Offered, Queued, Ringing, Answered]
    assert mapping.count(events[0].domain) == 1


def test_a_transfer_into_another_queue_is_the_same_call() -> None:
    events = play(
        Mapping(RULES),
        texts.newchannel(CALLER),
        texts.join(CALLER, "first"),
        texts.agent_called(CALLER, AGENT, "first"),
        texts.agent_connect(CALLER, AGENT, "first"),
        texts.agent_complete(CALLER, AGENT, "first", "transfer"),
        texts.join(CALLER, "second"),
        texts.agent_called(CALLER, AGENT2, "second"),
        texts.agent_connect(CALLER, AGENT2, "second"),
        texts.hangup(CALLER),
    )
    assert [type(event) for event in events] == [Offered, Queued, Ringing, Answered, Ended]


def test_abandoned_in_the_queue() -> None:
    assert play(
        Mapping(RULES),
        texts.newchannel(CALLER),
        texts.join(CALLER, "emergency"),
        texts.abandon(CALLER, "emergency"),
        texts.leave(CALLER, "emergency"),
        texts.hangup(CALLER),
    )[2:] == [Ended("100.1", 4.0)]


def test_agents_that_do_not_answer() -> None:
    events = play(
        Mapping(RULES),
        texts.newchannel(CALLER),
        texts.join(CALLER, "emergency"),
        texts.agent_called(CALLER, AGENT, "emergency"),
        texts.agent_called(CALLER, AGENT2, "emergency"),
        texts.ring_no_answer(CALLER, AGENT, "emergency"),
        texts.ring_no_answer(CALLER, AGENT2, "emergency"),
        texts.agent_called(CALLER, AGENT, "emergency"),
    )
    assert events[2:] == [Ringing("100.1", 2.0), Rejected("100.1", "voip", 5.0, Area.AGENTS), Ringing("100.1", 6.0)]


def test_refused_by_cause_or_by_where_the_dialplan_ends() -> None:
    full = Channel(CALLER.name, CALLER.uniqueid, context="queue-full")
    for end in (texts.hangup(CALLER, 34, "Circuit/channel congestion"), texts.hangup(full)):
        assert play(Mapping(RULES), texts.newchannel(CALLER), end)[1:] == [
            Rejected("100.1", "voip", 1.0, Area.QUEUE_VOIP),
            Ended("100.1", 1.0),
        ]
    waited = play(Mapping(RULES), texts.newchannel(CALLER), texts.join(CALLER, "q"), texts.hangup(CALLER, 34, ""))
    assert [type(event) for event in waited] == [Offered, Queued, Ended]


def test_calls_without_a_queue_only_where_asked_for() -> None:
    story = (
        texts.newchannel(CALLER),
        texts.dial_begin(CALLER, AGENT),
        texts.dial_end(CALLER, AGENT, "NOANSWER"),
        texts.dial_begin(CALLER, AGENT2),
        texts.dial_end(CALLER, AGENT2),
        texts.hangup(CALLER),
    )
    assert [type(event) for event in play(Mapping(RULES), *story)] == [Offered, Ended]
    direct = Mapping(Rules(RULES.ingress, direct=True))
    assert [type(event) for event in play(direct, *story)] == [
        Offered, Queued, Ringing, Rejected, Ringing, Answered, Ended,
    ]  # fmt: skip


def test_a_queue_may_be_the_domain_and_others_are_not_watched() -> None:
    mapping = Mapping(Rules(queues={"voip": "voip", "common": ""}))
    events = play(
        mapping,
        texts.newchannel(CALLER),
        texts.join(CALLER, "help-desk"),
        texts.join(CALLER, "common"),
        texts.join(CALLER, "voip"),
    )
    assert events == [Offered("100.1", "voip", 3.0), Queued("100.1", 3.0)]
    assert [each.queue for each in mapping.waiting()] == ["voip"]


def test_agents_as_the_queue_members_say() -> None:
    mapping = Mapping(RULES)
    play(
        mapping,
        texts.member_status("emergency", "PJSIP/11", 1),
        texts.member_status("emergency", "PJSIP/12", 2),
        texts.member_status("other", "PJSIP/12", 2),
        texts.member_status("emergency", "PJSIP/13", 5),
        texts.member_status("emergency", "PJSIP/14", 1, paused=1),
    )
    assert mapping.agents() == (2, 1)


def test_after_a_gap_the_state_is_found_again_in_the_order_of_time() -> None:
    mapping = Mapping(RULES)
    gone = Channel("PJSIP/voip-00000008", "90.1")
    play(mapping, texts.newchannel(gone), texts.newchannel(CALLER))
    waiting = Channel("PJSIP/voip-00000004", "100.4")
    talking = Channel("DAHDI/i1/0221-4", "100.8", state=6)
    outgoing = Channel("PJSIP/voip-00000005", "100.9", state=6)
    decoder = Decoder()
    channels = decoder.feed(
        texts.show_channel(CALLER, "1", bridge="b1")
        + texts.show_channel(waiting, "1", duration="00:00:30")
        + texts.show_channel(talking, "1", bridge="b2", duration="01:00:01")
        + texts.show_channel(outgoing, "1", data="(Outgoing Line)")
        + texts.show_channel(AGENT, "1", bridge="b1")
    )
    queues = decoder.feed(
        texts.queue_entry(waiting, "emergency", "2", wait=20) + texts.queue_member("emergency", "PJSIP/11", 1, "2")
    )
    events = mapping.resync(channels, queues, 5000.0, known=["80.1"])
    assert events[:3] == [
        Offered("100.8", "voip", 1399.0),  # the first rule whose channel matches
        Offered("100.4", "voip", 4970.0),
        Queued("100.4", 4980.0),
    ]
    assert set(events[3:]) == {
        Answered("100.1", 5000.0),
        Answered("100.8", 5000.0),
        Ended("90.1", 5000.0),
        Ended("80.1", 5000.0),
    }
    assert mapping.agents() == (1, 0)
    assert mapping.resync(channels, queues, 5001.0) == []  # nothing is told twice
    assert play(mapping, texts.newchannel(waiting), texts.join(waiting, "emergency")) == []


def test_events_of_calls_that_nobody_knows_say_nothing() -> None:
    story = (
        texts.join(CALLER, "emergency"),
        texts.agent_called(CALLER, AGENT, "emergency"),
        texts.agent_connect(CALLER, AGENT, "emergency"),
        texts.hangup(CALLER),
    )
    assert play(Mapping(RULES), *story) == []
