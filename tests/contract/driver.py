"""What the contract suite must know of a driver and the modem that it drives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hal.registry import DeviceConfig
from hal.simulated import Exchange


@dataclass(frozen=True)
class Driver:
    """A driver and the modem that it drives."""

    name: str
    number: str
    plug_in: Callable[[Exchange], Any]
    config: Callable[[Path], DeviceConfig]
    exact: bool = True
    """A-law travels bit for bit in both directions."""
    adpcm: bool = False
    """Audio is ADPCM, in which noise is another noise afterwards; speech in it is compared by tests/hal/v253/test_rows.py."""
    ringing_known: bool = True
    """The modem can tell a rejected call from a busy one."""
    congestion_known: bool = True
    """Modem or driver can tell a congested network from a busy telephone."""
    dial_tone: bool = True
    """The network gives a dial tone (radio does not)."""
    lose_s: float = 0.1
    """Seconds of audio that may be lost at either end."""
    settle_s: float = 1.0
    """Seconds from the other side's hang-up until the line must know."""
    answer_known_s: float = 1.0
    """Seconds from the other side's answer until the line must know."""
