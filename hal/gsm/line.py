"""The line of a radio modem: dialling, answering, releasing, and the audio of a call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from hal.at.interpreter import CommandError
from hal.at.results import CALL
from hal.errors import (
    CallFailed,
    Congestion,
    Glare,
    HungUp,
    LineFault,
    ModemError,
    ModemSilent,
    NoAnswer,
    NotRegistered,
    Unplugged,
)
from hal.gsm.call import GsmCall
from hal.gsm.callstate import Answered, CallState, Check, Event, Glared, Over, Phase, Stray
from hal.gsm.causes import cause_of, failure, refused_dial
from hal.gsm.keys import Ear
from hal.gsm.reports import AudioFlow, Ended, Key, LegState, Report
from hal.line import Capabilities, DialGate, DialRequest, Direction, LineHealth
from hal.voicecall import VoiceCall
from hal.voiceline import RingingCall, VoiceLine

if TYPE_CHECKING:
    from hal.gsm.driver import GsmDevice

log = logging.getLogger(__name__)

SET_UP_S = 30.0
"""Seconds for the network to make the other telephone ring."""
DIAL_S = 20.0
"""Seconds for the modem's OK to a dial or answer command; falling back from LTE to 2G takes a part of it."""
CLEAR_S = 6.0
"""Seconds for the modem to let a call go."""
CLEAR_POLL_S = 0.3
KEY_GAP_S = 0.2
"""Seconds between two keys: the tone (+VTD, 0.1 s as a rule) and a pause, as some modems say OK before the tone."""


class GsmLine(VoiceLine):
    """The one line of a radio modem."""

    def __init__(self, name: str, device: GsmDevice, direction: Direction, gate: DialGate | None, number: str) -> None:
        super().__init__(name, device, direction, Capabilities(duplex=True, caller_id=True, called_number=False), gate)
        self.calls = CallState()
        self._gsm = device
        self._phase = Phase.IDLE
        self._number = number or None
        self._pending: GsmCall | None = None
        """A call that is being set up or does not have its audio yet."""
        self._outcome: asyncio.Future[Event] | None = None
        """What has become of the dialling under way."""
        self._alerting = asyncio.Event()
        self.poor_audio = ""
        """What was wrong with the audio of the last call."""
        self._ended_at: float | None = None
        """When the modem first said that the dialled call is over."""

    # --- what the modem says --------------------------------------------------------------------------------

    def report(self, report: Report) -> None:
        """A line from the modem that concerns calls."""
        call = self._pending or self.call
        match report:
            case Key(key):
                if isinstance(call, GsmCall):
                    call.heard(Ear.MODEM, key)
            case AudioFlow(ready):
                if isinstance(call, GsmCall):
                    call.flow(ready)
            case _:
                if isinstance(report, Ended):
                    self._ended_at = self._ended_at or self._now()
                self.apply(self.calls.feed(report, self._now()))

    def apply(self, events: list[Event]) -> None:
        """What the call's state makes of it."""
        for event in events:
            match event:
                case Answered() | Glared():
                    self._decide(event)
                case Over(how):
                    self._over(how)
                case Check():
                    self._gsm.check_calls()
                case Stray():
                    log.warning("%s: the modem has a call that nobody knows of; it is ended", self.name)
                    self._gsm.soon(self.clear())
        if self.calls.phase is Phase.ALERTING:
            self._alerting.set()
        if self.calls.phase is not self._phase:
            self._phase = self.calls.phase
            self._gsm.check_calls()  # from now on at another pace
        if self.calls.phase is Phase.INCOMING:
            self._ring_on()
        self._gsm.turns.changed()

    def audio_lost(self, fault: LineFault) -> None:
        """The audio port is silent or gone."""
        call = self._pending or self.call
        if call:
            call.ended(str(fault), fault)
        self._gsm.audio_failed(fault)

    def faulted(self, fault: LineFault) -> None:
        if self._outcome and not self._outcome.done():
            self._outcome.set_exception(fault)
        if self._pending:
            self._pending.ended(str(fault), fault)
        for call in (self._pending, self.call):
            if isinstance(call, GsmCall) and call.stream:
                call.stream.stop()
        self.calls.released()
        super().faulted(fault)

    def _ring_on(self) -> None:
        """A call rings: offered when its caller is known and the call before it has been released."""
        self.rings(self.calls.number, self._number or self._gsm.radio.own_number)
        if self.calls.offer_at is not None or not self.ringing:
            return
        if self.direction.takes_calls:
            self.offer()
        elif not self.ringing.offered:
            self.ringing.offered = True
            self._gsm.soon(self.refuse(self.ringing))

    def _over(self, how: Ended) -> None:
        call = self._pending or self.call
        if self._outcome and not self._outcome.done():
            self._outcome.set_result(Over(how))
        elif call:
            if self._gsm.radio.registered is False:  # told before the end of the call: nobody has hung up
                fault = NotRegistered("the network was lost in the call")
                call.ended(str(fault), fault)
            call.ended("the other side has hung up")
            if isinstance(call, GsmCall) and call.stream:
                call.stream.stop()
        else:
            self.ring_ended()

    def _decide(self, event: Event) -> None:
        if self._outcome and not self._outcome.done():
            self._outcome.set_result(event)

    # --- calls out ------------------------------------------------------------------------------------------

    async def _dial(self, request: DialRequest) -> GsmCall:
        async with self._reporting_faults(), self._gsm.turns.call():
            await self._check_ready()
            await self._before_call()
            call = self._pending = GsmCall(self, self._gsm, None, request.number)
            try:
                await self._set_up(request)
                await call.begin_audio()
            except Glare:
                raise
            except BaseException:
                await self._abandon()
                raise
            finally:
                self._pending = self._outcome = None
            return call

    async def _check_ready(self) -> None:
        radio = self._gsm.radio
        if radio.voice is False:
            raise ModemError(f"{radio.model.name}: this modem or firmware carries no voice")
        if not radio.registered and not await radio.ask_network(self._gsm.at):
            raise NotRegistered("no network that carries voice (+CREG)")
        events = self.calls.poll(await radio.legs(self._gsm.at) or [], self._now())
        if Stray() in events:
            await self._hang_up()
        else:
            self.apply(events)

    async def _set_up(self, request: DialRequest) -> None:
        """Dial and wait for the answer. Raises a `CallFailed` or a `LineFault`."""
        at, loop = self._gsm.at, asyncio.get_running_loop()
        if self.calls.phase is Phase.INCOMING:
            raise Glare("a call has just come in")
        started, self._ended_at = loop.time(), None
        self._outcome = outcome = loop.create_future()
        # A modem that dies while it takes the dial command ends the dial by that: nobody may ask for the outcome then.
        outcome.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._alerting.clear()
        self.calls.dialled(started)
        reply = await at.command(f"ATD{request.number};", expect=(), timeout=DIAL_S, finals=CALL, check=False)
        if reply.code in ("NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE"):
            self.report(Ended(reply.code))
        elif not reply.ok:
            self.apply(self.calls.poll(await self._gsm.radio.legs(at) or [], loop.time()))
            if self.ringing:
                raise Glare("a call came in instead")
            raise refused_dial(reply.code, reply.detail, await self._still_registered())
        self._gsm.check_calls()
        event = await self._await_outcome(outcome, request.ring_limit_s)
        if isinstance(event, Glared):
            raise Glare("a call came in instead")
        if isinstance(event, Over):
            raise await self._why(event.how, (self._ended_at or loop.time()) - started)

    async def _await_outcome(self, outcome: asyncio.Future[Event], ring_limit_s: float) -> Event:
        alerting = asyncio.ensure_future(self._alerting.wait())
        set_up_s = max(SET_UP_S, ring_limit_s)
        try:
            await asyncio.wait((outcome, alerting), timeout=set_up_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            alerting.cancel()
        if not outcome.done() and not self._alerting.is_set():
            raise Congestion(f"the network has not rung the number within {set_up_s:g} s")
        done, _ = await asyncio.wait((outcome,), timeout=ring_limit_s)
        if not done:
            raise NoAnswer(f"rang for {ring_limit_s:g} s")
        return outcome.result()

    async def _why(self, how: Ended, after_s: float) -> LineFault | CallFailed:
        """Whose fault it was that a call ended before it was answered."""
        cause, detail = how.cause, how.code
        if cause is None and how.code != "BUSY":
            reply = await self._gsm.at.command("AT+CEER", expect="+CEER:", check=False)
            told = reply.value("+CEER:")
            if told:
                cause, detail = cause_of(told), f"{how.code} {told}".strip()
        registered = await self._still_registered()
        return failure(how.code, cause, after_s=after_s, rang=self.calls.rang, registered=registered, detail=detail)

    async def _still_registered(self) -> bool | None:
        try:
            return await self._gsm.radio.ask_network(self._gsm.at)
        except LineFault:
            return None

    # --- calls in -------------------------------------------------------------------------------------------

    async def _answer(self, ringing: RingingCall) -> GsmCall:
        async with self._reporting_faults(), self._gsm.turns.call():
            await self._before_call()
            if ringing.over:
                raise HungUp("the caller has given up")
            call = self._pending = GsmCall(self, self._gsm, ringing.caller, ringing.called)
            try:
                reply = await self._gsm.at.command("ATA", expect=(), timeout=DIAL_S, finals=CALL, check=False)
                if not reply.ok:
                    await self._check_still_rings(str(reply))
                self.calls.answered()
                await call.begin_audio()
            except BaseException:
                await self._abandon()
                raise
            finally:
                self._pending = None
            return call

    async def _check_still_rings(self, why: str) -> None:
        """After a refused answer. Raises `HungUp` or `ModemError`, whichever is true."""
        legs = await self._gsm.radio.legs(self._gsm.at)
        if legs:
            raise ModemError(f"cannot answer: {why}")
        raise HungUp("the caller has given up")

    async def _reject(self, ringing: RingingCall) -> None:
        await self._gsm.at.command("AT+CHUP", expect=(), finals=CALL, check=False)
        self.calls.released()
        self.ring_ended()

    # --- audio, keys, release -------------------------------------------------------------------------------

    async def _before_call(self) -> None:
        model = self._gsm.radio.model
        if self._gsm.audio.card and not model.card:
            raise ModemError(f"{model.name}: no audio over a sound card is known of this model")
        for command in model.card if self._gsm.audio.card else model.before_call:
            reply = await self._gsm.at.command("AT" + command, expect=(), check=False)
            if not reply.ok:
                log.info("%s: %s", self.name, reply)

    @asynccontextmanager
    async def _reporting_faults(self) -> AsyncIterator[None]:
        """A modem that has fallen silent does not come back by itself: its device is out of order from now on."""
        try:
            yield
        except (ModemSilent, Unplugged) as fault:
            self._gsm.failed(fault)
            raise

    async def send_key(self, key: str) -> None:
        """Press a key. Raises a `LineFault`."""
        command = self._gsm.radio.model.key.format(key=key, index=self.calls.index or 1)
        try:
            await self._gsm.at.command("AT" + command, expect=())
        except CommandError:
            if self.calls.phase is Phase.ACTIVE:
                raise
        await asyncio.sleep(KEY_GAP_S)

    async def clear(self) -> None:
        """Bring the line on hook, and make sure of it. Never raises; a modem that cannot is reported as faulty."""
        model = self._gsm.radio.model
        try:
            if model.audio_off:
                await self._gsm.at.command("AT" + model.audio_off, expect=(), check=False)
            await self._hang_up()
        except LineFault as fault:
            self._gsm.failed(fault)
        if self.calls.phase is not Phase.INCOMING:
            self.calls.released()
        self._gsm.turns.changed()

    def call_over(self, call: VoiceCall) -> None:
        super().call_over(call)
        self.apply([])
        if self.poor_audio and self.calls.phase is Phase.IDLE:  # who rings already is answered first
            self._gsm.audio_poor(ModemError(self.poor_audio))
            self.poor_audio = ""

    async def _hang_up(self) -> None:
        """+CHUP until +CLCC lists no call. A dialled call may not be listed yet, so its absence is believed the second time."""
        at, loop = self._gsm.at, asyncio.get_running_loop()
        deadline = loop.time() + CLEAR_S
        believe = 2 if self.calls.phase.outgoing else 1
        if self.calls.phase.outgoing:
            await at.command("AT+CHUP", expect=(), finals=CALL, check=False)
        while True:
            legs = await self._gsm.radio.legs(at)
            live = [leg for leg in legs or () if leg.state is not LegState.RELEASED]
            others = [leg for leg in live if leg.state in (LegState.INCOMING, LegState.WAITING)]
            if any(leg.state is LegState.INCOMING for leg in others) or (others and others == live):
                return  # whoever rings, or has waited for this call to go, is none of it
            if legs is not None and not live:
                believe -= 1
                if not believe:
                    return
            elif loop.time() >= deadline:
                raise ModemError("the modem does not let the call go")
            else:
                await at.command("AT+CHUP", expect=(), finals=CALL, check=False)
            await asyncio.sleep(CLEAR_POLL_S)

    async def _abandon(self) -> None:
        with suppress(LineFault):
            clearing = asyncio.get_running_loop().create_task(self.clear())
            await asyncio.shield(clearing)

    async def _round_trip(self) -> LineHealth:
        return await self._gsm.health()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
