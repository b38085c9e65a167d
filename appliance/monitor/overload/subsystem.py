"""The ID subsystem of one area: four sensors, their thresholds, and the four alarm bits that the meta IDS gets to see."""

from __future__ import annotations

import math
from typing import Any

from appliance.monitor.overload.config import AreaConfig, MonitorConfig
from appliance.monitor.overload.events import CallId
from appliance.monitor.overload.sensors import Floating, Interarrival, Rejections, Residence


class Subsystem:
    """One area. Whoever changes it calls `evaluate` afterwards, and again at `deadline`."""

    __slots__ = (
        "_deviations", "_since", "bits", "config", "deadline", "floating", "interarrival", "persistence_s", "rejections",
        "residence", "ringing",
    )  # fmt: skip

    def __init__(self, config: AreaConfig, of: MonitorConfig) -> None:
        self.config = config
        self.interarrival = Interarrival(of.window)
        self.residence = Residence(of.window)
        self.rejections = Rejections(of.window)
        self.ringing: dict[CallId, None] = {}
        """Calls for which a place is taken that they do not use yet."""
        self.floating = tuple(Floating(of.dynamic_memory) for _ in range(3)) if of.dynamic else ()
        self._deviations = of.deviations
        self.persistence_s = of.persistence_s
        self._since = [math.inf] * 4
        self.bits = 0
        self.deadline = math.inf
        """When the bits may change although nothing happens."""

    @property
    def occupancy(self) -> int:
        """Places taken."""
        return len(self.residence.inside) + len(self.ringing)

    def arrive(self, at: float, rejected: bool) -> None:
        """A call comes; a rejected one does not get in."""
        self.interarrival.feed(at)
        self.rejections.feed(rejected)
        if self.floating:
            mean = self.interarrival.value(at)
            if mean is not None:
                self.floating[0].feed(-mean)
            self.floating[1].feed(self.occupancy)

    def enter(self, call: CallId, at: float) -> None:
        """It takes a place, or begins to use the one that was taken for it."""
        self.ringing.pop(call, None)
        self.residence.enter(call, at)

    def leave(self, call: CallId, at: float) -> None:
        """It gives its place back."""
        self.ringing.pop(call, None)
        if call in self.residence.inside:
            self.residence.leave(call, at)
            if self.floating:
                mean = self.residence.value(at)
                if mean is not None:
                    self.floating[2].feed(mean)

    def thresholds(self) -> tuple[float, float, float]:
        """Of interarrival, occupancy and residence, as they stand now."""
        c = self.config
        if not self.floating:
            return c.interarrival_s, c.occupancy, c.residence_s
        short, full, long = (each.threshold(self._deviations) for each in self.floating)
        return (
            c.interarrival_s if short is None else -short,
            c.occupancy if full is None else full,
            c.residence_s if long is None else long,
        )

    def evaluate(self, now: float) -> int:
        """The alarm bits, in the order of `Metric`; also sets `deadline`."""
        short, full, long = self.thresholds()
        low_until = self.interarrival.low_until(short)
        high_after = self.residence.high_after(long)
        deadline = math.inf
        bits = 0
        if now < low_until:
            bits = 1
            deadline = low_until
        if len(self.residence.inside) + len(self.ringing) >= full:
            bits |= 2
        if self.rejections.count:
            bits |= 4
        if now > high_after:
            bits |= 8
        elif high_after < deadline:
            deadline = math.nextafter(high_after, math.inf)
        if self.persistence_s:
            bits, deadline = self._lasting(bits, now, deadline)
        self.bits = bits
        self.deadline = deadline
        return bits

    def _lasting(self, bits: int, now: float, deadline: float) -> tuple[int, float]:
        """Only the alarms that have lasted long enough."""
        lasting = 0
        for place in range(4):
            if not bits >> place & 1:
                self._since[place] = math.inf
                continue
            self._since[place] = min(self._since[place], now)
            due = self._since[place] + self.persistence_s
            if now >= due:
                lasting |= 1 << place
            else:
                deadline = min(deadline, due)
        return lasting, deadline

    def snapshot(self) -> dict[str, Any]:
        """Everything, as JSON."""
        return {
            "arrivals": list(self.interarrival.arrivals),
            "stays": list(self.residence.stays),
            "inside": [[call, at] for call, at in self.residence.inside.items()],
            "ringing": list(self.ringing),
            "rejections": [int(each) for each in self.rejections.last],
            "since": [None if math.isinf(each) else each for each in self._since],
            "floating": [each.snapshot() for each in self.floating],
        }

    def restore(self, data: dict[str, Any], now: float) -> None:
        """Back from a snapshot; into a fresh object."""
        self.interarrival.arrivals.extend(data["arrivals"])
        self.residence.stays.extend(data["stays"])
        self.residence.inside.update((call, at) for call, at in data["inside"])
        self.ringing.update(dict.fromkeys(data["ringing"]))
        self.rejections.restore(bool(each) for each in data["rejections"])
        self._since = [math.inf if each is None else each for each in data["since"]]
        for each, saved in zip(self.floating, data["floating"], strict=False):
            each.restore(saved)
        self.evaluate(now)
