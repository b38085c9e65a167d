"""What the kernel's tree says is plugged in, and names of ports that survive renumbering."""

from __future__ import annotations

import os

import pytest

from hal.errors import Unplugged
from hal.serialport import SerialPort
from hal.simulated.ptyport import PtyPort, Watch
from hal.simulated.usbbus import CONEXANT, E1550, EC25, HFC_S, SIM7600, Descriptor, UsbBus
from hal.usb import Bus, PortName, Role, identify
from hal.usb.identities import IDENTITIES, role
from hal.usb.names import is_audio_port, is_port, unstable
from tests.support.virtualtime import run_virtual


class Nobody:
    """Sits behind a port and does nothing."""

    def port_opened(self) -> None: ...

    def port_closed(self) -> None: ...

    def port_data(self, data: bytes) -> None: ...


def on_a_bus(tmp_path, story):
    """`story(usb, bus, port)`: a simulated bus, the reader of it, and a maker of ports."""

    async def main():
        watch = Watch()
        usb = UsbBus(tmp_path)
        ports = []

        def port():
            ports.append(PtyPort(tmp_path / f"port{len(ports)}", Nobody(), watch))
            return ports[-1]

        try:
            await story(usb, Bus(tmp_path), port)
        finally:
            for each in ports:
                each.unplug()
            watch.close()

    run_virtual(main())


def test_what_is_plugged_in_is_read_with_all_that_it_says(tmp_path):
    async def story(usb, bus, port):
        usb.plug("1-1.4", SIM7600, {number: port() for number in range(5)})
        usb.plug("1-1.2", CONEXANT, {0: port()})
        conexant, simcom = bus.devices()
        assert (simcom.path, simcom.identity, simcom.serial) == ("1-1.4", "1e0e:9001", "0123456789ABCDEF")
        assert [each.ttys for each in simcom.interfaces] == [(f"ttyUSB{n}",) for n in range(5)]
        assert {each.driver for each in simcom.interfaces} == {"option"}
        assert conexant.interfaces[0].ttys == ("ttyACM0",)
        assert conexant.interfaces[0].driver == "cdc_acm"

    on_a_bus(tmp_path, story)


def test_a_sound_card_of_a_modem_is_found_by_its_place(tmp_path):
    async def story(usb, bus, port):
        usb.plug("1-1.4", EC25, {2: port()}, cards={4: "Android"})
        (device,) = bus.devices()
        assert device.interface(4).cards == ("Android",)
        assert role(identify(device), device, 4) is Role.AUDIO
        assert bus.pcm("alsa:usb:1-1.4") == "plughw:CARD=Android,DEV=0"
        assert bus.pcm("alsa:hw:3,0") == "hw:3,0"
        with pytest.raises(Unplugged):
            bus.pcm("alsa:usb:1-1.5")
        with pytest.raises(ValueError, match="ALSA"):
            bus.pcm("usb:1-1.4:4")

    on_a_bus(tmp_path, story)


def test_a_name_means_the_same_port_under_every_number(tmp_path):
    async def story(usb, bus, port):
        usb.occupy("ttyUSB0")
        usb.plug("1-1.4", SIM7600, {number: port() for number in range(5)})
        assert os.path.basename(bus.node("usb:1-1.4:2")) == "ttyUSB3"
        before = bus.number("1-1.4")
        (tmp_path / "sys/class/tty/ttyUSB0/device").unlink()
        (tmp_path / "sys/class/tty/ttyUSB0").rmdir()
        usb.replug("1-1.4")
        assert os.path.basename(bus.node("usb:1-1.4:2")) == "ttyUSB2"
        assert bus.number("1-1.4") not in (None, before)

    on_a_bus(tmp_path, story)


def test_a_port_is_opened_by_its_name_and_an_old_one_is_dead(tmp_path):
    async def story(usb, bus, port):
        usb.plug("1-1.4", SIM7600, {2: port()})
        old = await SerialPort.open("usb:1-1.4:2", bus=bus)
        usb.replug("1-1.4")
        with pytest.raises(Unplugged):
            old.read()
        old.close()
        new = await SerialPort.open("usb:1-1.4:2", bus=bus)
        assert new.read() == b""
        new.close()

    on_a_bus(tmp_path, story)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("usb:1-1.3:2", "nothing is plugged in at USB port 1-1.3"),
        ("usb:1-1.4:9", "has no interface 9"),
        ("usb:1-1.4:3", "no serial port there; the kernel's driver is none"),
    ],
)
def test_a_name_that_leads_nowhere_says_why(tmp_path, name, why):
    async def story(usb, bus, port):
        usb.plug("1-1.4", SIM7600, {2: port()})
        with pytest.raises(Unplugged, match=why):
            bus.node(name)

    on_a_bus(tmp_path, story)


def test_whose_a_port_is(tmp_path):
    async def story(usb, bus, port):
        usb.plug("1-1.4", SIM7600, {2: port()})
        usb.plug("2-1", CONEXANT, {0: port()})
        by_path = tmp_path / "dev/by-path"
        by_path.symlink_to("ttyUSB0")
        assert bus.owner(str(by_path)) == "1-1.4"
        assert bus.owner(str(tmp_path / "dev/ttyACM0")) == "2-1"
        assert bus.owner("usb:3-1:0") == "3-1"
        assert bus.owner("alsa:usb:3-1") == "3-1"
        assert bus.owner("/dev/ttyS0") is None
        assert bus.owner("alsa:hw:0") is None

    on_a_bus(tmp_path, story)


def test_an_empty_machine(tmp_path):
    assert Bus(tmp_path).devices() == []
    assert Bus(tmp_path).number("1-1") is None


def test_the_tree_of_this_machine_can_be_read():
    for device in Bus().devices():
        identify(device)


@pytest.mark.parametrize(
    ("text", "port", "shaky"),
    [
        ("usb:1-1.4:2", True, False),
        ("usb:10-1.4.3.1:12", True, False),
        ("/dev/serial/by-path/platform-fd500000.pcie-usb-0:1.4:1.2-port0", True, False),
        ("/dev/ttyUSB2", True, True),
        ("/dev/ttyACM0", True, True),
        ("/dev/ttyS0", True, False),
        ("usb:1-1.4", False, False),
        ("usb:../../etc:2", False, False),
        ("ttyUSB2", False, False),
        ("", False, False),
    ],
)
def test_what_a_port_may_be_called(text, port, shaky):
    assert is_port(text) is port
    assert is_audio_port(text) is port
    assert unstable(text) is shaky
    if PortName.parse(text):
        assert str(PortName.parse(text)) == text


def test_a_sound_card_may_carry_audio():
    assert is_audio_port("alsa:plughw:CARD=Android,DEV=0")
    assert is_audio_port("alsa:usb:1-1.4")
    assert not is_audio_port("alsa:")
    assert not is_port("alsa:hw:0")


def seen(descriptor, path="1-1", ports=()):
    """A device as `tree` would read it."""
    from hal.usb.tree import Interface, UsbDevice

    interfaces = tuple(Interface(number, 0xFF, "option", (f"ttyUSB{number}",)) for number in ports)
    return UsbDevice(
        path, descriptor.vendor, descriptor.product, descriptor.manufacturer, descriptor.name, "", 2, "480", interfaces
    )


@pytest.mark.parametrize(
    ("vendor", "product", "at", "audio"),
    [
        (0x12D1, 0x1001, 2, 1),
        (0x12D1, 0x140C, 3, 2),
        (0x12D1, 0x1436, 4, 3),
        (0x12D1, 0x14AC, 4, 3),
        (0x12D1, 0x1506, 3, 2),
        (0x1E0E, 0x9001, 2, 4),
        (0x2C7C, 0x0125, 2, 1),
    ],
)
def test_the_ports_of_the_reference(vendor, product, at, audio):
    identity = identify(seen(Descriptor(vendor, product)))
    assert identity.driver == "gsm"
    assert identity.roles[at] is Role.AT
    assert identity.roles[audio] is Role.PCM


def test_every_row_has_its_source_and_a_driver_or_advice_or_must_be_asked():
    for row in IDENTITIES:
        assert row.source, row
        assert row.advice or row.roles, row
        if row.driver == "gsm":
            assert Role.AT in row.roles.values(), row


def test_what_is_no_modem_is_left_alone_and_what_looks_like_one_is_asked():
    assert identify(seen(Descriptor(0x046D, 0xC31C, "Keyboard"))) is None
    assert identify(seen(Descriptor(0x10C4, 0xEA60, "CP2102"), ports=[0])).name == "a modem"


@pytest.mark.parametrize("descriptor", [HFC_S, Descriptor(0x0586, 0x0102), Descriptor(0x057C, 0x0C00)])
def test_isdn_that_is_no_modem_is_named_as_such(descriptor):
    identity = identify(seen(descriptor))
    assert identity.driver == ""
    assert "terminal adapter" in identity.advice


def test_a_module_that_hangs_in_its_loader_is_told_from_one_that_works():
    assert "power" in identify(seen(Descriptor(0x2C7C, 0x0125, "QHSUSB__BULK"), ports=[0])).advice
    assert identify(seen(Descriptor(0x2C7C, 0x0125, "EG25-G"), ports=[2])).advice == ""


def test_a_huawei_without_a_name_is_known_by_its_numbers(tmp_path):
    async def story(usb, bus, port):
        usb.plug("2-1.1.1.3", E1550, {number: port() for number in range(3)})
        (device,) = bus.devices()
        assert identify(device).name == "Huawei E1550"

    on_a_bus(tmp_path, story)
