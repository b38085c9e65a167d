"""A garbage generator on a port, a modem that answers nothing, one that says NO CARRIER to every dial: a clear alarm each,
and the alert still reaches everyone over what is left."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.box import CONFIG, ISDN, RADIO, Town
from tests.support.callees import ALPHA, BRAVO, DELTA, confirm, person

FAULTS = ("garbage", "silent")


def bad_modem(town: Town, name: str):
    """The modem that is to go wrong."""
    return town.exchange.devices["isdn"].lines[0] if name == "isdn.1" else town.exchange.devices[name]


async def reaches_everyone(town: Town, bad: str) -> None:
    for member in (BRAVO, DELTA):
        person(town, member)
    campaign = await town.ended(await confirm(town))
    assert set(campaign.reached) == {"bravo", "delta"}
    counted = [each for each in campaign.attempts if each.counted]
    assert len(counted) == 2, "no call was wasted"
    assert bad not in {each.line for each in counted}


async def says_so(town: Town, bad: str) -> None:
    """A clear alarm, and `alertbox check` knows."""
    alarms = {alarm.key: alarm.text for alarm in town.box.store.alarms.active()}
    assert any(key in (f"line.{bad}", f"trunk.{bad}") for key in alarms), alarms
    check = await town.command("check")
    assert check.status == 1
    assert any(f"line {bad} is out of service" in str(part) for part in check.parts)


@pytest.mark.parametrize("bad", ["gsm", "isdn.1"])
@pytest.mark.parametrize("fault", FAULTS)
def test_in_the_moment_of_the_alert(play, bad, fault):
    async def story(town: Town) -> None:
        bad_modem(town, bad).faults.set(**{fault: True})
        await reaches_everyone(town, bad)
        await asyncio.sleep(90.0)
        await says_so(town, bad)

    play(story, members=(ALPHA, BRAVO, DELTA), config=CONFIG + ISDN + RADIO)


@pytest.mark.parametrize("bad", ["gsm", "isdn.1"])
def test_no_carrier_to_every_dial(play, bad):
    """Its modem answers, so that nothing but its calls tells: one failure is a minor alarm, three take it out of service
    (tests/flows/call_out/test_line_faults.py)."""

    async def story(town: Town) -> None:
        bad_modem(town, bad).faults.no_carrier = True
        await reaches_everyone(town, bad)
        alarms = {alarm.key: alarm.text for alarm in town.box.store.alarms.active()}
        assert "NO CARRIER" in alarms[f"doubt.{bad}"]
        check = await town.command("check")
        assert any(f"the last call on {bad} failed" in str(part) for part in check.parts)

    play(story, members=(ALPHA, BRAVO, DELTA), config=CONFIG + ISDN + RADIO)


@pytest.mark.parametrize("fault", FAULTS)
def test_when_the_box_starts(play, fault):
    async def story(town: Town) -> None:
        await town.stop()
        bad_modem(town, "isdn.1").faults.set(**{fault: True})
        await town.start()
        await town.in_service("isdn.2")
        await asyncio.sleep(60.0)
        assert "line.isdn.1" in {alarm.key for alarm in town.box.store.alarms.active()}
        person(town, BRAVO)
        campaign = await town.ended(await confirm(town))
        assert [(each.line, each.outcome) for each in campaign.attempts] == [("isdn.2", "reached")]

        bad_modem(town, "isdn.1").faults.clear()
        await town.in_service(within=300.0)
        assert "line.isdn.1" not in {alarm.key for alarm in town.box.store.alarms.active()}

    play(story, members=(ALPHA, BRAVO))
