"""From a key to the prompt that answers it, on thirty lines, in line time and under a virtual clock: the same figures on any
machine, however busy.

The modems are ideal: each sample is delivered when it has arrived, and played when its turn comes, to the millisecond. So what is
measured is the house's own: nothing of a modem's tick or queue is in it.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field

import numpy as np

from hal.audio import companding, tones
from hal.audio.dtmf import DtmfDetector
from hal.audio.pump import AudioPump
from hal.audio.sound import RATE, Encoding
from hal.v253.codec import shield
from hal.v253.stream import ShieldedPort
from tests.support.virtualtime import run_virtual

MS = RATE // 1000
PROMPT, ANSWER = 0x2A, 0x3B
"""The A-law byte that the running prompt, and the one after a key, consist of."""
GAP_S = 0.9
"""Seconds from key to key, and up to 20 ms more: each falls elsewhere in the tick and in the detector's hop."""


@dataclass
class Press:
    """What became of one key, in seconds of line time."""

    began: float
    """Its tone's first sample has arrived at the modem."""
    certain: float = 0.0
    """The last sample has arrived that the detector needs."""
    heard: float = 0.0
    """The pump has told of it."""
    answered: float = 0.0
    """The next prompt's first sample has left the modem."""


@dataclass
class Caller:
    """A line, its ideal modem and who speaks and presses keys on it."""

    audio: bytes
    presses: list[Press]
    far: socket.socket
    near: socket.socket
    late: int
    """Milliseconds by which its audio begins later than the first line's: lines are not in step with the tick."""
    queue: bytearray = field(default_factory=bytearray)
    pending: Press | None = None

    def millisecond(self, number: int) -> None:
        """Deliver what the line has brought in the last millisecond, play during the next."""
        if number > self.late:
            self.far.send(shield(self.audio[(number - 1 - self.late) * MS : (number - self.late) * MS]))
        try:
            self.queue += self.far.recv(4096)
        except BlockingIOError:
            pass
        played = self.queue[:MS]
        del self.queue[:MS]
        first = played.find(ANSWER)
        if first >= 0 and self.pending:
            self.pending.answered = (number - self.late) / 1000 + first / RATE
            self.pending = None


def caller(random: np.random.Generator, talk: bytes, seconds: float) -> Caller:
    """Speaks, and presses a key now and then, for which it falls silent."""
    audio = bytearray(talk[: round(seconds * RATE)].replace(bytes([ANSWER]), bytes([ANSWER ^ 1])))
    presses, at = [], GAP_S + random.uniform(0, GAP_S)
    while at < seconds - GAP_S:
        start = round(at * RATE)
        key = companding.encode(tones.dtmf(str(random.integers(10)), on_s=0.08, off_s=0.0), Encoding.ALAW)
        audio[start - 800 : start + 1600] = b"\xd5" * 800 + key + b"\xd5" * (1600 - len(key))
        presses.append(Press(start / RATE))
        at += GAP_S + random.uniform(0, 0.02)
    detector, samples, certain = DtmfDetector(), companding.decode(audio, Encoding.ALAW), []
    for hop in range(0, len(samples), 80):
        certain += [(hop + 80) / RATE] * len(detector.feed(samples[hop : hop + 80]))
    for press in presses:
        press.certain = min((s for s in certain if press.began < s < press.began + 0.1), default=0.0)
    near, far = socket.socketpair()
    near.setblocking(False)
    far.setblocking(False)
    return Caller(bytes(audio), presses, far, near, int(random.integers(20)))


async def conversations(callers: list[Caller], seconds: float) -> None:
    """All lines at once on one pump; a key stops the prompt and starts the answer."""
    loop, pump = asyncio.get_running_loop(), AudioPump()
    prompt, answer = bytes([PROMPT]) * RATE * 60, bytes([ANSWER]) * 1600
    began = loop.time()

    def serve(line: Caller) -> None:
        def pressed(key: str) -> None:
            now = loop.time() - began - line.late / 1000
            press = next((p for p in line.presses if p.began < now < p.began + 0.2 and not p.heard), None)
            if press:
                press.heard, line.pending = now, press
            if stream.playback:
                stream.playback.cancel()
            stream.play(answer).done.add_done_callback(again)

        def again(_: object = None) -> None:
            if stream.active and not stream.playback:
                stream.play(prompt)

        port = ShieldedPort(
            line.near.fileno(), Encoding.ALAW, receives=True, on_code=lambda code: None, on_end=lambda rest: None
        )
        stream = pump.start(port, on_key=pressed, on_lost=print)
        again()

    for line in callers:
        serve(line)
    for number in range(1, round(seconds * 1000)):
        await asyncio.sleep(began + (number + 0.5) / 1000 - loop.time())  # never at the same moment as a tick
        for line in callers:
            line.millisecond(number)


def measure(lines: int, talk: bytes, seconds: float = 12.0) -> list[Press]:
    """All keys that were pressed; one that was not heard has zeros."""
    random = np.random.default_rng(5)
    callers = [caller(random, talk[i * 7919 :], seconds) for i in range(lines)]

    run_virtual(conversations(callers, seconds))
    for line in callers:
        line.near.close()
        line.far.close()
    return [press for line in callers for press in line.presses]


def report(presses: list[Press]) -> list[str]:
    """Lines of text: the whole and its parts."""
    heard = [p for p in presses if p.answered]

    def row(name: str, values: list[float], note: str = "") -> str:
        p50, p99 = np.percentile(np.array(values) * 1000, [50, 99])
        return f"  {name:<44} p50 {p50:4.0f}  p99 {p99:4.0f} ms  {note}"

    return [
        f"key to prompt in line time, ideal modems, {len(heard)} of {len(presses)} keys heard:",
        row("key begins -> next prompt begins", [p.answered - p.began for p in heard]),
        row("  key begins -> detector has what it needs", [p.certain - p.began for p in heard], "Q.24: 40 at least"),
        row("  -> the tick that hears it", [p.heard - p.certain for p in heard], "0 to 20"),
        row("  -> what the modem still had has been played", [p.answered - p.heard for p in heard]),
        row("above the 40 ms that a key must last", [p.answered - p.began - 0.04 for p in heard], "to reach: p99 60"),
    ]
