"""Would an alert go out now, on which lines, to whom not, and why? The judgement behind `alertbox check`. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from appliance.site import LineStatus
from storage.roster import Roster
from storage.standing import Alarm


@dataclass(frozen=True)
class Facts:
    """Everything that bears on the question."""

    running: bool
    lines: list[LineStatus] = field(default_factory=list)
    roster: Roster = field(default_factory=Roster)
    alarms: list[Alarm] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    """What is wrong with the box itself."""
    contacts: list[str] = field(default_factory=list)
    """Stale contact data."""
    without_pin: list[str] = field(default_factory=list)
    """Teams that cannot send an alert, because they have no PIN; group PINs that are missing."""
    ports: list[str] = field(default_factory=list)
    """Ports that may be another modem's after a restart."""


@dataclass(frozen=True)
class Verdict:
    """The answer, and its reasons."""

    status: int
    """0: yes. 1: yes, but look at the remarks. 2: no."""
    answer: str
    stops: list[str]
    """Why no alert would go out."""
    remarks: list[str]
    """What a person should look at."""


def judge(facts: Facts) -> Verdict:
    """Weigh the facts."""
    called = facts.roster.callable()
    dialling = [line for line in facts.lines if line.in_service and line.direction.may_dial]
    listening = [line for line in facts.lines if line.in_service and line.direction.takes_calls]
    stops = []
    if not facts.running:
        stops.append("the box is not running; start it with: systemctl start alertbox")
    else:
        if not dialling:
            stops.append("no line that may dial is in service; alertbox lines says why")
        if not listening:
            stops.append("no line that takes calls is in service, so no team could send an alert")
    if not facts.roster.teams:
        stops.append("there is no roster; load one with: alertbox roster load FILE")
    elif not called:
        stops.append("the roster has no team that is called")
    remarks = [f"line {line.name} is out of service: {line.detail}" for line in facts.lines if not line.in_service]
    if (
        facts.running
        and not any(line.sms and line.in_service for line in facts.lines)
        and any(t.mobile for t in called)
    ):
        remarks.append("no line in service sends short messages")
    remarks += [f"not called: {team}: {reason}" for team, reason in facts.roster.excluded().items()]
    remarks += [f"alarm ({alarm.severity}) {alarm.key}: {alarm.text}" for alarm in facts.alarms]
    remarks += facts.trouble + facts.without_pin + [f"warning: {each}" for each in facts.contacts + facts.ports]
    if stops:
        return Verdict(2, "No: an alert would not go out now.", stops, remarks)
    on = ", ".join(line.name for line in dialling)
    answer = f"Yes: an alert would go to {len(called)} of {len(facts.roster.teams)} teams now, on {on}."
    return Verdict(1 if remarks else 0, answer, stops, remarks)
