"""The report of one alert: who was reached and who was not, team by team and try by try, as data and as text.

Everything in it is evidence from the journal; its head stands at the end, so that whoever keeps the report can later have
the journal verified against it (`alertbox journal verify --anchor`).
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ivr.dialout.targets import NOT_TOLD, told_of
from storage import Store
from storage.campaigns import Attempt, Campaign
from storage.roster import Roster
from storage.sms import Sms

WIDTH = 80
"""Columns of the text."""


@dataclass(frozen=True, slots=True)
class Try:
    """One call to a team."""

    call: int
    number: str
    line: str
    began: float
    """Unix time of seizure."""
    ended: float | None
    outcome: str
    """As in `AttemptEnded.outcome`; `running` without an end in a running campaign, else `cut off`."""
    counted: bool
    detail: str


@dataclass(frozen=True, slots=True)
class TeamReport:
    """What became of one team."""

    team: str
    name: str
    result: str
    """`reached`, `not reached`, `calling` or `not called`."""
    how: str
    """`key`, `pin` or `playback` where it was reached; the reason where it was not, or was not called."""
    group: str
    """The user group whose PIN was entered, or empty."""
    reached_at: float | None
    heard_s: float
    """Seconds of the message that it heard, in its longest listening."""
    heard_all: bool
    calls: int
    """Calls that counted."""
    tries: tuple[Try, ...]
    sms: str
    """What became of its notice (`storage.sms.Sms.fate`), or empty."""


@dataclass(frozen=True, slots=True)
class Report:
    """One alert."""

    alert: int
    exercise: bool
    sender: str
    confirmed_at: float
    ended: str | None
    ended_at: float | None
    ended_by: str
    all_clear_of: int | None
    teams: tuple[TeamReport, ...]
    journal_head: str

    def count(self, result: str) -> int:
        """Teams with that result."""
        return sum(team.result == result for team in self.teams)

    def data(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


async def gather(store: Store, alert: int) -> Report | None:
    """The report as of now, or None if there is no such alert. Raises `StorageError`."""
    campaign = await store.campaigns.get(alert)
    if campaign is None:
        return None
    earlier = await store.campaigns.get(campaign.all_clear_of) if campaign.all_clear_of is not None else None
    return build(campaign, store.roster.current(), await store.sms.for_alert(alert), store.journal.head, earlier)


def build(campaign: Campaign, roster: Roster, sms: Iterable[Sms], head: str, earlier: Campaign | None = None) -> Report:
    """From what the stores hold. `earlier` is the campaign that this one calls off. Pure."""
    told = told_of(earlier) if earlier else None
    notices = {message.team: message.fate for message in sms if message.purpose == "notice"}
    tries: dict[str, list[Attempt]] = {}
    for attempt in campaign.attempts:
        tries.setdefault(attempt.team, []).append(attempt)
    teams = []
    for target in campaign.targets:
        attempts = tries.get(target.team, [])
        excluded = target.excluded
        if told is not None and not excluded and target.team not in told and not attempts:
            excluded = NOT_TOLD
        known = roster.by_key(target.team)
        reached = campaign.reached.get(target.team)
        result, how = _result(campaign, target.team, excluded)
        teams.append(
            TeamReport(
                target.team, known.name if known else target.team, result, how,
                reached.group if reached else "", reached.at.wall if reached else None,
                reached.heard_s if reached else 0.0, bool(reached and reached.heard_all),
                sum(a.counted for a in attempts), tuple(_try(a, campaign) for a in attempts),
                notices.get(target.team, ""),
            )
        )  # fmt: skip
    return Report(
        campaign.alert, campaign.exercise, campaign.sender, campaign.confirmed_at, campaign.ended, campaign.ended_at,
        campaign.ended_by, campaign.all_clear_of, tuple(teams), head,
    )  # fmt: skip


def _result(campaign: Campaign, team: str, excluded: str) -> tuple[str, str]:
    if team in campaign.reached:
        return "reached", campaign.reached[team].how
    if team in campaign.not_reached:
        return "not reached", campaign.not_reached[team]
    if excluded:
        return "not called", excluded
    if campaign.ended is None:
        return "calling", ""
    return "not reached", "the calling was ended before" if campaign.ended == "all-clear" else "the campaign has ended"


def _try(attempt: Attempt, campaign: Campaign) -> Try:
    outcome = attempt.outcome or ("running" if campaign.ended is None else "cut off")
    ended = attempt.ended.wall if attempt.ended else None
    return Try(
        attempt.call,
        attempt.number,
        attempt.line,
        attempt.started.wall,
        ended,
        outcome,
        attempt.counted,
        attempt.detail,
    )


def text(report: Report, timezone: dt.tzinfo = dt.UTC) -> str:
    """The report in lines of at most 80 columns, times of day in `timezone`."""

    def day(wall: float) -> str:
        return dt.datetime.fromtimestamp(wall, timezone).strftime("%Y-%m-%d %H:%M:%S %Z").rstrip()

    kind = "Exercise" if report.exercise else "Alert"
    head = f"{kind} {report.alert} from {report.sender}, confirmed {day(report.confirmed_at)}"
    if report.all_clear_of is not None:
        head += f", all-clear of alert {report.all_clear_of}"
    state = "The calling goes on."
    if report.ended is not None and report.ended_at is not None:
        how = {"complete": "complete", "all-clear": "all-clear"}.get(report.ended, report.ended)
        state = f"Ended {day(report.ended_at)} ({how}{f' by {report.ended_by}' if report.ended_by else ''})."
    asked = len(report.teams) - report.count("not called")
    counts = [f"{report.count('reached')} of {asked} teams reached"]
    counts += [f"{n} {what}" for what in ("not reached", "calling", "not called") if (n := report.count(what))]
    lines = [*_wrap(head), *_wrap(f"{state} {', '.join(counts)}."), ""]
    lines += _table(
        ("team", "result", "how, or why not", "heard", "calls", "notice"),
        [(t.team, t.result, _how(t), _heard(t), str(t.calls), t.sms) for t in report.teams],
        (12, 11, 24, 8, 5, 11),
    )
    tried = [(team.team, each) for team in report.teams for each in team.tries]
    if tried:
        lines += ["", f"Every try, times in {dt.datetime.fromtimestamp(report.confirmed_at, timezone).tzname()}:"]
        lines += _table(
            ("call", "team", "number", "line", "began", "ended", "outcome"),
            [
                (
                    str(each.call), team, each.number, each.line, _clock(each.began, timezone),
                    _clock(each.ended, timezone), each.outcome + ("" if each.counted else " *"),
                )
                for team, each in sorted(tried, key=lambda pair: (pair[1].began, pair[1].call))
            ],
            (6, 12, 15, 8, 8, 8, 17),
        )  # fmt: skip
    if any(not each.counted for _, each in tried):
        lines.append("* the line was at fault: not one of the team's calls")
    lines += [""] if tried else []
    lines += _details(tried)
    lines += ["Journal head when this report was made:", f"  {report.journal_head}"]
    return "\n".join(lines)


def _details(tried: Sequence[tuple[str, Try]]) -> list[str]:
    """What the lines said, each wording once with how often."""
    said = Counter(f"{each.outcome}: {each.detail}" for _, each in tried if each.detail and each.outcome != "reached")
    lines = []
    for words, times in said.most_common():
        lines += _wrap(f"{times} x {words}", indent="    ")
    return [*lines, ""] if lines else []


def _how(team: TeamReport) -> str:
    if team.result != "reached":
        return team.how
    return {"key": "pressed the key", "playback": "called in"}.get(team.how, f"PIN of group {team.group}")


def _heard(team: TeamReport) -> str:
    if team.result != "reached":
        return ""
    return f"{team.heard_s:.0f} s all" if team.heard_all else f"{team.heard_s:.0f} s"


def _clock(wall: float | None, timezone: dt.tzinfo) -> str:
    return "" if wall is None else dt.datetime.fromtimestamp(wall, timezone).strftime("%H:%M:%S")


def _wrap(words: str, indent: str = "") -> list[str]:
    return textwrap.wrap(words, WIDTH, subsequent_indent=indent) or [""]


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> list[str]:
    """Columns at most that wide, narrower where nothing needs it; longer cells go on in further lines."""
    fitted = [
        min(width, max(len(title), *(len(row[i]) for row in rows), 1) if rows else len(title))
        for i, (title, width) in enumerate(zip(titles, widths, strict=True))
    ]
    lines = []
    for row in (titles, ["-" * width for width in fitted], *rows):
        cells = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, fitted, strict=True)]
        for i in range(max(map(len, cells))):
            parts = [(cell[i] if i < len(cell) else "").ljust(width) for cell, width in zip(cells, fitted, strict=True)]
            lines.append(" ".join(parts).rstrip())
    return lines
