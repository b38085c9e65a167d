"""What a centre has, in plain values with range, unit and meaning."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.monitor.overload.config import option


@dataclass(frozen=True)
class CentreConfig:
    """Lines, queues, agents and callers of the modelled centre."""

    lines: int = option(30, "Incoming lines.", low=1, high=100_000)
    agents: int = option(10, "Agents on duty.", low=1, high=100_000)
    slots_pstn: int = option(20, "Queue slots of calls from fixed lines, ringing ones included.", low=1, high=100_000)
    slots_mobile: int = option(20, "Queue slots of calls from mobiles.", low=1, high=100_000)
    slots_voip: int = option(20, "Queue slots of calls from VoIP.", low=1, high=100_000)
    ring_least_s: float = option(3.0, "An agent answers no sooner.", low=0, high=600, unit="s")
    ring_most_s: float = option(8.0, "An agent answers no later; times between are equally likely.", high=600, unit="s")
    challenge_s: float = option(8.0, "A challenged caller has pressed the key after so long.", high=600, unit="s")
    challenge_limit_s: float = option(14.0, "Who has not by then is hung up on.", high=600, unit="s")
    challenge_genuine: float = option(0.95, "Part of the genuine callers who press it.", low=0, high=1)
    challenge_attack: float = option(0.1, "Part of an attack's calls that do.", low=0, high=1)
    redial: float = option(0.0, "Chance that a caller who got no answer dials again.", low=0, high=1)
    redial_s: float = option(20.0, "Mean time before.", low=0.1, high=86_400, unit="s")
    redials: int = option(10, "Times that a caller dials again at most.", low=0, high=1000)

    def slots(self) -> tuple[int, int, int]:
        """In the order of `DOMAINS`."""
        return self.slots_pstn, self.slots_mobile, self.slots_voip
