"""What the monitor sees, as plain values for a screen or a report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AreaStatus:
    """One area."""

    name: str
    capacity: int
    occupancy: int
    interarrival_s: float | None
    """None: fewer calls than the window holds."""
    residence_s: float | None
    rejections: int
    thresholds: tuple[float, float, float]
    """Of interarrival, occupancy and residence."""
    alarms: tuple[str, ...]
    """Metrics in alarm."""


@dataclass(frozen=True, slots=True)
class DomainStatus:
    """One originating network."""

    name: str
    level: int
    """Alarm level 0 to 3 of Table 1."""
    share: float
    """Learnt share of calls."""
    evidence: float
    """Of the second detector; 1 is enough for an alarm."""
    alarms: tuple[str, ...]
    """Detectors that see an attack from it."""


@dataclass(frozen=True, slots=True)
class Status:
    """The whole monitor."""

    time_s: float | None
    """Of the last event or tick."""
    overload: bool
    """Stage 1."""
    state: int
    """The 20 alarm bits."""
    areas: tuple[AreaStatus, ...]
    domains: tuple[DomainStatus, ...]
    calls: int
    """Calls in progress."""
    ignored: int
    """Events of calls that nobody offered."""
