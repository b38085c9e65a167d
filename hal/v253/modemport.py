"""The port of a voice modem: opened, initialised, recovered and closed, and what is known of the modem at its end."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress

from hal.at import CALL, Interpreter, Reply
from hal.at.results import ERROR
from hal.audio.sound import Encoding
from hal.errors import HalError, LineClosed, LineFault, ModemError, ModemSilent
from hal.line import Device, DialGate, LineHealth, LineState
from hal.recovery import Rung
from hal.registry import DeviceConfig
from hal.serialport import BAUD, SerialPort
from hal.v253.codec import PLAY_END, RECORD_END, RECORD_END_I4L
from hal.v253.compression import Compression, choose
from hal.v253.datastate import DataState
from hal.v253.lineselect import Hearing
from hal.v253.models import V253, KeySource, Model
from hal.voiceline import VoiceLine

log = logging.getLogger(__name__)

HANG_UP_S = 3.0
"""Seconds for a modem to hang up."""
ROUND_TRIP_S = 2.0
"""Seconds for an idle modem to say OK."""
_MODE = "AT+FCLASS?"
"""Tells voice mode from the mode in which a modem wakes up (V.253, IS-101: 8)."""
_WORDS = b"ATQ0V1\r"
"""Results, and as words: for a modem that has shown none. Another program may have left it so."""


class ModemPort(VoiceLine):
    """See the module. `hal.v253.modemline` adds the calls."""

    data: DataState
    """Whether the modem is in a data state; made with the line."""

    def __init__(
        self,
        config: DeviceConfig,
        index: int,
        device: Device,
        gate: DialGate | None,
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
        self._on_fault = on_fault
        self._port: SerialPort | None = None
        self._at: Interpreter | None = None
        self._tells_mode = False

    # --- hooks ---

    @abstractmethod
    async def _initialise(self) -> None:
        """Bring a modem that answers AT into the state in which calls come and go. Raises a `LineFault`."""

    @abstractmethod
    async def _on_hook(self) -> None:
        """Hang up from command state. Raises a `LineFault`."""

    @abstractmethod
    def _ready(self) -> None:
        """The modem is initialised."""

    @abstractmethod
    def _forget_rings(self) -> None:
        """The port is closed: nothing rings any more."""

    @abstractmethod
    def _on_line(self, line: str) -> None:
        """A line that answers nothing."""

    @abstractmethod
    def heard_code(self, code: int) -> None:
        """A shielded code, in whatever state."""

    # --- what is known of the modem ---

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
            self._at = Interpreter(self._port, on_line=self._on_line, on_lost=self.lost, on_shielded=self.heard_code)
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
        self._forget_rings()
        if self._port:
            self._port.close()
        self._port = self._at = None

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


def _in_voice_mode(reply: Reply) -> bool:
    """What +FCLASS? was answered by is class 8."""
    return reply.ok and any(line in ("8", "8.0", "+FCLASS: 8") for line in reply.lines)
