"""The sensors of an area: floating means over the last n calls that show the present, silence included."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from typing import Any

from appliance.monitor.overload.events import CallId


class Interarrival:
    """Mean time between the last n calls that came to an area, taken in or rejected.

    n calls have n - 1 intervals between them. The interval that is still open enters the mean as one more as soon as it is
    longer than the mean, so that silence is seen while it lasts. Silent before n calls.
    """

    __slots__ = ("_size", "arrivals")

    def __init__(self, n: int) -> None:
        self._size = n
        self.arrivals: deque[float] = deque(maxlen=n)

    def feed(self, at: float) -> None:
        self.arrivals.append(at)

    def value(self, now: float) -> float | None:
        """The mean in seconds."""
        if len(self.arrivals) < self._size:
            return None
        last = self.arrivals[-1]
        closed = last - self.arrivals[0]
        mean = closed / (self._size - 1)
        return mean if now - last <= mean else (closed + now - last) / self._size

    def low_until(self, threshold: float) -> float:
        """When the mean, without another call, comes up to `threshold`; minus infinity where it is not below."""
        if len(self.arrivals) < self._size:
            return -math.inf
        last = self.arrivals[-1]
        closed = last - self.arrivals[0]
        if closed >= threshold * (self._size - 1):
            return -math.inf
        return last + (threshold * self._size - closed)


class Residence:
    """Mean stay of the last n calls that left an area.

    The stay of the call that has been inside longest enters as one more as soon as it is longer than the mean. Silent before
    n calls have left.
    """

    __slots__ = ("_size", "inside", "stays")

    def __init__(self, n: int) -> None:
        self._size = n
        self.stays: deque[float] = deque(maxlen=n)
        self.inside: dict[CallId, float] = {}
        """When each call inside came, in the order of coming."""

    def enter(self, call: CallId, at: float) -> None:
        self.inside[call] = at

    def leave(self, call: CallId, at: float) -> None:
        entered = self.inside.pop(call, None)
        if entered is not None:
            self.stays.append(at - entered)

    def _oldest(self) -> float:
        for entered in self.inside.values():
            return entered
        return math.inf

    def value(self, now: float) -> float | None:
        """The mean in seconds."""
        if len(self.stays) < self._size:
            return None
        total = sum(self.stays)
        mean = total / self._size
        stay = now - self._oldest()
        return mean if stay <= mean else (total + stay) / (self._size + 1)

    def high_after(self, threshold: float) -> float:
        """The mean is above `threshold` after this time, if nobody leaves; infinity where it never will be."""
        if len(self.stays) < self._size:
            return math.inf
        total = sum(self.stays)
        if total > threshold * self._size:
            return -math.inf
        return self._oldest() + (threshold * (self._size + 1) - total)


class Rejections:
    """How many of the last n calls that came to an area found no place."""

    __slots__ = ("count", "last")

    def __init__(self, n: int) -> None:
        self.last: deque[bool] = deque(maxlen=n)
        self.count = 0

    def feed(self, rejected: bool) -> None:
        if len(self.last) == self.last.maxlen:
            self.count -= self.last[0]
        self.last.append(rejected)
        self.count += rejected

    def restore(self, last: Iterable[bool]) -> None:
        self.last.extend(last)
        self.count = sum(self.last)


class Floating:
    """Mean and deviation of a metric over about the last `memory` values, for thresholds that float (section 3.3)."""

    __slots__ = ("count", "mean", "memory", "variance")

    def __init__(self, memory: int) -> None:
        self.memory = memory
        self.count = 0
        self.mean = 0.0
        self.variance = 0.0

    def feed(self, value: float) -> None:
        self.count = min(self.count + 1, self.memory)
        away = value - self.mean
        self.mean += away / self.count
        self.variance += (away * (value - self.mean) - self.variance) / self.count

    def threshold(self, deviations: float) -> float | None:
        """The mean plus so many deviations; None before a tenth of the memory is filled."""
        if self.count * 10 < self.memory:
            return None
        return self.mean + deviations * math.sqrt(max(self.variance, 0.0))

    def snapshot(self) -> list[Any]:
        return [self.count, self.mean, self.variance]

    def restore(self, data: list[Any]) -> None:
        self.count, self.mean, self.variance = data
