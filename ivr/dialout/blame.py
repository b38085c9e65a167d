"""Whose fault: the line's or the number's. Pure.

A fault on one call says little: a dead line refuses every number, a dead number is refused by every line. What tells them
apart is what else the line and the number have done. Only what the evidence allows is concluded:

* The line is at fault when three calls in a row went wrong on it: three faults that no number can cause (no dial tone, a
  silent modem), or faults with two different numbers, or with one number that another line has carried.
* The number is at fault when two lines (or all that there are) failed on it and have carried other numbers *since*. What
  they did before is weaker, for a whole trunk group can go at once; it is enough only for a number that has been convicted
  before, or one that has gone wrong for two minutes, and only if the last other call of one of the lines at least was good,
  and of none of them bad.

Where no line has carried any call, nothing tells a dead number from dead lines. Then nothing is concluded: no failure of a
line may cost a team one of its calls, and an outage of all lines may last for hours. The team is tried on and on, with
alarms, until the message is no longer new (`ivr.dialout.book.Book.give_up_the_old`). A test number makes such cases rare: a
line that has carried a test call has carried another number.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field

from hal.errors import Congestion, LineFault, ModemError, RefusedAtOnce

FAULTS_IN_A_ROW = 3
"""Faults on one line, with no success between, that may take it out of service (design, decision 5)."""
LONG_ENOUGH_S = 120.0
"""Seconds for which a number must have gone wrong before what lines did earlier counts as evidence against it."""
_REMEMBERED = 32

_NUMBER_MAY_CAUSE = (RefusedAtOnce, Congestion, ModemError)
"""Faults that a number can bring about on a line that is well: barred, unobtainable, its own network congested."""


class Verdict(enum.Enum):
    """What follows from a fault."""

    OPEN = "open"
    """Nothing yet."""
    LINE = "line"
    """The line is to leave service."""
    NUMBER = "number"
    """The number cannot be had: this was one of the team's calls."""


@dataclass(slots=True)
class _Result:
    serial: int
    number: str
    ok: bool
    certain: bool = False


@dataclass(slots=True)
class _Case:
    """Faults on one number since it was last carried or convicted."""

    first: float
    faults: dict[str, int] = field(default_factory=dict)
    """Line -> serial of its first fault on this number."""


class Blame:
    """Remembers how calls went, line by line and number by number."""

    def __init__(self) -> None:
        self._serial = 0
        self._lines: dict[str, deque[_Result]] = {}
        self._cases: dict[str, _Case] = {}
        self._convicted: set[str] = set()

    def carried(self, line: str, number: str) -> None:
        """The line did its part: the called side or its exchange answered, in whatever way."""
        self._note(line, number, ok=True)
        self._cases.pop(number, None)
        self._convicted.discard(number)

    def faulted(self, line: str, number: str, fault: LineFault, now: float, in_service: Collection[str]) -> Verdict:
        """The call did not leave the line. `in_service`: all lines that may dial; `now`: monotonic seconds."""
        certain = not isinstance(fault, _NUMBER_MAY_CAUSE)
        self._note(line, number, ok=False, certain=certain)
        if not certain:
            case = self._cases.setdefault(number, _Case(now))
            case.faults.setdefault(line, self._serial)
            if self._number_is_to_blame(case, number, now, in_service):
                self._exonerate_lines(number)
                return Verdict.NUMBER
        return Verdict.LINE if self._line_is_to_blame(line) else Verdict.OPEN

    def forget(self, line: str) -> None:
        """The line begins afresh: back in service, or removed."""
        self._lines.pop(line, None)

    # --- evidence

    def _note(self, line: str, number: str, *, ok: bool, certain: bool = False) -> None:
        self._serial += 1
        self._lines.setdefault(line, deque(maxlen=_REMEMBERED)).append(_Result(self._serial, number, ok, certain))

    def _line_is_to_blame(self, line: str) -> bool:
        run = []
        for result in reversed(self._lines[line]):
            if result.ok:
                break
            run.append(result)
        if len(run) < FAULTS_IN_A_ROW:
            return False
        numbers = {result.number for result in run}
        return (
            sum(result.certain for result in run) >= FAULTS_IN_A_ROW
            or len(numbers) > 1
            or any(self._last(other, run[0].number, ok=True) for other in self._lines if other != line)
        )

    def _last(self, line: str, number: str, *, ok: bool) -> bool:
        """The line's last call to that number went so."""
        return next((r.ok is ok for r in reversed(self._lines[line]) if r.number == number), False)

    def _number_is_to_blame(self, case: _Case, number: str, now: float, in_service: Collection[str]) -> bool:
        since = {line for line, serial in case.faults.items() if self._carried_another(line, number, serial)}
        if self._enough(since, in_service):
            self._convicted.add(number)
            return True
        if number not in self._convicted and now - case.first < LONG_ENOUGH_S:
            return False
        others = {line: self._last_with_others(line, number) for line in case.faults}
        return True in others.values() and self._enough(
            {line for line in others if others[line] is not False}, in_service
        )

    @staticmethod
    def _enough(lines: set[str], in_service: Collection[str]) -> bool:
        return len(lines) >= 2 or (bool(lines) and lines.issuperset(in_service))

    def _carried_another(self, line: str, number: str, since: int) -> bool:
        return any(r.ok and r.serial > since and r.number != number for r in self._lines.get(line, ()))

    def _last_with_others(self, line: str, number: str) -> bool | None:
        """How the line's last call to any other number went, None where there was none."""
        return next((r.ok for r in reversed(self._lines.get(line, ())) if r.number != number), None)

    def _exonerate_lines(self, number: str) -> None:
        del self._cases[number]
        for line, results in self._lines.items():
            kept = [r for r in results if r.ok or r.certain or r.number != number]
            self._lines[line] = deque(kept, maxlen=_REMEMBERED)
