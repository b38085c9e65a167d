"""Resetting a USB device from outside, for a modem that no longer reads its port.

USBDEVFS_RESET (Linux, Documentation/driver-api/usb/usb.rst) resets the port of the hub, which restarts most modems' USB part.
Where the device node may not be written, the `authorized` file of sysfs (Documentation/usb/authorization.rst) takes its
drivers away and gives them back, which at least makes new ports. Either needs the udev rule of `appliance/systemd`.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from pathlib import Path

from hal.errors import LineFault
from hal.usb.names import Bus
from hal.usb.tree import DEVICES

log = logging.getLogger(__name__)

USBDEVFS_RESET = ord("U") << 8 | 20
"""_IO('U', 20), linux/usbdevice_fs.h."""
OFF_S = 2.0
"""Seconds without drivers: longer than the kernel takes to remove the ports."""


async def reset(bus: Bus, path: str) -> str:
    """Reset the device at a port path; in which way. Raises a `LineFault` where this program may do neither."""
    loop = asyncio.get_running_loop()
    try:
        await loop.run_in_executor(None, _reset_port, bus, path)
        return "port reset"
    except OSError as error:
        first = error
    try:
        await _bind_again(bus, path)
    except OSError as error:
        raise LineFault(
            f"the USB device at {path} cannot be reset: {first.strerror or first}; {error.strerror or error}; "
            "is appliance/systemd/70-alertbox.rules installed?"
        ) from error
    return "drivers removed and bound again"


async def _bind_again(bus: Bus, path: str) -> None:
    """Drivers away, and back again whatever happens: a device that is left without them is gone until somebody pulls it out."""
    loop = asyncio.get_running_loop()
    off = loop.run_in_executor(None, _authorize, bus, path, "0")
    try:
        await asyncio.shield(off)
        await asyncio.sleep(OFF_S)
    finally:
        await asyncio.wait([off])  # where this was cancelled it may still be writing, and must not be overtaken
        await asyncio.shield(loop.run_in_executor(None, _authorize, bus, path, "1"))


def _reset_port(bus: Bus, path: str) -> None:
    directory = bus.sysfs / DEVICES / path
    numbers = [int((directory / name).read_text()) for name in ("busnum", "devnum")]
    fd = os.open(bus.dev / "bus/usb" / "{:03d}/{:03d}".format(*numbers), os.O_WRONLY | os.O_CLOEXEC)
    try:
        fcntl.ioctl(fd, USBDEVFS_RESET, 0)
    finally:
        os.close(fd)


def _authorize(bus: Bus, path: str, value: str) -> None:
    target: Path = bus.sysfs / DEVICES / path / "authorized"
    with target.open("r+") as file:  # never creates it: a device that has gone is a failure
        file.write(value)
