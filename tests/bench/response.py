"""What each response is worth: `python -m tests.bench.response [--runs N] [--jobs N]`.

The modelled centre (30 lines, 10 agents) on an ordinary or a busy hour; after 20 minutes an attack from VoIP begins and lasts
five minutes. The monitor watches; from its first alarm to the end of the last (and 30 s more, as on the box) the response is in
force. Printed is which share of the genuine calls that came during the attack was answered within 15 s and 20 s of their first
try (NENA-STA-020.1-2020 wants 90 % and 95 %), with 95 % confidence intervals over the runs; callers of the attacking network
apart. All responses see the same calls. Seeds 900000 and up: none was used to set anything.

CAP lets calls of the attacking network hold three lines (`CAP_LINES`), AFTER_OTHERS answers them when nobody else waits.
CHALLENGE has a machine answer them and name a key. Nobody has figures for who presses it, so these are assumptions, not
findings: 95 of 100 genuine callers after 8 s; 10 of 100 calls of the attack ("challenge"), half of them, or all; who does not is
hung up on after 14 s (`CentreConfig`).
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from appliance.monitor.centre.calls import OfferedCall
from appliance.monitor.centre.config import CentreConfig
from appliance.monitor.centre.model import PLACES, Centre
from appliance.monitor.centre.traffic import attack, genuine, merge, storm_rate
from appliance.monitor.overload.config import MonitorConfig
from appliance.monitor.overload.events import DOMAINS, Event
from appliance.monitor.overload.monitor import OverloadMonitor
from appliance.monitor.response.policy import Measure, Policy
from tests.bench.overload.scenarios import START, learnt, shares_of

LASTS_S = 300.0
HOLD_S = 30.0
"""`appliance.overload.live.HOLD_S`: an attack is over when no alarm has stood for so long."""
CAP_LINES = 3
FIRST_SEED = 900_000
RESPONSES: dict[str, tuple[Measure, ...]] = {
    "none": (),
    "after others": (Measure.AFTER_OTHERS,),
    "cap": (Measure.CAP,),
    "both": (Measure.AFTER_OTHERS, Measure.CAP),
    "challenge": (Measure.CHALLENGE,),
    "half pass": (Measure.CHALLENGE,),
    "all pass": (Measure.CHALLENGE,),
    "chal.+cap": (Measure.CHALLENGE, Measure.CAP),
    "chal.+after": (Measure.CHALLENGE, Measure.AFTER_OTHERS),
    "all three": (Measure.CHALLENGE, Measure.CAP, Measure.AFTER_OTHERS),
}
PASSING = {"half pass": 0.5, "all pass": 1.0}
"""Part of the attack's calls that press the key; otherwise `CentreConfig.challenge_attack`."""
SCENES = {
    "ordinary hour": (50 / 3600, False),
    "busy hour": (150 / 3600, False),
    "storm": (50 / 3600, True),
}
RATES = (0, 25, 50, 100, 400, 1200)


class Measured(Centre):
    """Notes how long each genuine caller waited."""

    waits: list[tuple[float, int, float]]

    def _answer(self, at, number, caller):
        super()._answer(at, number, caller)
        if caller.call.genuine:
            self.waits.append((caller.first, caller.place, at - caller.first))


@dataclass(frozen=True)
class Outcome:
    """One run: genuine calls during the attack, (others, attacking network) each."""

    offered: tuple[int, int]
    within_15_s: tuple[int, int]
    within_20_s: tuple[int, int]
    in_force_s: float


def one(scene: str, rate: int, response: str, voip: float, seed: int) -> Outcome:
    """One run."""
    base, storm = SCENES[scene]
    draw = random.Random(seed)
    shares = shares_of(voip)
    shape = storm_rate(START - 1200, 12 / 60) if storm else lambda at: 0.0
    calls = genuine(draw, 0.0, START + LASTS_S + 300, lambda at: base + shape(at), base + 12 / 60, shares)
    monitor = OverloadMonitor(learnt(MonitorConfig(), draw, shares))
    policy = Policy(RESPONSES[response])
    seen: set[tuple[str, str]] = set()
    over: dict[str, float] = {}
    began: dict[str, float] = {}
    in_force = 0.0

    def change(domain: str, on: bool, at: float) -> None:
        nonlocal in_force
        if on:
            began[domain] = at
        else:
            in_force += at - began.pop(domain, at)
        for step in policy.attack(domain, on):
            place = PLACES[step.domain]
            if step.measure is Measure.CAP:
                centre.caps[place] = CAP_LINES if step.on else centre.config.lines
            elif step.measure is Measure.CHALLENGE:
                centre.challenged[place] = step.on
            else:
                centre.ranks[place] = 1 if step.on else 0

    def sink(event: Event) -> None:
        for domain, at in list(over.items()):
            if event.at >= at + HOLD_S:
                del over[domain]
                change(domain, False, event.at)
        for alarm in monitor.feed(event):
            if alarm.alarm != "attack":
                continue
            key = (alarm.detector, alarm.domain)
            if alarm.state == "set":
                if alarm.domain not in began:
                    change(alarm.domain, True, alarm.time_s)
                seen.add(key)
                over.pop(alarm.domain, None)
            else:
                seen.discard(key)
                if not any(domain == alarm.domain for _, domain in seen):
                    over[alarm.domain] = alarm.time_s

    default = CentreConfig()
    centre = Measured(replace(default, challenge_attack=PASSING.get(response, default.challenge_attack)), sink, seed)
    centre.waits = []
    fake: Iterable[OfferedCall] = attack(draw, START, rate, LASTS_S) if rate else ()
    centre.run(merge(calls, fake), START + LASTS_S + 300)
    for at in began.values():
        in_force += START + LASTS_S + 300 - at

    def count(limit: float) -> tuple[int, int]:
        found = [place for first, place, wait in centre.waits if START <= first < START + LASTS_S and wait <= limit]
        mine = sum(DOMAINS[place] == "voip" for place in found)
        return len(found) - mine, mine

    during = [call.domain for call in calls if START <= call.at < START + LASTS_S]
    mine = during.count("voip")
    return Outcome((len(during) - mine, mine), count(15), count(20), in_force)


def asked(scene: str, rate: int, response: str) -> bool:
    """Rows that can tell something: without an attack two, and other assumptions on who passes in the ordinary hour only."""
    if not rate:
        return response in ("none", "all three")
    return scene == "ordinary hour" or response not in PASSING


def _one(given: tuple[str, int, str, float, int]) -> Outcome:
    return one(*given)


def share(hits: Sequence[int], of: Sequence[int]) -> tuple[float, float]:
    """A ratio over runs in per cent and half its 95 % confidence interval (ratio estimator)."""
    total = sum(of)
    if not total:
        return math.nan, math.nan
    ratio = sum(hits) / total
    n = len(of)
    spread = sum((hit - ratio * each) ** 2 for hit, each in zip(hits, of, strict=True))
    error = math.sqrt(spread / (n - 1) / n) / (total / n) if n > 1 else math.nan
    return 100 * ratio, 196 * error


def row(outcomes: Sequence[Outcome]) -> str:
    """Others within 15 s and 20 s, the attacking network's genuine callers within 20 s, minutes in force."""
    cells = []
    for group, hits in ((0, "within_15_s"), (0, "within_20_s"), (1, "within_20_s")):
        ratio, half = share(
            [getattr(each, hits)[group] for each in outcomes], [each.offered[group] for each in outcomes]
        )
        cells.append(f"{ratio:6.1f} ±{half:4.1f}")
    force = sum(each.in_force_s for each in outcomes) / len(outcomes) / 60
    return "   ".join(cells) + f"   {force:5.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=60, help="for each row")
    parser.add_argument("--voip", type=float, default=0.11, help="usual share of VoIP calls")
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2) // 2))
    given = parser.parse_args()
    print(f"30 lines, 10 agents, VoIP share {100 * given.voip:g} %, {given.runs} runs a row, seeds from {FIRST_SEED}")
    print("genuine calls answered in time, per cent ± 95 % confidence; minutes for which the response was in force")
    print(
        f"{'scene':<14}{'rate':>6}  {'response':<13}{'others 15 s':>12}{'others 20 s':>15}{'voip 20 s':>15}{'min':>7}"
    )
    with multiprocessing.get_context("spawn").Pool(given.jobs) as pool:
        for scene in SCENES:
            for rate in RATES:
                for response in RESPONSES:
                    if not asked(scene, rate, response):
                        continue
                    runs = [(scene, rate, response, given.voip, FIRST_SEED + n) for n in range(given.runs)]
                    outcomes = pool.map(_one, runs, chunksize=4)
                    print(f"{scene:<14}{rate:>6}  {response:<13}{row(outcomes)}", flush=True)


if __name__ == "__main__":
    main()
