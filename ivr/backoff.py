"""Login back-off over calls: a pure policy over the history of logins. `allow` before an entry, `judge` for its team.

The budgets, each a bucket of wrong logins that empties with time (defaults of `Limits` in brackets):

* a telephone that no team registered; all telephones that hide their number are one of these [6, then one in 30 min]
* one team, from telephones that are not its own [6, then one in 10 min]
* all unregistered telephones together [30, then one in 2 min]

A team's registered number is never refused its three attempts. Instead its answers, right or wrong, come slowly: after 6
wrong ones from that number within an hour at least 60 s apart, and after 30 from all registered numbers at least 20 s
apart, over all calls that present such a number.

What that is worth against a five-digit PIN (100,000 possible ones), for someone who calls day and night, on as many lines
and with as many forged caller numbers as may be:

* one known UID, from elsewhere: 144 looked-at guesses a day, so the 50,000 of the average take 347 days;
* any team at all, from elsewhere: 720 a day in all, so a first hit takes 139 days on average, however many teams there are;
* one known UID, its team's registered number forged: 1,440 a day, 35 days on average;
* all UIDs known, every team's registered number forged in turn: 4,320 a day, 23 days on average to a first hit.

The last two are the price of never refusing a team's own telephone; `suspicious` is true, and the box alarms, after the
first minutes of any of the four. From elsewhere a budget refills by time alone, so nothing locks a team out for ever: minutes
after a flood of wrong logins there is room again, and during it the team's own telephones are served. Calls out know nothing
of any of this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ivr.limits import Limits

WINDOW_S = 86400.0
"""How far back the history is of use: every bucket at its defaults is empty again by then."""
OWN_WINDOW_S = 3600.0
"""Wrong logins from a registered number count for this long."""
ALARM_FAILURES = 10
"""Wrong logins for one team, or from one number, within an hour: worth a person's attention."""


_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Tried:
    """One login. One that is being checked at this moment counts as wrong until it is known to be right."""

    age_s: float
    """Seconds since its answer; below zero where the answer is still to come."""
    caller: str | None
    """None where no number was presented."""
    registered: bool
    """`caller` is a number that some team has registered."""
    team: str | None
    """Whose UID was entered; None for an unknown one."""
    own: bool
    """`caller` is a number of this very team."""
    ok: bool = False


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a call may do: `attempts` entries (0: none at all), and the seconds to wait before the next answer."""

    attempts: int
    wait_s: float = 0.0


def room(ages_s: Iterable[float], size: int, refill_s: float) -> int:
    """How many more wrong logins fit in a bucket of `size` that loses one every `refill_s`, filled `ages_s` seconds ago."""
    level, last = 0.0, WINDOW_S
    for age in sorted((max(0.0, age) for age in ages_s), reverse=True):
        level = max(0.0, level - (last - age) / refill_s)
        # What found no room was not looked at, and must not lengthen the wait: else a flood would lock the door for ever.
        if level <= size - 1 + _ROUNDING:
            level += 1.0
        last = age
    level = max(0.0, level - last / refill_s)
    return int(size - level + _ROUNDING)


def allow(history: Sequence[Tried], caller: str | None, registered: bool, limits: Limits) -> Allowance:
    """What a call from `caller` may do now. `registered`: the number is one of some team's."""
    wrong = [tried for tried in history if not tried.ok]
    if registered:
        recent = [tried for tried in wrong if tried.registered and tried.age_s < OWN_WINDOW_S]
        from_here = [tried for tried in recent if tried.caller == caller]
        return Allowance(
            limits.attempts,
            max(
                _wait(from_here, limits.own_tries, limits.own_spacing_s),
                _wait(recent, limits.all_own_tries, limits.all_own_spacing_s),
            ),
        )
    strangers = [tried for tried in wrong if not tried.registered]
    mine = room((t.age_s for t in strangers if t.caller == caller), limits.caller_tries, limits.caller_refill_s)
    everyone = room((t.age_s for t in strangers), limits.all_tries, limits.all_refill_s)
    return Allowance(min(limits.attempts, mine, everyone))


def _wait(recent: Sequence[Tried], free: int, spacing_s: float) -> float:
    """Seconds until the next answer is due, `spacing_s` after the last one that is given or promised."""
    return max(0.0, spacing_s - min(tried.age_s for tried in recent)) if len(recent) >= free else 0.0


def judge(history: Sequence[Tried], team: str | None, own: bool, limits: Limits) -> bool:
    """Whether an entry for `team` is looked at at all. `own`: it comes from a number of this very team.

    One that is not looked at gets the words and the time of a wrong one, so the answer tells nothing about the team.
    """
    if team is None or own:
        return True
    wrong = (t.age_s for t in history if not t.ok and t.team == team and not t.own)
    return room(wrong, limits.team_tries, limits.team_refill_s) > 0


def suspicious(history: Sequence[Tried], limits: Limits) -> bool:
    """Somebody seems to be guessing: the wrong logins of the last hour are more than mistakes explain.

    That is `ALARM_FAILURES` of them for one team or from one number.
    """
    recent = [tried for tried in history if not tried.ok and 0 <= tried.age_s < OWN_WINDOW_S]
    teams = Counter(tried.team for tried in recent if tried.team is not None)
    callers = Counter(tried.caller for tried in recent)
    return max([*teams.values(), *callers.values(), 0]) >= ALARM_FAILURES or len(recent) >= limits.all_tries
