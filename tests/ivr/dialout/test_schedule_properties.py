"""The schedule against everything that can happen, and against a plain one that looks at everybody every time."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.dialout.schedule import Dial, Schedule, Wait

CALLS, GAP = 3, 300.0


@dataclass
class Fact:
    """What the plain schedule knows of a team and an alert."""

    index: int
    exercise: bool
    calls: int = 0
    due: float = -math.inf
    at_once: bool = False
    declines: int = 0
    open: bool = True


class Plain:
    """The rules once more, slowly: every team is looked at for every decision."""

    def __init__(self) -> None:
        self.facts: dict[tuple[int, str], Fact] = {}
        self.on_call: set[str] = set()
        self.held: dict[str, float] = {}
        self.shunned: dict[str, set[str]] = {}

    def rank(self, alert: int, fact: Fact) -> tuple[float, ...]:
        if fact.at_once:
            return fact.exercise, 0, fact.due, alert, fact.index
        if not fact.calls:
            return fact.exercise, 1, alert, fact.index, 0
        return fact.exercise, 2, fact.calls, fact.due, fact.index

    def best(self, now: float, free: list[str], lines: list[str]) -> str | None:
        due = [
            (self.rank(alert, fact), team)
            for (alert, team), fact in self.facts.items()
            if fact.open
            and team not in self.on_call
            and max(fact.due, self.held.get(team, 0)) <= now
            and (self.shunned.get(team, set()).issuperset(lines) or set(free) - self.shunned.get(team, set()))
        ]
        return min(due)[1] if due else None

    def due(self, team: str, now: float) -> set[int]:
        return {a for (a, t), fact in self.facts.items() if t == team and fact.open and fact.due <= now}


@settings(deadline=None, derandomize=True, max_examples=120)
@given(st.data())
def test_every_rule_holds_whatever_happens(data: st.DataObject) -> None:
    teams = [f"t{i}" for i in range(data.draw(st.integers(1, 6), "teams"))]
    lines = [f"l{i}" for i in range(data.draw(st.integers(1, 3), "lines"))]
    numbers = {team: data.draw(st.integers(1, 3), "numbers") for team in teams}
    schedule, plain = Schedule(calls=CALLS, gap_s=GAP), Plain()
    alerts = itertools.count(1)
    free, up = list(lines), []
    now = 0.0

    def begin() -> None:
        alert = next(alerts)
        chosen = {t: numbers[t] for t in data.draw(st.permutations(teams), "order")[: data.draw(st.integers(1, 6))]}
        exercise = data.draw(st.booleans(), "exercise")
        schedule.open(alert, chosen, exercise=exercise)
        for index, team in enumerate(chosen):
            plain.facts[alert, team] = Fact(index, exercise)

    begin()
    for _ in range(data.draw(st.integers(5, 60), "steps")):
        choice = schedule.next(now, free, lines)
        expected = plain.best(now, free, lines) if free else None
        if isinstance(choice, Dial):
            assert choice.team == expected
            assert choice.team not in plain.on_call
            assert choice.line in free
            assert set(choice.alerts) == plain.due(choice.team, now)
            assert 0 <= choice.number_index < numbers[choice.team]
            for alert in choice.alerts:
                fact = plain.facts[alert, choice.team]
                assert fact.open
                assert fact.calls < CALLS, "a fourth call"
                assert now >= fact.due
            schedule.started(choice)
            plain.on_call.add(choice.team)
            free.remove(choice.line)
            up.append(choice)
            continue
        assert expected is None, f"{expected} is due and a line is free"
        assert choice.until > now
        action = data.draw(st.sampled_from(["end", "end", "end", "time", "new", "reach", "close"]), "action")
        if action == "end" and up:
            call = up.pop(data.draw(st.integers(0, len(up) - 1), "which"))
            now += data.draw(st.sampled_from([0.5, 20.0, 90.0]), "length")
            free.append(call.line)
            plain.on_call.discard(call.team)
            how = data.draw(st.sampled_from(["counted", "declined", "fault", "reached"]), "how")
            open_facts = {a: f for a in call.alerts if (f := plain.facts[a, call.team]).open}
            if how == "fault":
                rest = schedule.failed(call, now, lines)
                shunned = plain.shunned.setdefault(call.team, set())
                shunned.add(call.line)
                assert (rest > 0) == shunned.issuperset(lines)
                if rest:
                    shunned.clear()
                    plain.held[call.team] = now + rest
                for fact in open_facts.values():
                    fact.at_once, fact.due = True, now
                if not any(f.open for (_, t), f in plain.facts.items() if t == call.team):
                    plain.shunned.pop(call.team, None)
                    plain.held.pop(call.team, None)
                continue
            if how == "reached":
                for (alert, team), fact in plain.facts.items():
                    if team == call.team and fact.open:
                        fact.open = False
                        schedule.settle(alert, team)
            given_up = schedule.ended(call, now, declined=how == "declined")
            plain.shunned.pop(call.team, None)
            plain.held.pop(call.team, None)
            for alert, fact in open_facts.items():
                fact.calls += 1
                if not fact.open:
                    assert alert not in given_up
                    continue
                assert (alert in given_up) == (fact.calls == CALLS)
                fact.open = fact.calls < CALLS
                fact.declines = fact.declines + 1 if how == "declined" else 0
                fact.at_once = 0 < fact.declines < numbers[call.team]
                fact.due = now if fact.at_once else now + GAP
        elif action == "new" and len(schedule.alerts) < 4:
            begin()
        elif action == "reach":
            open_ = [(a, t) for (a, t), fact in plain.facts.items() if fact.open]
            if open_:
                alert, team = data.draw(st.sampled_from(open_), "reached")
                plain.facts[alert, team].open = False
                schedule.settle(alert, team)
        elif action == "close" and schedule.alerts:
            alert = data.draw(st.sampled_from(schedule.alerts), "closed")
            schedule.close(alert)
            for (a, _), fact in plain.facts.items():
                fact.open &= a != alert
        else:
            now += data.draw(st.sampled_from([1.0, 60.0, 299.0, 300.0]), "pause")
            if choice.until < math.inf and data.draw(st.booleans(), "jump"):
                now = max(now, choice.until)
    for alert in schedule.alerts:
        assert schedule.left(alert) == sum(f.open for (a, _), f in plain.facts.items() if a == alert)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    outcomes=st.lists(
        st.lists(st.sampled_from(["miss", "reach", "decline", "fault"]), max_size=12), min_size=1, max_size=12
    ),
    lines=st.integers(1, 4),
)
def test_every_campaign_ends_with_each_team_reached_or_called_three_times(
    outcomes: list[list[str]], lines: int
) -> None:
    names = [f"l{i}" for i in range(lines)]
    script = {f"t{i}": iter(row) for i, row in enumerate(outcomes)}
    schedule = Schedule(calls=CALLS, gap_s=GAP)
    schedule.open(1, dict.fromkeys(script, 2))
    counted = dict.fromkeys(script, 0)
    reached, given_up, first_calls = set(), set(), []
    free, up, now = list(names), [], 0.0
    for _ in range(10_000):
        if schedule.done(1):
            break
        choice = schedule.next(now, free, names)
        if isinstance(choice, Dial):
            schedule.started(choice)
            free.remove(choice.line)
            up.append(choice)
            if choice.team not in first_calls:
                first_calls.append(choice.team)
            continue
        if not up:
            assert choice.until < math.inf, "nothing to wait for, and not done"
            now = choice.until
            continue
        call = up.pop(0)
        now += 30
        free.append(call.line)
        outcome = next(script[call.team], "miss")
        if outcome == "fault":
            schedule.failed(call, now, names)
            continue
        counted[call.team] += 1
        if outcome == "reach":
            reached.add(call.team)
            schedule.settle(1, call.team)
        if schedule.ended(call, now, declined=outcome == "decline"):
            given_up.add(call.team)
    assert schedule.done(1)
    assert isinstance(schedule.next(now + 10_000, names, names), Wait)
    assert reached | given_up == set(script)
    assert not reached & given_up
    assert all(counted[team] == CALLS for team in given_up)
    assert first_calls == sorted(script, key=lambda t: int(t[1:])), "roster order"
