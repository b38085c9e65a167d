"""A line on a voice modem with AT commands and shielded audio: what isdn4linux and V.253 modems have in common.

One port a line. The driver of a dialect fills in how to initialise, answer, connect and hang up.
"""

from __future__ import annotations

import asyncio
import logging
from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from hal.at import CALL, Reply, parse_result
from hal.at.results import BUSY, NO_ANSWER, NO_CARRIER, OK, VCON
from hal.audio.listening import Ear
from hal.audio.pump import AudioPump, Stream
from hal.audio.sound import RATE
from hal.errors import Busy, Glare, HalError, HungUp, LineFault, ModemError, NoAnswer
from hal.line import Device, DialGate, DialRequest, LineState
from hal.registry import DeviceConfig
from hal.v253 import callerid
from hal.v253.codec import KeyMerger, KeyReader, hang_up_reason, report
from hal.v253.datastate import DataState
from hal.v253.models import KeySource
from hal.v253.modemport import ModemPort
from hal.v253.number import dial_string
from hal.v253.results import failure
from hal.v253.ringing import RingWatch
from hal.voicecall import VoiceCall
from hal.voiceline import RingingCall

log = logging.getLogger(__name__)

ANSWER_S = 10.0
"""Seconds for a modem to take a call."""
GLARE_S = 0.5
"""Seconds in which a modem that is rung while it dials may end the dialling by itself."""
BUSY_TONE_S = 1.0
"""Seconds in which a modem that hears busy may say BUSY by itself."""
COUNTED = {"underrun": "underruns", "overrun": "overruns", "lost data": "losses of audio"}
"""Reports that are counted, and what the counter is called on the page of the line."""
UNDERRUN_S = 0.5
"""Seconds of a playback in which a modem may say that it has nothing to play yet."""


class ModemLine(ModemPort):
    """See the module."""

    _answers = CALL
    """What ends a dial command; OK and VCON among it mean that the call was answered."""
    details_s = 3.0
    """Seconds after the first ring in which a modem may still say who calls."""
    ring_gap_s = 8.0
    """Seconds without a ring after which the caller has given up: the longest cadence has 5 s of silence (ITU-T E.180)."""

    def __init__(
        self,
        config: DeviceConfig,
        index: int,
        device: Device,
        gate: DialGate | None,
        pump: AudioPump,
        on_fault: Callable[[], None],
    ) -> None:
        super().__init__(config, index, device, gate, on_fault)
        self.data = DataState(self, pump)
        self._keys = KeyReader()
        self._merger = KeyMerger()
        self._heard_busy = False
        self._dialled_at = 0.0
        self._ring_limit_s = 0.0
        self._early_rings: list[callerid.Ring | callerid.CallerId] = []
        """What the modem said of a call while it was being initialised."""
        called = "" if config.listen else self.own_number  # of several, only the network knows which was called
        self._rings = RingWatch(self, called, details_s=self.details_s, gap_s=self.ring_gap_s)

    # --- hooks of a dialect ---

    @abstractmethod
    def _dialling_s(self, number: str) -> float:
        """Seconds from the dial command that are no ringing; where the modem tells that it rings, they do not matter."""

    @abstractmethod
    def _new_call(self, caller: str | None, called: str | None) -> VoiceCall:
        """A call object for this line; it is not connected yet."""

    @abstractmethod
    async def _connect(self, call: VoiceCall) -> None:
        """The call is up: begin with its audio. Raises a `LineFault`; a call that has ended meanwhile is no fault."""

    @abstractmethod
    async def _take_call(self) -> Reply:
        """Answer; the result."""

    # --- calls ---

    async def _dial(self, request: DialRequest) -> VoiceCall:
        number = dial_string(request.number, self.config.country)
        self._heard_busy = False
        self._ring_limit_s = request.ring_limit_s
        dialling_s = self._dialling_s(number)
        call = self._new_call(None, request.number)
        began = asyncio.get_running_loop().time()
        self._dialled_at = began + dialling_s
        limit_s = dialling_s + request.ring_limit_s
        try:
            reply = await self.at.command(
                self.model.dial.format(number=number),
                expect=(),
                finals=self._answers,
                timeout=limit_s,
                abort=b"\r",
                check=False,
            )
            if reply.code in (OK, VCON) and not reply.aborted:
                left_s = began + limit_s - asyncio.get_running_loop().time()
                failed = await self._dialled(call, min(left_s, request.ring_limit_s))
                if failed is None:
                    return call
                await self._set_down(call)
            else:
                failed = None
                await self._after_failed_dial()
        except BaseException as error:
            await self._give_up(error)
            raise
        if failed:
            raise failed
        if self.glare.is_set():
            raise Glare(f"a call came in on {self.name} while it dialled")
        if self._heard_busy and reply.code not in (BUSY,):
            raise Busy("busy tone")
        if reply.aborted:
            raise NoAnswer(f"no answer within {request.ring_limit_s:g} s")
        raise failure(reply, asyncio.get_running_loop().time() - began)

    async def _answer(self, ringing: RingingCall) -> VoiceCall:
        self._rings.forget()
        call = self._new_call(ringing.caller, ringing.called)
        try:
            reply = await self._take_call()
            if reply.code not in (OK, VCON):
                raise HungUp(f"the caller has given up ({reply.code})")
            return await self._connected(call)
        except BaseException as error:
            await self._give_up(error)
            raise

    async def _dialled(self, call: VoiceCall, left_s: float) -> HalError | None:
        """The modem has dialled. What became of the call, None where it was answered; `left_s`: seconds that it may still ring.
        Raises a `LineFault` where modem or port fail."""
        await self._connected(call)
        return None

    async def _set_down(self, call: VoiceCall) -> None:
        """A call that was not answered is set down. Raises a `LineFault`."""
        call.ended("it was not answered")
        self.call = None
        await self.leave_stream()
        await self._on_hook()

    async def _connected(self, call: VoiceCall) -> VoiceCall:
        self.call = call  # from now on what the modem says is about this call
        await self._connect(call)
        return call

    async def _give_up(self, error: BaseException) -> None:
        """A call that was being set up has failed, or nobody wants it any more: on hook, or out of order."""
        self.call = None
        try:
            if isinstance(error, LineFault) and not isinstance(error, ModemError):
                raise error
            await asyncio.shield(self.leave_stream())
            await asyncio.shield(self._on_hook())
        except LineFault as fault:
            self.lost(fault)

    async def _after_failed_dial(self) -> None:
        """The modem has said that a call did not come about. Hook for modems that must be told to hang up."""

    async def _reject(self, ringing: RingingCall) -> None:
        """A modem cannot refuse a call: it rings out."""

    async def release_call(self, call: VoiceCall) -> None:
        """Hang up after a call and make the line ready for the next. Never raises."""
        try:
            if self.healthy and self._at:
                await self.leave_stream()
                await self._on_hook()
        except LineFault as fault:
            self.lost(fault)
        finally:
            self.call_over(call)

    @abstractmethod
    async def leave_stream(self) -> None:
        """Back to command state, wherever the modem is. Raises a `LineFault`."""

    # --- what the modem says ---

    def heard_code(self, code: int) -> None:
        """A shielded code, in whatever state."""
        key = self._keys.feed(code)
        if key:
            self.heard_key("modem", key)
            return
        if code == ord("R"):
            self._on_ring(callerid.Ring())
            return
        reason = hang_up_reason(code)
        if self._takes_code(code):
            return
        if reason and self.call:
            self.call.ended(f"the modem hears: {reason}")
        elif (name := report(code)) and self.call:
            self._reported(name)
        elif (
            code in b"bK" and self.state is LineState.DIALLING and asyncio.get_running_loop().time() > self._dialled_at
        ):
            self._heard_busy = True
            self.at.limit(BUSY_TONE_S)

    def _reported(self, name: str) -> None:
        """Something about a call that does not end it. Under- and overruns are gaps that the caller hears, or we do; the modem
        may complain before the first bytes of a playback have arrived, and while nothing is to be played."""
        if name == "underrun":
            stream = self.data.stream
            if (
                not (stream and stream.playback and stream.playback.given > UNDERRUN_S * RATE)
                or stream.playback.complete
            ):
                return
        log.info("%s: the modem reports: %s", self.name, name)
        if name in COUNTED:
            counter = COUNTED[name]
            self.noted(counter, str(int(self.facts.get(counter, "0")) + 1))

    def ear(self) -> Ear | None:
        """Who listens for tones in what is received from now on; None where the network tells what becomes of a call."""
        return None

    def playing(self, stream: Stream, audio: bytes) -> AbstractContextManager[None]:
        """Entered around each playback of a duplex call."""
        return nullcontext()

    def _takes_code(self, code: int) -> bool:
        """A code that reports a tone or silence: whether it is dealt with."""
        return False

    def heard_key(self, source: str, key: str) -> None:
        """A key, heard by `source`: "modem", or "own" ears."""
        if not self.call:
            return
        match self.keys:
            case KeySource.BOTH:
                if self._merger.feed(source, key, asyncio.get_running_loop().time()):
                    self.call.key_pressed(key)
            case counts if counts.value == source:
                self.call.key_pressed(key)

    def _on_line(self, line: str) -> None:
        result = parse_result(line)
        if result and result[0] in (NO_CARRIER, BUSY, NO_ANSWER):
            self.data.left_by_modem()
            self._early_rings.clear()
            if self.call:
                self.call.ended(line)
            elif result[0] == NO_CARRIER and self.ringing:
                self._rings.stopped()
            return
        if line == "RINGING" and self.state is LineState.DIALLING:
            self.at.limit(self._ring_limit_s)
            return
        match callerid.parse(line):
            case callerid.Ring() as ring:
                self._on_ring(ring)
            case callerid.CallerId() as details:
                if self._may_ring():
                    self._rings.caller_id(details)
                else:
                    self._rang_early(details)
            case callerid.Detail():
                self._rings.detail()
            case callerid.RingEnded():
                self._early_rings.clear()
                self._rings.stopped()
            case _:
                pass  # the trace has it, without secrets

    def _on_ring(self, ring: callerid.Ring) -> None:
        if self._may_ring():
            if self.state is LineState.DIALLING:
                self.at.limit(GLARE_S)
            self._rings.ring(ring)
        else:
            self._rang_early(ring)

    def _rang_early(self, event: callerid.Ring | callerid.CallerId) -> None:
        if self.call is None:
            self._early_rings = [*self._early_rings[-4:], event]

    def _forget_rings(self) -> None:
        self._rings.forget()
        self._early_rings.clear()

    def _ready(self) -> None:
        """Initialised. What rang meanwhile rings now: where the first ring is the only one, nobody would ever hear of it."""
        self._rings.forget()
        self.opened()
        early, self._early_rings = self._early_rings, []
        for event in early:
            if isinstance(event, callerid.Ring):
                self._on_ring(event)
            elif self._may_ring():
                self._rings.caller_id(event)

    def _may_ring(self) -> bool:
        return self.call is None and self.healthy
