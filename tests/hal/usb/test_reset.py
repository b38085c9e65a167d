"""A USB reset from outside: the port reset where it is allowed, else the drivers taken away and given back."""

from __future__ import annotations

import asyncio
import fcntl
import os

import pytest

from hal.errors import LineFault
from hal.usb import Bus
from hal.usb.reset import OFF_S, USBDEVFS_RESET, reset
from tests.support.virtualtime import run_virtual


@pytest.fixture
def bus(tmp_path):
    device = tmp_path / "sys/bus/usb/devices/1-1.4"
    device.mkdir(parents=True)
    (device / "busnum").write_text("1\n")
    (device / "devnum").write_text("17\n")
    (device / "authorized").write_text("1\n")
    return Bus(tmp_path)


def test_the_number_of_the_request_is_that_of_the_kernel():
    assert USBDEVFS_RESET == 0x5514


def test_the_port_is_reset_where_its_node_may_be_written(bus, monkeypatch):
    asked = []
    node = bus.dev / "bus/usb/001/017"
    node.parent.mkdir(parents=True)
    node.touch()
    monkeypatch.setattr(
        fcntl, "ioctl", lambda fd, request, _: asked.append((os.readlink(f"/proc/self/fd/{fd}"), request))
    )
    assert run_virtual(reset(bus, "1-1.4")) == "port reset"
    assert asked == [(str(node), USBDEVFS_RESET)]


def test_else_its_drivers_are_taken_and_given_back(bus):
    async def story():
        resetting = asyncio.create_task(reset(bus, "1-1.4"))
        await asyncio.sleep(OFF_S / 2)
        during = (bus.sysfs / "bus/usb/devices/1-1.4/authorized").read_text()[0]
        return during, await resetting

    assert run_virtual(story()) == ("0", "drivers removed and bound again")
    assert (bus.sysfs / "bus/usb/devices/1-1.4/authorized").read_text()[0] == "1"


@pytest.mark.parametrize("after_s", [0.0, OFF_S / 2])
def test_a_reset_that_is_given_up_leaves_no_device_without_drivers(bus, after_s):
    async def story():
        resetting = asyncio.create_task(reset(bus, "1-1.4"))
        while (bus.sysfs / "bus/usb/devices/1-1.4/authorized").read_text()[0] != "0":
            await asyncio.sleep(0.001)
        await asyncio.sleep(after_s)
        resetting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await resetting

    run_virtual(story())
    assert (bus.sysfs / "bus/usb/devices/1-1.4/authorized").read_text()[0] == "1"


def test_where_neither_is_allowed_the_mend_is_named(bus):
    (bus.sysfs / "bus/usb/devices/1-1.4/authorized").unlink()
    with pytest.raises(LineFault, match=r"70-alertbox\.rules"):
        run_virtual(reset(bus, "1-1.4"))
