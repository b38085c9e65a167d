"""What every line has in common: the gate, its state, calls that ring, glare.

A driver fills in `_dial`, `_answer`, `_reject` and `_round_trip`, and reports what the modem says by `rings`, `offer` and
`ring_ended`, and its own life by `opened`, `faulted` and `closed`.
"""

from __future__ import annotations

import asyncio
import logging
from abc import abstractmethod
from collections.abc import AsyncIterator

from hal.errors import Glare, HungUp, LineClosed, LineFault, ModemSilent, Refused
from hal.line import (
    DIALLABLE,
    Call,
    Capabilities,
    Device,
    DialGate,
    DialRequest,
    Direction,
    IncomingCall,
    Line,
    LineHealth,
    LineState,
)
from hal.voicecall import VoiceCall

log = logging.getLogger(__name__)

HEALTH_S = 10.0
"""Seconds for a round trip to the modem."""


class RingingCall(IncomingCall):
    """A call that rings on a `VoiceLine`."""

    def __init__(self, line: VoiceLine, caller: str | None, called: str | None) -> None:
        self.line: Line = line
        self.caller = caller
        self.called = called
        self.known = False
        """All is known of it that will be."""
        self.offered = False
        """It has been given to whoever takes calls."""
        self._voice_line = line
        self._over = asyncio.Event()

    @property
    def over(self) -> bool:
        """The caller has given up, or the call was answered or refused."""
        return self._over.is_set()

    def gave_up(self) -> None:
        """Nothing rings any more."""
        self._over.set()

    async def answer(self) -> Call:
        if self.over:
            raise HungUp("the caller has given up")
        return await self._voice_line.take(self)

    async def reject(self) -> None:
        if not self.over:
            await self._voice_line.refuse(self)


class VoiceLine(Line):
    """One bearer of a modem."""

    def __init__(
        self,
        name: str,
        device: Device,
        direction: Direction,
        capabilities: Capabilities,
        gate: DialGate | None,
    ) -> None:
        self.name = name
        self.device = device
        self.direction = direction
        self.capabilities = capabilities
        self.call: VoiceCall | None = None
        """The call that is up, if any."""
        self.ringing: RingingCall | None = None
        """The call that rings, if any."""
        self._gate = gate
        self._state = LineState.CLOSED
        self._glare = asyncio.Event()
        self._offers: asyncio.Queue[RingingCall | None] = asyncio.Queue()

    # --- hooks ---

    @abstractmethod
    async def _dial(self, request: DialRequest) -> VoiceCall:
        """Dial and return the answered call; `glare` is set as soon as a call rings here: give up and raise `Glare`.

        Leaves the line on hook whenever it raises, also when it is cancelled.
        """

    @abstractmethod
    async def _answer(self, ringing: RingingCall) -> VoiceCall:
        """Take the call that rings. Raises `HungUp` or a `LineFault`."""

    @abstractmethod
    async def _reject(self, ringing: RingingCall) -> None:
        """Refuse the call that rings, where the modem can. A `LineFault` is logged and forgotten."""

    @abstractmethod
    async def _round_trip(self) -> LineHealth:
        """Ask the modem something. Raises a `LineFault` where it does not answer."""

    # --- for the driver ---

    def opened(self) -> None:
        """The port is open and the modem initialised."""
        self.ringing = self.call = None
        self._glare.clear()
        self._state = LineState.IDLE

    def closed(self) -> None:
        """The port is closed: `incoming` ends."""
        self._state = LineState.CLOSED
        self._drop("the line was closed", LineClosed(f"{self.name} was closed"))
        self._offers.put_nowait(None)

    def faulted(self, fault: LineFault) -> None:
        """The modem does not work any more."""
        self.trouble = str(fault) or type(fault).__name__
        if self._state is not LineState.CLOSED:
            self._state = LineState.FAULTED
        self._drop(str(fault), fault)

    def rings(self, caller: str | None = None, called: str | None = None) -> None:
        """A call rings; who calls may be known already, or come later. Harmless while it is the same call."""
        self._glare.set()
        if self.ringing:
            self.ringing.caller = caller or self.ringing.caller
            self.ringing.called = called or self.ringing.called
        elif self._state in (LineState.IDLE, LineState.DIALLING):
            self.ringing = RingingCall(self, caller, called)
            if self._state is LineState.IDLE:
                self._state = LineState.RINGING

    def offer(self) -> None:
        """All that will be known of the ringing call is known: it may be answered, when a dial that it met has given up.
        Offers each call once."""
        if self.ringing:
            self.ringing.known = True
            self._hand_over()

    def ring_ended(self) -> None:
        """The caller has given up."""
        self._glare.clear()
        if self.ringing:
            self.ringing.gave_up()
            self.ringing = None
        if self._state is LineState.RINGING:
            self._state = LineState.IDLE

    def call_over(self, call: VoiceCall) -> None:
        """The call has been released and the line is on hook."""
        if self.call is call:
            self.call = None
            if self._state is LineState.IN_CALL:
                self._state = LineState.IDLE

    @property
    def glare(self) -> asyncio.Event:
        """Set while a call rings here."""
        return self._glare

    # --- the face ---

    @property
    def state(self) -> LineState:
        return self._state

    async def incoming(self) -> AsyncIterator[IncomingCall]:
        while self._state is not LineState.CLOSED or not self._offers.empty():
            offer = await self._offers.get()
            if offer is None:
                if self._state is LineState.CLOSED:
                    return
            elif not offer.over:
                yield offer

    async def dial(self, request: DialRequest) -> Call:
        if self._gate is None:
            raise Refused("no dial gate is configured: this line never dials")
        await self._gate.allow_call(request, self.name)
        if not DIALLABLE.match(request.number):
            raise Refused(f"{request.number!r} is not a number: digits, * and #, with a + in front at most")
        if not self.direction.may_dial:
            raise Refused(f"{self.name} is for calls in only")
        self._check_free()
        self._state = LineState.DIALLING
        try:
            call = await self._dial(request)
        finally:
            if self._state is LineState.DIALLING:
                self._state = LineState.RINGING if self.ringing else LineState.IDLE
                self._hand_over()
        return self._begin(call)

    async def take(self, ringing: RingingCall) -> Call:
        """Answer (`RingingCall.answer`)."""
        if self.ringing is not ringing or self._state is not LineState.RINGING:
            raise HungUp("this call does not ring any more")
        try:
            call = await self._answer(ringing)
        except (LineFault, HungUp):
            self.ring_ended()
            raise
        ringing.gave_up()
        self.ringing = None
        self._glare.clear()
        return self._begin(call)

    async def refuse(self, ringing: RingingCall) -> None:
        """Refuse (`RingingCall.reject`)."""
        if self.ringing is ringing:
            try:
                await self._reject(ringing)
            except LineFault as fault:
                log.info("%s: cannot refuse a call: %s", self.name, fault)

    async def health(self) -> LineHealth:
        if self._state is LineState.CLOSED:
            return LineHealth(False, "closed")
        if self._has_call():
            return LineHealth(True, self._state.value)
        try:
            async with asyncio.timeout(HEALTH_S):
                return await self._round_trip()
        except TimeoutError:
            if self._has_call():  # it came before the question, which is no fault of the modem
                return LineHealth(True, self._state.value)
            return LineHealth(False, f"no answer within {HEALTH_S:g} s")
        except LineFault as fault:
            return LineHealth(False, str(fault))

    # --- machinery ---

    def _has_call(self) -> bool:
        """A call is up or on its way; one that rings may be answered at any moment, and a question would come into its audio."""
        return self._state in (LineState.IN_CALL, LineState.DIALLING, LineState.RINGING)

    def _hand_over(self) -> None:
        """Give the ringing call to whoever takes calls. Not while this line dials: it could not be answered yet."""
        ringing = self.ringing
        if ringing is None or ringing.offered or not ringing.known or not self.direction.takes_calls:
            return
        if self._state is LineState.RINGING:
            ringing.offered = True
            self._offers.put_nowait(ringing)

    def _begin(self, call: VoiceCall) -> VoiceCall:
        self.call = call
        self.carried += 1
        if self._state not in (LineState.CLOSED, LineState.FAULTED):
            self._state = LineState.IN_CALL
        return call

    def _check_free(self) -> None:
        match self._state:
            case LineState.IDLE:
                return
            case LineState.CLOSED:
                raise LineClosed(f"{self.name} is closed")
            case LineState.RINGING:
                raise Glare(f"a call rings on {self.name}")
            case LineState.FAULTED:
                raise ModemSilent(f"{self.name} is out of order")
            case _:
                raise LineFault(f"{self.name} has a call")

    def _drop(self, reason: str, fault: LineFault) -> None:
        if self.call:
            self.call.ended(reason, fault)
            self.call = None
        if self.ringing:
            self.ringing.gave_up()
            self.ringing = None
        self._glare.clear()
