"""Who is called for an alert, and who is not and why."""

from __future__ import annotations

from storage.campaigns import Campaign
from storage.records import Target
from storage.roster import Roster

NOT_TOLD = "was not told of the alert that this one calls off"


def told_of(campaign: Campaign) -> frozenset[str]:
    """Teams that know of an alert, or whose telephone has rung for it: those that an all-clear must reach.

    A call that never left the line does not count; one that a crash cut off does.
    """
    rung = {attempt.team for attempt in campaign.attempts if attempt.counted or attempt.ended is None}
    return frozenset(rung | campaign.reached.keys())


def targets(roster: Roster, sender: str, calls_off: Campaign | None = None) -> list[Target]:
    """Every team of the roster but the sender, in roster order, with the reason where it is not called.

    `calls_off` is the campaign that this alert ends: then only those who have been told of it are called.
    """
    told = told_of(calls_off) if calls_off else None
    return [
        Target(team.key, team.why_not_called() or (NOT_TOLD if told is not None and team.key not in told else ""))
        for team in roster.teams
        if team.key != sender
    ]
