"""One attempt to call one team on one line."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from hal.clock import Clock
from hal.errors import CallFailed, Glare, LineFault, ModemError, Refused, Unplugged
from hal.line import Call, DialRequest, Line, LineState
from ivr.dialout import outcome as outcomes
from ivr.dialout.blame import Verdict
from ivr.dialout.ledger import Ledger
from ivr.dialout.outcome import Outcome
from ivr.dialout.schedule import Dial
from ivr.limits import Limits
from ivr.trunks import Trunks
from storage.records import AttemptEnded, AttemptStarted, CallAnswered, CallEnded, CallStarted, Record
from storage.roster import Team

log = logging.getLogger(__name__)

ACCOUNT = "alert"
"""Account code of the calls of a campaign."""
DIAL_MARGIN_S = 60.0
"""Seconds beyond the ring limit after which a dial that has not come back is taken for a silent modem."""
LONGEST_CALL_S = 3600.0
"""Seconds after which even a conversation that goes on has to give its line back."""


class Result(Protocol):
    """What a conversation reports (`ivr.outbound.OutboundResult`)."""

    @property
    def outcome(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def group(self) -> str: ...


class Converse(Protocol):
    """The conversation after answer: `ivr.outbound.converse` with its house."""

    async def __call__(self, call: Call, call_id: int, team: Team, alerts: Sequence[int], *, keys: str) -> Result: ...


class Attempt:
    """From the commit before the dial command to the moment at which the line is free again."""

    def __init__(
        self, dial: Dial, line: Line, team: Team, alerts: Sequence[int], call_id: int,
        *, ledger: Ledger, trunks: Trunks, clock: Clock, limits: Limits, converse: Converse,
    ) -> None:  # fmt: skip
        self.dial = dial
        self.line = line
        self.team = team
        self.alerts = tuple(alerts)
        """All that are pending for the team; `dial.alerts` are those whose call this is."""
        self.call_id = call_id
        self.number = team.numbers[dial.number_index % len(team.numbers)]
        self._ledger = ledger
        self._trunks = trunks
        self._clock = clock
        self._limits = limits
        self._converse = converse
        self._dialling: asyncio.Task[Call] | None = None
        self._called_off = False
        self._begun = clock.monotonic()
        self._answered: float | None = None

    def call_off(self) -> None:
        """Nobody needs this call any more: stop ringing. A conversation goes on."""
        if self._answered is None:
            self._called_off = True
            if self._dialling is not None:
                self._dialling.cancel()

    def unwanted(self) -> bool:
        """It was called off before it was answered."""
        return self._called_off

    async def run(self) -> Outcome:
        """Carry it out. Raises only CancelledError, and errors of this program."""
        originator = f"campaign:{self.dial.alerts[0]}"
        await self._ledger.commit(
            CallStarted(self.call_id, "out", self.line.name, None, self.number.number, originator, ACCOUNT),
            AttemptStarted(
                self.call_id, self.team.key, list(self.dial.alerts), self.dial.number_index, self.number.number,
                self.line.name,
            ),
        )  # fmt: skip
        request = DialRequest(self.number.number, originator, ACCOUNT, self.call_id, self._limits.ring_s)
        try:
            call = await self._ring(request)
        except CallFailed as error:
            self._trunks.carried(self.line, self.number.number)
            return outcomes.of_error(error)
        except (Glare, Refused) as error:
            return outcomes.of_error(error)
        except LineFault as error:
            return self._line_failed(error)
        except Exception as error:
            log.exception("%s: dialling %s", self.line.name, self.number.number)
            self._line_failed(ModemError(f"{type(error).__name__}: {error}"))
            return outcomes.of_error(error)
        if call is None:
            return Outcome("abandoned", True, "no longer wanted", "abandoned")
        return await self._talk(call)

    async def _ring(self, request: DialRequest) -> Call | None:
        """The call, or None if it was called off."""
        if self.unwanted():
            return None
        self._dialling = asyncio.ensure_future(self.line.dial(request))
        try:
            async with asyncio.timeout(self._limits.ring_s + DIAL_MARGIN_S):
                return await self._dialling
        except TimeoutError as error:
            if isinstance(error, LineFault):
                raise
            raise Unplugged(f"{self.line.name}: the modem did not come back from dialling") from error
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if self.unwanted() and current is not None and not current.cancelling():
                return None
            self._dialling.cancel()
            raise

    def _line_failed(self, fault: LineFault) -> Outcome:
        verdict = self._trunks.faulted(self.line, self.number.number, fault)
        return outcomes.unobtainable(fault) if verdict is Verdict.NUMBER else outcomes.of_error(fault)

    async def _talk(self, call: Call) -> Outcome:
        self._answered = self._clock.monotonic()
        self._trunks.carried(self.line, self.number.number)
        noted = asyncio.ensure_future(self._ledger.commit(CallAnswered(self.call_id)))
        async with call:
            try:
                async with asyncio.timeout(LONGEST_CALL_S):
                    result = await self._converse(call, self.call_id, self.team, self.alerts, keys=self.number.keys)
            except Exception as error:
                log.exception("conversation with %s on %s", self.team.key, self.line.name)
                return outcomes.of_crash(error)
            finally:
                await noted
        dead = self.line.device.fault.is_set() or self.line.state in (LineState.FAULTED, LineState.CLOSED)
        died = dead or call.fault is not None
        outcome = outcomes.of_conversation(result.outcome, result.detail, line_died=died)
        if not outcome.counted:
            fault = call.fault or Unplugged("the line died in a call")
            self._trunks.faulted(self.line, self.number.number, fault)
        return outcome

    def records(self, outcome: Outcome, detail: str = "") -> list[Record]:
        """The end of attempt and call, for one commit."""
        now = self._clock.monotonic()
        talk_s = now - self._answered if self._answered is not None else 0.0
        text = detail or outcome.detail
        return [
            AttemptEnded(self.call_id, self.team.key, list(self.dial.alerts), outcome.outcome, outcome.counted, text),
            CallEnded(self.call_id, outcome.call, text, now - self._begun, talk_s),
        ]
