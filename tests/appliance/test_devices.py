"""From the configuration to the drivers, and what is wrong with one device is not wrong with the others."""

from __future__ import annotations

import asyncio

import pytest

from appliance import config
from appliance.devices import create_devices, device_config
from hal.audio.pump import AudioPump
from hal.line import Direction

TEXT = """
[[device]]
name = "isdn"
driver = "isdn4linux"
[[device.line]]
port = "/dev/a"
number = "4711"
[[device.line]]
port = "/dev/b"
number = "4712"
direction = "out"
[[device]]
name = "gsm"
driver = "gsm"
sim_pin_file = "{pin}"
[[device.line]]
port = "/dev/c"
audio = "/dev/d"
"""


def options(pin):
    return config.parse(TEXT.format(pin=pin), "box.toml").devices


def test_a_device_as_the_driver_gets_it(tmp_path):
    isdn = device_config(options(tmp_path / "pin")[0])
    assert (isdn.ports, isdn.msns) == (("/dev/a", "/dev/b"), ("4711", "4712"))
    assert [isdn.line_direction(n) for n in (0, 1)] == [Direction.BOTH, Direction.OUT]
    assert [isdn.line_name(n) for n in (0, 1)] == ["isdn.1", "isdn.2"]


def test_the_pin_of_a_sim(tmp_path):
    pin = tmp_path / "pin"
    pin.write_text("1234\n")
    pin.chmod(0o600)
    gsm = device_config(options(pin)[1])
    assert (gsm.pin, gsm.audio_port) == ("1234", "/dev/d")
    assert "1234" not in repr(gsm)


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        ("1234", 0o644, "others can read"),
        ("12", 0o600, "4 to 8 digits"),
        ("12a4", 0o600, "4 to 8 digits"),
        (None, 0, "cannot be read"),
    ],
)
def test_one_device_that_cannot_be_made_leaves_the_others(tmp_path, text, mode, why):
    pin = tmp_path / "pin"
    if text is not None:
        pin.write_text(text)
        pin.chmod(mode)
    failed = []

    async def story():
        return create_devices(options(pin), gate=None, pump=AudioPump(), failed=lambda *each: failed.append(each))

    made = asyncio.run(story())
    assert [each.device.name for each in made] == ["isdn"]
    ((name, reason),) = failed
    assert name == "gsm"
    assert why in reason
