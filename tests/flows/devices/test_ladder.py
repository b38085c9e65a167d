"""A radio modem that answers nothing any more is reported within 30 s and brought back rung by rung; the other lines serve on."""

from __future__ import annotations

import asyncio

from appliance import devices
from hal.recovery import Rung
from tests.flows.devices.test_reenumeration import BY_PLACE
from tests.support.box import CONFIG, ISDN, Town
from tests.support.callees import ALPHA, BRAVO, confirm, person

WITH_RELAY = BY_PLACE.replace('model = "sim7600"\n', 'model = "sim7600"\npower_pin = 17\n')


async def reported(town: Town, line: str = "gsm") -> float:
    """Seconds until the line is said to be out of service."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while f"line.{line}" not in {alarm.key for alarm in town.box.store.alarms.active()}:
        await asyncio.sleep(0.5)
    return loop.time() - began


def test_a_dead_modem_comes_back_by_a_usb_reset(play):
    async def story(town: Town) -> None:
        modem = town.exchange.devices["gsm"]
        town.bus._plugged["1-1.4"].on_reset = lambda: setattr(modem.faults, "silent", False)
        modem.faults.silent = True
        assert await reported(town) <= 30
        person(town, BRAVO)
        campaign = await town.ended(await confirm(town))
        assert [each.line for each in campaign.attempts] == ["isdn.1"]
        await town.in_service("gsm", within=300)
        page = (await town.command("lines show", line="gsm")).parts[0]
        assert "USB reset, " in page
        assert "it helped" in page

    play(story, members=(ALPHA, BRAVO), config=CONFIG + ISDN + BY_PLACE)


def test_a_dead_modem_comes_back_by_its_power_when_nothing_else_helps(play, monkeypatch):
    cuts = []

    class Relay:
        """Takes the power of the modem at USB port 1-1.4."""

        town: Town

        def __init__(self, pin: int, *, active_low: bool) -> None:
            assert (pin, active_low) == (17, False)

        async def cut(self) -> None:
            cuts.append(asyncio.get_running_loop().time())
            self.town.bus.unplug("1-1.4")
            await asyncio.sleep(10)
            self.town.exchange.devices["gsm"].faults.silent = False
            self.town.bus.replug("1-1.4")

        def close(self) -> None: ...

    monkeypatch.setattr(devices, "Relay", Relay)

    async def story(town: Town) -> None:
        Relay.town = town
        town.exchange.devices["gsm"].faults.silent = True
        assert await reported(town) <= 30
        page = (await town.command("lines show", line="gsm")).parts[0]
        assert "OUT OF SERVICE" in page
        assert "at this moment" in page
        await town.in_service("gsm", within=300)
        assert len(cuts) == 1
        data = (await town.command("lines show", line="gsm")).data
        assert list(data["tries"]) == [rung.value for rung in Rung]
        assert data["recovery"]["fault"] == ""

    play(story, members=(ALPHA, BRAVO), config=CONFIG + ISDN + WITH_RELAY)


def test_a_relay_that_is_not_there_costs_an_alarm_and_nothing_else(play):
    async def story(town: Town) -> None:
        assert town.box.store.alarms.active()[0].key == "box.relay-gsm"
        assert all(line.in_service for line in town.box.lines())

    play(story, members=(ALPHA, BRAVO), config=CONFIG + ISDN + WITH_RELAY)
