"""The call of a radio line: lines hint, polls judge."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hal.gsm.callstate import Answered, CallState, Check, Glared, Offered, Over, Phase, Stray
from hal.gsm.reports import Caller, Connected, Ended, Key, Leg, LegState, Missed, Ring, parse

OUT = {state: Leg(1, True, state, "123") for state in LegState}
IN = {state: Leg(1, False, state, "456") for state in LegState}


def dialling() -> CallState:
    state = CallState()
    state.dialled(0.0)
    return state


def active() -> CallState:
    state = dialling()
    assert state.poll([OUT[LegState.ACTIVE]], 1.0) == [Answered()]
    return state


def test_an_answered_call_by_polls_alone():
    state = dialling()
    assert state.poll([], 0.5) == []  # not there yet
    assert state.poll([OUT[LegState.DIALLING]], 1.0) == []
    assert state.phase is Phase.DIALLING
    assert state.poll([OUT[LegState.ALERTING]], 2.0) == []
    assert (state.phase, state.rang) == (Phase.ALERTING, True)
    assert state.poll([OUT[LegState.ACTIVE]], 3.0) == [Answered()]
    assert state.phase is Phase.ACTIVE
    assert state.poll([OUT[LegState.ACTIVE]], 4.0) == []


def test_connected_is_believed_when_the_list_says_so():
    state = dialling()
    assert state.feed(Connected(), 1.0) == [Check()]
    assert state.poll([OUT[LegState.ALERTING]], 1.1) == []
    assert state.feed(OUT[LegState.ACTIVE], 2.0) == [Answered()]


def test_the_end_of_the_call_before_does_not_end_this_one():
    state = dialling()
    assert state.feed(Ended("NO CARRIER"), 0.1) == [Check()]
    assert state.poll([OUT[LegState.DIALLING]], 0.2) == []
    assert state.poll([OUT[LegState.ACTIVE]], 1.0) == [Answered()]
    assert state.poll([], 3.0) == [Check()]
    assert state.poll([], 3.1) == [Over(Ended())]


def test_busy_confirmed_by_an_empty_list():
    state = dialling()
    state.poll([OUT[LegState.ALERTING]], 1.0)
    assert state.feed(OUT[LegState.RELEASED], 2.0) == [Check()]
    assert state.feed(Ended("BUSY"), 2.0) == [Check()]
    assert state.poll([], 2.1) == [Over(Ended("BUSY"))]
    assert (state.phase, state.rang) == (Phase.IDLE, True)


def test_a_zombie_takes_two_polls():
    state = active()
    assert state.poll([], 10.0) == [Check()]
    assert state.poll([OUT[LegState.ACTIVE]], 10.1) == []
    assert state.poll([], 12.0) == [Check()]
    assert state.poll([], 12.1) == [Over(Ended())]


def test_a_call_that_the_list_never_shows_is_given_up():
    state = dialling()
    assert state.poll([], 4.9) == []
    assert state.poll([], 5.0) == [Check()]
    assert state.poll([], 5.1) == [Over(Ended())]


def test_ring_then_caller():
    state = CallState()
    assert state.feed(Ring(), 0.0) == []
    assert state.feed(Caller("+4930"), 0.1) == [Offered("+4930")]
    assert state.feed(Ring(), 5.0) == []
    assert state.feed(Caller("+4930"), 5.1) == []


def test_caller_before_ring():
    state = CallState()
    assert state.feed(Caller("+4930"), 0.0) == [Offered("+4930")]
    assert state.feed(Ring(), 0.1) == []


def test_no_caller_after_a_second():
    state = CallState()
    state.feed(Ring(), 0.0)
    assert state.offer_at == 1.0
    assert state.tick(0.9) == []
    assert state.tick(1.0) == [Offered(None)]


def test_a_second_ring_without_a_caller_asks_the_list_which_may_know():
    state = CallState()
    state.feed(Ring(), 0.0)
    assert state.feed(Ring(), 0.6) == [Check()]
    assert state.poll([IN[LegState.INCOMING]], 0.7) == []
    assert state.tick(1.0) == [Offered("456")]


def test_the_list_offers_a_call_whose_ring_was_lost():
    state = CallState()
    assert state.poll([IN[LegState.INCOMING]], 0.0) == [Offered("456")]


def test_a_caller_who_gives_up():
    for report in (Missed(), Ended("NO CARRIER"), IN[LegState.RELEASED]):
        state = CallState()
        state.feed(Caller("1"), 0.0)
        assert state.feed(report, 3.0) == [Over(Ended("NO CARRIER") if report == Ended("NO CARRIER") else Ended())]
        assert state.phase is Phase.IDLE


def test_huawei_transcript():
    """07_huawei_cring_cend.txt of the reference."""
    state, events = CallState(), []
    for line in ("+CRING: VOICE", '+CLIP: "+1234567890",145,,,,0', "+CRING: VOICE", "^CEND:1,0,104,16"):
        report = parse(line)
        assert report is not None
        events += state.feed(report, 0.0)
    assert events == [Offered("+1234567890"), Over(Ended(cause=16))]


def test_glare():
    state = dialling()
    assert state.feed(Ring(), 0.3) == [Check()]
    assert state.poll([IN[LegState.INCOMING]], 0.4) == [Glared(), Offered("456")]
    assert state.phase is Phase.INCOMING


def test_a_call_that_waits_is_no_glare():
    state = dialling()
    waiting = Leg(2, False, LegState.WAITING, "456")
    assert state.poll([OUT[LegState.DIALLING], waiting], 0.4) == []
    state = active()
    assert state.poll([OUT[LegState.ACTIVE], waiting], 2.0) == []
    assert state.feed(Caller("456"), 2.1) == []


def test_our_call_went_and_another_rings():
    state = active()
    assert state.poll([IN[LegState.INCOMING]], 9.0) == [Over(Ended()), Offered("456")]


def test_a_stray_call_is_found():
    assert CallState().poll([OUT[LegState.ACTIVE]], 0.0) == [Stray()]
    assert CallState().poll([], 0.0) == []
    assert CallState().poll([OUT[LegState.RELEASED]], 0.0) == []


def test_who_waits_when_the_call_before_has_gone_is_no_stray():
    state = CallState()
    assert state.poll([Leg(2, False, LegState.WAITING, "456")], 0.0) == []
    assert state.poll([Leg(2, False, LegState.INCOMING, "456")], 1.0) == [Offered("456")]


def test_keys_are_none_of_its_business():
    assert active().feed(Key("1"), 2.0) == []


legs = st.builds(Leg, st.integers(1, 3), st.booleans(), st.sampled_from(LegState), st.sampled_from([None, "1"]))
reports = st.one_of(
    legs,
    st.sampled_from(
        [Ring(), Caller(None), Caller("1"), Connected(), Missed(), Ended(), Ended("BUSY"), Ended(cause=17)]
    ),
)
steps = st.one_of(reports, st.lists(legs, max_size=3), st.sampled_from(["dial", "answer", "release", "tick"]))


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(steps, st.floats(0, 3)), max_size=40))
def test_whatever_happens_two_empty_polls_make_it_idle(story):
    state, now = CallState(), 0.0
    for step, wait in story:
        now += wait
        if isinstance(step, list):
            state.poll(step, now)
        elif step == "dial":
            state.dialled(now)
        elif step == "answer":
            state.answered()
        elif step == "release":
            state.released()
        elif step == "tick":
            state.tick(now)
        else:
            state.feed(step, now)
        assert (state.offer_at is None) or state.phase is Phase.INCOMING
    now += 10
    state.poll([], now)
    state.poll([], now)
    assert state.phase is Phase.IDLE


def test_nobody_answers_at_once():
    state = dialling()
    assert state.poll([OUT[LegState.ACTIVE]], 0.1) == []  # the list still speaks of the call before
    assert state.phase is Phase.DIALLING
    assert state.poll([OUT[LegState.ACTIVE]], 0.6) == [Answered()]


def test_another_calls_end_is_not_ours():
    state = active()
    assert state.feed(Leg(7, True, LegState.RELEASED), 2.0) == []
    assert state.feed(Leg(1, True, LegState.RELEASED), 2.0) == [Over(Ended())]
