"""What to do about an attack, the question that the paper leaves open (its sections 2 and 5).

Nothing is done ahead of an attack, everything is undone after it, and no network is shut out: genuine callers of the attacking
network come later, not never. Where every network attacks, none can be preferred and nothing is done.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from appliance.monitor.overload.events import DOMAINS


class Measure(enum.Enum):
    """What can be done to the calls of the attacking network."""

    AFTER_OTHERS = "after-others"
    """Queue priority: the slower queue."""
    CAP = "cap"
    """A bound on the lines or conversations that they hold."""
    CHALLENGE = "challenge"
    """A machine answers, names a key and serves only those who press it: people can, simple robots cannot."""


WORDS = {
    Measure.AFTER_OTHERS: "answered after those of the other networks",
    Measure.CAP: "served only a few at once; the others hear busy",
    Measure.CHALLENGE: "asked for a key before they are served",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One measure begins or ends."""

    domain: str
    measure: Measure
    on: bool

    def __str__(self) -> str:
        return f"calls from {self.domain} {'are to be' if self.on else 'are no longer'} {WORDS[self.measure]}"


class Policy:
    """Follows the attacks; says which measures begin and end. A pure fold."""

    def __init__(self, measures: tuple[Measure, ...]) -> None:
        """`measures` are those that can be taken here, whether by machine or by people."""
        self._measures = measures
        self._attackers: set[str] = set()
        self._standing: set[tuple[str, Measure]] = set()

    @property
    def standing(self) -> tuple[Step, ...]:
        """The measures that are to be in force now, in a settled order."""
        return tuple(
            Step(domain, measure, True)
            for domain in DOMAINS
            for measure in Measure
            if (domain, measure) in self._standing
        )

    def attack(self, domain: str, on: bool) -> list[Step]:
        """A domain begins or ceases to attack."""
        if on:
            self._attackers.add(domain)
        else:
            self._attackers.discard(domain)
        wanted = (
            set()
            if self._attackers >= set(DOMAINS)
            else {(each, measure) for each in self._attackers for measure in self._measures}
        )
        steps = [Step(*each, False) for each in self._standing - wanted] + [
            Step(*each, True) for each in wanted - self._standing
        ]
        self._standing = wanted
        return sorted(steps, key=lambda step: (step.on, DOMAINS.index(step.domain), step.measure.name))
