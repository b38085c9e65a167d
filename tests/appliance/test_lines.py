"""Devices are opened, watched and brought back, each on its own."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from appliance.announcer import Announcer
from appliance.config import Lines
from appliance.lines import DeviceKeeper
from appliance.mending import Mender
from hal.line import LineHealth, LineState
from hal.registry import DeviceConfig
from ivr.notices import Notices
from ivr.trunks import Trunks
from tests.appliance.devices import DEAD, PaperDevice, PaperSms
from tests.support.stores import open_store
from tests.support.virtualtime import run_virtual, virtual_clock


class Desk:
    """Keepers of some devices, with everything that they need."""

    def __init__(self, store, *devices):
        self.store = store
        clock = virtual_clock()
        self.trunks = Trunks(clock.monotonic)
        self.notices = Notices(store, (), self.trunks, clock)
        self.announcer = Announcer(store)
        self.taken = []
        self.keepers = [
            DeviceKeeper(
                device,
                Mender(device, DeviceConfig(device.name, "paper", ("/dev/null",)), clock),
                driver="paper",
                sms=True,
                trunks=self.trunks,
                notices=self.notices,
                announcer=self.announcer,
                options=Lines(),
                take=self.taken.append,
            )
            for device in devices
        ]

    def pool(self):
        return sorted(line.name for line in self.trunks.lines())

    def alarms(self):
        return {alarm.key: alarm.text for alarm in self.store.alarms.active()}

    def status(self, name):
        (found,) = [each for keeper in self.keepers for each in keeper.statuses() if each.name == name]
        return found


def with_desk(tmp_path, make_devices, story):
    """Run `story(desk, *devices)` with the keepers at work."""

    async def main():
        async with open_store(tmp_path, virtual_clock()) as store:
            devices = make_devices()
            desk = Desk(store, *devices)
            working = [asyncio.create_task(keeper.run()) for keeper in desk.keepers]
            working.append(asyncio.create_task(desk.announcer.run()))
            try:
                await story(desk, *devices)
            finally:
                for task in working:
                    task.cancel()
                await asyncio.gather(*working, return_exceptions=True)

    run_virtual(main())


def test_a_device_comes_into_service_with_all_its_lines(tmp_path):
    async def story(desk, device):
        await asyncio.sleep(1)
        assert desk.pool() == ["isdn.1", "isdn.2"]
        assert desk.status("isdn.2").in_service
        assert desk.alarms() == {}
        assert desk.store.lines["isdn.1"].in_service

    with_desk(tmp_path, lambda: [PaperDevice(lines=2)], story)


def test_calls_are_handed_on(tmp_path):
    async def story(desk, device):
        device.lines[0].calls.put_nowait("a call")
        await asyncio.sleep(1)
        assert desk.taken == ["a call"]

    with_desk(tmp_path, lambda: [PaperDevice()], story)


def test_a_device_that_does_not_open_is_tried_again_ever_more_patiently(tmp_path):
    async def story(desk, device):
        await asyncio.sleep(1)
        assert desk.pool() == []
        assert desk.alarms() == {"line.isdn.1": "line isdn.1 is out of service: no answer to AT"}
        assert not desk.status("isdn.1").in_service
        await asyncio.sleep(400)
        tries = [when for what, when in device.history if what == "open"]
        assert [round(b - a) for a, b in itertools.pairwise(tries)] == [2, 4, 8, 16, 32, 64, 120, 120]
        await asyncio.sleep(600)
        assert desk.pool() == ["isdn.1"]
        assert desk.alarms() == {}

    with_desk(tmp_path, lambda: [PaperDevice(opens=[DEAD] * 9)], story)


def test_a_fault_is_recovered_in_place(tmp_path):
    async def story(desk, device):
        await asyncio.sleep(1)
        device.breaks()
        await asyncio.sleep(1)
        assert [what for what, _ in device.history] == ["open", "init"]
        assert desk.pool() == ["isdn.1"]
        assert desk.status("isdn.1").in_service

    with_desk(tmp_path, lambda: [PaperDevice()], story)


def test_what_cannot_be_recovered_is_reopened_and_an_alarm_meanwhile(tmp_path):
    async def story(desk, device):
        await asyncio.sleep(1)
        device.breaks()
        await asyncio.sleep(1)
        assert desk.pool() == []
        assert list(desk.alarms()) == ["line.isdn.1"]
        await asyncio.sleep(10)
        assert [what for what, _ in device.history] == ["open", "init", "reopen"]
        assert desk.pool() == ["isdn.1"]
        assert desk.alarms() == {}

    with_desk(tmp_path, lambda: [PaperDevice(recovers=[DEAD])], story)


def test_a_modem_that_stops_answering_is_noticed_by_the_round_trip(tmp_path):
    async def story(desk, device):
        await asyncio.sleep(1)
        device.lines[0].says = LineHealth(False, "no answer within 10 s")
        await asyncio.sleep(30)  # the promise: a dead modem is reported within 30 s
        assert [what for what, _ in device.history][:3] == ["open", "init", "reopen"]
        assert desk.alarms() == {"line.isdn.1": "line isdn.1 is out of service: no answer within 10 s"}
        device.lines[0].says = LineHealth(True, "fine")
        await asyncio.sleep(300)
        assert desk.pool() == ["isdn.1"]
        assert desk.alarms() == {}

    with_desk(tmp_path, lambda: [PaperDevice()], story)


def test_a_radio_line_without_a_network_leaves_service_until_it_has_one(tmp_path):
    async def story(desk, device):
        await asyncio.sleep(1)
        device.lines[0].says = LineHealth(True, "searching", registered=False)
        await asyncio.sleep(61)
        assert desk.pool() == []
        assert "no network" in desk.alarms()["line.gsm.1"]
        await asyncio.sleep(70)
        assert [what for what, _ in device.history] == ["open", "init", "init"], "now and then, and never a reset"
        device.lines[0].says = LineHealth(True, "home", registered=True)
        await asyncio.sleep(61)
        assert desk.pool() == ["gsm.1"]
        assert desk.alarms() == {}

    with_desk(tmp_path, lambda: [PaperDevice("gsm")], story)


@pytest.mark.parametrize("error", [DEAD, RuntimeError("a mistake in the driver"), OSError("what?")])
def test_one_bad_modem_costs_its_own_lines_only(tmp_path, error):
    async def story(desk, bad, good):
        for _ in range(5):
            await asyncio.sleep(100)
            assert desk.pool() == ["good.1"]
            assert desk.status("good.1").in_service
        assert list(desk.alarms()) == ["line.bad.1"]
        assert [what for what, _ in good.history] == ["open"]

    with_desk(tmp_path, lambda: [PaperDevice("bad", opens=[error] * 100), PaperDevice("good")], story)


def test_one_dead_line_of_a_device_leaves_the_others_alone(tmp_path):
    async def story(desk, device):
        await asyncio.sleep(1)
        device.lines[0].dead = True
        device.breaks()
        device.lines[1].now = LineState.IN_CALL  # with a call on it, all this while
        await asyncio.sleep(0.1)
        assert desk.pool() == ["isdn.2"]
        await asyncio.sleep(1000)
        assert "close" not in [what for what, _ in device.history]
        assert desk.alarms() == {"line.isdn.1": "line isdn.1 is out of service: no answer to AT"}
        device.lines[0].dead = False
        await asyncio.sleep(130)
        assert desk.pool() == ["isdn.1", "isdn.2"]
        assert desk.alarms() == {}

    with_desk(tmp_path, lambda: [PaperDevice(lines=2)], story)


def test_calls_are_still_handed_on_after_a_recovery(tmp_path):
    async def story(desk, device):
        await asyncio.sleep(1)
        device.breaks()
        await asyncio.sleep(1)
        device.lines[0].calls.put_nowait("a call")
        await asyncio.sleep(1)
        assert desk.taken == ["a call"]

    with_desk(tmp_path, lambda: [PaperDevice()], story)


def test_messages_go_over_a_device_while_it_is_in_service(tmp_path):
    async def story(desk, device):
        await asyncio.sleep(1)
        assert "gsm" in desk.notices._devices
        device.breaks()
        await asyncio.sleep(1)
        assert "gsm" not in desk.notices._devices

    with_desk(tmp_path, lambda: [PaperDevice("gsm", recovers=[DEAD], sms=PaperSms())], story)


def test_a_second_line_that_dies_while_the_first_is_mended_is_reported_too(tmp_path):
    async def story(desk, device):
        await asyncio.sleep(1)
        device.lines[0].dead = True
        device.breaks()
        device.lines[1].now = LineState.IDLE
        await asyncio.sleep(400)  # the pauses between two attempts are long by now
        assert list(desk.alarms()) == ["line.isdn.1"]
        device.lines[1].says = LineHealth(False, "no answer within 10 s")
        await asyncio.sleep(30)
        assert sorted(desk.alarms()) == ["line.isdn.1", "line.isdn.2"]

    with_desk(tmp_path, lambda: [PaperDevice(lines=2)], story)


def test_a_line_that_dies_is_mended_though_its_neighbour_has_been_dead_for_long(tmp_path):
    async def story(desk, device):
        await asyncio.sleep(1)
        device.lines[0].dead = True
        device.breaks()
        device.lines[1].now = LineState.IDLE
        await asyncio.sleep(1000)
        while device.history[-1][1] < asyncio.get_running_loop().time() - 2:
            await asyncio.sleep(1)
        await asyncio.sleep(5)  # both rungs have been tried: a pause of two minutes has begun
        device.lines[1].now = LineState.FAULTED
        await asyncio.sleep(12)
        assert device.lines[1].now is LineState.IDLE

    with_desk(tmp_path, lambda: [PaperDevice(lines=2)], story)


def test_eight_dead_lines_are_not_asked_one_after_the_other(tmp_path):
    async def story(desk, device):
        await asyncio.sleep(1)

        async def slow():
            await asyncio.sleep(5)
            return LineHealth(False, "no answer")

        for line in device.lines:
            line.health = slow
        await asyncio.sleep(30)
        assert len(desk.alarms()) == 8

    with_desk(tmp_path, lambda: [PaperDevice(lines=8)], story)
