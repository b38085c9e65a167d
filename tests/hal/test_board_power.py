"""What the kernel tells of the board's supply."""

from __future__ import annotations

import pytest

from hal.board.power import under_voltage


def hwmon(tmp_path, name, alarm):
    sensor = tmp_path / "hwmon1"
    sensor.mkdir()
    (sensor / "name").write_text(f"{name}\n")
    if alarm is not None:
        (sensor / "in0_lcrit_alarm").write_text(f"{alarm}\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "alarm", "verdict"),
    [("rpi_volt", 1, True), ("rpi_volt", 0, False), ("rpi_volt", None, None), ("cpu_thermal", 1, None)],
)
def test_the_supply(tmp_path, name, alarm, verdict):
    assert under_voltage(hwmon(tmp_path, name, alarm)) is verdict


def test_a_machine_that_measures_nothing(tmp_path):
    assert under_voltage(tmp_path / "none") is None
