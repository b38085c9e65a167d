"""The audio pump: one 20 ms tick moves the audio of every line that has a call.

A tick reads what has arrived on each port, has its driver take the audio out of it, listens for keys in all lines at
once, and tops up what each modem has to play. The loop is woken fifty times a second whatever the number of lines, and
not at all while no line has a call.

A driver gives the pump an `AudioPort` (a file descriptor and how audio travels on it) and gets a `Stream`:

    stream = pump.start(port, on_key=call.key_pressed, on_lost=line.lost)
    playback = stream.play(audio)        # bytes in port.encoding; playback.done is a future, .cancel() drops the rest
    stream.capture = bytearray()         # from now on received audio is appended here, untouched
    stream.stop()
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from typing import Protocol

from hal.audio.keys import KeyListener
from hal.audio.listening import Ear, ToneListener
from hal.audio.sound import FRAME, RATE, Encoding
from hal.errors import LineFault, ModemError, ModemSilent, Unplugged

log = logging.getLogger(__name__)

TICK_S = FRAME / RATE
"""Seconds between two ticks: 20 ms."""
LEAD_S = 0.06
"""Seconds of audio in the modem after a top-up. A tick may be late by two thirds of it before the far end hears a gap,
and a key that stops a prompt leaves 20 to 40 ms of it to be heard, see `Stream.hold`."""
STALL_S = 5.0
"""Seconds without a byte taken or given after which the modem is taken for dead."""
_READ = 65536


class AudioPort(Protocol):
    """How audio travels on one port."""

    fd: int
    """Open, non-blocking, with VMIN = 1 (as `hal.serialport` opens it)."""
    encoding: Encoding
    frame: int
    """Samples that one write must be a whole multiple of, kept up with silence while nothing is played (radio modems: 160).
    0: any number, and nothing while nothing is played."""
    receives: bool
    """The pump reads the port, and bytes come all the time: their absence is a fault. False: somebody else reads it."""

    def decode(self, data: bytes) -> bytes:
        """The audio in bytes from the port, in `encoding`. May call `Stream.stop` where the stream ends in `data`."""

    def encode(self, audio: bytes) -> bytes:
        """The bytes that carry `audio`."""


class Playback:
    """Audio on its way to the far end."""

    def __init__(self, stream: Stream, audio: bytes) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Set when the last sample has been heard, the playback was cancelled, or the stream has ended."""
        self._stream = stream
        self._audio = audio
        self._taken = 0
        self._start = 0

    @property
    def given(self) -> int:
        """Samples that the modem has."""
        return self._taken // self._stream.width

    @property
    def heard(self) -> int:
        """Samples that have left the modem, by the clock."""
        return max(0, min(self.given, self._stream.heard - self._start))

    @property
    def complete(self) -> bool:
        """All of it is with the modem."""
        return self._taken >= len(self._audio)

    def part(self, begin: int, end: int) -> bytes:
        """What of it fills the stream's samples from `begin` to `end`."""
        width = self._stream.width
        first, last = (min(max(0, sample - self._start), self.given) for sample in (begin, end))
        return self._audio[first * width : last * width]

    def cancel(self) -> None:
        """Drop what the modem does not have yet."""
        if self._stream.playback is self:
            self._stream.playback = None
        if not self.done.done():
            self.done.set_result(None)

    def take(self, size: int, position: int) -> bytes:
        """The next `size` bytes at most, which become the stream's samples from `position` on."""
        if not self._taken:
            self._start = position
        piece = self._audio[self._taken : self._taken + size]
        self._taken += len(piece)
        return piece


class Stream:
    """The audio of one line while it has a call. Made by `AudioPump.start`."""

    def __init__(
        self,
        pump: AudioPump,
        port: AudioPort,
        on_key: Callable[[str], None] | None,
        on_lost: Callable[[LineFault], None],
        tally: Callable[[int, int, int], object] | None = None,
    ) -> None:
        self.port = port
        self.width = port.encoding.width
        self.active = True
        self.capture: bytearray | None = None
        """Where received audio is appended, or None."""
        self.tap: bytearray | None = None
        """Where received audio is appended, too: for a measurement."""
        self.playback: Playback | None = None
        self.unheard = bytearray()
        """Received audio in which nobody has listened for keys yet."""
        self.ear: Ear | None = None
        """Who listens for the network's tones; may be another at any moment, but only where `AudioPump.start` was given one."""
        self.untold = bytearray()
        """Received audio that the ear has not heard yet."""
        self.last: Playback | None = None
        """What was played last, and may still be."""
        self.received = 0
        """Bytes that came from the modem."""
        self.sent = 0
        """Bytes that the modem took."""
        self.gaps = 0
        """Times that the modem ran out of audio in the middle of a sound, by the clock."""
        self.on_key = on_key
        self._on_lost = on_lost
        self._tally = tally
        self._pump = pump
        self._given = 0
        self._dry_at = self._moved_at = self._taken_at = pump.time()
        self._held = False
        self._unsent = b""

    def play(self, audio: bytes) -> Playback:
        """Send audio (in the port's encoding, any length), beginning now. RuntimeError while another playback runs."""
        if self.playback:
            raise RuntimeError("a playback is running")
        playback = Playback(self, audio)
        if self.active:
            self.playback = self.last = playback
            self._held = False
            self._pump.serve(self)
        else:
            playback.done.set_result(None)
        return playback

    def stop(self) -> None:
        """The call, or the data stream, is over. What waits is dropped. More than once is harmless."""
        if self.active:
            self.active = False
            self._pump.forget(self)
            if self._tally:
                self._tally(self.received, self.sent, self.gaps)
        if self.playback:
            self.playback.cancel()

    @property
    def whole(self) -> bool:
        """The port has taken every byte that was given to it: codes may follow."""
        return not self._unsent

    def fail(self, fault: LineFault) -> None:
        """Stop, and tell the driver why."""
        if self.active:
            self.stop()
            self._on_lost(fault)

    @property
    def ahead_s(self) -> float:
        """Seconds of audio that the modem still has to play, by the clock."""
        return max(0.0, self._dry_at - self._pump.time())

    @property
    def heard(self) -> int:
        """Samples that have left the modem since the stream began, by the clock."""
        return max(0, self._given - round(self.ahead_s * RATE))

    def recently(self, seconds: float) -> bytes:
        """What has left the modem of the last playback in the last `seconds`, by the clock; what the line may still echo."""
        if self.last is None:
            return b""
        now = self._given + round((self._pump.time() - self._dry_at) * RATE)
        return self.last.part(now - round(seconds * RATE), now)

    def hold(self) -> None:
        """A key seems to begin: leave out one top-up, so that the modem has less of the prompt that the key may stop.

        It still has enough until the next tick: nobody hears anything of it if there was no key.
        """
        self._held = True

    def take_in(self, data: bytes) -> None:
        """Bytes from the port, whoever has read them."""
        audio = self.port.decode(data)
        if not audio:
            return
        if self.capture is not None:
            self.capture += audio
        if self.tap is not None:
            self.tap += audio
        if self.on_key:
            self.unheard += audio
        if self.ear:
            self.untold += audio

    def receive(self, now: float) -> None:
        """Read what has arrived. Called by the tick. Raises a `LineFault` where the port is gone or says nothing."""
        try:
            data = os.read(self.port.fd, _READ)
        except BlockingIOError:
            if self.port.receives and now - self._moved_at > STALL_S:
                raise ModemSilent(f"no audio for {STALL_S:g} s") from None
            return
        except OSError as error:
            raise Unplugged(f"audio port: {error.strerror or error}") from error
        if not data:
            raise Unplugged("audio port: hung up")
        self._moved_at = now
        self.received += len(data)
        self.take_in(data)

    def top_up(self, now: float) -> None:
        """Give the modem what it needs for the next ticks. Called by the tick. Raises a `LineFault`."""
        if self._unsent and not self._send(self._unsent, now):
            return
        if self._held:
            self._held = False
            if self._dry_at - now > TICK_S:
                return
        playback = self.playback
        if playback and playback.complete and playback.heard >= playback.given:
            playback.cancel()
            playback = None
        frame = self.port.frame
        if playback is None and not frame:
            return
        room = round((self._pump.lead_s - max(0.0, self._dry_at - now)) * RATE)
        if frame:
            room = (room + frame // 2) // frame * frame
        if room <= 0:
            return
        audio = playback.take(room * self.width, self._given) if playback else b""
        if frame:
            audio += self.port.encoding.silence * (room - len(audio) // self.width)
        if not audio:
            return
        samples = len(audio) // self.width
        if self._dry_at < now and self._given and (frame or (playback and playback.given > samples)):
            self.gaps += 1
        self._given += samples
        self._dry_at = max(self._dry_at, now) + samples / RATE
        self._send(self.port.encode(audio), now)

    def _send(self, data: bytes, now: float) -> bool:
        try:
            taken = os.write(self.port.fd, data)
        except BlockingIOError:
            taken = 0
        except OSError as error:
            raise Unplugged(f"audio port: {error.strerror or error}") from error
        self.sent += taken
        self._unsent = data[taken:]
        if taken or not data:
            self._taken_at = now
        elif now - self._taken_at > STALL_S:
            raise ModemSilent(f"took no audio for {STALL_S:g} s")
        if self._unsent:
            self._dry_at = max(self._dry_at, now + self._pump.lead_s)  # the modem is slower than the clock: wait for it
        return not self._unsent


class AudioPump:
    """Moves the audio of all lines that share it. Lives in one event loop.

    `lead_s`: seconds of audio that each modem holds in advance; more than the default only where the loop's time runs faster
    than life.
    """

    def __init__(self, keys: KeyListener | None = None, *, lead_s: float = LEAD_S) -> None:
        self.lead_s = lead_s
        self._keys = keys or KeyListener()
        self._tones = ToneListener()
        self._streams: dict[Stream, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def start(
        self,
        port: AudioPort,
        *,
        on_lost: Callable[[LineFault], None],
        on_key: Callable[[str], None] | None = None,
        tally: Callable[[int, int, int], object] | None = None,
        ear: Ear | None = None,
    ) -> Stream:
        """Serve a port from the next tick on; nobody else may read it.

        `on_key` gets each key that is heard in the audio; without it nobody listens for keys. `on_lost` gets the fault
        that has ended the stream: `Unplugged`, or `ModemSilent` where no byte has moved for 5 s. Both are called from the
        tick and must not block. `tally` gets, at the end, the bytes received and sent, and the gaps. `ear` hears
        what is received, 100 ms at a time.
        """
        stream = Stream(self, port, on_key, on_lost, tally)
        self._streams[stream] = None
        if on_key:
            self._keys.add(stream)
        if ear:
            stream.ear = ear
            self._tones.add(stream)
        if not self._timer:
            self._loop = asyncio.get_running_loop()
            self._due = self._loop.time() + TICK_S
            self._timer = self._loop.call_at(self._due, self._tick)
        return stream

    def time(self) -> float:
        """The loop's time in seconds."""
        return (self._loop or asyncio.get_running_loop()).time()

    def serve(self, stream: Stream) -> None:
        """Top a stream up at once instead of at the next tick."""
        try:
            stream.top_up(self.time())
        except Exception as error:
            self._failed(stream, error)

    def forget(self, stream: Stream) -> None:
        """Called by `Stream.stop`."""
        del self._streams[stream]
        self._keys.remove(stream)
        self._tones.remove(stream)
        if not self._streams and self._timer:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        assert self._loop
        now = self._loop.time()
        self._due += TICK_S
        if self._due <= now:  # late by more than a tick: what was missed is made up for now, by amount of audio
            self._due = now + TICK_S
        self._timer = self._loop.call_at(self._due, self._tick)
        streams = tuple(self._streams)
        for stream in streams:  # written out twice: a call more for each line and tick is a tenth of the whole
            if stream.port.receives and stream.active:
                try:
                    stream.receive(now)
                except Exception as error:
                    self._failed(stream, error)
        try:
            self._keys.listen()
            self._tones.listen()
        except Exception:
            log.exception("listening for keys and tones")
        for stream in streams:
            if stream.active:
                try:
                    stream.top_up(now)
                except Exception as error:
                    self._failed(stream, error)

    @staticmethod
    def _failed(stream: Stream, error: Exception) -> None:
        """One line's trouble is not the others'."""
        if isinstance(error, LineFault):
            stream.fail(error)
        else:
            log.error("audio of one line", exc_info=error)
            stream.fail(ModemError(f"audio: {error}"))
