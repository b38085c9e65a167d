"""The data states of voice modems: playing, recording or both, in shielded audio on the serial port (V.253, IS-101)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from hal.audio.sound import FRAME
from hal.simulated import adpcm, dle, g711
from hal.simulated.causes import Cause
from hal.simulated.circuit import Circuit, Party, Phase
from hal.simulated.modem import Modem
from hal.simulated.sounds import QUIET

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange


class Codec(Protocol):
    """One direction of one stream, between the line's A-law and what travels on the port."""

    @property
    def bits(self) -> int:
        """Of one sample on the port."""

    def decode(self, data: bytes) -> bytes:
        """A-law of what came from the port."""

    def encode(self, alaw: bytes) -> bytes:
        """What goes to the port."""


class _Table:
    """A codec of one byte a sample."""

    bits = 8

    def __init__(self, from_alaw: bytes, to_alaw: bytes) -> None:
        self._from_alaw = from_alaw
        self._to_alaw = to_alaw

    def decode(self, data: bytes) -> bytes:
        return data.translate(self._to_alaw)

    def encode(self, alaw: bytes) -> bytes:
        return alaw.translate(self._from_alaw)


class _Linear16:
    """Signed 16 bit, little endian."""

    bits = 16

    def decode(self, data: bytes) -> bytes:
        return g711.from_s16le(data)

    def encode(self, alaw: bytes) -> bytes:
        return g711.to_s16le(alaw)


_ALAW = bytes(range(256))
_S8 = bytes(value ^ 0x80 for value in range(256))
CODECS: dict[str, Callable[[], Codec]] = {
    "alaw": partial(_Table, _ALAW, _ALAW),
    "ulaw": partial(_Table, g711.ALAW_TO_ULAW, g711.ULAW_TO_ALAW),
    "u8": partial(_Table, g711.ALAW_TO_U8, g711.U8_TO_ALAW),
    "s8": partial(_Table, g711.ALAW_TO_U8.translate(_S8), _S8.translate(g711.U8_TO_ALAW)),
    "s16le": _Linear16,
    "ima": adpcm.Ima,
    **{f"i4l-adpcm{bits}": partial(adpcm.Zyxel, bits) for bits in (2, 3, 4)},
    **{f"zyxel-adpcm{bits}": partial(adpcm.Zyxel, bits, leak=True) for bits in (2, 3, 4)},
}
"""Makers of codecs, by the names that models and dialects use."""


class VoiceModem(Modem, Party):
    """A modem with audio on its serial port, at one end of a call."""

    def __init__(self, exchange: Exchange, name: str, link: Path) -> None:
        self.circuit: Circuit | None = None
        self.playing = False
        self.recording = False
        self.codec = "alaw"
        """A key of `CODECS`, of the stream that is or comes."""
        self._decoder = self._encoder = CODECS["alaw"]()
        self._unshield = dle.Unshield()
        self._fifo = bytearray()
        self._play_ending = False
        self._tones = bytearray()
        self._stream_ticks = 0
        self._heard = 0
        super().__init__(exchange, name, link)

    # --- entering and leaving ---

    def start_stream(self, *, play: bool, record: bool) -> None:
        """Enter a data state, in `codec`; the caller gives the result CONNECT."""
        self._decoder, self._encoder = CODECS[self.codec](), CODECS[self.codec]()
        self.playing, self.recording = play, record
        self._unshield = dle.Unshield()
        self._fifo.clear()
        self._play_ending = False
        self._stream_ticks = self._heard = 0

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
        if self.streaming and not self._executing and not self.faults.mute and not self.faults.wrong_baud:
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
                if not self._ignores(item, items[position - 1] if position else b""):
                    self.code_from_host(item)
            elif self.playing and not self._play_ending:
                self._fifo += item
            elif self.recording:
                self.data_while_recording(item)

    def _ignores(self, character: int, before: bytes | int) -> bool:
        """A fault makes it deaf to this code; `before` is what came in front of it."""
        if self.faults.three_dle and character == dle.ETX and self.playing:
            return not (isinstance(before, bytes) and before.endswith(bytes((dle.DLE,))))
        return self.faults.codes_ignored

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

    def result(self, text: str) -> None:
        super().result(text)
        if self.faults.underrun and text.startswith("CONNECT"):
            self.send_raw(dle.code("u"))

    def send_raw(self, data: bytes) -> None:
        if self.faults.etx_lost and data.startswith(dle.code(dle.ETX)):
            data = data[2:]
        super().send_raw(data)

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
        size = FRAME * self._decoder.bits // 8
        while len(self._fifo) < size and not self._play_ending:
            data = self.port.read(size - len(self._fifo))
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
        frame = self._decoder.decode(bytes(self._fifo[:size]))
        del self._fifo[:size]
        return frame.ljust(FRAME, bytes([g711.SILENCE]))

    def _drain_typeahead(self) -> None:
        waiting = bytes(self._typeahead)
        self._typeahead.clear()
        if waiting:
            self.port_data(waiting)

    def hear(self, frame: bytes) -> None:
        if not self.recording or self._executing:
            return
        self._heard += 1
        if self.faults.overrun and self._heard % 10 == 0:
            self.send_raw(dle.code("o"))
        else:
            self.send_raw(dle.shield(self._encoder.encode(frame)))

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
