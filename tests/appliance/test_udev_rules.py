"""The udev rules keep ModemManager off every modem that the box knows, and give the box what its recovery needs, no more."""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path

from hal.usb.identities import IDENTITIES

SYSTEMD = Path(__file__).resolve().parents[2] / "appliance/systemd"
RULES = (SYSTEMD / "70-alertbox.rules").read_text()
LINES = [line for line in RULES.splitlines() if line and not line.startswith("#")]


def matched(vendor: int, product: int) -> bool:
    """As udev would: any of the lines for devices."""
    for line in LINES:
        found = re.match(r'ATTR\{idVendor\}=="([^"]+)"(?:, ATTR\{idProduct\}=="([^"]+)")?, ENV\{ALERTBOX\}', line)
        if found and f"{vendor:04x}" == found[1]:
            patterns = (found[2] or "*").split("|")
            if any(fnmatch.fnmatchcase(f"{product:04x}", pattern) for pattern in patterns):
                return True
    return False


def test_every_modem_of_the_table_is_the_boxs():
    modems = [(row.vendor, product) for row in IDENTITIES if row.roles for product in row.products]
    assert len(modems) > 10
    assert [f"{v:04x}:{p:04x}" for v, p in modems if not matched(v, p)] == []


def test_other_devices_keep_their_owner():
    assert not matched(0x046D, 0xC31C)
    assert not matched(0x0572, 0x1806), "a Conexant sound chip is no modem"
    assert not matched(0x0586, 0x3401), "a ZyXEL network card is no modem"


def test_the_ports_of_the_same_vendors_are_given_away():
    (line,) = [line for line in LINES if "ID_MM_PORT_IGNORE" in line]
    ports = set(re.search(r'idVendor\}=="([^"]+)"', line)[1].split("|"))
    devices = set(re.findall(r'ATTR\{idVendor\}=="([0-9a-f]{4})"', RULES))
    assert ports == devices


def test_every_jump_has_its_label_and_every_line_is_a_rule():
    assert set(re.findall(r'GOTO="(\w+)"', RULES)) == set(re.findall(r'LABEL="(\w+)"', RULES))
    pair = r'[A-Z_]+(\{[\w/]+\})?(==|!=|=|\+=)"[^"]*"'
    for line in LINES:
        assert re.fullmatch(rf"{pair}(, {pair})*", line), line


def test_the_service_may_reset_what_the_rules_give_it():
    unit = (SYSTEMD / "alertbox.service").read_text()
    assert "DeviceAllow=char-usb_device rw" in unit
    assert 'ENV{ID_MM_DEVICE_IGNORE}="1"' in RULES
    assert 'GROUP="alertbox", MODE="0660"' in RULES


def test_the_service_may_write_what_the_rules_give_it():
    """ProtectKernelTunables= makes all of sysfs read-only, whoever owns the file; a longer path is an exception."""
    unit = (SYSTEMD / "alertbox.service").read_text().splitlines()
    assert "%S%p/authorized" in RULES
    assert "ProtectKernelTunables=yes" in unit
    assert "ReadWritePaths=-/sys/devices" in unit
    assert "DeviceAllow=char-usb_device rw" in unit
