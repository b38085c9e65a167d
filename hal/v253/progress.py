"""What becomes of the calls of an analogue line, by ear and by the modem's reports together.

No modem tells it reliably by itself. With `Progress.SOFTWARE` it ends the dial command right after the digits, and we listen from
the first tone on; with `Progress.MODEM` it decides when the call was answered, and we doubt it for two seconds. Afterwards the
same ear listens for the hang-up. Which of the two a model gets stands in the model table, with its source.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from hal.audio import companding, echo
from hal.audio.companding import Samples
from hal.audio.dtmf import DtmfDetector
from hal.audio.hangup import HangUpEar
from hal.audio.listening import Ear
from hal.audio.progress import Frames, analyser
from hal.audio.sound import RATE, Encoding
from hal.audio.supervision import LATE_S, TONE_S, Supervision, Verdict, ringing_pause_s
from hal.audio.tones import COUNTRIES, Signal
from hal.errors import Busy, Congestion, HalError, LineFault, ModemError, NoAnswer, Rejected
from hal.v253.codec import hang_up_reason
from hal.v253.halfduplex import HalfDuplexCall

if TYPE_CHECKING:
    from hal.audio.pump import Stream
    from hal.v253.modemline import ModemLine
    from hal.voicecall import VoiceCall

DOUBT_S = 2.0
"""Seconds for which the modem's word is doubted where a ringing tone would still be noticed afterwards."""
LATE_DOUBT_S = 8.0
"""Seconds after an answer in which a ringing tone means that there was none. Later it is somebody who puts the call through."""
ECHO_S = 0.8
"""Seconds in which a key that we have sent may come back: its own length, the way through the modem and back, and detection."""
MEASURED_S = 2.0
"""Seconds of the first prompt from which the echo is measured."""
_SPARE_S = 10.0
_REPORTS = frozenset("bKdiJrsql")
"""Codes that say what the modem hears of a call that is being set up; as an end of the call they would mean nothing yet."""
_TONES = frozenset("bKdi")
"""Codes that say that it hears a tone, which may be a voice."""
_FAILURES: dict[Verdict, type[HalError]] = {
    Verdict.BUSY: Busy,
    Verdict.CONGESTION: Congestion,
    Verdict.UNOBTAINABLE: Rejected,
    Verdict.DIAL_TONE: LineFault,
    Verdict.NO_ANSWER: NoAnswer,
    Verdict.NOTHING: LineFault,
}


def _measure(sent: bytes, received: bytes, encoding: Encoding) -> echo.Echo | None:
    return echo.measure(companding.decode(sent, encoding), companding.decode(received, encoding))


class LineEar:
    """The ear of one line: it listens to a call that is set up, then to the call."""

    def __init__(self, line: ModemLine) -> None:
        self._line = line
        self._supervised: _Supervised | None = None
        self._hang_up: HangUpEar | None = None
        self._doubted_until = 0.0
        self._echo_known = False
        if self.can_hear:
            analyser(line.config.country)  # made now: in a call its 10 ms would be heard on every line

    @property
    def can_hear(self) -> bool:
        """The tones of the line's country are known."""
        return self._line.config.country in COUNTRIES

    def ear(self) -> Ear | None:
        """For a stream that begins to receive."""
        if not self.can_hear:
            return None
        if self._supervised:
            return self._supervised
        doubted = self._hang_up.doubted if self._hang_up else ""
        self._hang_up = HangUpEar(
            self._line.config.country, self._heard, playing=self._playing, on_modem=self._modem_hears
        )
        if doubted:
            self._hang_up.modem_says_tone(doubted)
        return self._hang_up

    def new_call(self) -> None:
        """A call begins: it may come over another subscriber line of the exchange, with another echo."""
        self._supervised = self._hang_up = None
        self._echo_known = False

    def dialling(self, ring_limit_s: float, *, doubt: bool) -> None:
        """What is received from now on is what becomes of a call. `doubt`: the modem says that it was answered."""
        if not self.can_hear:
            return
        country = self._line.config.country
        # On a half-duplex line nothing is heard while the prompt is played: a whole pause of the ringing tone must be waited for.
        doubt_s = DOUBT_S if self._line.duplex else ringing_pause_s(country) + 2 * TONE_S
        self._supervised = _Supervised(Supervision(country, ring_limit_s, doubt_s=doubt_s if doubt else None))

    async def verdict(self, call: VoiceCall) -> HalError | None:
        """Listens until it is known what became of the call; None where it was answered. Raises a `LineFault`."""
        supervised = self._supervised
        if supervised is None:
            return None
        try:
            if isinstance(call, HalfDuplexCall):
                await call.listen(supervised.decided(call))
            else:
                await supervised.decided(call)
        finally:
            self._supervised = None
        stream = self._line.data.stream
        if stream:
            stream.ear = self.ear()
        ear = supervised.ear
        if call.hung_up:
            return ModemError("the modem left the call while it was set up")
        if ear.verdict is None:
            return ModemError("no audio from the modem while the call was set up")
        self._line.noted("last call out", f"{ear.verdict.value}: {ear.why}")
        # After a voice a single long tone is an answering machine's beep, not the ringing tone.
        self._doubted_until = 0.0 if ear.voice else asyncio.get_running_loop().time() + LATE_DOUBT_S
        return None if ear.verdict is Verdict.ANSWERED else _FAILURES[ear.verdict](ear.why)

    def takes_code(self, code: str) -> bool:
        """A shielded code that is not a key: whether it is one for this ear."""
        if code not in _REPORTS:
            return False
        if self._supervised:
            self._supervised.ear.modem_says(code)
            return True
        if code in "sq" and self.can_hear:  # while we speak it means nothing: whoever listens is silent
            if self._hang_up and self._line.data.receives:
                self._hang_up.modem_says_silence()
            return True
        if code in _TONES and self._hang_up and self._line.data.receives:
            self._hang_up.modem_says_tone(hang_up_reason(ord(code)) or code)
            return True
        return False

    def is_our_own(self, key: str) -> bool:
        """A key that was heard is the echo of one that we have just sent."""
        stream = self._line.data.stream
        sent = stream.recently(ECHO_S) if stream else b""
        if not stream or not sent:
            return False
        encoding = stream.port.encoding
        samples = np.append(companding.decode(sent, encoding), np.zeros(RATE // 10, np.int16))
        return any(own.digit == key for own in DtmfDetector().feed(samples))

    @contextmanager
    def measuring(self, stream: Stream, audio: bytes) -> Iterator[None]:
        """Around a playback: the first that is long enough shows the line's echo."""
        if self._echo_known:
            yield
            return
        stream.tap = bytearray()
        try:
            yield
        finally:
            tap, stream.tap = stream.tap, None
            size = round(MEASURED_S * RATE) * stream.width
            if len(tap) >= round(echo.ENOUGH_S * RATE) * stream.width:
                self._echo_known = True
                measured = asyncio.get_running_loop().run_in_executor(
                    None, _measure, audio[:size], bytes(tap[:size]), stream.port.encoding
                )
                measured.add_done_callback(self._measured)

    def _measured(self, measured: asyncio.Future[echo.Echo | None]) -> None:
        if not measured.cancelled() and measured.exception() is None:
            self._line.noted("echo", str(measured.result() or "none found"))

    def _heard(self, signal: Signal | None, ago: int) -> None:
        line, stream = self._line, self._line.data.stream
        call = line.call
        if call is None or stream is None:
            return
        if signal is Signal.RING_BACK:
            if call.called and asyncio.get_running_loop().time() < self._doubted_until:
                call.ended(
                    "ringing tone heard: nobody had answered", LineFault("taken for answered while it still rang")
                )
            return
        if signal is not None:
            call.tone_began((ago + len(stream.untold) // stream.width) / RATE)
        call.ended(f"{signal.value if signal else 'silence'} heard")

    def _modem_hears(self, what: str) -> None:
        if self._line.call:
            self._line.call.ended(f"the modem hears: {what}")

    def _playing(self) -> bool:
        stream = self._line.data.stream
        return stream is not None and stream.playback is not None


class _Supervised:
    """`Supervision` as an `Ear` that can be waited for."""

    def __init__(self, ear: Supervision) -> None:
        self.ear = ear
        self.country = ear.country
        self._certain = asyncio.Event()

    def hear(self, signal: Samples, frames: Frames) -> None:
        """See `Ear`."""
        self.ear.hear(signal, frames)
        if self.ear.verdict:
            self._certain.set()

    async def decided(self, call: VoiceCall) -> None:
        """Returns with the verdict, at the end of the call, or where no audio has come for too long."""
        over = asyncio.ensure_future(call.wait_hung_up())
        certain = asyncio.ensure_future(self._certain.wait())
        try:
            await asyncio.wait(
                (over, certain), timeout=self.ear.limit_s + LATE_S + _SPARE_S, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            over.cancel()
            certain.cancel()
