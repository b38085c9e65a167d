"""Names of ports that survive renumbering: `usb:1-1.4:2` is interface 2 of whatever is plugged in at port 1-1.4.

A modem that restarts comes back with other ttyUSB numbers, and two modems swap theirs at a boot; the port path and the
interface number stay. So the name is looked up anew at each open.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from hal.errors import Unplugged
from hal.usb import tree
from hal.usb.tree import UsbDevice

ALSA = "alsa:"
_NAME = re.compile(r"usb:(\d+-\d+(?:\.\d+)*):(\d{1,3})\Z")
_CARD = re.compile(r"alsa:usb:(\d+-\d+(?:\.\d+)*)\Z")
_NUMBERED = re.compile(r"/dev/tty(USB|ACM)\d+\Z")


@dataclass(frozen=True, slots=True)
class PortName:
    """A port of a USB device."""

    path: str
    interface: int

    @classmethod
    def parse(cls, text: str) -> PortName | None:
        """`usb:1-1.4:2`, or None where it is no such name."""
        match = _NAME.match(text)
        return cls(match[1], int(match[2])) if match else None

    def __str__(self) -> str:
        return f"usb:{self.path}:{self.interface}"


def is_port(text: str) -> bool:
    """What a serial port may be called: `usb:1-1.4:2`, or the absolute path of a device node."""
    return _NAME.match(text) is not None or re.match(r"/[^\x00-\x1f]*\Z", text) is not None


def is_audio_port(text: str) -> bool:
    """What carries audio: a serial port, `alsa:<pcm>`, or `alsa:usb:1-1.4` for the sound card of the device there."""
    return is_port(text) or re.match(r"alsa:[^\x00-\x1f\s]+\Z", text) is not None


def unstable(text: str) -> bool:
    """This name may be another modem's tomorrow: `/dev/ttyUSB2`."""
    return _NUMBERED.match(text) is not None


class Bus:
    """The devices of one machine: its sysfs and its device nodes. Others than the system's own are for tests and the
    simulated exchange."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root
        self.sysfs = root / "sys"
        self.dev = root / "dev"

    def devices(self) -> list[UsbDevice]:
        """Everything that is plugged in, but hubs. May block: see `hal.usb.tree`."""
        return tree.read_devices(self.sysfs)

    def device(self, path: str) -> UsbDevice | None:
        """What is plugged in at a port path."""
        return tree.read_device(self.sysfs, path)

    def number(self, path: str) -> int | None:
        """Changes when the device at that port path is enumerated anew; None while there is none."""
        return tree.device_number(self.sysfs, path)

    def node(self, name: str) -> str:
        """The device node of a port, at this moment. Raises `Unplugged`."""
        port = PortName.parse(name)
        if port is None:
            return name
        interface = self._plugged(port.path).interface(port.interface)
        if interface is None:
            raise Unplugged(f"{name}: what is plugged in there has no interface {port.interface}")
        if not interface.ttys:
            raise Unplugged(f"{name}: no serial port there; the kernel's driver is {interface.driver or 'none'}")
        return os.fspath(self.dev / interface.ttys[0])

    def name_of(self, node: str) -> str | None:
        """The name that a device node has by its place: `usb:1-1.4:2` for `/dev/ttyUSB2`; None where it is no USB port."""
        tty = os.path.basename(os.fspath(node))
        for device in self.devices():
            for interface in device.interfaces:
                if tty in interface.ttys:
                    return str(PortName(device.path, interface.number))
        return None

    def pcm(self, name: str) -> str:
        """The ALSA name behind `alsa:...`, at this moment. Raises `Unplugged`, ValueError for a name that is none."""
        match = _CARD.match(name)
        if match is None:
            if not name.startswith(ALSA):
                raise ValueError(f"{name} is no ALSA device")
            return name.removeprefix(ALSA)
        cards = [card for each in self._plugged(match[1]).interfaces for card in each.cards]
        if not cards:
            raise Unplugged(f"{name}: what is plugged in there has no sound card")
        return f"plughw:CARD={cards[0]},DEV=0"

    def owner(self, name: str) -> str | None:
        """The port path of the device that a port belongs to: of a `usb:` name always, of a node while it is there."""
        port = PortName.parse(name) or _CARD.match(name)
        if port is not None:
            return port.path if isinstance(port, PortName) else port[1]
        node = Path(name)
        for _ in range(8):  # links such as those of /dev/serial/by-path, one by one: their last name is that of sysfs
            device = self.sysfs / "class/tty" / node.name / "device"
            if device.exists():
                return self._above(device.resolve())
            if not node.is_symlink():
                return None
            node = node.parent / os.readlink(node)
        return None

    def _plugged(self, path: str) -> UsbDevice:
        device = self.device(path)
        if device is None:
            raise Unplugged(f"nothing is plugged in at USB port {path}")
        return device

    @staticmethod
    def _above(directory: Path) -> str | None:
        for each in (directory, *directory.parents):
            if (each / "idVendor").exists():
                return each.name
        return None


SYSTEM = Bus()
"""This machine's own."""
