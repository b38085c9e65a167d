"""A radio modem restarts by itself and comes back under other tty numbers: in a call in, and in the middle of a campaign. The
box finds it again by its place on the USB bus, and the alert is delivered."""

from __future__ import annotations

import asyncio

from hal.simulated import CallEnded, IncomingRing, NotHeard
from hal.simulated.usbbus import UsbBus
from storage.records import LineChanged
from tests.support.box import CONFIG, GSM, ISDN, Town, speech
from tests.support.callees import ALPHA, BRAVO, confirm, person, until_reached

BY_PLACE = """
[[device]]
name = "gsm"
driver = "gsm"
model = "sim7600"
[[device.line]]
port = "usb:1-1.4:2"
audio = "usb:1-1.4:4"
number = "+4915112345"
direction = "both"
[simulation]
root = "{directory}/bus"
"""
AWAY_S = 9.0
"""Seconds that the modem of gammu#266 was gone."""


async def restart(bus: UsbBus) -> None:
    """The modem restarts, and somebody else has its first number meanwhile."""
    before = bus.ttys("1-1.4")
    bus.unplug("1-1.4")
    await asyncio.sleep(AWAY_S)
    bus.occupy("ttyUSB0")
    bus.replug("1-1.4")
    assert bus.ttys("1-1.4") != before


def test_in_the_middle_of_a_campaign(play):
    async def story(town: Town) -> None:
        bus = town.bus
        restarts = []

        async def first(ring: IncomingRing) -> None:
            person(town, BRAVO)
            async with await ring.answer(after=2.0) as call:
                await call.hears("This is the Test alert")
                restarts.append(asyncio.create_task(restart(bus)))
                try:
                    await call.hears("End of message", within=3)
                except (CallEnded, NotHeard):
                    return
                raise AssertionError("the modem has not gone")

        town.phone("bravo").behaviour = first
        alert = await confirm(town, speech(6.0))
        await until_reached(town, alert, "bravo")
        campaign = await town.ended(alert)
        assert campaign.attempts[0].line == "gsm", "a line that only dials goes first"
        bravo = [(each.outcome, each.counted) for each in campaign.attempts if each.team == "bravo"]
        assert bravo == [("line-fault", False), ("reached", True)]
        assert campaign.reached["bravo"].heard_all
        await restarts[0]
        await town.in_service(within=30)
        page = (await town.command("lines show", line="gsm")).parts[0]
        assert "usb:1-1.4:2 = ttyUSB1\n" in page
        assert "reopen the ports" in page
        assert not any(alarm.key.startswith("line.") for alarm in town.box.store.alarms.active())
        records = [each.record async for each in town.box.store.journal.records()]
        reasons = [each.reason for each in records if isinstance(each, LineChanged) and each.in_service]
        assert any("reopen the ports helped after" in reason for reason in reasons), reasons

    play(story, members=(ALPHA, BRAVO), config=CONFIG + ISDN + BY_PLACE.replace('"both"', '"out"'))


def test_in_a_call_in_the_box_is_reachable_again_within_seconds(play):
    async def story(town: Town) -> None:
        bus = town.bus
        async with town.call_in("alpha", GSM) as call:
            await call.hears("your U I D", within=60)
            restarting = asyncio.create_task(restart(bus))
            try:
                await call.hears("never", within=20)
            except (CallEnded, NotHeard):
                pass
        await restarting
        back = asyncio.get_running_loop().time()
        await town.in_service("gsm", within=20)
        assert asyncio.get_running_loop().time() - back < 10
        person(town, BRAVO)
        alert = await confirm(town)
        await town.ended(alert)
        async with town.call_in("alpha", GSM) as call:
            await town.log_in(call, "alpha")

    play(story, members=(ALPHA, BRAVO), config=CONFIG + ISDN + BY_PLACE)


def test_a_restart_that_the_old_descriptors_hide_is_seen_on_the_bus(play):
    async def story(town: Town) -> None:
        town.bus.restart_unnoticed("1-1.4")
        assert town.bus.ttys("1-1.4") == {2: "ttyUSB2", 4: "ttyUSB3"}
        await asyncio.sleep(20)
        await town.in_service("gsm", within=1)
        assert "pulled out or restarted" not in str(town.box.store.alarms.active())
        person(town, BRAVO)
        alert = await confirm(town)
        campaign = await town.ended(alert)
        assert [(each.line, each.outcome) for each in campaign.attempts] == [("gsm", "reached")]

    play(story, members=(ALPHA, BRAVO), config=CONFIG + ISDN + BY_PLACE.replace('"both"', '"out"'))


def test_what_the_box_uses_is_discovered_and_not_asked(play):
    async def story(town: Town) -> None:
        before = (await town.command("lines trace", line="gsm")).data["last"]
        found = await town.command("lines discover")
        (device,) = found.data
        assert (device["path"], device["used_by"], device["voice"]) == ("1-1.4", "gsm", None)
        assert (await town.command("lines trace", line="gsm", after=before)).data["entries"] == []

    play(story, members=(ALPHA, BRAVO), config=CONFIG + ISDN + BY_PLACE)
