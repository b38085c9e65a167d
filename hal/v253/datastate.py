"""The data states of a voice modem: into one, the audio in it, and out of it again whatever happens.

In a data state bytes to the modem are audio, and a command would be played to the far end. So a line must always know whether its
modem is in one, also where a command was cancelled half-way, the modem left by itself, or it does not react to the codes that
should end it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hal.at import CALL, CommandError
from hal.at.results import NO_ANSWER, NO_CARRIER, OK, VCON
from hal.audio.pump import AudioPump, Stream
from hal.errors import ModemSilent
from hal.v253.codec import stubborn
from hal.v253.model import KeySource
from hal.v253.stream import ShieldedPort

if TYPE_CHECKING:
    from hal.v253.modemline import ModemLine
    from hal.voicecall import VoiceCall

END_S = 1.5
"""Seconds for a modem to leave a data state, beyond what it still has to play."""
_ENDS = frozenset({OK, VCON, NO_CARRIER})


class DataState:
    """Whether a line's modem is in a data state, and its stream while it is."""

    def __init__(self, line: ModemLine, pump: AudioPump) -> None:
        self.stream: Stream | None = None
        self._line = line
        self._pump = pump
        self._entered = self._leaving = False

    @property
    def receives(self) -> bool:
        """Audio comes from the modem; its words are shielded codes."""
        return self.stream is not None and self.stream.port.receives

    async def enter(self, command: str, call: VoiceCall) -> bool:
        """Ask for a data state: false where the call has gone. Raises a `LineFault`.

        Cancelled in the middle, the modem counts as being in it, which `leave` mends either way.
        """
        self._entered = True
        try:
            await self._line.at.command(command, expect=(), finals=CALL)
        except CommandError as error:
            self._entered = False
            if error.reply.code not in (NO_CARRIER, NO_ANSWER):
                raise
            call.ended(error.reply.code)
            return False
        return True

    def start(self, *, receives: bool, connects: int = 0, capture: bytearray | None = None) -> Stream:
        """After CONNECT: the pump moves the audio. Where the modem only plays, its words stay with the interpreter.

        `connects`: CONNECT lines that may still come (see `hal.v253.codec.Unshield`). `capture` takes all that is received, from
        the first byte on, as the modem sends it.
        """
        line = self._line
        port = ShieldedPort(
            line.fd,
            line.codec.encoding,
            receives=receives,
            on_code=self._heard_code,
            on_end=self._ended,
            connects=connects,
            capture=capture,
        )
        own_keys = receives and line.keys is not KeySource.MODEM
        stream = self.stream = self._pump.start(
            port,
            on_lost=line.lost,
            on_key=(lambda key: line.heard_key("own", key)) if own_keys else None,
            tally=line.trace.audio,
            ear=line.ear() if receives else None,
        )
        if receives:
            rest = line.at.release()
            if rest:
                stream.take_in(rest)
        else:
            line.at.attach(line.at.release())
        return stream

    async def leave(self, codes: bytes) -> None:
        """Leave the data state by `codes`; more stubbornly where that does not help, and from then on at once. Returns in
        command state.

        Raises `ModemSilent` where the modem cannot be reached any more, `Unplugged`.
        """
        if not self._entered:
            return
        self._leaving = True
        at = self._line.at
        ahead_s = self.stream.ahead_s if self.stream else 0.0
        if self.stream and self.stream.playback:
            self.stream.playback.cancel()
        try:
            for attempt in (codes, stubborn(codes)) if not self._line.stubborn else (stubborn(codes), codes):
                try:
                    reply = await at.result(attempt, finals=_ENDS, timeout=END_S + ahead_s)
                except ModemSilent:
                    self._line.stubborn = not self._line.stubborn
                    continue
                if reply.code == NO_CARRIER and self._line.call:
                    self._line.call.ended(str(reply.code))
                return
            self.stop()
            at.attach()
            await at.resynchronise()
        finally:
            self.stop()
            self._leaving = self._entered = False

    def stop(self) -> None:
        """The pump lets go of the port. The modem may still be in the data state."""
        stream, self.stream = self.stream, None
        if stream:
            stream.stop()

    def _heard_code(self, code: int) -> None:
        self._line.trace.shielded(code)
        self._line.heard_code(code)

    def left_by_modem(self) -> None:
        """The modem has said a final result although nobody asked: unless it still sends audio, it has left."""
        if not self.receives:
            self._entered = False

    def _ended(self, rest: bytes) -> None:
        """The received stream has ended, whoever wanted that: what follows is text again."""
        self.stop()
        if self._line.is_open:
            self._line.at.attach(rest)
        if not self._leaving:
            self._entered = False
            if self._line.call:
                self._line.call.ended("the modem has ended the audio")
