"""What is known of USB identities, as data: which driver, and what each interface is for. Each row with its source.

An identity says what a device should be. Whether it carries voice only the modem itself can say: firmware differs.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from hal.usb.tree import UsbDevice


class Role(enum.Enum):
    """What an interface is for."""

    AT = "AT commands"
    AT2 = "AT commands (second port)"
    PCM = "audio (serial PCM)"
    NMEA = "satellite positions"
    DIAG = "diagnostics"
    AUDIO = "audio (USB sound card)"
    NET = "network"
    STORAGE = "mass storage"
    UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Identity:
    """One row."""

    vendor: int
    products: tuple[int, ...]
    """Empty: all of this vendor."""
    name: str
    source: str
    driver: str = ""
    """A driver of `hal.registry`; empty where the modem must be asked first, or it is none of ours."""
    roles: Mapping[int, Role] = field(default_factory=dict)
    """By interface number."""
    kernel: str = ""
    """The kernel's driver for the serial ports."""
    advice: str = ""
    """For a device that cannot be used as it is: why, and what to do instead."""
    called: str = ""
    """The row is only for devices that call themselves so."""


_CHAN_DONGLE = "asterisk-chan-dongle 2bd3fc2c, pdiscovery.c"
_QUECTEL = "Quectel, WCDMA&LTE Linux USB Driver User Guide 1.8; kernel qmi_wwan (network on interface 4)"
_HFC = "Linux, drivers/isdn/hardware/mISDN/hfcsusb.h (USB table)"
_EC25 = {0: Role.DIAG, 1: Role.PCM, 2: Role.AT, 3: Role.AT2, 4: Role.NET}
"""Interface 1 is the NMEA port; AT+QPCMV=1,0 makes it the audio port."""
_PASSIVE = (
    "a passive ISDN chip (Cologne Chip HFC-S): it speaks no AT commands, and the kernel's ISDN, which it would need, is "
    "not in arm64 kernels and is leaving Linux. Take a terminal adapter that is an AT modem (CDC-ACM or omninet)."
)
_CONEXANT = tuple(range(0x1300, 0x1400))

IDENTITIES = (
    Identity(
        0x12D1, (0x1001,), "Huawei E1550", _CHAN_DONGLE, "gsm", {0: Role.AT2, 1: Role.PCM, 2: Role.AT}, kernel="option"
    ),
    Identity(0x12D1, (0x140C,), "Huawei E17xx", _CHAN_DONGLE, "gsm", {2: Role.PCM, 3: Role.AT}, kernel="option"),
    Identity(
        0x12D1, (0x1436, 0x14AC), "Huawei E1750, E153Du-1", _CHAN_DONGLE, "gsm", {3: Role.PCM, 4: Role.AT}, "option"
    ),
    Identity(0x12D1, (0x1506,), "Huawei E171", _CHAN_DONGLE, "gsm", {2: Role.PCM, 3: Role.AT}, kernel="option"),
    Identity(
        0x1E0E, (0x9001,), "SIMCom SIM7600",
        "chan_quectel run as SIM7600 (AT on ttyUSB2, audio on ttyUSB4); kernel qmi_wwan (network on interface 5)",
        "gsm",
        {0: Role.DIAG, 1: Role.NMEA, 2: Role.AT, 3: Role.AT2, 4: Role.PCM, 5: Role.NET},
        kernel="option",
    ),
    Identity(
        0x1E0E, (0x9011,), "SIMCom A7670", "espressif/esp-protocols, esp_modem (AT on interfaces 4 and 5)",
        "gsm", {0: Role.NET, 1: Role.NET, 4: Role.AT, 5: Role.AT2}, kernel="option",
    ),
    Identity(
        0x2C7C, (0x0125, 0x0121, 0x0191, 0x0195), "Quectel module that has not started",
        "forums.quectel.com 35001: an EG25-G calls itself QHSUSB__BULK after a reset, until its power is cut",
        advice="the module hangs in its loader (QHSUSB__BULK). Take its power away: a USB reset does not help.",
        called="QHSUSB__BULK",
    ),
    Identity(0x2C7C, (0x0125,), "Quectel EC25, EG25-G, EC20", _QUECTEL, "gsm", _EC25, kernel="option"),
    Identity(0x2C7C, (0x0121, 0x0191, 0x0195), "Quectel EC21, EG91, EG95", _QUECTEL, "gsm", _EC25, kernel="option"),
    Identity(
        0x05C6, (0x9008,), "Qualcomm module that has not started", "the loader's identity of Qualcomm chips (EDL)",
        advice="the module hangs in its loader. Take its power away; where that does not help its firmware is gone.",
    ),
    Identity(
        0x0572, _CONEXANT, "Conexant USB modem",
        "kernel cdc-acm.c (1321: CX93010, 1329: huc56s); geerlingguy/pi-isp#1 (1349: StarTech USB56KEMH2)",
        "v253", {0: Role.AT}, kernel="cdc_acm",
    ),
    Identity(0x0BAF, (0x0303,), "U.S. Robotics USR5637", "modems.md 1.1", "v253", {0: Role.AT}, kernel="cdc_acm"),
    Identity(
        0x0586, (0x1000, 0x1500, 0x2000), "ZyXEL omni.net (omni 56K plus, BT Ignition)",
        "Linux, drivers/usb/serial/omninet.c", roles={0: Role.AT}, kernel="omninet",
    ),
    Identity(0x0586, (0x0102,), "ZyXEL OMNI.NET USB II", _HFC, advice=_PASSIVE),
    Identity(0x0959, (0x2BD0,), "Cologne Chip ISDN USB TA", _HFC, advice=_PASSIVE),
    Identity(0x0675, (0x1688,), "DrayTek miniVigor 128", _HFC, advice=_PASSIVE),
    Identity(0x07B0, (0x0006, 0x0007), "Billion tiny USB ISDN TA, Twister", _HFC, advice=_PASSIVE),
    Identity(0x0742, (0x2008, 0x2009, 0x200A), "Stollmann or Aceex USB TA", _HFC, advice=_PASSIVE),
    Identity(0x08E3, (0x0301,), "Olitec USB RNIS", _HFC, advice=_PASSIVE),
    Identity(0x07FA, (0x0846, 0x0847), "Bewan, Djinn Numeris USB", _HFC, advice=_PASSIVE),
    Identity(0x071D, (0x1005,), "Eicon DIVA USB 4.0", _HFC, advice=_PASSIVE),
    Identity(0x1AE7, (0x0525,), "X-Tensions XC-525", _HFC, advice=_PASSIVE),
    Identity(
        0x057C, (), "AVM device", "USB vendor list (057c: AVM); modems.md 0: AVM's USB ISDN devices are CAPI devices",
        advice="if this is an ISDN controller, it is a CAPI device, not a modem: there are no AT commands on it. "
        "Take a terminal adapter that is an AT modem (CDC-ACM or omninet).",
    ),
)  # fmt: skip
"""In order of preference."""

_MODEM = Identity(0, (), "a modem", "USB class codes: communication device, or a serial driver of the kernel")
_CD_ROM = Identity(
    0, (), "a modem that still shows its installation disk", "usb_modeswitch",
    advice="it shows only its installation disk. Install usb-modeswitch and plug it in again.",
)  # fmt: skip
_MODEM_VENDORS = frozenset({0x12D1, 0x1E0E, 0x2C7C, 0x19D2})
"""Huawei, SIMCom, Quectel, ZTE."""
_AUDIO, _STORAGE = 0x01, 0x08


def identify(device: UsbDevice) -> Identity | None:
    """What a device is; None for what has nothing to do with telephony. A stranger with serial ports is `a modem`, to be asked."""
    for row in IDENTITIES:
        if row.vendor == device.vendor and (not row.products or device.product in row.products):
            if row.called and row.called not in device.name:
                continue
            return row
    if any(interface.ttys for interface in device.interfaces):
        return _MODEM
    if device.vendor in _MODEM_VENDORS and any(interface.kind == _STORAGE for interface in device.interfaces):
        return _CD_ROM
    return None


def role(identity: Identity, device: UsbDevice, number: int) -> Role:
    """What an interface of a device is for."""
    interface = device.interface(number)
    if interface and (interface.cards or interface.kind == _AUDIO):
        return Role.AUDIO
    if interface and interface.kind == _STORAGE:
        return Role.STORAGE
    return identity.roles.get(number, Role.UNKNOWN)
