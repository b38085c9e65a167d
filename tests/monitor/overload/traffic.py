"""Random but honest sequences of events, for tests of the monitor."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator

from appliance.monitor.overload.events import (
    DOMAINS,
    Answered,
    Area,
    Ended,
    Event,
    Offered,
    Queued,
    Rejected,
    Ringing,
)


def events(seed: int, calls: int, gap_s: float = 3.0, grid: float = 1 / 64) -> Iterator[Event]:
    """Calls through lines, queue, ringing, conversation; some rejected, some abandoned; times on a grid."""
    draw = random.Random(seed)
    heap: list[tuple[float, int, Event]] = []
    at, number = 0.0, 0

    def later(mean: float) -> float:
        return round(draw.expovariate(1 / mean) / grid) * grid

    def push(event: Event) -> None:
        nonlocal number
        number += 1
        heapq.heappush(heap, (event.at, number, event))

    for call in range(calls):
        at += later(gap_s if call // 50 % 2 else gap_s / 6)
        domain = draw.choice(DOMAINS)
        fate = draw.random()
        if fate < 0.05:
            push(Rejected(call, domain, at, Area.INGRESS))
        else:
            push(Offered(call, domain, at))
            if fate < 0.1:
                push(Rejected(call, domain, at, Area.QUEUE_PSTN))
                push(Ended(call, at))
            else:
                push(Queued(call, at))
                push(Ringing(call, at + later(2)))
                answered = at + later(6) + 6
                if fate > 0.2:
                    push(Answered(call, answered))
                push(Ended(call, answered + later(20)))
        while heap and heap[0][0] <= at:
            yield heapq.heappop(heap)[2]
    while heap:
        yield heapq.heappop(heap)[2]
