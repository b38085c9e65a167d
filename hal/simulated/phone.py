"""A telephone that a test, a demonstration or a person drives: it dials, rings, answers, listens, speaks and presses keys."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from hal.simulated import sounds
from hal.simulated.causes import Cause
from hal.simulated.circuit import CallLog, Circuit, Party, Phase, Presence
from hal.simulated.phonecall import CallEnded, NotAnswered, NotHeard, PhoneCall

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange

__all__ = ["Behaviour", "CallEnded", "Dialling", "IncomingRing", "NotAnswered", "NotHeard", "Phone", "PhoneCall"]


class IncomingRing:
    """A call that rings at a phone."""

    def __init__(self, phone: Phone, circuit: Circuit) -> None:
        self.phone = phone
        self.circuit = circuit
        self.taken = False
        self.over = asyncio.Event()

    @property
    def caller(self) -> str:
        """Its number as presented; empty when withheld."""
        return self.circuit.caller_number

    @property
    def ringing(self) -> bool:
        return self.circuit.phase is Phase.RINGING

    async def answer(self, after: float = 0.0) -> PhoneCall:
        """Pick up, `after` seconds from now. Raises `CallEnded` if the caller has given up."""
        self.taken = True
        await asyncio.sleep(after)
        if not self.ringing:
            raise CallEnded("the caller has given up")
        self.circuit.answer()
        call = self.phone.call
        assert call is not None
        return call

    async def reject(self, cause: Cause = Cause.CALL_REJECTED) -> None:
        """Refuse the call, as the network reports it: `Cause.USER_BUSY`, `Cause.CALL_REJECTED` ..."""
        self.taken = True
        self.circuit.release(self.phone, cause)
        self.over.set()

    async def rings_out(self, *, within: float = 120.0) -> bool:
        """Let it ring until the caller gives up: True when that happened within so many seconds."""
        self.taken = True
        try:
            async with asyncio.timeout(within):
                await self.over.wait()
        except TimeoutError:
            return False
        return True


class Dialling:
    """`await phone.dial(n)` or `async with phone.dial(n) as call`; raises `NotAnswered`."""

    def __init__(self, phone: Phone, number: str, within: float) -> None:
        self._phone, self._number, self._within = phone, number, within
        self._call: PhoneCall | None = None

    def __await__(self):  # type: ignore[no-untyped-def]  # the type of a generator-based awaitable says nothing here
        return self._phone.place(self._number, self._within).__await__()

    async def __aenter__(self) -> PhoneCall:
        self._call = await self
        return self._call

    async def __aexit__(self, *_: object) -> None:
        if self._call:
            await self._call.hang_up()


Behaviour = Callable[[IncomingRing], Awaitable[None]]
"""What a phone does by itself with each call."""


class Phone(Party):
    """A subscriber's telephone."""

    def __init__(self, exchange: Exchange, number: str) -> None:
        self.exchange = exchange
        self.number = number
        self.call: PhoneCall | None = None
        self.present_number = True
        """Shows its number when it calls."""
        self.busy = False
        """Off the hook: every caller hears busy."""
        self.busy_times = 0
        """Busy for so many calls to come."""
        self.switched_off = False
        """No sign of life: the network ends calls to it with cause 18."""
        self.refuse: Cause | int | None = None
        """The exchange ends every call to this number with this cause, at once (a dead number, congestion ...)."""
        self.behaviour: Behaviour | None = None
        """What it does with calls by itself; without one a test takes them with `rings`."""
        self.setup_s = 0.5
        self._rings: deque[IncomingRing] = deque()
        self._ring_came = asyncio.Event()
        self._current: IncomingRing | None = None
        self._outcome: asyncio.Future[PhoneCall] | None = None
        self._outgoing: Circuit | None = None

    # --- what a test says ---

    def dial(self, number: str, *, within: float = 60.0) -> Dialling:
        """Call a number; gives the `PhoneCall` when it is answered. Raises `NotAnswered` with the cause."""
        return Dialling(self, number, within)

    async def place(self, number: str, within: float) -> PhoneCall:
        """What `dial` awaits."""
        if self._outgoing or self._current or (self.call and not self.call.hung_up):
            raise RuntimeError(f"phone {self.number} is in use")
        self._outcome = asyncio.get_running_loop().create_future()
        circuit = self._outgoing = self.exchange.place(self, self.number if self.present_number else "", number)
        try:
            async with asyncio.timeout(within):
                return await self._outcome
        except TimeoutError:
            raise NotAnswered(Cause.NO_ANSWER) from None
        finally:
            self._outgoing = self._outcome = None
            if circuit.phase is not Phase.CONNECTED:
                circuit.release(self)

    async def rings(self, *, within: float = 60.0) -> IncomingRing:
        """The next call that rings here. Raises `NotHeard` after `within` seconds."""
        try:
            async with asyncio.timeout(within):
                while True:
                    while self._rings:
                        ring = self._rings.popleft()
                        if ring.ringing:
                            ring.taken = True
                            return ring
                    self._ring_came.clear()
                    await self._ring_came.wait()
        except TimeoutError:
            raise NotHeard(f"phone {self.number} did not ring within {within} s") from None

    def never_answers(self) -> None:
        """Let every call ring out: expected, not a surprise."""

        async def ring_out(ring: IncomingRing) -> None:
            await ring.rings_out(within=3600)

        self.behaviour = ring_out

    @property
    def calls(self) -> list[CallLog]:
        """The calls that were made to this number."""
        return self.exchange.calls_to(self.number)

    @property
    def unexpected(self) -> list[CallLog]:
        """Calls that rang here and nobody took an interest in."""
        return [ring.circuit.log() for ring in self._rings if not ring.taken]

    # --- the exchange's side ---

    def presence(self, called_number: str) -> Presence:
        if self.switched_off:
            return Presence.ABSENT
        in_use = self._outgoing or self._current or (self.call and not self.call.hung_up)
        return Presence.BUSY if self.busy or in_use else Presence.IDLE

    def refusal(self) -> Cause | None:
        if self.busy_times > 0:
            self.busy_times -= 1
            return Cause.USER_BUSY
        return None if self.refuse is None else Cause(self.refuse)

    def ring(self, circuit: Circuit) -> None:
        ring = self._current = IncomingRing(self, circuit)
        if self.behaviour:
            ring.taken = True
            self.exchange.spawn(self._behave(self.behaviour, ring), f"phone {self.number}")
        else:
            self._rings.append(ring)
            self._ring_came.set()

    async def _behave(self, behaviour: Behaviour, ring: IncomingRing) -> None:
        try:
            await behaviour(ring)
        except CallEnded:
            pass

    def connected(self, circuit: Circuit) -> None:
        self.call = PhoneCall(self, circuit)
        self._current = None
        if self._outcome and not self._outcome.done() and circuit is self._outgoing:
            self._outcome.set_result(self.call)

    def released(self, circuit: Circuit, cause: Cause) -> None:
        if self._current and self._current.circuit is circuit:
            self._current.over.set()
            self._current = None
        if self._outcome and not self._outcome.done() and circuit is self._outgoing:
            self._outcome.set_exception(NotAnswered(cause))
        if self.call and self.call.circuit is circuit:
            self.call.over()

    def speak(self) -> bytes:
        return self.call.next_frame() if self.call else sounds.QUIET

    def hear(self, frame: bytes) -> None:
        if self.call:
            self.call.take_frame(frame)
