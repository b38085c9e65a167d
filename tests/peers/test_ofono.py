"""ofono at a radio modem, in the way of its own phonesim: over TCP, as a modem without a maker."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest

from hal.simulated.client import ExchangeError
from tests.peers.bridge import Bridge, over_tcp
from tests.peers.bus import Bus, private_bus
from tests.peers.sounds import keys
from tests.peers.world import Program, program, town, until

pytestmark = pytest.mark.peer("ofono", package="ofono")

TOWN = """
[[gsm]]
name = "gsm"
number = "+4915112345"
model = "{model}"
"""
PATH = "/phonesim"
MODELS = pytest.mark.parametrize("model", ["sim7600", "ec25"])
"""Not a Huawei: without its own driver for them, which its phonesim does not take, it waits for ever after
COMMAND NOT SUPPORT."""


class Ofono:
    """What a dialler would do over D-Bus."""

    def __init__(self, bus: Bus, daemon: Program, bridge: Bridge) -> None:
        self.bus, self.daemon, self.bridge = bus, daemon, bridge

    async def call(self, interface: str, method: str, *args: Any, path: str = PATH) -> Any:
        return await self.bus.call("org.ofono", path, f"org.ofono.{interface}", method, *args)

    async def properties(self, interface: str, path: str = PATH) -> dict[str, Any]:
        return await self.call(interface, "GetProperties", path=path)

    async def signal_at(self, path: str, begins: list[Any], *, member: str = "PropertyChanged") -> list[Any]:
        """Wait for a signal of one object whose arguments begin so; gives them all."""

        def found() -> list[list[Any]]:
            told = (m["args"] for m in self.bus.signals if m["path"] == path and m["signal"] == member)
            return [args for args in told if args[: len(begins)] == begins]

        await until(found, f"{member} {begins} of {path}")
        return found()[-1]


@contextlib.asynccontextmanager
async def ofono(tmp_path: Path, model: str = "sim7600"):
    """(town, ofono with the modem powered, online and registered)."""
    async with (
        town(tmp_path / "town", TOWN.format(model=model)) as people,
        over_tcp(people.node("gsm")) as (port, bridge),
        private_bus(tmp_path / "bus") as bus,
    ):
        (tmp_path / "etc").mkdir()
        (tmp_path / "state").mkdir()
        (tmp_path / "etc/phonesim.conf").write_text(f"[phonesim]\nAddress=127.0.0.1\nPort={port}\n")
        over = {"/etc/ofono": tmp_path / "etc", "/var/lib/ofono": tmp_path / "state"}
        env = {"DBUS_SYSTEM_BUS_ADDRESS": bus.address, "OFONO_AT_DEBUG": "1"}
        async with program("ofonod", "-n", "-d", over=over, env=env) as daemon:
            await daemon.prints("oFono version")
            peer = Ofono(bus, daemon, bridge)
            try:
                await until(lambda: any(m["signal"] == "ModemAdded" for m in bus.signals), "its modem")
                await peer.call("Modem", "SetProperty", "Powered", True)
                await peer.call("Modem", "SetProperty", "Online", True)
                await peer.signal_at(PATH, ["Status", "registered"])
                await until(lambda: any("org.ofono.MessageManager" in str(m) for m in bus.signals), "message manager")
                yield people, peer
            except BaseException as error:
                error.add_note(f"--- the dialogue:\n{bridge.passed.decode('latin-1')[-5000:]}")
                raise


def test_identity_sim_and_registration(tmp_path):
    async def story():
        async with ofono(tmp_path) as (_, peer):
            modem, sim, network = [
                await peer.properties(name) for name in ("Modem", "SimManager", "NetworkRegistration")
            ]
            assert (modem["Manufacturer"], modem["Serial"]) == ("SIMCOM INCORPORATED", "861075020000015")
            assert sim["SubscriberIdentity"] == "262010000000015"
            assert sim["CardIdentifier"] == "89490200000000000015"
            assert network["Status"] == "registered"
            assert network["Name"] == "Simulated"
            assert network["Technology"] == "lte"
            assert 50 <= network["Strength"] <= 70

    asyncio.run(story())


@MODELS
def test_messages_out_and_in(tmp_path, model):
    texts = ["Hello {ofono} €", "A long one. " * 30, "Пожар"]

    async def story():
        async with ofono(tmp_path, model) as (people, peer):
            phone = await people.phone()
            for text in texts:
                path = await peer.call("MessageManager", "SendMessage", "+4917055", text)
                await peer.signal_at(path, ["State", "sent"])
            assert [message["text"] for message in await phone.sms()] == texts
            for text in texts:
                await phone.request("send_sms", sender="+4917077", to="+4915112345", text=text)
                told = await peer.bus.signal("IncomingMessage", lambda args, text=text: args[0] == text)
                assert told[1]["Sender"] == "+4917077"

    asyncio.run(story())


def test_a_delivery_report(tmp_path):
    async def story():
        async with ofono(tmp_path) as (_, peer):
            await peer.call("MessageManager", "SetProperty", "UseDeliveryReports", True)
            path = await peer.call("MessageManager", "SendMessage", "+4917055", "Did it arrive?")
            await peer.signal_at(path, ["State", "sent"])
            # There is no signal for it: its history plug-ins are told.
            await peer.daemon.prints("handle_sms_status_report()")
            await until(lambda: b"\r\nOK\r\n" in peer.bridge.passed.rpartition(b"AT+CNMA=1,")[2], "acknowledgement")
            assert "CNMA acknowledgement failed" not in peer.daemon.output

    asyncio.run(story())


@MODELS
def test_a_call_out_with_its_states_and_keys(tmp_path, model):
    async def story():
        async with ofono(tmp_path, model) as (people, peer):
            phone = await people.phone()
            await phone.attach("03012345678")
            heard = bytearray()
            await phone.listen(heard.extend)
            path = await peer.call("VoiceCallManager", "Dial", "03012345678", "")
            assert await phone.rings() == "+4915112345"
            await peer.signal_at(path, ["State", "alerting"])
            await phone.answer()
            await peer.signal_at(path, ["State", "active"])
            await peer.call("VoiceCallManager", "SendTones", "123*#")
            await until(lambda: keys(heard) == "123*#", "the keys in the ear")
            await peer.call("VoiceCallManager", "HangupAll")
            await phone.ends()
            await peer.bus.signal("CallRemoved", lambda args: args == [path])
            (call,) = await phone.calls()
            assert call["cause"] == 16

    asyncio.run(story())


@pytest.mark.parametrize(("setting", "reason"), [({"busy": True}, "network"), ({"switched_off": True}, "network")])
def test_a_call_that_fails(tmp_path, setting, reason):
    async def story():
        async with ofono(tmp_path) as (people, peer):
            phone = await people.phone()
            await phone.request("phone", number="03012345678", **setting)
            path = await peer.call("VoiceCallManager", "Dial", "03012345678", "")
            assert await peer.signal_at(path, [], member="DisconnectReason") in ([reason], ["remote"])
            await peer.bus.signal("CallRemoved", lambda args: args == [path])
            assert await peer.call("VoiceCallManager", "GetCalls") == []

    asyncio.run(story())


@MODELS
def test_a_call_in_with_the_callers_number_and_its_end(tmp_path, model):
    async def story():
        async with ofono(tmp_path, model) as (people, peer):
            phone = await people.phone()
            calling = asyncio.create_task(phone.dial("+493012345678", "+4915112345"))
            path, properties = await peer.bus.signal("CallAdded", lambda args: args[1]["State"] == "incoming")
            assert properties["LineIdentification"] == "+493012345678"
            await peer.call("VoiceCall", "Answer", path=path)
            await calling
            await peer.signal_at(path, ["State", "active"])
            await phone.hang_up()
            await peer.bus.signal("CallRemoved", lambda args: args == [path])
            assert (await peer.signal_at(path, [], member="DisconnectReason")) == ["remote"]

    asyncio.run(story())


def test_a_call_in_that_is_refused_and_one_that_gives_up(tmp_path):
    async def story():
        async with ofono(tmp_path) as (people, peer):
            phone = await people.phone()
            calling = asyncio.create_task(phone.dial("03012345678", "+4915112345"))
            path, _ = await peer.bus.signal("CallAdded", lambda args: args[1]["State"] == "incoming")
            await peer.call("VoiceCall", "Hangup", path=path)
            with pytest.raises(ExchangeError, match="rejected"):
                await calling
            await peer.bus.signal("CallRemoved", lambda args: args == [path])
            before = len(peer.bus.signals)
            calling = asyncio.create_task(phone.dial("03012345678", "+4915112345"))
            added = [m for m in peer.bus.signals if m["signal"] == "CallAdded"]
            await until(
                lambda: len([m for m in peer.bus.signals if m["signal"] == "CallAdded"]) > len(added), "second call"
            )
            await phone.hang_up()
            calling.cancel()
            await until(lambda: [m for m in peer.bus.signals[before:] if m["signal"] == "CallRemoved"], "its end")

    asyncio.run(story())
