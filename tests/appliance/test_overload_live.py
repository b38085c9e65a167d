"""The overload monitor at work: what is journalled, what survives a restart, and what a mistake in it costs."""

from __future__ import annotations

import asyncio

import pytest

from appliance.monitor.overload.config import MonitorConfig
from appliance.monitor.overload.events import Answered, Ended, Offered, Queued, Rejected
from appliance.overload.callsin import CallsIn
from appliance.overload.live import HOLD_S, MOST_FAILURES, Watch
from appliance.overload.origin import Origin, by_caller
from hal.line import IncomingCall
from tests.appliance.devices import PaperDevice
from tests.support.virtualtime import run_virtual, virtual_clock


class Heard:
    """An announcer that keeps what it is told."""

    def __init__(self):
        self.said = []

    def alarm(self, key, severity, text):
        self.said.append(("raised", key))

    def clear(self, key, text=""):
        self.said.append(("cleared", key))


def make(tmp_path, heard, name="box"):
    return Watch(name, MonitorConfig(), virtual_clock(), heard, tmp_path / "overload.json")


async def flood(watch, seconds, a_second=5.0, domain="voip", hold_s=10.0):
    """Calls that ring for three seconds and are answered."""
    events, now = [], watch.now()
    for number in range(int(seconds * a_second)):
        call, at = f"{domain}-{number}", now + number / a_second
        events += [
            Offered(call, domain, at), Queued(call, at), Answered(call, at + 3), Ended(call, at + hold_s),
        ]  # fmt: skip
    for event in sorted(events, key=lambda each: each.at):
        if event.at > now + seconds + 60:
            break
        await asyncio.sleep(max(0.0, event.at - watch.now()))
        watch.feed([event])


def test_a_flood_writes_a_handful_of_records_and_they_are_cleared_when_it_has_been_over_for_a_while(tmp_path):
    async def story():
        heard = Heard()
        watch = make(tmp_path, heard)
        attacks = []
        watch.on_attack = lambda domain, on: attacks.append((domain, on))
        await flood(watch, 120)
        assert ("raised", "overload.box.table1.voip") in heard.said
        assert ("raised", "overload.box.stage1") in heard.said
        assert len(heard.said) < 10
        assert attacks == [("voip", True)]
        await asyncio.sleep(HOLD_S + 120)
        raised = {key for what, key in heard.said if what == "raised"}
        assert {key for what, key in heard.said if what == "cleared"} == raised
        assert attacks == [("voip", True), ("voip", False)]
        await watch.close()

    run_virtual(story(), limit_s=3600)


def test_an_alarm_that_flickers_stands(tmp_path):
    async def story():
        heard = Heard()
        watch = make(tmp_path, heard)
        for _ in range(5):
            await flood(watch, 20)
            await asyncio.sleep(HOLD_S / 2 - 10)
        assert [said for said in heard.said if said[1].endswith("stage1")] == [("raised", "overload.box.stage1")]
        await watch.close()

    run_virtual(story(), limit_s=3600)


def test_after_a_restart_it_goes_on_and_calls_of_the_box_are_over(tmp_path):
    async def story():
        heard = Heard()
        watch = make(tmp_path, heard)
        await flood(watch, 60, hold_s=10_000)
        before = watch.status()
        await watch.close()
        again = make(tmp_path, heard)
        again.restore([key for what, key in heard.said if what == "raised"] + ["overload.box.shares.mobile", "line.x"])
        assert before.calls > 0
        assert again.status().calls == 0
        assert [each.share for each in again.status().domains] == [each.share for each in before.domains]
        assert again.now() >= watch.now()
        assert ("cleared", "overload.box.shares.mobile") in heard.said
        assert ("cleared", "line.x") not in heard.said
        await again.close()

    run_virtual(story(), limit_s=3600)


def test_after_a_restart_calls_on_a_pbx_may_go_on(tmp_path):
    async def story():
        watch = make(tmp_path, Heard(), "pbx")
        watch.feed([Offered("1.1", "pstn", watch.now())])
        await watch.close()
        again = make(tmp_path, Heard(), "pbx")
        again.restore(calls_go_on=True)
        assert again.calls() == ["1.1"]
        await again.close()

    run_virtual(story())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 99}', '{"version": 1, "config": "x", "monitor": {}}'])
def test_a_snapshot_that_cannot_be_used_is_left_aside(tmp_path, text):
    async def story():
        (tmp_path / "overload.json").write_text(text)
        watch = make(tmp_path, Heard())
        watch.restore()
        watch.feed([Offered("1", "pstn", watch.now())])
        assert watch.status().calls == 1
        await watch.close()

    run_virtual(story())


def test_a_mistake_in_the_monitor_is_an_alarm_and_no_more(tmp_path):
    async def story():
        heard = Heard()
        watch = make(tmp_path, heard)
        for number in range(MOST_FAILURES + 3):
            watch.feed([Offered(str(number), "no such domain", watch.now())])
        assert watch.failures == MOST_FAILURES
        assert ("raised", "overload.box.monitor") in heard.said
        await watch.close()

    run_virtual(story())


# --- the box's own calls


class Ringing(IncomingCall):
    def __init__(self, called="4711", caller="030123", line=None):
        self.line = line or PaperDevice().lines[0]
        self.called, self.caller = called, caller

    async def answer(self):
        return "a call"

    async def reject(self):
        pass


class Kept(Watch):
    """A watch that keeps what it is fed."""

    def feed(self, events):
        self.__dict__.setdefault("kept", []).extend(events)


def test_calls_in_become_events(tmp_path):
    async def story():
        watch = Kept("box", MonitorConfig(), virtual_clock(), Heard(), tmp_path / "x")
        calls = CallsIn(watch, Origin(called={"4712": "voip"}))
        call = calls.rings(Ringing("4712"))
        assert calls.admits(call, True)
        assert await call.answer() == "a call"
        calls.over(call)
        refused = calls.rings(Ringing())
        assert not calls.admits(refused, False)
        calls.over(refused)
        assert [(type(event), event.call) for event in watch.kept] == [
            (Offered, "in-1"), (Queued, "in-1"), (Answered, "in-1"), (Ended, "in-1"),
            (Offered, "in-2"), (Rejected, "in-2"), (Ended, "in-2"),
        ]  # fmt: skip
        assert [event.domain for event in watch.kept if isinstance(event, Offered)] == ["voip", "pstn"]

    run_virtual(story())


def test_a_cap_turns_away_only_its_domain_and_can_be_lifted(tmp_path):
    async def story():
        watch = Kept("box", MonitorConfig(), virtual_clock(), Heard(), tmp_path / "x")
        calls = CallsIn(watch, Origin(called={"4712": "voip"}))
        calls.cap("voip", 1)
        first, second, other = (calls.rings(Ringing(number)) for number in ("4712", "4712", "4711"))
        assert [calls.admits(each, True) for each in (first, second, other)] == [True, False, True]
        calls.over(first)
        assert calls.admits(calls.rings(Ringing("4712")), True)
        calls.cap("voip", None)
        assert all(calls.admits(calls.rings(Ringing("4712")), True) for _ in range(5))

    run_virtual(story())


def test_only_calls_of_a_challenged_domain_are_challenged_and_only_as_long(tmp_path):
    async def story():
        watch = Kept("box", MonitorConfig(), virtual_clock(), Heard(), tmp_path / "x")
        calls = CallsIn(watch, Origin(called={"4712": "voip"}))
        voip, other = calls.rings(Ringing("4712")), calls.rings(Ringing("4711"))
        assert not calls.challenges(voip)
        calls.challenge("voip", True)
        assert [calls.challenges(each) for each in (voip, other)] == [True, False]
        calls.challenge("voip", False)
        assert not calls.challenges(voip)

    run_virtual(story())


def test_domains_by_called_number_then_line_then_caller():
    origin = Origin(
        called={"112": "voip"}, lines={"isdn.1": "mobile", "isdn.2": ""}, caller=lambda number: by_caller(number, "DE")
    )
    for called, line, caller, domain in [
        ("112", "isdn.1", "0171234567", "voip"),
        ("113", "isdn.1", "030123456", "mobile"),
        ("113", "isdn.2", "01711234567", "mobile"),
        ("113", "isdn.2", "+4917112345678", "mobile"),
        ("113", "isdn.2", "030123456", "pstn"),
        (None, "isdn.2", None, "pstn"),
        (None, "isdn.2", "anonymous", "pstn"),
        (None, "isdn.2", "+883510001234567", "pstn"),  # a VoIP number is no proof, and never said to be VoIP
    ]:
        assert origin.domain(called=called, line=line, caller=caller) == domain
