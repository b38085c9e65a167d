"""The data states of voice modems: playing, recording or both, in shielded audio on the serial port (V.253, IS-101)."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from hal.audio.sound import FRAME
from hal.simulated import dle, g711
from hal.simulated.causes import Cause
from hal.simulated.circuit import Circuit, Party, Phase
from hal.simulated.modem import Modem
from hal.simulated.sounds import QUIET

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange

_ALAW = bytes(range(256))
CODECS = {
    "alaw": (_ALAW, _ALAW),
    "ulaw": (g711.ALAW_TO_ULAW, g711.ULAW_TO_ALAW),
    "u8": (g711.ALAW_TO_U8, g711.U8_TO_ALAW),
}
"""Translation tables of the codecs: from the line's A-law, and to it."""


class VoiceModem(Modem, Party):
    """A modem with audio on its serial port, at one end of a call."""

    def __init__(self, exchange: Exchange, name: str, link: Path) -> None:
        self.circuit: Circuit | None = None
        self.playing = False
        self.recording = False
        self.codec = "alaw"
        self._unshield = dle.Unshield()
        self._fifo = bytearray()
        self._play_ending = False
        self._tones = bytearray()
        self._stream_ticks = 0
        super().__init__(exchange, name, link)

    # --- entering and leaving ---

    def start_stream(self, *, play: bool, record: bool) -> None:
        """Enter a data state; the caller gives the result CONNECT."""
        self.playing, self.recording = play, record
        self._unshield = dle.Unshield()
        self._fifo.clear()
        self._play_ending = False
        self._stream_ticks = 0

    def settled(self) -> None:
        # While playing, bytes stay in the pty until the tick wants them: that is what paces the host.
        self.port.listen(not self.playing)

    def leave_stream(self) -> None:
        """Back to command state, without a word."""
        self.playing = self.recording = False
        self._fifo.clear()
        self._line.clear()
        self.port.listen(True)

    @property
    def streaming(self) -> bool:
        return self.playing or self.recording

    def port_data(self, data: bytes) -> None:
        if self.streaming and not self._executing and not (self.faults.silent or self.faults.garbage):
            self._from_host(data)
        else:
            super().port_data(data)

    def _from_host(self, data: bytes) -> None:
        items = self._unshield.feed(data)
        for position, item in enumerate(items):
            if not self.streaming or (self._play_ending and not self.recording):
                self._typeahead += b"".join(rest for rest in items[position:] if isinstance(rest, bytes))
                return
            if isinstance(item, int):
                self.code_from_host(item)
            elif self.playing and not self._play_ending:
                self._fifo += item
            elif self.recording:
                self.data_while_recording(item)

    def code_from_host(self, character: int) -> None:
        """A control code in a data state."""
        if character == dle.ETX and self.playing:
            self._play_ending = True
        elif character == dle.CAN:
            self._fifo.clear()

    def data_while_recording(self, data: bytes) -> None:
        """Plain bytes from the host where it should only listen."""

    @abstractmethod
    def played_out(self) -> None:
        """The host has ended playing and the last sample has gone out."""

    # --- audio ---

    def speak(self) -> bytes:
        if self.streaming:
            self._stream_ticks += 1
            limit = self.faults.hang_in_stream_s
            if limit is not None and self._stream_ticks * 0.02 > limit:
                self.faults.hang_in_stream_s = None
                self.faults.silent = True
        if self._tones:
            frame = bytes(self._tones[:FRAME])
            del self._tones[:FRAME]
            return frame.ljust(FRAME, bytes([g711.SILENCE]))
        if not self.playing or self.faults.silent or self._executing:
            return QUIET
        while len(self._fifo) < FRAME and not self._play_ending:
            data = self.port.read(FRAME - len(self._fifo))
            if not data:
                break
            self._from_host(data)
        if not self._fifo:
            if self._play_ending:
                self.playing = False
                self.port.listen(True)
                self.played_out()
                self._drain_typeahead()
            return QUIET
        frame = bytes(self._fifo[:FRAME]).translate(CODECS[self.codec][1])
        del self._fifo[:FRAME]
        return frame.ljust(FRAME, bytes([g711.SILENCE]))

    def _drain_typeahead(self) -> None:
        waiting = bytes(self._typeahead)
        self._typeahead.clear()
        if waiting:
            self.port_data(waiting)

    def hear(self, frame: bytes) -> None:
        if self.recording and not self._executing:
            self.send_raw(dle.shield(frame.translate(CODECS[self.codec][0])))

    # --- calls ---

    @property
    def ringing(self) -> Circuit | None:
        """The call that rings here."""
        circuit = self.circuit
        return circuit if circuit and circuit.phase is Phase.RINGING and circuit.called is self else None

    @property
    def talking(self) -> bool:
        return self.circuit is not None and self.circuit.phase is Phase.CONNECTED

    def drop_call(self, cause: Cause = Cause.NORMAL_CLEARING) -> None:
        """Hang up."""
        circuit, self.circuit = self.circuit, None
        self._tones.clear()
        if circuit:
            circuit.release(self, cause)

    def dtr_dropped(self) -> None:
        self.leave_stream()
        self.drop_call()
