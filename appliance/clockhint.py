"""The radio network's time of day, held against the box's own: a hint for a person, never a reason to set a clock.

Anybody with a transmitter can pretend to be the network, and times of the evidence must not be his to choose.
"""

from __future__ import annotations

from datetime import datetime

from appliance.announcer import Announcer
from hal.clock import Clock

APART_S = 300.0
"""Seconds of difference that are an alarm. A modem answers within one; networks are seldom out by a minute."""
KEY = "box.network-time"


class ClockHint:
    """Give `told` to every device (`hal.line.Device.on_time`)."""

    def __init__(self, clock: Clock, announcer: Announcer) -> None:
        self._clock = clock
        self._announcer = announcer

    def told(self, moment: datetime) -> None:
        """The network says that it is this time now. Raises the alarm, or clears it."""
        if self._clock.speed != 1.0:
            return  # a simulated box that runs faster than its network
        apart = moment.timestamp() - self._clock.wall()
        if abs(apart) <= APART_S:
            self._announcer.clear(KEY, "the box's clock and the radio network agree")
            return
        behind = "slow" if apart > 0 else "fast"
        self._announcer.alarm(
            KEY,
            "minor",
            f"the box's clock is more than {APART_S / 60:.0f} minutes {behind}, if the radio network's time is right: compare it "
            "with a clock that you trust, and set it",
        )
