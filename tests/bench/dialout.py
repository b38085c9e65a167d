"""Dial-out bench: how long a campaign takes, against the physical limit (`python -m tests.bench.dialout`).

A discrete-event simulation drives the real `ivr.dialout.schedule.Schedule`. Nothing of the box's own time (commits,
dialling commands) is in it: this measures the order of the calls, and nothing else.

What a call takes, in seconds, drawn before the campaign so that every policy meets the same fate:
  set-up           4 (one second of seizure, the rest post-dial delay)
  answered         ring exponential, mean 9, at most 45; talk log-normal, median 50, sigma 0.5; clearing 1
  not reached      50 % rings out (45 s), 25 % busy (1 s), 25 % a machine or nobody's key: ring as above, talk 60; clearing 1

With N teams, L lines, A = 3 calls at most, gap G, p_ij the length of call j to team i, k_i the calls that team i needs:
  LB     knowing the future no schedule is shorter: the largest of sum p_ij / L, of sum_j p_ij + (k_i - 1) G over i, and of
         [min over i with k_i >= j of sum_{m<j} p_im + (j - 1) G] + (work of all calls j and later) / L over j = 2..A
  C_on   what is fair to ask of one who does not know who will need a retry: the larger of W / L and
         (W_1 / L)(1 - 1 / (N q^2 + 1)) + 2 (u + G) + h, where q = 1 - answer, h = mean answered, u = mean missed call,
         W_1 = N (a h + q u), W = W_1 (1 + q + q^2)
The goal is on the mean of makespan / max(LB, C_on).
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from ivr.dialout.schedule import FRESH, RETRY, Dial, Key, Pair, Schedule

ATTEMPTS = 3
GAP_S = 300.0
SETUP_S, CLEAR_S = 4.0, 1.0


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table."""

    teams: int
    lines: int
    answer: float
    goal: float | None


CASES = [
    Case(teams, lines, answer, goal)
    for teams, lines, goal in ((50, 2, 1.08), (500, 8, 1.05), (2000, 30, 1.05), (100, 8, None), (500, 30, None))
    for answer in (0.6, 0.8)
]


def ring(rng: random.Random) -> float:
    return min(45.0, rng.expovariate(1 / 9))


def answered(rng: random.Random) -> float:
    return SETUP_S + ring(rng) + rng.lognormvariate(math.log(50), 0.5) + CLEAR_S


def missed(rng: random.Random) -> float:
    kind = rng.random()
    held = 45.0 if kind < 0.5 else 1.0 if kind < 0.75 else ring(rng) + 60.0
    return SETUP_S + held + CLEAR_S


def mean(draw: Callable[[random.Random], float]) -> float:
    rng = random.Random(1)
    return statistics.fmean(draw(rng) for _ in range(200_000))


H = mean(answered)
U = mean(missed)


@dataclass(frozen=True, slots=True)
class Fate:
    """What will become of one team."""

    calls: list[float]
    """Seconds of each of its calls."""
    reached: bool
    """By the last of them."""


def fates(case: Case, seed: int) -> list[Fate]:
    rng = random.Random(f"{case.teams}/{case.lines}/{case.answer}/{seed}")
    teams = []
    for _ in range(case.teams):
        calls: list[float] = []
        reached = False
        while len(calls) < ATTEMPTS and not reached:
            reached = rng.random() < case.answer
            calls.append(answered(rng) if reached else missed(rng))
        teams.append(Fate(calls, reached))
    return teams


def lower_bound(teams: list[Fate], lines: int) -> float:
    chains = [fate.calls for fate in teams]
    bound = sum(map(sum, chains)) / lines
    bound = max(bound, *(sum(c) + (len(c) - 1) * GAP_S for c in chains))
    for j in range(1, ATTEMPTS):
        late = [c for c in chains if len(c) > j]
        if late:
            work = sum(sum(c[j:]) for c in late)
            bound = max(bound, min(sum(c[:j]) + j * GAP_S for c in late) + work / lines)
    return bound


def online_reference(case: Case) -> float:
    a, q = case.answer, 1 - case.answer
    first = case.teams * (a * H + q * U)
    work = first * (1 + q + q * q)
    return max(work / case.lines, first / case.lines * (1 - 1 / (case.teams * q * q + 1)) + 2 * (U + GAP_S) + H)


class RetriesFirst(Schedule):
    """The peer: a retry that is due goes before a fresh team."""

    def order(self, pair: Pair) -> Key:
        rest = (pair.due, 0) if pair.calls else (0.0, pair.index)
        return pair.exercise, FRESH if pair.calls else RETRY, *rest, pair.index


class RetriesByDueTime(Schedule):
    """The plain reading of the rule: fresh teams first, then retries in the order in which they fell due."""

    def order(self, pair: Pair) -> Key:
        if pair.calls:
            return pair.exercise, RETRY, pair.due, pair.index, 0
        return pair.exercise, FRESH, pair.index, 0, 0


PEERS: tuple[type[Schedule], ...] = (RetriesByDueTime, RetriesFirst)


def campaign(teams: list[Fate], lines: int, schedule: Schedule) -> float:
    """Runs one campaign on the real schedule; returns its makespan in seconds."""
    names = {f"t{i}": fate for i, fate in enumerate(teams)}
    made = dict.fromkeys(names, 0)
    last_end: dict[str, float] = {}
    schedule.open(1, dict.fromkeys(names, 1))
    all_lines = [f"l{i}" for i in range(lines)]
    free = list(all_lines)
    up: list[tuple[float, str, Dial]] = []
    now = end = 0.0
    while not schedule.done(1):
        choice = schedule.next(now, free, all_lines)
        if isinstance(choice, Dial):
            free.remove(choice.line)
            schedule.started(choice)
            assert now - last_end.get(choice.team, -math.inf) >= GAP_S - 1e-6
            heapq.heappush(up, (now + names[choice.team].calls[made[choice.team]], choice.team, choice))
            made[choice.team] += 1
            assert made[choice.team] <= ATTEMPTS
            continue
        until = choice.until if free else math.inf
        if up and up[0][0] <= until:
            now, team, dial = heapq.heappop(up)
            end = last_end[team] = now
            free.append(dial.line)
            if names[team].reached and made[team] == len(names[team].calls):
                schedule.settle(1, team)
            schedule.ended(dial, now)
        else:
            now = until
    return end


def interval(values: list[float]) -> float:
    """Half the 95 % confidence interval of the mean."""
    return 1.96 * statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200, help="campaigns a row (default 200)")
    runs = parser.parse_args(argv).runs
    print(f"{runs} campaigns a row, seeds 0..{runs - 1}; h {H:.1f} s, u {U:.1f} s, gap {GAP_S:.0f} s, {ATTEMPTS} calls")
    print(
        "ratios are means of makespan / max(LB, C_on), +/- 95 % confidence; beside them makespan / LB and / C_on alone"
    )
    print("teams lines  a    ours           by due time  retries first   /LB   /C_on  makespan  us/call  goal")
    missed_goals = 0
    for case in CASES:
        row = measure(case, runs)
        missed_goals += case.goal is not None and row.ratio > case.goal
        print(row.text(), flush=True)
    return 1 if missed_goals else 0


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of a case. Ratios are means over the campaigns."""

    case: Case
    ratio: float
    margin: float
    peers: list[float]
    over_lb: float
    over_online: float
    makespan: float
    us_a_call: float

    def text(self) -> str:
        case = self.case
        goal = "" if case.goal is None else f"<= {case.goal:.2f} {'met' if self.ratio <= case.goal else 'MISSED'}"
        return (
            f"{case.teams:>5} {case.lines:>5} {case.answer:>4}  {self.ratio:.4f} +/- {self.margin:.4f}"
            f"{self.peers[0]:>10.4f}{self.peers[1]:>14.4f}{self.over_lb:>10.3f}{self.over_online:>8.3f}"
            f"{self.makespan:>8.0f} s{self.us_a_call:>9.0f}  {goal}"
        )


def measure(case: Case, runs: int) -> Row:
    reference = online_reference(case)
    spans, bounds = [], []
    peers: list[list[float]] = [[] for _ in PEERS]
    calls, took = 0, 0.0
    for seed in range(runs):
        teams = fates(case, seed)
        bounds.append(lower_bound(teams, case.lines))
        begun = time.perf_counter()
        spans.append(campaign(teams, case.lines, Schedule(calls=ATTEMPTS, gap_s=GAP_S)))
        took += time.perf_counter() - begun
        calls += sum(len(fate.calls) for fate in teams)
        for kind, ratios in zip(PEERS, peers, strict=True):
            span = campaign(teams, case.lines, kind(calls=ATTEMPTS, gap_s=GAP_S))
            ratios.append(span / max(bounds[-1], reference))
    ratios = [span / max(bound, reference) for span, bound in zip(spans, bounds, strict=True)]
    return Row(
        case,
        ratio=statistics.fmean(ratios),
        margin=interval(ratios),
        peers=[statistics.fmean(p) for p in peers],
        over_lb=statistics.fmean(s / b for s, b in zip(spans, bounds, strict=True)),
        over_online=statistics.fmean(spans) / reference,
        makespan=statistics.fmean(spans),
        us_a_call=took / calls * 1e6,
    )


if __name__ == "__main__":
    sys.exit(main())
