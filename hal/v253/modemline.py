"""A line on a voice modem with AT commands and shielded audio: what isdn4linux and V.253 modems have in common.

One port a line. The driver of a dialect fills in how to initialise, answer, connect and hang up.
"""

from __future__ import annotations

import asyncio
import logging
from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress

from hal.at import CALL, Interpreter, Reply, parse_result
from hal.at.results import BUSY, ERROR, NO_ANSWER, NO_CARRIER, OK, VCON
from hal.audio.listening import Ear
from hal.audio.pump import AudioPump, Stream
from hal.audio.sound import RATE, Encoding
from hal.errors import Busy, Glare, HalError, HungUp, LineClosed, LineFault, ModemError, ModemSilent, NoAnswer
from hal.line import Device, DialGate, DialRequest, LineHealth, LineState
from hal.recovery import Rung
from hal.registry import DeviceConfig
from hal.serialport import BAUD, SerialPort
from hal.v253 import callerid
from hal.v253.codec import PLAY_END, RECORD_END, RECORD_END_I4L, KeyMerger, KeyReader, hang_up_reason, report
from hal.v253.compression import Compression, choose
from hal.v253.datastate import DataState
from hal.v253.lineselect import Hearing
from hal.v253.models import V253, KeySource, Model
from hal.v253.number import dial_string
from hal.v253.results import failure
from hal.v253.ringing import RingWatch
from hal.voicecall import VoiceCall
from hal.voiceline import RingingCall, VoiceLine

log = logging.getLogger(__name__)

ANSWER_S = 10.0
"""Seconds for a modem to take a call."""
GLARE_S = 0.5
"""Seconds in which a modem that is rung while it dials may end the dialling by itself."""
BUSY_TONE_S = 1.0
"""Seconds in which a modem that hears busy may say BUSY by itself."""
HANG_UP_S = 3.0
"""Seconds for a modem to hang up."""
COUNTED = {"underrun": "underruns", "overrun": "overruns", "lost data": "losses of audio"}
"""Reports that are counted, and what the counter is called on the page of the line."""
UNDERRUN_S = 0.5
"""Seconds of a playback in which a modem may say that it has nothing to play yet."""
ROUND_TRIP_S = 2.0
"""Seconds for an idle modem to say OK."""
_MODE = "AT+FCLASS?"
"""Tells voice mode from the mode in which a modem wakes up (V.253, IS-101: 8)."""
_WORDS = b"ATQ0V1\r"
"""Results, and as words: for a modem that has shown none. Another program may have left it so."""


class ModemLine(VoiceLine):
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
        super().__init__(config.line_name(index), device, config.line_direction(index), self.capabilities, gate)
        self.config = config
        self.path = config.ports[index]
        self.trace = config.traces.of(self.path)
        self.own_number = config.msn(index)
        self.model: Model = V253
        self.codec = Compression(0, Encoding.ALAW)
        self.facts: dict[str, str] = {}
        self.hears = Hearing()
        """The states in which the modem, or we, hear keys."""
        self.keys = KeySource.MODEM
        """Whose detection counts while audio is received."""
        self.stubborn = False
        """The modem leaves data states only after codes with three DLE."""
        self.data = DataState(self, pump)
        self._on_fault = on_fault
        self._port: SerialPort | None = None
        self._at: Interpreter | None = None
        self._keys = KeyReader()
        self._merger = KeyMerger()
        self._tells_mode = False
        self._heard_busy = False
        self._dialled_at = 0.0
        self._ring_limit_s = 0.0
        self._early_rings: list[callerid.Ring | callerid.CallerId] = []
        """What the modem said of a call while it was being initialised."""
        called = "" if config.listen else self.own_number  # of several, only the network knows which was called
        self._rings = RingWatch(self, called, details_s=self.details_s, gap_s=self.ring_gap_s)

    # --- hooks of a dialect ---

    @abstractmethod
    async def _initialise(self) -> None:
        """Bring a modem that answers AT into the state in which calls come and go. Raises a `LineFault`."""

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

    @abstractmethod
    async def _on_hook(self) -> None:
        """Hang up from command state. Raises a `LineFault`."""

    # --- life of the port ---

    @property
    def at(self) -> Interpreter:
        """The dialogue with the modem. Raises `LineClosed`."""
        if self._at is None:
            raise LineClosed(f"{self.name} is closed")
        return self._at

    @property
    def is_open(self) -> bool:
        """There is a dialogue with the modem."""
        return self._at is not None

    @property
    def fd(self) -> int:
        """The port's file descriptor. Raises `LineClosed`."""
        if self._port is None:
            raise LineClosed(f"{self.name} is closed")
        return self._port.fd

    @property
    def healthy(self) -> bool:
        return self.state not in (LineState.CLOSED, LineState.FAULTED)

    async def open_port(self) -> None:
        """Open the port and initialise the modem. Raises a `LineFault`; the port is closed then."""
        self._release_port()
        try:
            self._port = await self.config.open_port(self.path)
            self._at = Interpreter(
                self._port, on_line=self._on_line, on_lost=self.lost, on_shielded=lambda code: self.heard_code(code)
            )
            await self._wake()
            await self._initialise()
            await self._learn_mode()
        except BaseException as error:
            self._release_port()
            if isinstance(error, LineFault):
                self.faulted(error)
                self._state = LineState.FAULTED  # a closed line stays closed; this one was to be open
            raise
        self._ready()

    async def recover(self, rung: Rung | None = None) -> None:
        """By one rung, or from a flush to a reopened port. Raises a `LineFault` where the modem stays dead."""
        if self.healthy:
            self.faulted(ModemSilent(f"{self.name} is being initialised"))  # nobody dials meanwhile
        if rung is not Rung.REOPEN and self._port and not self._port.lost:
            try:
                self.data.stop()
                await self._wake()
                await self._on_hook()
                await self._initialise()
                await self._learn_mode()
            except LineFault as fault:
                if rung is Rung.INIT:
                    raise
                log.info("%s: %s; opening the port again", self.name, fault)
            else:
                self._ready()
                return
        elif rung is Rung.INIT:
            raise LineClosed(f"{self.name} has no port that could be initialised")
        await self.open_port()

    async def close_port(self) -> None:
        """Hang up and release the port. Never raises."""
        call = self.call
        if call:
            with suppress(HalError, TimeoutError):
                await call.hang_up()
        self._release_port()
        self.closed()

    def lost(self, fault: LineFault) -> None:
        """The port or the modem has gone: whatever runs ends."""
        if self.state is LineState.CLOSED:
            return
        log.warning("%s: %s", self.name, fault)
        self.data.stop()
        self.faulted(fault)
        self._on_fault()

    async def _wake(self) -> None:
        """Make a modem answer that may be in any state: in command state, in a data state, in the middle of a line."""
        at = self.at
        at.attach()
        try:
            await at.resynchronise()
        except LineFault:
            if self._port is None or self._port.lost:
                raise
            at.write(PLAY_END + RECORD_END + RECORD_END_I4L + b"\x1b\r" + _WORDS)
            await at.resynchronise()

    def _release_port(self) -> None:
        self.data.stop()
        self._rings.forget()
        self._early_rings.clear()
        if self._port:
            self._port.close()
        self._port = self._at = None

    async def compressions(self) -> tuple[str, ...]:
        """The codecs that the modem lists. Raises a `LineFault`."""
        return (await self.at.command("AT+VSM=?")).lines

    async def set_compression(self, listed: tuple[str, ...]) -> None:
        """Choose the best codec of the modem's own list. Raises a `LineFault`."""
        self.codec = choose(listed, adpcm=self.model.adpcm, bps=BAUD)
        await self.at.command(f"AT+VSM={self.model.compression.format(number=self.codec.number)}", expect=())
        self.noted("codec", self.codec.encoding.value)
        self.noted("audio path", "shielded, on the port of the commands")
        self.noted("duplex", "yes" if self.duplex else "no")
        self.stubborn = self.model.stubborn_end
        self.hear(Hearing())

    def hear(self, hears: Hearing) -> None:
        """The modem reports keys in these states; elsewhere we listen ourselves, which we can where audio is received."""
        none = self.model.keys is KeySource.OWN
        self.keys = self.model.keys if hears.recording else KeySource.OWN
        self.hears = Hearing(
            playing=hears.playing and not none and not self.model.deaf_while_playing, idle=hears.idle and not none
        )
        if not self.duplex and not self.hears.playing:
            self.noted("keys", "not heard while it plays: prompts are played in pieces")

    @property
    def duplex(self) -> bool:
        """Calls play and listen at once. Not in ADPCM: its recordings must begin where the stream does."""
        return self.model.duplex and not self.codec.encoding.adpcm

    def noted(self, name: str, fact: str) -> None:
        """Something that a technician may want to know of this modem."""
        self.facts[name] = fact

    async def hang_up_by(self, *commands: str) -> None:
        """The first of these commands that the modem answers with anything but ERROR. Raises the last one's `LineFault`."""
        for command in commands:
            try:
                reply = await self.at.command(command, expect=(), finals=CALL, timeout=HANG_UP_S, check=False)
            except ModemSilent:
                if command == commands[-1]:
                    raise
                continue
            if reply.code != ERROR:
                return

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

    async def _round_trip(self) -> LineHealth:
        try:
            self._check(await self.at.round_trip(ROUND_TRIP_S, _MODE if self._tells_mode else ""))
        except LineFault as fault:
            self.lost(fault)
            raise
        return LineHealth(
            True, f"{self.facts.get('model') or self.model.name} answers on {self.path}", facts=dict(self.facts)
        )

    async def _learn_mode(self) -> None:
        """Whether the modem says that it is in voice mode, now that it is."""
        self._tells_mode = _in_voice_mode(await self.at.command(_MODE, check=False))

    def _check(self, replies: tuple[Reply, ...]) -> None:
        """An answer is not enough: a modem that has restarted by itself answers, and has forgotten its number, its mode and how to
        tell of a call. Raises `ModemError`."""
        for reply in replies:
            if not reply.ok:
                raise ModemError(f"{self.name}: {reply}")
        if replies and self._tells_mode and (_in_voice_mode(replies[0]) or not _in_voice_mode(replies[-1])):
            said = " / ".join(line for reply in replies for line in reply.lines) or "nothing"
            raise ModemError(f"{self.name} has left voice mode by itself: {_MODE} is answered by {said}")

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
                log.debug("%s: %r answers nothing", self.name, line)

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


def _in_voice_mode(reply: Reply) -> bool:
    """What +FCLASS? was answered by is class 8."""
    return reply.ok and any(line in ("8", "8.0", "+FCLASS: 8") for line in reply.lines)
