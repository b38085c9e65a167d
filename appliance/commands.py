"""Every command that reaches the box, in one table: name, arguments, privilege, help and handler.

The `alertbox` command line, its help and `docs/commands.md` are generated from the table.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from appliance import changes, linepages, reports, smspage
from appliance.answers import Answer
from appliance.site import Site


class Privilege(enum.Enum):
    """Who may give a command."""

    REPORT = "members of the box's group"
    CHANGE = "root"


class Of(enum.Enum):
    """What an argument is."""

    WORD = "word"
    NUMBER = "number"
    FLAG = "flag"
    FILE = "file"
    """Read by the command itself, as the user who gives it; the box gets its text."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument. `name` begins with `--` for an option."""

    name: str
    of: Of
    help: str
    default: Any = None
    """None: must be given (arguments), or may be left out (options)."""

    @property
    def key(self) -> str:
        """Its name in requests."""
        return self.name.lstrip("-").replace("-", "_").lower()


Handler = Callable[[Site, dict[str, Any]], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Command:
    """One command."""

    name: str
    help: str
    handler: Handler
    arguments: tuple[Argument, ...] = ()
    privilege: Privilege = Privilege.REPORT
    without_box: bool = False
    """Where the box is down, it is answered from the database, read-only, and the answer says so."""


_COUNT = Argument("--count", Of.NUMBER, "How many, newest last.", 20)
_LINE = Argument("LINE", Of.WORD, "Its number or name, as alertbox lines shows them.")
_JSON = Argument("--json", Of.FLAG, "The facts, for programs.", False)
_FILE = Argument("FILE", Of.FILE, "A roster file.")

COMMANDS: tuple[Command, ...] = (
    Command(
        "check",
        "Would an alert go out now, on which lines, to whom not, and why? Exit status 0: yes; 1: yes, but look at it; 2: no.",
        reports.check,
        without_box=True,
    ),
    Command("lines", "The lines: direction, state, and what their modems say.", linepages.lines),
    Command(
        "lines show",
        "Everything about one line on one page: modem, network, SIM, audio, last error, last recovery, and what to do next.",
        linepages.show,
        (_LINE, _JSON),
    ),
    Command(
        "lines trace",
        "What was said on a line's port: > to the modem, < its answers, * what it said unasked, # a code between the audio. "
        "PINs, messages and keys are left out.",
        linepages.trace,
        (
            _LINE,
            Argument("--seconds", Of.NUMBER, "Only the last so many seconds."),
            Argument("--after", Of.NUMBER, "Only what came after the entry of this number."),
            Argument("--follow", Of.FLAG, "Go on, until interrupted.", False),
            _JSON,
        ),
    ),
    Command(
        "lines discover",
        "What is plugged in, what each port is for, and whether it has voice. Modems that the box uses are not asked.",
        linepages.discover,
        (
            Argument(
                "--write", Of.FLAG, "Add what is new to the configuration, after showing what would change.", False
            ),
            Argument("--yes", Of.FLAG, "Do not ask before writing.", False),
            Argument("--no-ask", Of.FLAG, "Do not speak to the modems.", False),
            _JSON,
        ),
        Privilege.CHANGE,
    ),
    Command(
        "overload status",
        "Is there a call flood? Areas, sensors, alarms and levels at a glance. Exit status 1: resources run short or an "
        "attack; 2: nothing is watched.",
        reports.overload,
        (Argument("--of", Of.WORD, "Only this one: box (the own lines) or pbx.", ""),),
    ),
    Command("calls", "Call detail records.", reports.calls, (_COUNT,), without_box=True),
    Command("alerts", "Alerts and how far they came.", reports.alerts, (_COUNT,), without_box=True),
    Command(
        "alerts show",
        "The evidence of one alert: team by team and try by try.",
        reports.alert,
        (Argument("ID", Of.NUMBER, "The alert's number."),),
        without_box=True,
    ),
    Command(
        "sms",
        "Short messages that came in, newest last. They can be forged: the box shows them and obeys none. Exit status 1: some "
        "were deleted unread, because too many came.",
        smspage.received,
        (_COUNT,),
        without_box=True,
    ),
    Command(
        "sms show",
        "One received message in full, its control characters spelt out.",
        smspage.show,
        (Argument("ID", Of.NUMBER, "The message's number."),),
        without_box=True,
    ),
    Command(
        "journal verify",
        "Check the hash chain of the journal from its first record to its head.",
        reports.verify_journal,
        without_box=True,
    ),
    Command("roster list", "The teams in calling order, and who is not called.", reports.roster, without_box=True),
    Command(
        "roster check",
        "Report every mistake of a roster file; change nothing.",
        changes.check_roster,
        (_FILE,),
        without_box=True,
    ),
    Command(
        "roster load",
        "Take a roster into service, whole or not at all. PINs in the file are set for teams that have none.",
        changes.load_roster,
        (_FILE, Argument("--set-pins", Of.FLAG, "Set all PINs of the file, also where a team has one.", False)),
        Privilege.CHANGE,
    ),
    Command(
        "alarm",
        "What needs a person: the alarms that stand, oldest first. Exit status 1: there are some; 2: one is critical.",
        reports.alarms,
        without_box=True,
    ),
    Command(
        "alarm clear",
        "Take an alarm back that a person has dealt with; what causes it still will raise it again.",
        changes.clear_alarm,
        (Argument("KEY", Of.WORD, "The alarm's key, as alertbox alarm shows it."),),
        Privilege.CHANGE,
    ),
    Command(
        "pin set",
        "Give a team a new random PIN for calls in, or one of its groups a PIN for calls out, and show it once.",
        changes.set_pin,
        (
            Argument("TEAM", Of.WORD, "The team's key."),
            Argument("--group", Of.WORD, "A user group of the team, instead of the team's own PIN.", ""),
        ),
        Privilege.CHANGE,
    ),
)

BY_NAME = {command.name: command for command in COMMANDS}
