"""The USB devices in sysfs, as plain values. Source: Linux, Documentation/ABI/testing/sysfs-bus-usb and ABI/stable/sysfs-bus-usb.

Reading may block for seconds while the kernel resets a device (its strings are read under the device's lock): call it in
an executor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DEVICES = Path("bus/usb/devices")
_PORT_PATH = re.compile(r"\d+-\d+(\.\d+)*\Z")
_HUB = 0x09
"""bDeviceClass of a hub (USB class codes)."""


@dataclass(frozen=True, slots=True)
class Interface:
    """One function of a device."""

    number: int
    """bInterfaceNumber."""
    kind: int
    """bInterfaceClass: 0x02 communication, 0x01 audio, 0x08 mass storage, 0xff the vendor's own."""
    driver: str
    """The kernel's driver, or empty where none has taken it."""
    ttys: tuple[str, ...] = ()
    """Names of its serial ports today: `ttyUSB2`."""
    cards: tuple[str, ...] = ()
    """Identifiers of its ALSA cards: `Android`."""


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """One device."""

    path: str
    """Bus and ports on the way to it: `1-1.4`. It stays the same for as long as the device is plugged in there."""
    vendor: int
    product: int
    manufacturer: str
    name: str
    """As it calls itself."""
    serial: str
    number: int
    """devnum: a new one each time that it is enumerated."""
    speed: str
    """Mbit/s."""
    interfaces: tuple[Interface, ...]

    @property
    def identity(self) -> str:
        """`1e0e:9001`."""
        return f"{self.vendor:04x}:{self.product:04x}"

    def interface(self, number: int) -> Interface | None:
        """The interface of that number."""
        return next((each for each in self.interfaces if each.number == number), None)


def _text(path: Path) -> str:
    """A small file; empty where it is not there, or goes while it is read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _hex(path: Path) -> int:
    text = _text(path)
    return int(text, 16) if re.fullmatch(r"[0-9a-fA-F]{1,4}", text) else 0


def _names(directory: Path) -> list[str]:
    try:
        return sorted(each.name for each in directory.iterdir())
    except OSError:
        return []


def _ttys(interface: Path) -> tuple[str, ...]:
    """Below `tty/` (cdc_acm), or below a port of usb-serial: `ttyUSB2/tty/ttyUSB2`."""
    found = _names(interface / "tty")
    for name in _names(interface):
        if name.startswith("tty") and name != "tty":
            found += _names(interface / name / "tty")
    return tuple(sorted(found, key=lambda tty: (len(tty), tty)))


def _interface(directory: Path) -> Interface:
    driver = directory / "driver"
    cards = [directory / "sound" / name for name in _names(directory / "sound") if name.startswith("card")]
    return Interface(
        number=_hex(directory / "bInterfaceNumber"),
        kind=_hex(directory / "bInterfaceClass"),
        driver=driver.resolve().name if driver.exists() else "",
        ttys=_ttys(directory),
        cards=tuple(_text(card / "id") or card.name for card in cards),
    )


def read_device(sysfs: Path, path: str) -> UsbDevice | None:
    """The device at a port path, or None where there is none."""
    directory = sysfs / DEVICES / path
    if not _PORT_PATH.match(path) or not (directory / "idVendor").exists():
        return None
    interfaces = [_interface(directory / name) for name in _names(directory) if name.startswith(f"{path}:")]
    number = _text(directory / "devnum")
    return UsbDevice(
        path=path,
        vendor=_hex(directory / "idVendor"),
        product=_hex(directory / "idProduct"),
        manufacturer=_text(directory / "manufacturer"),
        name=_text(directory / "product"),
        serial=_text(directory / "serial"),
        number=int(number) if number.isdigit() else 0,
        speed=_text(directory / "speed"),
        interfaces=tuple(sorted(interfaces, key=lambda each: each.number)),
    )


def read_devices(sysfs: Path) -> list[UsbDevice]:
    """All devices but hubs, in the order of their ports."""
    found = []
    for name in _names(sysfs / DEVICES):
        if _PORT_PATH.match(name) and _hex(sysfs / DEVICES / name / "bDeviceClass") != _HUB:
            device = read_device(sysfs, name)
            if device:
                found.append(device)
    return sorted(found, key=lambda device: [int(each) for each in re.findall(r"\d+", device.path)])


def device_number(sysfs: Path, path: str) -> int | None:
    """devnum of what is plugged in at a port path now; None for nothing. Never blocks."""
    text = _text(sysfs / DEVICES / path / "devnum")
    return int(text) if text.isdigit() else None
