"""What is plugged in, what each port is for, whether it has voice, and what the configuration would say of it.

The bus is read from sysfs. A modem that nobody uses is asked in its own words (`hal.probe`); one that the box uses, never: its
lines are asked by `alertbox lines show`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hal.probe import Found, probe
from hal.usb import Bus, Identity, PortName, Role, UsbDevice, identify
from hal.usb.identities import role

_DRIVER_NAMES = {"gsm": "gsm", "v253": "voice", "isdn4linux": "isdn"}
"""What devices are called, by driver."""


@dataclass(frozen=True)
class Port:
    """One interface of a device that a technician may want to know."""

    interface: int
    role: str
    kernel: str
    """The kernel's driver, or empty."""
    node: str
    """`ttyUSB2`, or the name of a sound card, or empty."""


@dataclass(frozen=True)
class Finding:
    """One device."""

    path: str
    identity: str
    name: str
    serial: str
    ports: tuple[Port, ...]
    used_by: str
    """The device of the configuration that it is, or empty."""
    driver: str
    """The driver for it, or empty."""
    at_port: str
    audio: str
    says: str
    """Manufacturer, model and firmware in its own words."""
    voice: bool | None
    detail: str
    advice: str

    def data(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Finding:
        """The inverse."""
        return cls(**(data | {"ports": tuple(Port(**each) for each in data["ports"])}))


def _ports(identity: Identity, device: UsbDevice) -> tuple[Port, ...]:
    found = []
    for each in device.interfaces:
        what = role(identity, device, each.number)
        if each.ttys or each.cards or what not in (Role.UNKNOWN, Role.AUDIO):
            node = each.ttys[0] if each.ttys else each.cards[0] if each.cards else ""
            found.append(Port(each.number, what.value, each.driver, node))
    return tuple(found)


def _command_ports(identity: Identity, device: UsbDevice) -> list[int]:
    """Interfaces to ask, the likeliest first: the one that is known, or all with a serial port."""
    ttys = [each.number for each in device.interfaces if each.ttys]
    known = [n for what in (Role.AT, Role.AT2) for n in ttys if role(identity, device, n) is what]
    return known or [n for n in ttys if role(identity, device, n) is Role.UNKNOWN]


def _audio_port(identity: Identity, device: UsbDevice) -> str:
    for wanted in (Role.AUDIO, Role.PCM):
        for each in device.interfaces:
            if role(identity, device, each.number) is wanted:
                if each.cards:
                    return f"alsa:usb:{device.path}"
                if each.ttys:
                    return str(PortName(device.path, each.number))
    return ""


def _missing_driver(identity: Identity, device: UsbDevice) -> str:
    if identity.roles and not any(each.ttys for each in device.interfaces):
        return f"the kernel has made no serial port of it: modprobe {identity.kernel or 'option'}"
    return ""


async def examine(device: UsbDevice, identity: Identity, bus: Bus, *, used_by: str, ask: bool) -> Finding:
    """One device; asked where it may be."""
    advice = identity.advice or _missing_driver(identity, device)
    found = Found(False, identity.driver)
    at_port = ""
    if ask and not used_by and not advice:
        for number in _command_ports(identity, device):
            at_port = str(PortName(device.path, number))
            found = await probe(at_port, bus=bus)
            if found.answers:
                break
        advice = _advice(found)
    elif candidates := _command_ports(identity, device):
        at_port = str(PortName(device.path, candidates[0]))
    driver = (found.driver or identity.driver) if not identity.advice else ""
    return Finding(
        path=device.path,
        identity=device.identity,
        name=identity.name if identity.vendor else device.name or identity.name,
        serial=device.serial,
        ports=_ports(identity, device),
        used_by=used_by,
        driver=driver,
        at_port=at_port,
        audio=_audio_port(identity, device) if driver == "gsm" else "",
        says=" ".join(filter(None, (found.identity, found.firmware if found.firmware not in found.identity else ""))),
        voice=found.voice,
        detail=found.detail,
        advice=advice,
    )


def _advice(found: Found) -> str:
    if not found.answers:
        return (
            f"it does not answer ({found.detail}); another program may have it, or it needs a moment after plugging in"
        )
    if found.voice is False:
        return "no voice: another firmware or another modem is needed"
    return ""


async def discover(bus: Bus, used: Mapping[str, str], *, ask: bool = True) -> list[Finding]:
    """All devices that have to do with telephony. `used`: port path -> name of the device that has it; those are not asked."""
    devices = await asyncio.get_running_loop().run_in_executor(None, bus.devices)
    known = [(device, identity) for device in devices if (identity := identify(device))]
    return list(
        await asyncio.gather(
            *(examine(device, row, bus, used_by=used.get(device.path, ""), ask=ask) for device, row in known)
        )
    )


def sections(findings: Collection[Finding], names: Collection[str], text: str = "") -> str:
    """TOML for what is new and has voice; `names` are taken. Empty where there is nothing to write, or `text`, which is the
    configuration so far, has it already (a comment is enough)."""
    taken, pieces = set(names), []
    for finding in findings:
        if finding.used_by or not finding.driver or not finding.voice or finding.advice:
            continue
        if f'"{finding.at_port}"' in text:
            continue
        stem = _DRIVER_NAMES[finding.driver]
        name = next(each for n in range(1, 1000) if (each := stem if n == 1 else f"{stem}{n}") not in taken)
        taken.add(name)
        pieces.append(_section(finding, name))
    return "\n".join(pieces)


def _section(finding: Finding, name: str) -> str:
    serial = f", serial number {_plain(finding.serial)}" if finding.serial else ""
    lines = [
        f"# {_plain(finding.name)} ({finding.identity}{serial}) at USB port {finding.path}",
        "[[device]]",
        f'name = "{name}"',
        f'driver = "{finding.driver}"',
        "[[device.line]]",
        f'port = "{finding.at_port}"',
    ]
    if finding.audio:
        lines.append(f'audio = "{finding.audio}"')
    if finding.driver == "isdn4linux":
        lines = [
            lines[0],
            "# An ISDN line needs its number (MSN): write it in, and take the # away.",
            *_commented(lines),
        ]
        lines.append('# number = "..."')
    return "\n".join(lines) + "\n"


def _commented(lines: list[str]) -> list[str]:
    return [f"# {line}" for line in lines[1:]]


def _plain(text: str) -> str:
    """For a comment of the configuration: one line, printable ASCII."""
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in text)[:60]
