"""The connection: log in, listen, keep alive, come back, catch up; and say nothing secret."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from appliance.ami.client import AmiClient, AmiError, AmiRefused, Options, Secret
from appliance.ami.codec import Frame
from tests.appliance.ami import texts
from tests.appliance.ami.pbx import Pbx

CALLER = texts.Channel("PJSIP/voip-00000001", "1700000000.1")


class Listener:
    """Keeps what a client tells."""

    def __init__(self) -> None:
        self.events: list[Frame] = []
        self.resyncs: list[tuple[list[Frame], list[Frame]]] = []
        self.states: list[tuple[bool, str]] = []
        self.changed = asyncio.Event()

    def receive(self, frame: Frame, at: float) -> None:
        self.events.append(frame)
        self.changed.set()

    def resync(self, channels: list[Frame], queues: list[Frame], at: float) -> None:
        self.resyncs.append((channels, queues))
        self.changed.set()

    def state(self, up: bool, detail: str) -> None:
        self.states.append((up, detail))
        self.changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def connected(pbx: Pbx, *, queue_limit: int = 1000, **more: object) -> AsyncIterator[tuple[AmiClient, Listener]]:
    given = {"secret": Secret(pbx.secret), "retry_s": 0.01, "retry_limit_s": 0.05} | more
    options = Options("127.0.0.1", "alertbox", port=pbx.port, **given)
    listener = Listener()
    client = AmiClient(
        options,
        receive=listener.receive,
        resync=listener.resync,
        on_state=listener.state,
        queue_limit=queue_limit,
    )
    task = asyncio.create_task(client.run())
    try:
        yield client, listener
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("md5", [True, False])
def test_log_in_catch_up_and_listen(md5: bool) -> None:
    async def story() -> None:
        async with Pbx() as pbx, connected(pbx, md5=md5) as (client, listener):
            pbx.channels = lambda action: texts.show_channel(CALLER, action)
            pbx.queues = lambda action: texts.queue_entry(CALLER, "voip", action)
            await listener.until(lambda: client.connected)
            channels, queues = listener.resyncs[0]
            assert [row.get("uniqueid") for row in channels + queues] == [CALLER.uniqueid] * 2
            assert listener.states == [(True, "Asterisk Call Manager/11.0.0")]
            await pbx.say(texts.hangup(CALLER))
            await listener.until(lambda: bool(listener.events))
            assert listener.events[0].name == "Hangup"
            login = next(action for action in pbx.actions if action["Action"] == "Login")
            assert login["Events"] == "call,agent"
            assert ("Secret" in login) is not md5

    asyncio.run(story())


def test_filters_are_asked_for_and_a_refusal_costs_only_them() -> None:
    async def story() -> None:
        async with Pbx() as pbx:
            pbx.refuse = {"Filter"}
            async with connected(pbx, filters=("Event: Newchannel",)) as (client, listener):
                await listener.until(lambda: client.connected)
            assert {"Action": "Filter", "Operation": "Add", "Filter": "Event: Newchannel"}.items() <= next(
                action for action in pbx.actions if action["Action"] == "Filter"
            ).items()

    asyncio.run(story())


def test_a_wrong_secret_is_told_and_not_tried_in_haste(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with Pbx() as pbx, connected(pbx, secret=Secret("sesame-7"), retry_limit_s=3600) as (_, listener):
            await listener.until(lambda: bool(listener.states))
            assert listener.states == [(False, "Login: Authentication failed")]
            await asyncio.sleep(0.1)
            assert len([action for action in pbx.actions if action["Action"] == "Login"]) == 1

    caplog.set_level(logging.DEBUG)
    asyncio.run(story())
    assert "sesame" not in caplog.text


def test_no_secret_in_logs_nor_in_representations(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with Pbx() as pbx, connected(pbx, md5=False) as (client, listener):
            await listener.until(lambda: client.connected)
            pbx.drop()
            await listener.until(lambda: listener.states[-1][0] and pbx.logins == 2)
            assert pbx.secret not in repr(client._options)

    caplog.set_level(logging.DEBUG)
    asyncio.run(story())
    assert Pbx().secret not in caplog.text


def test_reconnects_in_the_middle_of_a_frame_and_catches_up() -> None:
    async def story() -> None:
        async with Pbx() as pbx, connected(pbx) as (client, listener):
            await listener.until(lambda: client.connected)
            for count in range(1, 6):
                await pbx.say(texts.newchannel(CALLER)[: 40 * count])
                pbx.drop()
                await listener.until(lambda: client.reconnects >= count)  # noqa: B023
                await listener.until(lambda: len(listener.resyncs) > count)  # noqa: B023
            await pbx.say(texts.hangup(CALLER))
            await listener.until(lambda: bool(listener.events))
            assert [frame.name for frame in listener.events] == ["Hangup"]  # nothing of the cut frames

    asyncio.run(story())


def test_a_pbx_that_falls_silent_is_noticed() -> None:
    async def story() -> None:
        async with Pbx() as pbx, connected(pbx, ping_s=0.02, answer_s=1.0) as (client, listener):
            await listener.until(lambda: client.connected)
            pbx.deaf = True
            await listener.until(lambda: (False, "the PBX did not answer Ping within 1 s") in listener.states)
            pbx.deaf = False
            await listener.until(lambda: client.connected)

    asyncio.run(story())


def test_silence_is_broken_by_a_ping() -> None:
    async def story() -> None:
        async with Pbx() as pbx, connected(pbx, ping_s=0.02) as (client, listener):
            await listener.until(lambda: client.connected)
            async with asyncio.timeout(60):
                while not any(action["Action"] == "Ping" for action in pbx.actions):
                    await asyncio.sleep(0.01)
            assert listener.states == [(True, "Asterisk Call Manager/11.0.0")]

    asyncio.run(story())


def test_events_beyond_the_bound_are_replaced_by_the_whole_state() -> None:
    async def story() -> None:
        async with Pbx() as pbx, connected(pbx, queue_limit=10) as (client, listener):
            await listener.until(lambda: client.connected)
            await pbx.say(texts.newchannel(CALLER) * 5000)  # one write: read faster than the queue holds
            await listener.until(lambda: len(listener.resyncs) >= 2)
            assert client.overflows >= 1
            assert len(listener.events) < 5000
            listener.events.clear()
            await pbx.say(texts.hangup(CALLER))
            await listener.until(lambda: any(frame.name == "Hangup" for frame in listener.events))

    asyncio.run(story())


def test_a_slow_listener_holds_up_neither_the_reading_nor_the_order() -> None:
    """Who takes events slowly finds all of them, in order, and when they came; the PBX is never kept from writing."""

    async def story() -> None:
        async with Pbx() as pbx, connected(pbx) as (client, listener):
            await listener.until(lambda: client.connected)
            taken = listener.receive

            def slow(frame: Frame, at: float) -> None:
                time.sleep(0.001)
                taken(frame, at)

            client._receive = slow
            callers = [texts.Channel(f"PJSIP/voip-{n:08x}", f"100.{n}") for n in range(900)]
            for caller in callers:
                await pbx.say(texts.newchannel(caller))
            await listener.until(lambda: len(listener.events) == len(callers))
            assert [frame.get("uniqueid") for frame in listener.events] == [each.uniqueid for each in callers]
            assert (client.overflows, client.reconnects) == (0, 0)

    asyncio.run(story())


def test_actions_and_refusals() -> None:
    async def story() -> None:
        async with Pbx() as pbx, connected(pbx) as (client, listener):
            await listener.until(lambda: client.connected)
            await client.act("QueueChangePriorityCaller", {"Queue": "voip", "Caller": CALLER.name, "Priority": "-10"})
            pbx.refuse = {"Redirect"}
            with pytest.raises(AmiRefused, match="Redirect: Permission denied"):
                await client.act("Redirect", {"Channel": CALLER.name})
            assert pbx.actions[-2]["Priority"] == "-10"
        with pytest.raises(AmiError):
            await client.act("Ping", {})

    asyncio.run(story())


def test_missing_privileges_for_the_lists_cost_only_them() -> None:
    async def story() -> None:
        async with Pbx() as pbx:
            pbx.refuse = {"CoreShowChannels"}
            async with connected(pbx) as (client, listener):
                await listener.until(lambda: client.connected)
                assert listener.resyncs[0] == ([], [])

    asyncio.run(story())


def test_the_secret_comes_from_a_file_of_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("hidden\n")
    path.chmod(0o640)
    with pytest.raises(AmiError, match="chmod 600") as failure:
        Secret.read(path)
    assert "hidden" not in str(failure.value)
    path.chmod(0o600)
    secret = Secret.read(path)
    assert secret.value == "hidden"
    assert "hidden" not in repr(secret)
