"""The dial gate: every number of every call and message passes here, and most numbers of the world do not.

The box calls its teams, the management number and its own test number; there is nothing else that it could want. What an
account (the purpose of a call) may reach is data, `RULES`; toll restrictions will be further rules here.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress

from hal.errors import Refused
from hal.line import DIALLABLE, DialRequest
from storage import StorageError, Store
from storage.records import AlarmRaised
from storage.roster import Roster

log = logging.getLogger(__name__)


class Known(enum.Enum):
    """Groups of numbers."""

    TEAMS = "a number of a team of the roster"
    MOBILES = "the mobile number of a team of the roster"
    MANAGEMENT = "the management number"
    TEST = "the configured test number"


RULES: Mapping[str, tuple[Known, ...]] = {
    "alert": (Known.TEAMS,),
    "test": (Known.TEST,),
    "sms": (Known.MOBILES, Known.MANAGEMENT),
}
"""Account code of a call (`sms` for every message) -> the numbers that it may reach."""


class Gate:
    """A `hal.line.DialGate` that knows the roster. Every refusal is an alarm in the journal."""

    def __init__(
        self, store: Store, *, roster: Callable[[], Roster], management_number: str = "", test_number: str = ""
    ) -> None:
        self._store = store
        self._roster = roster
        self._management_number = management_number
        self._test_number = test_number

    async def allow_call(self, request: DialRequest, line: str) -> None:
        """Raises `Refused` for a number that the account may not reach."""
        await self._ask(request.account, request.number, request.originator, line)

    async def allow_sms(self, number: str, originator: str, device: str) -> None:
        """Raises `Refused` for a number that is neither a team's mobile nor the management's."""
        await self._ask("sms", number, originator, device)

    async def _ask(self, account: str, number: str, originator: str, where: str) -> None:
        why = self._why_not(account, number)
        if not why:
            return
        text = f"{originator} wanted {number!r} ({account}) on {where}: {why}"
        log.error("refused: %s", text)
        with suppress(StorageError):  # a full disk must not turn a refusal into something else
            await self._store.commit(AlarmRaised(f"gate.{account}", "major", text))
        raise Refused(text)

    def _why_not(self, account: str, number: str) -> str:
        """Empty if the number may be reached."""
        if not DIALLABLE.match(number):
            return "that is no number; only digits, *, # and a leading + reach a modem"
        rule = RULES.get(account)
        if rule is None:
            return f"there is no account of that name; known are {', '.join(RULES)}"
        if not any(number in self._numbers(group) for group in rule):
            return f"it is not {' or '.join(group.value for group in rule)}"
        return ""

    def _numbers(self, group: Known) -> set[str]:
        teams = self._roster().teams
        match group:
            case Known.TEAMS:
                return {each.number for team in teams for each in team.numbers}
            case Known.MOBILES:
                return {team.mobile for team in teams} - {""}
            case Known.MANAGEMENT:
                return {self._management_number} - {""}
            case Known.TEST:
                return {self._test_number} - {""}
