"""Settings of the monitor: plain values with range, unit and meaning, so that a parser and a page can be made of them."""

# ruff: noqa: RUF009 -- `option` is dataclasses.field with more to say

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from appliance.monitor.overload.events import VOIP


def option(default: Any, doc: str, *, low: float = 0, high: float = 1, unit: str = "") -> Any:
    """A field with the range in which its value lies. Bounds do not count for flags and words."""
    return field(default=default, metadata={"doc": doc, "low": low, "high": high, "unit": unit})


class Reading(Enum):
    """How combinations of levels are taken that Table 1 of the paper does not list."""

    TABLE = "table"
    """None of them is an attack (the last sentence of section 3.4)."""
    PROSE = "prose"
    """Level 2 or more with level 0 in another domain is one, whatever the third (the text before the table)."""


@dataclass(frozen=True)
class AreaConfig:
    """One area: its size and the thresholds of its metrics. One rejection within the window is always an alarm."""

    capacity: int = option(30, "Places: lines, queue slots or agents.", low=1, high=100_000)
    occupancy: int = option(8, "Alarm at this many places taken, or more.", low=1, high=100_000)
    interarrival_s: float = option(
        4.0, "Alarm while the mean time between calls is shorter.", low=0, high=86_400, unit="s"
    )
    residence_s: float = option(120.0, "Alarm while the mean stay is longer.", low=0, high=86_400, unit="s")


@dataclass(frozen=True)
class SharesConfig:
    """The second detector: do the domains of arriving calls still follow their learnt shares?"""

    enabled: bool = option(True, "Whether it runs.")
    pstn: float = option(0.40, "Share of calls at the beginning.", low=0.0, high=1)
    mobile: float = option(0.45, "Share of calls at the beginning.", low=0.0, high=1)
    voip: float = option(0.15, "Share of calls at the beginning.", low=0.0, high=1)
    known: float = option(
        50.0, "Calls that the shares at the beginning are worth: the fewer, the faster the box learns.", low=1, high=1e6
    )
    margin: float = option(0.29, "A share may rise this far above the learnt one without being an attack.", high=0.9)
    quiet: float = option(9.25, "Evidence for an alarm where calls break into quiet.", low=1, high=1000, unit="nat")
    storm: float = option(30.0, "Evidence for an alarm by the domains alone.", low=1, high=1000, unit="nat")
    growth: float = option(3.0, "Times by which honest load may rise within ten minutes.", low=1, high=100)
    slowest: float = option(
        20.0, "Slowest attack that the quiet tests look for.", low=0.1, high=100_000, unit="calls/min"
    )
    learn_calls: int = option(2000, "Calls over which shares are averaged.", low=10, high=10_000_000, unit="calls")
    learn_a_day: float = option(0.03, "A share moves no further than this in a day.", low=0, high=1)
    release_s: float = option(
        30.0, "An alarm is taken back when resources have been sufficient for so long.", low=0, high=86_400, unit="s"
    )


@dataclass(frozen=True)
class MonitorConfig:
    """All of the monitor. The defaults are for 30 lines and 10 agents (`alertbox overload thresholds` derives others)."""

    window: int = option(5, "Calls over which means are taken and rejections counted.", low=2, high=1000, unit="calls")
    ingress: AreaConfig = field(default=AreaConfig(30, 8, 4.8, 240.0))
    queue_pstn: AreaConfig = field(default=AreaConfig(20, 3, 38.4, 20.0))
    queue_mobile: AreaConfig = field(default=AreaConfig(20, 3, 38.4, 20.0))
    queue_voip: AreaConfig = field(default=AreaConfig(20, 3, 3.2, 20.0))
    agents: AreaConfig = field(default=AreaConfig(10, 4, 9.6, 240.0))
    suspects: tuple[str, ...] = option((VOIP,), "Domains whose attacks Table 1 looks for.")
    reading: Reading = option(Reading.TABLE, "Combinations that Table 1 leaves out: by the table, or by its prose.")
    residence_condition: bool = option(
        False, "No attack by Table 1 before a residence alarm of another domain's queue."
    )
    agents_ringing: bool = option(True, "An agent whose telephone rings counts as taken.")
    persistence_s: float = option(
        0.0, "An alarm of an area counts only after it has lasted so long.", low=0, high=3600, unit="s"
    )
    dynamic: bool = option(False, "Thresholds float around the mean instead of standing still.")
    deviations: float = option(3.0, "Multiple of the deviation for floating thresholds.", low=0.1, high=100)
    dynamic_memory: int = option(1000, "Values over which they float.", low=10, high=10_000_000)
    forget_s: float = option(
        14_400.0, "A call whose end was never told is forgotten after this.", low=60, high=864_000, unit="s"
    )
    shares: SharesConfig = field(default=SharesConfig())

    def areas(self) -> tuple[AreaConfig, ...]:
        """The five, in the order of `Area`."""
        return (self.ingress, self.queue_pstn, self.queue_mobile, self.queue_voip, self.agents)
