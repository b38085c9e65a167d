"""What is watched, shown and answered: a PBX over AMI, the screen, the policy."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from appliance import config as configuration
from appliance.monitor.overload.config import MonitorConfig
from appliance.monitor.overload.events import DOMAINS, Alarm, Offered, Queued, Rejected
from appliance.monitor.overload.monitor import OverloadMonitor
from appliance.monitor.response.policy import Measure, Policy, Step
from appliance.overload import glance
from appliance.overload.live import Watch
from appliance.overload.ownlines import for_size
from appliance.overload.pbx import PbxSource
from appliance.overload.post import Post
from appliance.overload.watchoptions import Asterisk, AsteriskIngress
from hal.clock import Clock
from tests.appliance.ami import texts
from tests.appliance.ami.pbx import Pbx
from tests.appliance.test_overload_live import Heard, Ringing
from tests.support.stores import open_store


def flooded(calls=40):
    monitor = OverloadMonitor(MonitorConfig())
    for n in range(calls):
        monitor.feed(Offered(n, "voip", n * 0.2))
        monitor.feed(Queued(n, n * 0.2) if n < 25 else Rejected(n, "voip", n * 0.2, 3))
    return monitor


@pytest.mark.parametrize("responses", [[], ["proposed: " + "x" * 90] * 3])
def test_the_screen_fits_a_terminal_and_says_what_matters(responses):
    monitor = flooded()
    recent = [(1.7e9 + n, Alarm(float(n), "table1", "attack", "set", "voip")) for n in range(50)]
    found = glance.lines("pbx", monitor.status(), recent, source="10.0.0.1: Asterisk", responses=responses)
    assert len(found) <= 23
    assert max(map(len, found)) <= 80
    text = "\n".join(found)
    assert "ATTACK from voip" in text
    assert "25/10" in text or "40/30" in text
    assert "queue is full" in text
    assert text.count("22:14:") >= 1 or "set" in text


def test_the_screen_of_a_monitor_that_has_seen_nothing():
    found = glance.lines("box", OverloadMonitor(MonitorConfig()).status())
    assert "resources suffice; 0 calls" in found[0]
    assert found[-1] == "none"


@pytest.mark.parametrize("lines", [1, 2, 3, 30, 100])
def test_no_single_call_is_an_overload_of_a_box_of_any_size(lines):
    for area in for_size(lines, lines).areas():
        assert area.occupancy >= 2


# --- policy


def test_every_sequence_of_attacks_ends_as_it_began():
    for measures in ((Measure.CAP,), (Measure.AFTER_OTHERS, Measure.CAP)):
        for order in itertools.permutations(DOMAINS):
            for undo in itertools.permutations(DOMAINS):
                policy, standing = Policy(measures), set()
                for domain, on in [*((each, True) for each in order), *((each, False) for each in undo)]:
                    for step in policy.attack(domain, on):
                        key = (step.domain, step.measure)
                        assert (key in standing) is not step.on  # nothing twice, nothing undone that is not done
                        standing.symmetric_difference_update([key])
                    assert {(step.domain, step.measure) for step in policy.standing} == standing
                    assert len({domain for domain, _ in standing}) < 3  # somebody is always served as before
                assert not standing


def test_a_step_says_what_it_is():
    assert str(Step("voip", Measure.CAP, True)) == (
        "calls from voip are to be served only a few at once; the others hear busy"
    )


# --- a PBX


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


def test_a_flood_on_a_pbx_is_an_alarm_and_its_callers_go_to_the_end_of_the_queue_and_back(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("not in any log\n")
    secret.chmod(0o600)
    channels = [texts.Channel(f"PJSIP/voip-{n:08x}", f"100.{n}") for n in range(40)]

    async def story():
        heard = Heard()
        async with Pbx() as pbx:
            config = Asterisk(
                host="127.0.0.1",
                port=pbx.port,
                secret_file=secret,
                ingress=(AsteriskIngress(channel="PJSIP/voip-*", origin="voip"),),
            )
            watch = Watch("pbx", MonitorConfig(), Clock(), heard, tmp_path / "memory.json")
            source = PbxSource(config, watch, heard)
            watch.on_attack = lambda domain, on: source.apply(Step(domain, Measure.AFTER_OTHERS, on))
            assert watch.paused
            task = asyncio.create_task(source.run())
            await pbx.say(b"".join(texts.newchannel(each) + texts.join(each, "emergency") for each in channels))
            await until(lambda: ("raised", "overload.pbx.table1.voip") in heard.said)
            assert not watch.paused

            def changed(priority):
                return {
                    action["Caller"]
                    for action in pbx.actions
                    if action["Action"] == "QueueChangePriorityCaller" and action["Priority"] == priority
                }

            await until(lambda: changed("-10") == {each.name for each in channels})
            late = texts.Channel("PJSIP/voip-000000ff", "200.1")
            await pbx.say(texts.newchannel(late) + texts.join(late, "emergency"))
            await until(lambda: late.name in changed("-10"))
            source.apply(Step("voip", Measure.AFTER_OTHERS, False))
            await until(lambda: len(changed("0")) == 41)
            pbx.drop()
            await until(lambda: ("raised", "overload.pbx.source") in heard.said)
            await until(lambda: heard.said[-1] == ("cleared", "overload.pbx.source"))
            assert watch.status().calls == 0  # the PBX says that there are none any more
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await watch.close()

    asyncio.run(story())


BOX = """
[paths]
state = "{directory}"
[asterisk]
host = "127.0.0.1"
port = {port}
secret_file = "{secret}"
[[asterisk.ingress]]
channel = "PJSIP/voip-*"
origin = "voip"
[[device]]
name = "isdn"
driver = "isdn4linux"
[[device.line]]
port = "/dev/ttyI0"
origin = "mobile"
[[device.line]]
port = "/dev/ttyI1"
direction = "out"
"""


def test_a_pbx_sends_new_callers_to_the_places_that_its_dialplan_has_for_them(tmp_path):
    """Above the cap to the refusal, below it to the challenge; who waits already stays, and afterwards nobody is sent."""
    secret = tmp_path / "secret"
    secret.write_text("not in any log")
    secret.chmod(0o600)

    async def story():
        async with Pbx() as pbx:
            config = Asterisk(
                host="127.0.0.1",
                port=pbx.port,
                secret_file=secret,
                ingress=(AsteriskIngress(channel="PJSIP/voip-*", origin="voip"),),
                challenge="press-a-key,s,1",
                busy="all-busy,s,1",
                cap=3,
            )
            heard = Heard()
            watch = Watch("pbx", MonitorConfig(), Clock(), heard, tmp_path / "memory.json")
            source = PbxSource(config, watch, heard)
            assert source.measures == tuple(Measure)
            task = asyncio.create_task(source.run())
            channels = [texts.Channel(f"PJSIP/voip-{n:08x}", f"100.{n}") for n in range(6)]

            async def join(some):
                await pbx.say(b"".join(texts.newchannel(each) + texts.join(each, "emergency") for each in some))

            def sent():
                return [
                    (action["Channel"], action["Context"], action["Exten"], action["Priority"])
                    for action in pbx.actions
                    if action["Action"] == "Redirect"
                ]

            await until(lambda: not watch.paused)
            await join(channels[:1])
            await until(lambda: watch.status().calls == 1)
            for measure in (Measure.CAP, Measure.CHALLENGE, Measure.AFTER_OTHERS):
                source.apply(Step("voip", measure, True))
            await join(channels[1:5])
            await until(lambda: len(sent()) == 4)
            places = ["press-a-key", "press-a-key", "all-busy", "all-busy"]
            assert sent() == [(each.name, place, "s", "1") for each, place in zip(channels[1:5], places, strict=True)]
            for measure in (Measure.CAP, Measure.CHALLENGE, Measure.AFTER_OTHERS):
                source.apply(Step("voip", measure, False))
            await join(channels[5:])
            await until(lambda: watch.status().calls == 6)
            assert len(sent()) == 4
            reordered = [action for action in pbx.actions if action["Action"] == "QueueChangePriorityCaller"]
            assert {action["Caller"] for action in reordered if action["Priority"] == "-10"} == {channels[0].name}
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await watch.close()

    asyncio.run(story())


def test_without_such_places_a_pbx_is_only_asked_for_priorities(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("not in any log")
    secret.chmod(0o600)
    config = Asterisk(host="127.0.0.1", port=1, secret_file=secret, ingress=(AsteriskIngress(origin="voip"),))
    heard = Heard()

    async def story():
        source = PbxSource(config, Watch("pbx", MonitorConfig(), Clock(), heard, tmp_path / "m.json"), heard)
        assert source.measures == (Measure.AFTER_OTHERS,)
        source.apply(Step("voip", Measure.CHALLENGE, True))
        assert source._wishes.empty()

    asyncio.run(story())


def test_a_post_watches_own_lines_and_pbx_and_shows_both(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("not in any log")
    secret.chmod(0o600)

    async def story():
        async with Pbx() as pbx, open_store(tmp_path / "db") as store:
            text = BOX.format(directory=tmp_path, port=pbx.port, secret=secret)
            config, heard = configuration.parse(text, "box.toml"), Heard()
            post = Post(config, Clock(), store, heard)
            task = asyncio.create_task(post.run())
            channels = [texts.Channel(f"PJSIP/voip-{n:08x}", f"100.{n}") for n in range(40)]
            await pbx.say(texts.member_status("q", "PJSIP/11", 1) + texts.member_status("q", "PJSIP/12", 2))
            await pbx.say(b"".join(texts.newchannel(each) + texts.join(each, "q") for each in channels))
            await until(lambda: ("raised", "overload.pbx.response.after_others.voip") in heard.said)
            assert ("raised", "overload.pbx.response.cap.voip") in heard.said
            call = post.calls_in.rings(Ringing("4711"))
            assert call.domain == "mobile"  # that of isdn.1
            screens = {name: text for name, text, _ in post.screens()}
            assert set(screens) == {"box", "pbx"}
            assert "1 calls in progress" in screens["box"]
            assert "ATTACK from voip" in screens["pbx"]
            assert "Asterisk Call Manager/11.0.0; 1 of 2 agents taken" in screens["pbx"]
            assert "proposed: calls from voip" in screens["pbx"]
            assert not any(action["Action"] == "QueueChangePriorityCaller" for action in pbx.actions)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await post.close()
            assert (tmp_path / "overload-pbx.json").exists()
            again = Post(config, Clock(), store, heard)
            assert again.screens()[1][2]["calls"] == 40  # on a PBX calls go on
            await again.close()

    asyncio.run(story())


def test_a_pbx_without_a_secret_costs_only_itself(tmp_path):
    async def story():
        config = configuration.parse(BOX.format(directory=tmp_path, port=1, secret="/nowhere"), "box.toml")
        heard = Heard()
        async with open_store(tmp_path / "db") as store:
            post = Post(config, Clock(), store, heard)
            assert ("raised", "overload.start") in heard.said
            assert post.calls_in is not None
            assert [name for name, *_ in post.screens()] == ["box"]
            await post.close()

    asyncio.run(story())
