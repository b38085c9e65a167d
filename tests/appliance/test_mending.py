"""A device that goes from the bus, comes back under other numbers, or is dead until it is reset."""

from __future__ import annotations

import asyncio

import pytest

from appliance.mending import ABSENT_S, Mender
from hal.errors import LineFault, ModemSilent, NotRegistered
from hal.recovery import Rung
from hal.registry import DeviceConfig
from hal.simulated.ptyport import PtyPort, Watch
from hal.simulated.usbbus import CONEXANT, SIM7600, UsbBus
from hal.usb import Bus
from tests.appliance.devices import PaperDevice
from tests.support.virtualtime import run_virtual, virtual_clock

DEAD = ModemSilent("no answer to AT")


class Nobody:
    def port_opened(self) -> None: ...

    def port_closed(self) -> None: ...

    def port_data(self, data: bytes) -> None: ...


class PaperRelay:
    def __init__(self):
        self.cuts = []

    async def cut(self):
        self.cuts.append(asyncio.get_running_loop().time())
        await asyncio.sleep(10)


class Workbench:
    """A device of paper that is plugged in at a simulated USB bus."""

    def __init__(self, tmp_path, device, relay=None):
        watch = self.watch = Watch()
        self.usb = UsbBus(tmp_path, watch)
        self.ports = {number: PtyPort(tmp_path / f"pty{number}", Nobody(), watch) for number in (2, 4)}
        self.usb.plug("1-1.4", SIM7600, self.ports)
        self.device = device
        config = DeviceConfig("gsm", "paper", ("usb:1-1.4:2",), audio_port="usb:1-1.4:4", bus=Bus(tmp_path))
        self.mender = Mender(device, config, virtual_clock(), relay=relay)

    def did(self):
        return [what for what, _ in self.device.history]

    async def fails(self, **given):
        with pytest.raises(LineFault):
            await self.mender.step(whole=True, **given)


def at_the_bench(tmp_path, story, *, relay=None, make=PaperDevice, **device):
    async def main():
        bench = Workbench(tmp_path, make("gsm", **device), relay)
        watching = asyncio.create_task(bench.mender.watch())
        try:
            await story(bench)
        finally:
            watching.cancel()
            for port in bench.ports.values():
                port.unplug()
            bench.watch.close()

    run_virtual(main(), limit_s=3000)


def test_what_is_pulled_out_is_closed_at_once_and_opened_soon_after_it_is_back(tmp_path):
    async def story(bench):
        await bench.mender.open()
        bench.usb.unplug("1-1.4")
        await asyncio.sleep(3)
        assert bench.device.fault.is_set(), "the bus tells, even where the old descriptors do not"
        mending = asyncio.create_task(bench.mender.step(whole=True))
        await asyncio.sleep(60)
        assert bench.did() == ["open", "close"]
        assert bench.mender.doing == "waits for it to be plugged in"
        bench.usb.occupy("ttyUSB0")
        back = asyncio.get_running_loop().time()
        bench.usb.replug("1-1.4")
        await mending
        assert bench.did() == ["open", "close", "open"]
        assert asyncio.get_running_loop().time() - back < 3
        assert bench.usb.ttys("1-1.4") == {2: "ttyUSB1", 4: "ttyUSB2"}

    at_the_bench(tmp_path, story)


def test_a_restart_that_nobody_saw_is_seen_on_the_bus(tmp_path):
    async def story(bench):
        await bench.mender.open()
        bench.usb.replug("1-1.4")
        await asyncio.sleep(3)
        assert bench.device.fault.is_set()
        await bench.mender.step(whole=True)
        assert bench.did() == ["open", "close", "open"], "an initialisation of the old descriptors would be in vain"

    at_the_bench(tmp_path, story)


def test_a_replugged_modem_is_not_kept_waiting_by_a_long_pause(tmp_path):
    async def story(bench):
        with pytest.raises(LineFault):
            await bench.mender.open()
        for _ in range(9):
            await bench.fails()
        waiting = asyncio.create_task(bench.mender.step(whole=True))
        await asyncio.sleep(5)
        assert bench.mender.doing.startswith("waits")
        bench.usb.replug("1-1.4")
        began = asyncio.get_running_loop().time()
        await waiting
        assert asyncio.get_running_loop().time() - began < 5

    at_the_bench(tmp_path, story, opens=[DEAD] * 10)


def test_the_whole_ladder_is_climbed_and_recorded(tmp_path):
    relay = PaperRelay()

    async def story(bench):
        await bench.mender.open()
        bench.device.breaks()
        for _ in range(3):
            await bench.fails()
        await bench.mender.step(whole=True)
        assert [each.rung for each in bench.mender.attempts] == [Rung.INIT, Rung.REOPEN, Rung.USB, Rung.POWER]
        assert [each.fault for each in bench.mender.attempts] == ["no answer to AT"] * 3 + [""]
        assert bench.did() == ["open", "init", "reopen", "close", "open", "close", "open"]
        assert len(relay.cuts) == 1
        assert bench.mender.attempts[-1].took_s >= 10

    at_the_bench(tmp_path, story, relay=relay, opens=[None, DEAD], recovers=[DEAD, DEAD])


def test_a_usb_reset_takes_the_drivers_away_and_gives_them_back(tmp_path):
    async def story(bench):
        await bench.mender.open()
        bench.device.breaks()
        resets = []
        bench.usb._plugged["1-1.4"].on_reset = lambda: resets.append(1)
        for _ in range(2):
            await bench.fails()
        await bench.mender.step(whole=True)
        assert resets == [1]
        assert bench.mender.attempts[-1].fault == ""

    at_the_bench(tmp_path, story, recovers=[DEAD, DEAD])


def test_the_device_is_not_reset_under_a_line_that_works(tmp_path):
    async def story(bench):
        await bench.mender.open()
        for _ in range(12):
            with pytest.raises(LineFault):
                await bench.mender.step(whole=False)
        assert set(bench.mender.uses) == {Rung.INIT, Rung.REOPEN}

    at_the_bench(tmp_path, story, relay=PaperRelay(), recovers=[DEAD] * 99)


def test_no_reset_is_tried_where_a_person_must_come(tmp_path):
    async def story(bench):
        with pytest.raises(NotRegistered):
            await bench.mender.open()
        for _ in range(9):
            with pytest.raises(NotRegistered):
                await bench.mender.step(whole=True)
        assert set(bench.mender.uses) == {Rung.REOPEN}

    at_the_bench(tmp_path, story, relay=PaperRelay(), opens=[NotRegistered("the SIM wants its PIN")] * 99)


def test_a_modem_that_has_fallen_off_the_bus_gets_its_power_switched(tmp_path):
    relay = PaperRelay()

    async def story(bench):
        await bench.mender.open()
        bench.usb.unplug("1-1.4")
        await asyncio.sleep(3)
        gone = asyncio.get_running_loop().time()
        asyncio.get_running_loop().call_later(ABSENT_S + 30, lambda: bench.usb.replug("1-1.4"))
        await bench.mender.step(whole=True)
        assert relay.cuts[0] - gone == pytest.approx(ABSENT_S, abs=3)
        assert bench.did() == ["open", "close", "close", "open"]

    at_the_bench(tmp_path, story, relay=relay)


def test_a_driver_that_hangs_or_breaks_is_a_fault_like_any_other(tmp_path):
    async def story(bench):
        async def hangs(rung=None):
            await asyncio.sleep(1000)

        async def breaks(rung=None):
            raise RuntimeError("a mistake")

        await bench.mender.open()
        bench.device.recover = hangs
        with pytest.raises(LineFault, match="not done within 45 s"):
            await bench.mender.step(whole=False)
        bench.device.recover = breaks
        with pytest.raises(LineFault, match="a mistake"):
            await bench.mender.step(whole=False)

    at_the_bench(tmp_path, story)


def test_a_reset_of_the_modems_own_is_not_taken_for_a_loss(tmp_path):
    async def story(bench):
        async def recover(rung=None):
            bench.device.history.append((rung.name.lower(), 0))
            if rung is not Rung.RESET:
                raise DEAD
            bench.usb.unplug("1-1.4")
            await asyncio.sleep(12)
            bench.usb.replug("1-1.4")
            bench.device.fault.clear()

        bench.device.recover = recover
        await bench.mender.open()
        for _ in range(2):
            await bench.fails()
        await bench.mender.step(whole=True)
        bench.mender.well()
        await asyncio.sleep(30)
        assert bench.did() == ["open", "init", "reopen", "reset"]
        assert not bench.device.fault.is_set()

    class Radio(PaperDevice):
        rungs = (Rung.INIT, Rung.REOPEN, Rung.RESET)

    at_the_bench(tmp_path, story, make=Radio)


def test_one_of_two_sticks_restarts_and_the_call_on_the_other_goes_on(tmp_path):
    async def main():
        watch = Watch()
        usb = UsbBus(tmp_path, watch)
        ports = [PtyPort(tmp_path / f"pty{n}", Nobody(), watch) for n in range(2)]
        for n, port in enumerate(ports, 1):
            usb.plug(f"1-{n}", CONEXANT, {0: port})
        device = PaperDevice("voice", lines=2)
        mender = Mender(
            device, DeviceConfig("voice", "paper", ("usb:1-1:0", "usb:1-2:0"), bus=Bus(tmp_path)), virtual_clock()
        )
        watching = asyncio.create_task(mender.watch())
        await mender.open()
        usb.replug("1-2")
        await asyncio.sleep(3)
        assert device.fault.is_set()
        await mender.step(whole=False)
        assert [what for what, _ in device.history] == ["open", "init"]
        await asyncio.sleep(30)
        assert not device.fault.is_set()
        watching.cancel()
        for port in ports:
            port.unplug()
        watch.close()

    run_virtual(main())
