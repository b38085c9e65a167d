"""The pool of lines: who may use which, who goes first, and which have left service.

Priority: the running alert, then callers, then everything else. A caller already on a line is never thrown off it. Of the
lines that take calls some (`keep`, one by default) are kept from dialling where there are two or more of them, so that a
caller finds the box; a line with a caller on it counts as kept, so a sender who is still on the line holds up nothing.

A line that fails calls (`ivr.dialout.blame`) leaves service. It comes back by a health round trip and a test dial: to the
test number where there is one, otherwise the next real call is the test, on one such line at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass, field

from hal.errors import LineClosed, LineFault, ModemSilent, Unplugged
from hal.line import Device, Line, LineState
from ivr.dialout.blame import Blame, Verdict

log = logging.getLogger(__name__)

FIRST_PROBE_S = 5.0
"""Seconds from leaving service to the first attempt at coming back; doubled each time."""
LONGEST_PROBE_S = 300.0
TEST_NUMBER = "test"
"""What the test number is called as evidence about lines and numbers."""
_SEEN_BY_A_ROUND_TRIP = (ModemSilent, Unplugged, LineClosed)
"""Faults that show in the modem itself, whose keeper raises an alarm."""


class Use(enum.Enum):
    """Why a line is not free."""

    OUT = "out"
    IN = "in"
    SMS = "sms"


@dataclass(slots=True)
class Outage:
    """A line out of service."""

    reason: str
    since: float
    """Monotonic seconds."""
    next_probe: float
    wait_s: float = FIRST_PROBE_S
    half_open: bool = False
    """The round trip has succeeded: the next real call is the test."""


@dataclass(slots=True)
class _Place:
    """A line in the pool."""

    line: Line
    uses: set[Use] = field(default_factory=set)
    outage: Outage | None = None
    doubt: str = ""
    """Number of the last call, where that failed though the modem seems well."""
    last_fault: float = -math.inf
    last_used: float = -math.inf
    owes_call: bool = True
    """A message has gone out over its device since the last call: a call that waits for the line is next."""


TestDial = Callable[[Line], Awaitable[bool]]
ServiceChange = Callable[[str, bool, str], None]


def _nobody_listens(line: str, in_service: bool, reason: str) -> None:
    """The default of `Trunks.on_service`."""


def _nobody_doubts(line: str, reason: str) -> None:
    """The default of `Trunks.on_doubt`."""


class Trunks:
    """Lines by name. Everything but `seize_out`, `sms_slot` and `run` is synchronous, for use on the event loop only."""

    def __init__(self, now: Callable[[], float], *, keep: int = 1) -> None:
        self.keep = keep
        """Lines kept from dialling where two or more take calls. 0 keeps none."""
        self.alert_wants = False
        """A running alert waits for a line: everything else stands back."""
        self.on_service: ServiceChange = _nobody_listens
        """Called with line, in service or not, and why, at each change."""
        self.on_doubt: Callable[[str, str], None] = _nobody_doubts
        """Called with line and reason when a call fails on a line whose modem seems well, and with an empty reason when a
        later one goes through or the number proves to be at fault. Such a line may not be dialled again for long, for others
        go first, so nothing else would tell."""
        self.test_dial: TestDial | None = None
        """Dials the configured test number on a line, and says whether the line carried it."""
        self._now = now
        self._places: dict[str, _Place] = {}
        self._absent: dict[str, Outage] = {}
        self._absent_doubts: dict[str, str] = {}
        self._blame = Blame()
        self._listeners: list[Callable[[], None]] = []
        self._changed = asyncio.Event()

    # --- the pool

    def add(self, line: Line) -> None:
        """A line has come up. One that left while it was out of service still has to prove itself.

        ValueError if there is one of that name.
        """
        if line.name in self._places:
            raise ValueError(f"{line.name} is in the pool already")
        outage = self._absent.pop(line.name, None)
        if outage:
            outage.half_open, outage.next_probe = False, self._now()
        self._places[line.name] = _Place(line, outage=outage, doubt=self._absent_doubts.pop(line.name, ""))
        self.notify()

    def remove(self, line: Line) -> None:
        """A line has gone. A call on it may still be ending; unknown lines are ignored."""
        place = self._places.pop(line.name, None)
        if place:
            if place.outage:
                self._absent[line.name] = place.outage
            if place.doubt:  # only a call that goes through clears it
                self._absent_doubts[line.name] = place.doubt
            self._blame.forget(line.name)
            self.notify()

    def lines(self) -> tuple[Line, ...]:
        """All that are in the pool, in service or not."""
        return tuple(place.line for place in self._places.values())

    def outages(self) -> dict[str, Outage]:
        """Lines in the pool that are out of service, and why."""
        return {name: place.outage for name, place in self._places.items() if place.outage}

    def listen(self, callback: Callable[[], None]) -> None:
        """Call it whenever a line may have become free, or has left."""
        self._listeners.append(callback)

    def notify(self) -> None:
        """Something about the lines has changed: look again."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        for callback in self._listeners:
            callback()

    # --- dialling

    def in_service(self) -> list[str]:
        """Lines that may dial now or when their present call is over, those whose next call is a test included."""
        return [name for name, place in self._places.items() if self._serves(place)]

    def working(self) -> list[str]:
        """Lines that may dial and are not under suspicion."""
        return [name for name, place in self._places.items() if self._serves(place) and not place.outage]

    def free(self) -> list[Line]:
        """Lines that may be dialled on at this moment, best first: least recently at fault, then those that take no
        calls, then least recently used."""
        allowed = self._allowance()
        found = [
            place
            for place in self._places.values()
            if self._serves(place)
            and not place.uses
            and place.line.state is LineState.IDLE
            and (allowed > 0 or not place.line.direction.takes_calls)
            and not (place.outage and self._testing())
        ]
        found.sort(key=lambda p: (p.last_fault, p.line.direction.takes_calls, p.last_used))
        return [place.line for place in found]

    @property
    def unsettled(self) -> bool:
        """A line that may dial is held by nobody and yet not idle: it may become free without anybody saying so."""
        return any(
            place.line.direction.may_dial and not place.uses and place.line.state is not LineState.IDLE
            for place in self._places.values()
        )

    def take(self, name: str) -> Line:
        """Seize a free line for a call out. RuntimeError if somebody has it."""
        place = self._places[name]
        if place.uses:
            raise RuntimeError(f"{name} is in use")
        place.uses.add(Use.OUT)
        place.last_used = self._now()
        for other in self._of_device(place.line.device):
            other.owes_call = False
        return place.line

    def release(self, line: Line) -> None:
        """The call out, whatever became of it, is over. Harmless for a line that has left the pool."""
        self._drop(line, Use.OUT)

    async def seize_out(self, avoid: Collection[str] = ()) -> Line:
        """A line for a call that is no alert (test, referral): waits while an alert wants lines. `release` it."""
        while True:
            if not self.alert_wants:
                for line in self.free():
                    if line.name not in avoid:
                        return self.take(line.name)
            await self._changed.wait()

    # --- calls in, messages

    @contextlib.contextmanager
    def seized_in(self, line: Line) -> Iterator[None]:
        """While a call in is on the line, from its first ring on."""
        place = self._places.get(line.name)
        if place:
            place.uses.add(Use.IN)
            self.notify()
        try:
            yield
        finally:
            self._drop(line, Use.IN)

    @contextlib.asynccontextmanager
    async def sms_slot(self, device: Device) -> AsyncIterator[None]:
        """While one message goes out over the device. Waits while a line of it has a call, and lets a call that waits
        for the line go first after each message: a message never delays a call by more than itself."""
        while not self._may_send(device):
            await self._changed.wait()
        held = self._of_device(device)
        for place in held:
            place.uses.add(Use.SMS)
        try:
            yield
        finally:
            for place in held:
                place.uses.discard(Use.SMS)
                place.owes_call = True
            self.notify()

    # --- service

    def carried(self, line: Line, number: str) -> None:
        """The line has done its part on a call to that number. One that was on trial is back in service."""
        self._blame.carried(line.name, number)
        place = self._places.get(line.name)
        if place:
            self._trust(place)
        if place and place.outage:
            self._restore(place, "a call went through")

    def faulted(self, line: Line, number: str, fault: LineFault) -> Verdict:
        """The line has failed a call. Takes it out of service where that is the verdict, or where it was on trial."""
        now = self._now()
        verdict = self._blame.faulted(line.name, number, fault, now, self.in_service())
        place = self._places.get(line.name)
        if verdict is Verdict.NUMBER:
            for each in self._places.values():
                if each.doubt == number:
                    self._trust(each)
        elif place and not isinstance(fault, _SEEN_BY_A_ROUND_TRIP):
            place.doubt = number
            self.on_doubt(line.name, str(fault) or type(fault).__name__)
        if place is None:
            return verdict
        place.last_fault = now
        if place.outage and verdict is not Verdict.NUMBER:
            self._fail_probe(place, str(fault) or type(fault).__name__)
        elif not place.outage and verdict is Verdict.LINE:
            reason = f"three calls in a row failed, last: {str(fault) or type(fault).__name__}"
            place.outage = Outage(reason, now, now + FIRST_PROBE_S)
            log.error("%s leaves service: %s", line.name, reason)
            self.on_service(line.name, False, reason)
            self.notify()
        return verdict

    async def run(self) -> None:
        """Bring lines back into service, for ever."""
        while True:
            changed = self._changed
            waiting = [p for p in self._places.values() if p.outage and not p.outage.half_open and not p.uses]
            now = self._now()
            due = [p for p in waiting if p.outage and p.outage.next_probe <= now]
            if due:
                await asyncio.gather(*(self._probe(place) for place in due))
                continue
            pause = min((p.outage.next_probe - now for p in waiting if p.outage), default=None)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await changed.wait()

    # --- inside

    def _serves(self, place: _Place) -> bool:
        return (
            place.line.direction.may_dial
            and place.line.state not in (LineState.CLOSED, LineState.FAULTED)
            and (place.outage is None or place.outage.half_open)
        )

    def _allowance(self) -> int:
        """How many more lines that take calls may dial."""
        takers = [
            p
            for p in self._places.values()
            if p.line.direction.takes_calls and p.line.state not in (LineState.CLOSED, LineState.FAULTED)
        ]
        keep = self.keep if len(takers) >= 2 else 0
        return max(1, len(takers) - keep) - sum(Use.OUT in p.uses for p in takers)

    def _testing(self) -> bool:
        """A line on trial is carrying its test call."""
        return any(p.outage and Use.OUT in p.uses for p in self._places.values())

    def _of_device(self, device: Device) -> list[_Place]:
        return [p for p in self._places.values() if p.line.device is device]

    def _may_send(self, device: Device) -> bool:
        places = self._of_device(device)
        busy = (LineState.DIALLING, LineState.RINGING, LineState.IN_CALL)
        if any(place.uses or place.line.state in busy for place in places):
            return False
        if not self.alert_wants or not any(place.owes_call for place in places):
            return True
        return not any(line.device is device for line in self.free())

    def _drop(self, line: Line, use: Use) -> None:
        place = self._places.get(line.name)
        if place and place.line is line:
            place.uses.discard(use)
        self.notify()

    def _trust(self, place: _Place) -> None:
        if place.doubt:
            place.doubt = ""
            self.on_doubt(place.line.name, "")

    def _restore(self, place: _Place, why: str) -> None:
        place.outage = None
        self._trust(place)
        self._blame.forget(place.line.name)
        log.warning("%s is back in service: %s", place.line.name, why)
        self.on_service(place.line.name, True, why)
        self.notify()

    def _fail_probe(self, place: _Place, reason: str) -> None:
        outage = place.outage
        assert outage is not None
        outage.half_open = False
        outage.wait_s = min(LONGEST_PROBE_S, outage.wait_s * 2)
        outage.next_probe = self._now() + outage.wait_s
        log.warning("%s stays out of service: %s; next try in %.0f s", place.line.name, reason, outage.wait_s)
        self.notify()

    async def _probe(self, place: _Place) -> None:
        try:
            await self._try_probe(place)
        except Exception as error:
            log.exception("probing %s", place.line.name)
            if place.outage:
                self._fail_probe(place, f"{type(error).__name__}: {error}")

    async def _try_probe(self, place: _Place) -> None:
        health = await place.line.health()
        outage = place.outage
        if outage is None or self._places.get(place.line.name) is not place:
            return
        if not health.ok:
            self._fail_probe(place, health.detail)
        elif self.test_dial is None:
            outage.half_open = True
            self.notify()
        elif not place.uses and place.line.state is LineState.IDLE:
            place.uses.add(Use.OUT)
            try:
                ok = await self.test_dial(place.line)
            finally:
                self._drop(place.line, Use.OUT)
            if place.outage and ok:
                self._restore(place, "the test call went through")
                self._blame.carried(place.line.name, TEST_NUMBER)
            elif place.outage:
                self._fail_probe(place, "the test call failed")
        else:
            outage.next_probe = self._now() + FIRST_PROBE_S
