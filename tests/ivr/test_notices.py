"""Short messages: what is sent, when, over which device, and what is never sent twice."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from hal.errors import Refused, SmsFailed, SmsUnknown, Unplugged
from hal.line import Direction
from ivr.notices import NOTICE, TRIES, result_text
from storage.records import AlarmRaised, SmsQueued, SmsTried
from tests.ivr.dialout.world import FakeDevice, FakeLine, FakeSms, World, team
from tests.support.virtualtime import run_virtual

SENDER = team("sender", mobile="+4915100")


def gsm(name: str = "gsm") -> FakeDevice:
    return FakeDevice(name, sms=True)


def sent(device: FakeDevice) -> list[tuple[float, str, str]]:
    assert isinstance(device.sms, FakeSms)
    return device.sms.sent


async def settle(world: World) -> None:
    await asyncio.sleep(1)
    while world.notices.waiting:
        await asyncio.sleep(1)
    await asyncio.sleep(1)


def test_each_called_team_with_a_mobile_gets_the_exact_text_and_the_sender_the_result(tmp_path: Path) -> None:
    async def story() -> None:
        away = team("away", mobile="+49333")
        object.__setattr__(away, "active", False)
        world = World(tmp_path, [SENDER, team("a", mobile="+49111"), team("b"), away])
        world.sms_pool = [gsm()]
        async with world.box():
            await world.until_ended(await world.alert())
            await settle(world)
        texts = [(number, text) for _, number, text in sent(world.sms_pool[0])]
        assert texts[0] == ("+49111", "eCSIRT.net alert function - a new voice-mail was received.")
        assert [number for number, _ in texts] == ["+49111", SENDER.mobile]
        assert texts[1][1].startswith("Alert 1 ended: 2 of 2 teams reached. Journal ")

    run_virtual(story())


def test_the_text_may_be_another_and_depend_on_the_language(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER])
        async with world.box():
            assert world.notices.notice_text("de") == NOTICE
            world.notices.texts = {"": "new", "de": "neu"}
            assert [world.notices.notice_text(x) for x in ("en", "de")] == ["new", "neu"]

    run_virtual(story())


def test_a_message_never_delays_a_call_on_its_modem_by_more_than_itself(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, *(team(f"t{i:02}", mobile=f"+4917{i:02}") for i in range(12))], lines=0)
        device = gsm()
        line = FakeLine(world, "gsm", Direction.BOTH, device)
        world.sms_pool = [device]
        async with world.box():
            world.trunks.add(line)
            begun = world.loop.time()
            await world.until_ended(await world.alert())
            await settle(world)
        starts = [at for at, _ in line.dialled]
        assert starts[0] - begun < 1, "calls first"
        one = world.tries[0].ended - world.tries[0].at
        for before, after in itertools.pairwise(starts):
            between = [at for at, _, _ in sent(device) if before < at <= after]
            assert len(between) <= 1
            assert after - before <= one + 4.5, "one message of four seconds at most"
        during = [at for at, _, _ in sent(device) if at <= starts[-1]]
        assert len(during) == 11, "and they do go out while the calls go on"

    run_virtual(story())


def test_what_failed_is_tried_again_later_and_on_another_device_first(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, team("a", mobile="+49111")])
        world.sms_pool = [gsm("one"), gsm("two")]
        for device in world.sms_pool:
            device.sms.script = [SmsFailed("+CMS ERROR: 332")]
        async with world.box():
            await world.until_ended(await world.alert())
            await settle(world)
        tried = [r for r in world.records(SmsTried) if r.sms == 1]
        assert [r.outcome for r in tried] == ["failed", "failed", "sent"]
        assert tried[0].device != tried[1].device
        assert tried[0].detail == "+CMS ERROR: 332"

    run_virtual(story())


def test_what_may_have_gone_out_is_never_sent_again_not_even_after_a_restart(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, team("a", mobile="+49111")])
        world.sms_pool = [gsm()]
        world.sms_pool[0].sms.script = [SmsUnknown("no answer")]
        async with world.box():
            await world.until_ended(await world.alert())
            await settle(world)
        async with world.box():
            await asyncio.sleep(3600)
        assert "+49111" not in [number for _, number, _ in sent(world.sms_pool[0])]
        assert any(a.key == "sms.undelivered" for a in world.records(AlarmRaised))

    run_virtual(story(), limit_s=10_000)


@pytest.mark.parametrize("error", [SmsFailed("no"), Unplugged("gone"), Refused("rule 7")])
def test_it_is_given_up_in_the_end_and_said_so(tmp_path: Path, error: Exception) -> None:
    async def story() -> None:
        world = World(tmp_path, [team("sender"), team("a", mobile="+49111")])
        world.sms_pool = [gsm()]
        world.sms_pool[0].sms.script = [error] * 20
        async with world.box():
            await world.until_ended(await world.alert())
            await settle(world)
        tried = world.records(SmsTried)
        assert len(tried) == (1 if isinstance(error, Refused) else TRIES)
        assert tried[-1].outcome == "given-up"
        assert any(str(error) in a.text for a in world.records(AlarmRaised))

    run_virtual(story(), limit_s=20_000)


def test_the_queue_survives_a_restart(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER, *(team(f"t{i}", mobile=f"+4917{i}") for i in range(4))])
        async with world.box():
            await world.until_ended(await world.alert())
            assert world.notices.waiting == 5
        world.sms_pool = [gsm()]
        async with world.box():
            await settle(world)
            assert not await world.store.sms.pending()
        assert len(sent(world.sms_pool[0])) == 5
        assert sent(world.sms_pool[0])[0][2].startswith("Alert 1 ended"), "results first"

    run_virtual(story())


def test_a_critical_alarm_goes_to_the_management_once_an_hour_and_others_do_not(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER])
        world.management = "+49999"
        world.sms_pool = [gsm()]
        async with world.box():
            for text in ("fire", "still fire", "more fire"):
                await world.store.commit(AlarmRaised("x", "critical", text), AlarmRaised("y", "major", "smoke"))
                await asyncio.sleep(1000)
            await asyncio.sleep(2000)
            await world.store.commit(AlarmRaised("x", "critical", "fire again"))
            await settle(world)
        assert [text for _, _, text in sent(world.sms_pool[0])] == ["Alert box: fire", "Alert box: fire again"]
        assert {r.purpose for r in world.records(SmsQueued)} == {"alarm"}

    run_virtual(story(), limit_s=10_000)


def test_an_alarm_that_fails_to_go_out_at_once_is_on_record_before_its_outcome(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER])
        world.management = "+49999"
        device = gsm()

        async def refuse(number: str, text: str, *, originator: str) -> str:
            raise Refused("not on the list")

        device.sms.send_sms = refuse
        world.sms_pool = [device]
        async with world.box():
            await asyncio.sleep(1)
            await world.store.commit(AlarmRaised("a.b", "critical", "it burns"))
            await settle(world)
            assert await world.store.sms.pending() == [], "known to be given up, it is not tried again after a restart"
        kinds = [type(e.record) for e in world.log if isinstance(e.record, SmsQueued | SmsTried)]
        assert kinds == [SmsQueued, SmsTried]

    run_virtual(story())


def test_a_device_that_comes_back_as_another_object_goes_on(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path, [SENDER])
        async with world.box():
            first, second = gsm(), gsm()
            world.notices.add(first)
            world.notices.add(FakeDevice("no sms"))
            await asyncio.sleep(1)
            world.notices.remove(first)
            world.notices.add(second)
            await world.until_ended(await world.alert())
            await settle(world)
            assert (len(sent(first)), len(sent(second))) == (0, 1)

    run_virtual(story())


def test_a_result_names_ten_teams_at_most() -> None:
    text = result_text(7, True, 38, 50, [f"t{i}" for i in range(12)], "all-clear", "ab" * 32)
    assert text == (
        "Exercise 7 ended early by all-clear: 38 of 50 teams reached. "
        "Not reached: t0, t1, t2, t3, t4, t5, t6, t7, t8, t9 and 2 more. Journal abababababababab"
    )
