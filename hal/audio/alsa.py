"""A sound card as a file descriptor: the audio of modems that are USB Audio Class devices (Quectel EC25 and the like).

The ALSA library blocks, so each card has one thread at the edge. It moves signed 16 bit little endian, mono, 8 kHz between the
card and one end of a socket pair; the other end is `AlsaBridge.fd`, which the pump serves like any PCM port. A card that has
gone away closes the socket: the pump sees the end of the file, as with a serial port, and `AlsaBridge.fault` says why.

Clocks. A card delivers 8000 samples a second by its own crystal, and what the host sends is played by it. The ALSA plug-ins
`null` and `file` have no clock: they deliver whatever is asked for at once (`null` hands out memory that nobody has written).
No card can give more at once than its buffer holds; one that does is read at the pace of this machine's clock.

What is not shown here: a real card. The tests run the real library with its `null` and `file` plug-ins.

Sources: alsa-lib's PCM interface (snd_pcm_readi, snd_pcm_writei: EPIPE is an over- or underrun, EAGAIN nothing to read or no
room); pyalsaaudio 0.11 (`alsaaudio.c`: a read or write that returns -EPIPE has prepared the stream again; parameters that a
card does not have are replaced without a word; `close` waits for what is still to be played).
"""

from __future__ import annotations

import asyncio
import logging
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar, Final

import alsaaudio
import numpy as np

from hal.audio.companding import Samples
from hal.audio.levels import power_dbm0
from hal.audio.sound import FRAME, RATE
from hal.errors import LineFault, ModemError, Unplugged

log = logging.getLogger(__name__)

PERIODS: Final = 4
"""Frames of 20 ms that a card buffers in each direction."""
CUSHION: Final = 2 * FRAME
"""Samples of silence with which playing begins again after an underrun: the host's next frame may be late by so much."""
BACKLOG: Final = 6 * FRAME
"""Samples that wait for the card at most. The host's clock is faster than a card's by up to 100 ppm: 0.36 s in an hour."""
XRUNS_IN_A_ROW: Final = 50
"""Overruns without a sample between them after which the card counts as broken."""
_WAIT_MS: Final = 100
_UNREADY_MS: Final = 5
_CLOSE_S: Final = 2.0
_WIDTH: Final = 2


class Pace:
    """When to read next: as soon as the card has something, or, where it has no clock, by ours."""

    def __init__(self, buffer: int, now: float) -> None:
        """`buffer`: samples that the card can hold; `now`: seconds, as in all calls."""
        self.by_card = True
        self._lead_s = 2 * buffer / RATE
        """What a card with a clock cannot be ahead of it: its buffer, and as much again for a reader that was late."""
        self._read_until = now
        """When the samples that were read would have been there, had they come at 8 kHz."""

    def took(self, samples: int, now: float) -> None:
        """So many samples were read; 0 where there were none, which only a card with a clock says."""
        if not samples:
            self.by_card, self._read_until = True, now
            return
        self._read_until = max(self._read_until, now - self._lead_s) + samples / RATE
        if self._read_until - now > self._lead_s:
            self.by_card = False

    def wait_s(self, now: float) -> float:
        """Seconds until the next read; 0 where the card decides. A card without a clock stays ahead of ours by what it took
        to notice that it has none."""
        return 0.0 if self.by_card else max(0.0, self._read_until - self._lead_s - now)


class Meter:
    """The mean level of what has passed since it was last asked for. Written by the thread, read by the loop."""

    def __init__(self) -> None:
        self._sum, self._count = 0.0, 0

    def feed(self, audio: bytes | bytearray) -> None:
        """Whole samples."""
        samples = np.frombuffer(audio, "<i2").astype(np.float64)
        self._sum, self._count = self._sum + float(samples @ samples), self._count + len(samples)

    def read(self) -> str:
        """`-23 dBm0`, or `silence`; then from the beginning."""
        level = power_dbm0(self._sum / self._count) if self._count else -np.inf
        self._sum, self._count = 0.0, 0
        return f"{level:.0f} dBm0" if np.isfinite(level) else "silence"


class AlsaBridge:
    """A card that is open in both directions. Made by `open`, released by `close`."""

    _threads: ClassVar[dict[str, threading.Thread]] = {}
    """The last thread of each card: it may still be closing the card that the next call opens."""

    def __init__(self, device: str, capture: alsaaudio.PCM, playback: alsaaudio.PCM) -> None:
        self.device = device
        self.fault: LineFault | None = None
        """Why the card is gone, once it is."""
        self.xruns = 0
        """Over- and underruns so far. Each is a gap of some frames and nothing worse."""
        self.received, self.sent = Meter(), Meter()
        self._capture, self._playback = capture, playback
        self._socket, self._inner = socket.socketpair()
        self._socket.setblocking(False)
        self._inner.setblocking(False)
        self.fd = self._socket.fileno()
        """This end of the audio: non-blocking, s16le mono 8 kHz both ways. End of file when the card is gone."""
        self._pace = Pace(FRAME * PERIODS, time.monotonic())
        self._to_play = bytearray()
        self._unsent = b""
        """The rest of a frame that the host has only a part of: half a sample less, and all that follows would be noise."""
        self._thread = threading.Thread(target=self._run, name=f"alsa {device}", daemon=True)
        self._thread.start()

    @classmethod
    async def open(cls, device: str) -> AlsaBridge:
        """Open the PCM of that name, `hw:2,0` or `plughw:CARD=Android`, for playing and capturing.

        Raises `Unplugged` where there is none, or somebody else has it, and `ModemError` where it has no 8 kHz mono s16le
        (a `plughw:` in place of `hw:` then converts).
        """
        loop = asyncio.get_running_loop()
        opening = loop.run_in_executor(None, cls._open, device)
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_unwanted)
            raise

    @classmethod
    def _open(cls, device: str) -> AlsaBridge:
        before = cls._threads.get(device)
        if before:
            before.join(_CLOSE_S)
        capture = open_pcm(device, alsaaudio.PCM_CAPTURE)
        try:
            playback = open_pcm(device, alsaaudio.PCM_PLAYBACK)
        except LineFault:
            capture.close()
            raise
        bridge = cls(device, capture, playback)
        cls._threads[device] = bridge._thread
        return bridge

    def close(self) -> None:
        """Release the card; what it still has to play is dropped. The thread does it, at once. More than once is harmless."""
        self.fd = -1
        self._socket.close()

    @property
    def facts(self) -> dict[str, str]:
        """For the diagnosis page: what the audio path is, and how loud it was in both directions since it was last asked."""
        clock = "its own clock" if self._pace.by_card else "no clock of its own"
        return {
            "audio path": f"sound card {self.device}, {clock}, {self.xruns} gaps",
            "audio levels": f"from the modem {self.received.read()}, to it {self.sent.read()}",
        }

    # --- the thread ---

    def _run(self) -> None:
        try:
            self._serve()
        except alsaaudio.ALSAAudioError as error:
            self._lost(Unplugged(f"sound card {self.device}: {error}"))
        except LineFault as fault:
            self._lost(fault)
        except Exception as error:
            log.exception("sound card %s", self.device)
            self._lost(ModemError(f"sound card {self.device}: {error}"))
        finally:
            for pcm in (self._playback, self._capture):
                with suppress(alsaaudio.ALSAAudioError):
                    pcm.drop()
                pcm.close()
            self._inner.close()

    def _lost(self, fault: LineFault) -> None:
        self.fault = fault
        log.warning("%s", fault)

    def _serve(self) -> None:
        """Until the host closes its end. Raises ALSAAudioError where the card is gone."""
        host, both = select.poll(), select.poll()
        host.register(self._inner, 0)  # POLLHUP alone: what it sends is taken at the card's pace
        both.register(self._inner, 0)
        for fd, events in self._capture.polldescriptors():
            both.register(fd, events)
        inner = self._inner.fileno()
        broken = 0
        while True:
            wait_s = self._pace.wait_s(time.monotonic())
            ready = both.poll(_WAIT_MS) if self._pace.by_card else host.poll(wait_s * 1000)
            if any(fd == inner for fd, _ in ready):
                return
            count, audio = self._capture.read()
            if count < 0:
                self.xruns += 1
                broken += 1
                if broken > XRUNS_IN_A_ROW:
                    raise ModemError(f"sound card {self.device}: nothing but overruns")
                continue
            self._pace.took(count, time.monotonic())
            if audio:
                broken = 0
                self.received.feed(audio)
                self._hand_over(audio)
            elif ready and host.poll(_UNREADY_MS):  # said to be ready and was not: some plug-ins do, and would spin
                return
            self._play()

    def _hand_over(self, audio: bytes) -> None:
        """Give the host what was captured. Where nobody reads, it is dropped, whole frames at a time."""
        with suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
            if self._unsent:
                self._unsent = self._unsent[self._inner.send(self._unsent) :]
            if not self._unsent:
                taken = self._inner.send(audio)
                self._unsent = audio[taken:]

    def _play(self) -> None:
        """Give the card what the host has sent, as far as there is room; never let it pile up."""
        with suppress(BlockingIOError, ConnectionResetError):  # reset: it has closed its end with audio unread
            self._to_play += self._inner.recv(1 << 16)
        excess = len(self._to_play) - BACKLOG * _WIDTH
        if excess > 0:
            del self._to_play[: excess + excess % _WIDTH]
        whole = len(self._to_play) // _WIDTH * _WIDTH
        if not whole:
            return
        taken = self._playback.write(bytes(self._to_play[:whole]))
        if taken < 0:
            self.xruns += 1
            self._playback.write(bytes(CUSHION * _WIDTH))
            taken = max(0, self._playback.write(bytes(self._to_play[:whole])))
        self.sent.feed(self._to_play[: taken * _WIDTH])
        del self._to_play[: taken * _WIDTH]


def open_pcm(device: str, direction: int) -> alsaaudio.PCM:
    """One direction of a card, non-blocking. Raises `Unplugged`, `ModemError` as `AlsaBridge.open` does. Blocks some ms."""
    try:
        pcm = alsaaudio.PCM(
            direction,
            alsaaudio.PCM_NONBLOCK,
            device=device,
            rate=RATE,
            channels=1,
            format=alsaaudio.PCM_FORMAT_S16_LE,
            periodsize=FRAME,
            periods=PERIODS,
        )
    except alsaaudio.ALSAAudioError as error:
        raise Unplugged(f"cannot open sound card {device}: {error}") from error
    found = pcm.info()
    got = found["rate"], found["channels"], found["format_name"]
    if got != (RATE, 1, "S16_LE"):
        pcm.close()
        raise ModemError(f"sound card {device} has {got[0]} Hz, {got[1]} channels, {got[2]}; a plughw: device converts")
    return pcm


def speaker(device: str = "default") -> Callable[[Samples], None] | None:
    """Plays samples on a card, dropping what it has no room for; None where this machine has no card.

    For a person who listens in, not for a line.
    """
    if not alsaaudio.cards():
        return None  # asking for a device would make the library complain on the screen
    try:
        pcm = open_pcm(device, alsaaudio.PCM_PLAYBACK)
    except LineFault:
        return None

    def play(samples: Samples) -> None:
        with suppress(alsaaudio.ALSAAudioError):  # unplugged: then nobody listens in
            pcm.write(samples.astype("<i2").tobytes())

    return play


def _close_unwanted(opening: asyncio.Future[AlsaBridge]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
