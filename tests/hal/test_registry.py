"""The registry: names of lines, and configurations that cannot work."""

from __future__ import annotations

import sys

import pytest

from hal.line import Direction
from hal.registry import DRIVERS, DeviceConfig, create


def test_lines_are_named_after_their_device() -> None:
    one = DeviceConfig("voice", "v253", ("/dev/a",))
    two = DeviceConfig("isdn", "isdn4linux", ("/dev/a", "/dev/b"), msns=("1", "2"), directions=(Direction.IN,))
    assert one.line_name(0) == "voice"
    assert [two.line_name(i) for i in range(2)] == ["isdn.1", "isdn.2"]
    assert [two.msn(i) for i in range(2)] == ["1", "2"]
    assert [two.line_direction(i) for i in range(2)] == [Direction.IN, Direction.BOTH]
    assert [line.name for line in create(two).lines] == ["isdn.1", "isdn.2"]


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (DeviceConfig("x", "capi", ("/dev/a",)), "no driver 'capi'"),
        (DeviceConfig("x", "v253", ()), "needs a port"),
        (DeviceConfig("x", "isdn4linux", ("/dev/a",)), "own number"),
        (DeviceConfig("x", "v253", ("/dev/a",), model="nonsense"), "no model 'nonsense'"),
        (DeviceConfig("x", "gsm", ("/dev/a",)), "x: "),
    ],
)
def test_a_configuration_that_cannot_work_is_an_error_at_once(config: DeviceConfig, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        create(config)


def test_the_pin_of_a_sim_is_not_shown() -> None:
    assert "1234" not in repr(DeviceConfig("x", "gsm", ("/dev/a",), pin="1234"))


def test_drivers_are_imported_when_they_are_wanted() -> None:
    import subprocess

    code = "import sys, hal.registry; sys.exit(any(name in sys.modules for name in sys.argv[1:]))"
    assert subprocess.run([sys.executable, "-c", code, *DRIVERS.values(), "numpy"], check=False).returncode == 0
