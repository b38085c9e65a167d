"""A USB bus in software: the part of sysfs that tells what is plugged in, over the ptys of simulated modems.

    bus = UsbBus(directory)                       # directory/sys and directory/dev stand for /sys and /dev
    bus.plug("1-1.4", SIM7600, {2: modem.port, 4: modem.audio.port})
    bus.replug("1-1.4")                           # as after a reset: the lowest free numbers, which may be others

With a `Watch` it also obeys 0 and 1 written into `authorized`. Layout: Linux, Documentation/ABI/testing/sysfs-bus-usb; that
of the serial ports as usb-serial and cdc_acm make it.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hal.simulated.ptyport import PtyPort, Watch


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a device says of itself."""

    vendor: int
    product: int
    name: str = ""
    manufacturer: str = ""
    serial: str = ""
    driver: str = "option"
    """The kernel's driver of its serial interfaces: `cdc_acm` makes ttyACM, all others ttyUSB."""
    interfaces: tuple[int, ...] = (0, 1, 2, 3, 4)
    """All that it has; those without a port have no driver."""


SIM7600 = Descriptor(0x1E0E, 0x9001, "SimTech, Incorporated", "SimTech, Incorporated", "0123456789ABCDEF")
EC25 = Descriptor(0x2C7C, 0x0125, "EG25-G", "Quectel")
E1550 = Descriptor(0x12D1, 0x1001, "HUAWEI Mobile", "HUAWEI Technology", interfaces=(0, 1, 2))
CONEXANT = Descriptor(0x0572, 0x1329, "USB Modem", "Conexant", "24680246", driver="cdc_acm", interfaces=(0,))
HFC_S = Descriptor(0x0959, 0x2BD0, "ISDN USB TA", "Cologne Chip Designs", driver="", interfaces=(0,))


@dataclass
class _Plugged:
    descriptor: Descriptor
    ports: dict[int, PtyPort]
    ttys: dict[int, str] = field(default_factory=dict)
    cards: dict[int, str] = field(default_factory=dict)
    present: bool = True
    authorized: bool = True
    written: int = 0
    silent: bool = False
    on_reset: Callable[[], object] | None = None


class UsbBus:
    """See the module."""

    def __init__(self, root: Path, watch: Watch | None = None) -> None:
        self.root = root
        self._watch = watch
        self._devices = root / "sys/bus/usb/devices"
        self._tty = root / "sys/class/tty"
        self._dev = root / "dev"
        for directory in (self._devices, self._tty, self._dev, root / "sys/bus/usb/drivers"):
            directory.mkdir(parents=True, exist_ok=True)
        self._numbers = itertools.count(2)
        self._plugged: dict[str, _Plugged] = {}
        self._held: set[str] = set()

    def plug(
        self,
        path: str,
        descriptor: Descriptor,
        ports: dict[int, PtyPort],
        *,
        cards: dict[int, str] | None = None,
        on_reset: Callable[[], object] | None = None,
    ) -> None:
        """Plug a device in at port `path`: `ports` are its serial ports by interface, `cards` its sound cards; `on_reset` is
        called when it is reset from outside."""
        self._plugged[path] = device = _Plugged(descriptor, ports, cards=cards or {}, on_reset=on_reset)
        self._appear(path, device)

    def unplug(self, path: str) -> None:
        """Pull it out: its ports give EIO, its nodes and its place in sysfs go."""
        device = self._plugged[path]
        device.present = False
        self._unbind(path, device)
        shutil.rmtree(self._devices / path)

    def replug(self, path: str) -> None:
        """Plug in again what was pulled out there, or let it be enumerated anew: another device number, and the lowest free
        numbers of ports."""
        device = self._plugged[path]
        if device.present:
            self.unplug(path)
        device.present = device.authorized = True
        self._appear(path, device)

    def restart_unnoticed(self, path: str) -> None:
        """Enumerate it anew; what is open takes bytes for ever, gives none and reports nothing (`PtyPort.ghost`)."""
        device = self._plugged[path]
        for number, port in device.ports.items():
            port.ghost()
            port.link = port.link.rename(self._dev / f"{path}:{number}")
        device.silent = True
        self._held = set(device.ttys.values())  # the kernel keeps the numbers of what is open
        self._unbind(path, device)
        shutil.rmtree(self._devices / path)
        self._appear(path, device)
        device.silent = False
        self._held = set()

    def occupy(self, *names: str) -> None:
        """Somebody else has these numbers: `ttyUSB0`."""
        for name in names:
            (self._tty / name).mkdir()
            (self._tty / name / "device").symlink_to(self.root)

    def ttys(self, path: str) -> dict[int, str]:
        """The serial ports of a device by interface, as they are called now."""
        return dict(self._plugged[path].ttys)

    def _appear(self, path: str, device: _Plugged) -> None:
        descriptor = device.descriptor
        directory = self._devices / path
        directory.mkdir()
        for name, text in {
            "idVendor": f"{descriptor.vendor:04x}",
            "idProduct": f"{descriptor.product:04x}",
            "manufacturer": descriptor.manufacturer,
            "product": descriptor.name,
            "serial": descriptor.serial,
            "bDeviceClass": "00",
            "speed": "480",
            "authorized": "1",
            "devnum": str(next(self._numbers)),
        }.items():
            (directory / name).write_text(f"{text}\n")
        self._bind(path, device)
        if self._watch:
            self._watch.add(str(directory / "authorized"), lambda opened: None if opened else self._written(path))

    def _bind(self, path: str, device: _Plugged) -> None:
        """The drivers take its interfaces."""
        for number in device.descriptor.interfaces:
            self._interface(path, device, number)

    def _unbind(self, path: str, device: _Plugged) -> None:
        for port in () if device.silent else device.ports.values():
            port.unplug()
        for tty in device.ttys.values():
            (self._tty / tty / "device").unlink()
            (self._tty / tty).rmdir()
        device.ttys.clear()
        for number in device.descriptor.interfaces:
            shutil.rmtree(self._devices / path / f"{path}:1.{number}", ignore_errors=True)

    def _written(self, path: str) -> None:
        """Somebody has closed `authorized`; reading it here would be the next time."""
        device = self._plugged[path]
        file = self._devices / path / "authorized"
        if not device.present or file.stat().st_mtime_ns == device.written:
            return
        device.written = file.stat().st_mtime_ns
        wanted = file.read_text().startswith("1")
        if wanted == device.authorized:
            return
        device.authorized = wanted
        if not wanted:
            self._unbind(path, device)
        else:
            if device.on_reset:
                device.on_reset()
            self._bind(path, device)

    def _interface(self, path: str, device: _Plugged, number: int) -> None:
        directory = self._devices / path / f"{path}:1.{number}"
        directory.mkdir()
        driver = device.descriptor.driver
        sound = number in device.cards
        kind = "01" if sound else "02" if driver == "cdc_acm" else "ff"
        (directory / "bInterfaceNumber").write_text(f"{number:02x}\n")
        (directory / "bInterfaceClass").write_text(f"{kind}\n")
        if sound:
            card = directory / "sound/card1"
            card.mkdir(parents=True)
            (card / "id").write_text(f"{device.cards[number]}\n")
            driver = "snd-usb-audio"
        elif number not in device.ports:
            return
        drivers = self.root / "sys/bus/usb/drivers" / driver
        drivers.mkdir(exist_ok=True)
        (directory / "driver").symlink_to(drivers)
        if number in device.ports:
            self._serial(directory, device, number)

    def _serial(self, directory: Path, device: _Plugged, number: int) -> None:
        stem = "ttyACM" if device.descriptor.driver == "cdc_acm" else "ttyUSB"
        names = (f"{stem}{n}" for n in itertools.count())
        tty = next(name for name in names if name not in self._held and not (self._tty / name).exists())
        place = directory / "tty" / tty if stem == "ttyACM" else directory / tty / "tty" / tty
        place.mkdir(parents=True)
        (self._tty / tty).mkdir()
        (self._tty / tty / "device").symlink_to(directory if stem == "ttyACM" else directory / tty)
        device.ttys[number] = tty
        port = device.ports[number]
        if device.silent:
            port.link = port.link.rename(self._dev / tty)
        else:
            port.plug(self._dev / tty)
