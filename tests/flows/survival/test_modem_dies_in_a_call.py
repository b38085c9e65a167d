"""A modem that hangs or vanishes in the middle of a conversation: the line's fault before the acknowledgement, reached after
it; and it is in service again when it is well, or plugged in again."""

from __future__ import annotations

import asyncio

import pytest

from hal.simulated import CallEnded, IncomingRing, NotHeard
from tests.support.box import CONFIG, ISDN, RADIO, Town, speech
from tests.support.callees import ALPHA, BRAVO, confirm, person, until_reached

LONG = speech(6.0)


def kill(town: Town, line: str, how: str) -> None:
    device = town.exchange.devices[line.partition(".")[0]]
    if how == "vanishes":
        device.unplug()
    else:
        modem = device.lines[0] if line.startswith("isdn") else device
        modem.faults.silent = True


def mend(town: Town, line: str, how: str) -> None:
    device = town.exchange.devices[line.partition(".")[0]]
    if how == "vanishes":
        device.plug()
    else:
        modem = device.lines[0] if line.startswith("isdn") else device
        modem.faults.silent = False


@pytest.mark.parametrize("how", ["hangs", "vanishes"])
@pytest.mark.parametrize("line", ["gsm", "isdn.1"])
@pytest.mark.parametrize("acknowledged", [False, True], ids=["before", "after"])
def test_in_a_conversation(play, line, how, acknowledged):
    async def story(town: Town) -> None:
        async def first(ring: IncomingRing) -> None:
            person(town, BRAVO)  # for the calls that follow
            async with await ring.answer(after=2.0) as call:
                await call.hears("This is the Test alert")
                if acknowledged:
                    await call.press("1")
                    await call.hears("local time")
                    await call.wait(1.0)
                kill(town, line, how)
                try:
                    await call.hears("End of message", within=3)  # nobody listens to silence for long
                except (CallEnded, NotHeard):
                    return
                raise AssertionError("the modem has not died")

        town.phone("bravo").behaviour = first
        alert = await confirm(town, LONG)
        await until_reached(town, alert, "bravo")
        campaign = await town.ended(alert)
        assert campaign.attempts[0].line == line
        if acknowledged:
            assert [(each.outcome, each.counted) for each in campaign.attempts] == [("reached", True)]
            assert 0.5 < campaign.reached["bravo"].heard_s < 6.0
            assert not campaign.reached["bravo"].heard_all
        else:
            tries = [(each.outcome, each.counted) for each in campaign.attempts]
            assert tries == [("line-fault", False), ("reached", True)]
            assert campaign.attempts[1].line != line
            assert campaign.reached["bravo"].heard_all

        while f"line.{line}" not in {alarm.key for alarm in town.box.store.alarms.active()}:
            await asyncio.sleep(0.5)
        mend(town, line, how)
        await town.in_service(within=300.0)
        assert f"line.{line}" not in {alarm.key for alarm in town.box.store.alarms.active()}

    radio = RADIO if line == "gsm" else RADIO.replace('direction = "out"', 'direction = "both"')
    play(story, members=(ALPHA, BRAVO), config=CONFIG + ISDN + radio)
