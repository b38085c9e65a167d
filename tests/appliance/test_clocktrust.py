"""How far the clock is trusted at a start."""

from __future__ import annotations

import pytest

from appliance.clocktrust import at_start
from hal.board.clocks import battery_clock
from hal.clock import ClockTrust

T, D = ClockTrust.TRUSTED, ClockTrust.DOUBTFUL


@pytest.mark.parametrize(
    ("boot", "wall", "battery", "last_boot", "last_wall", "last_trust", "found"),
    [
        ("a", 100, False, None, 0, D, D),
        ("a", 100, True, None, 0, D, T),
        ("a", 100, False, "a", 90, T, T),
        ("a", 100, True, "a", 90, D, D),
        ("b", 100, False, "a", 90, T, D),
        ("b", 100, True, "a", 90, D, T),
        ("b", 80, True, "a", 90, T, D),
        ("a", 80, False, "a", 90, T, D),
        ("unknown", 100, False, "unknown", 90, T, D),
    ],
)
def test_trust(boot, wall, battery, last_boot, last_wall, last_trust, found):
    trust = at_start(
        boot_id=boot,
        wall=wall,
        battery_clock=battery,
        last_boot_id=last_boot,
        last_wall=last_wall,
        last_trust=last_trust,
    )
    assert trust is found


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, False),
        ({"rtc0/hctosys": "1", "rtc0/since_epoch": "1790000000"}, True),
        ({"rtc0/hctosys": "0", "rtc0/since_epoch": "1790000000"}, False),
        ({"rtc0/hctosys": "1", "rtc0/since_epoch": "946684800"}, False),
        ({"rtc0/hctosys": "1"}, False),
        (
            {"rtc0/hctosys": "1", "rtc0/since_epoch": "soon", "rtc1/hctosys": "1", "rtc1/since_epoch": "1790000000"},
            True,
        ),
    ],
)
def test_a_clock_with_a_battery(tmp_path, files, found):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    assert battery_clock(tmp_path) is found
