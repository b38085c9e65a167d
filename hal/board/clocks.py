"""Which clocks this board has."""

from __future__ import annotations

from pathlib import Path

RTC = Path("/sys/class/rtc")
"""Where Linux shows real-time clocks (Documentation/ABI/testing/sysfs-class-rtc)."""
EARLIEST = 1_700_000_000
"""Unix time before which no board with this program can have been: a real-time clock that says so has lost its battery."""


def battery_clock(root: Path = RTC) -> bool:
    """There is a real-time clock that has kept the time: `hctosys` is 1 (the kernel set the time of day from it at boot)
    and it tells a time after November 2023."""
    for clock in sorted(root.glob("rtc*")):
        try:
            set_from_it = (clock / "hctosys").read_text().strip() == "1"
            if set_from_it and int((clock / "since_epoch").read_text()) > EARLIEST:
                return True
        except (OSError, ValueError):
            continue
    return False
