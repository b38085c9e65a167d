"""A campaign while it runs, as the dial-out loop keeps it in memory."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from storage.campaigns import Campaign
from storage.records import AlertConfirmed, Target


@dataclass(slots=True)
class Running:
    """One open alert."""

    alert: int
    sender: str
    exercise: bool
    all_clear_of: int | None
    targets: tuple[Target, ...]
    until: float = math.inf
    """Moment (monotonic) at which the message is not new any more: whoever no line has reached by then is given up."""
    called: list[str] = field(default_factory=list)
    """Teams that are to be called, in order."""
    tries: dict[str, list[str]] = field(default_factory=dict)
    """Team -> outcomes of its counted calls, in order."""
    reached: set[str] = field(default_factory=set)
    not_reached: dict[str, str] = field(default_factory=dict)
    """Team -> reason, given up."""
    finishing: bool = False

    @classmethod
    def confirmed(cls, record: AlertConfirmed) -> Running:
        """At its beginning."""
        return cls(record.alert, record.sender, record.exercise, record.all_clear_of, tuple(record.targets))

    @classmethod
    def stored(cls, campaign: Campaign) -> Running:
        """As the store has it."""
        running = cls(
            campaign.alert, campaign.sender, campaign.exercise, campaign.all_clear_of, campaign.targets,
            reached=set(campaign.reached), not_reached=dict(campaign.not_reached),
        )  # fmt: skip
        for attempt in campaign.attempts:
            if attempt.counted or attempt.ended is None:
                running.tried(attempt.team, attempt.outcome or "interrupted")
        return running

    def to_call(self, told: frozenset[str] | None) -> list[str]:
        """Targets that are not excluded; of an all-clear only those who were `told` of what it calls off."""
        return [t.team for t in self.targets if not t.excluded and (told is None or t.team in told)]

    def tried(self, team: str, outcome: str) -> None:
        """A counted call has ended so."""
        self.tries.setdefault(team, []).append(outcome)

    def why_given_up(self, team: str) -> str:
        """One line for `TeamNotReached.reason`."""
        outcomes = self.tries.get(team, [])
        return f"{len(outcomes)} calls: {', '.join(outcomes)}"

    def missing(self) -> list[str]:
        """Those who were to be called and have not been reached, in order."""
        return [team for team in self.called if team not in self.reached]
