"""Whether the board's supply is too weak: what the Raspberry Pi's firmware has noticed, told by the kernel (hwmon `rpi_volt`)."""

from __future__ import annotations

from pathlib import Path

HWMON = Path("/sys/class/hwmon")
ALARM = "in0_lcrit_alarm"
"""1 while the voltage is below 4.63 V (Linux, drivers/hwmon/raspberrypi-hwmon.c)."""


def under_voltage(hwmon: Path = HWMON) -> bool | None:
    """The supply is too weak at this moment; None where nobody measures it."""
    try:
        for sensor in sorted(hwmon.iterdir()):
            if (sensor / "name").read_text().strip() == "rpi_volt":
                return (sensor / ALARM).read_text().strip() == "1"
    except OSError:
        return None
    return None
