"""Load: thirty lines with audio both ways in one process, beside a bare loop that only moves the same bytes.

    .venv/bin/python tests/bench/load.py [--lines 30] [--seconds 20]

A second process plays the modems: it sends each line 160 bytes of shielded A-law speech every 20 ms, takes what it gets, and
now and then presses a key. Measured in this process: CPU (user and system) as a share of one core, resident memory, and
the time from the first byte of a key's tone to the first byte of the prompt that answers it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import time
import tty
from pathlib import Path

import numpy as np

from hal.audio import companding, tones
from hal.audio.pump import LEAD_S, AudioPump, Stream
from hal.audio.sound import FRAME, Encoding
from hal.serialport import SerialPort
from hal.v253.codec import shield
from hal.v253.stream import ShieldedPort

TICK_S = 0.02
PROMPT, ANSWER = 0x2A, 0x3B
"""The A-law byte that the running prompt, and the one after a key, consist of."""
KEY_EVERY_S = 2.0


def speech(seed: int, seconds: float = 10.0) -> bytes:
    """Noise in the shape of syllables, at -20 dBm0: no keys in it."""
    random = np.random.default_rng(seed)
    t = np.arange(round(seconds * 8000)) / 8000
    wave = random.normal(0, 1500, len(t)) * (0.3 + 0.7 * np.abs(np.sin(2 * np.pi * 2.3 * t + seed)))
    return companding.encode(np.clip(wave, -32000, 32000).astype(np.int16), Encoding.ALAW)


def modems(lines: int, seconds: float) -> None:
    """The other process: one master a line. Prints the slaves' names, then latencies in seconds, one a key."""
    pairs = [os.openpty() for _ in range(lines)]
    for master, slave in pairs:
        tty.setraw(slave)
        os.set_blocking(master, False)
    print(*(os.ttyname(slave) for _, slave in pairs), flush=True)
    sys.stdin.readline()
    talk = [speech(i) for i in range(lines)]
    key = companding.encode(tones.dtmf("5", on_s=0.08, off_s=0.0), Encoding.ALAW)
    pressed = [0.0] * lines
    played = [0.0] * lines
    tone = [b""] * lines
    latencies = []
    began = time.monotonic()
    turn = 0
    while time.monotonic() - began < seconds:
        now = time.monotonic()
        for i, (master, _) in enumerate(pairs):
            if (turn * TICK_S + i * KEY_EVERY_S / lines) % KEY_EVERY_S < TICK_S and not pressed[i]:
                tone[i], pressed[i] = key, now
            place = turn * FRAME % (len(talk[i]) - FRAME)
            frame = talk[i][place : place + FRAME]
            if tone[i]:
                frame, tone[i] = tone[i][:FRAME].ljust(FRAME, b"\xd5"), tone[i][FRAME:]
            os.write(master, shield(frame))
            try:
                got = os.read(master, 65536)
            except BlockingIOError:
                got = b""
            # What the far end hears lies behind what it has not heard yet.
            at = max(played[i], now)
            first = got.find(bytes([ANSWER]))
            if first >= 0 and pressed[i]:
                latencies.append(at + first / 8000 - pressed[i])
                pressed[i] = 0.0
            played[i] = at + len(got) / 8000
        turn += 1
        time.sleep(max(0.0, began + turn * TICK_S - time.monotonic()))
    print(*latencies, flush=True)


class Load:
    """The measured side."""

    def __init__(self, paths: list[str]) -> None:
        self.paths = paths

    async def bare(self, seconds: float) -> float:
        """Read and write the same bytes, at the same tick."""
        ports = [await SerialPort.open(path) for path in self.paths]
        loop = asyncio.get_running_loop()
        frame = bytes([PROMPT]) * FRAME
        done = loop.create_future()
        due = end = loop.time()
        end += seconds

        def tick() -> None:
            nonlocal due
            for port in ports:
                try:
                    os.read(port.fd, 65536)
                except BlockingIOError:
                    pass
                try:
                    os.write(port.fd, frame)
                except BlockingIOError:
                    pass
            due += TICK_S
            if due < end:
                loop.call_at(due, tick)
            else:
                done.set_result(None)

        began = time.process_time()
        tick()
        await done
        used = time.process_time() - began
        for port in ports:
            port.close()
        return used

    async def pump(self, seconds: float) -> float:
        """The house's own: shielding, companding, keys, prompts that keys stop."""
        pump = AudioPump()
        prompt, answer = bytes([PROMPT]) * 8000 * 60, bytes([ANSWER]) * 400
        streams: list[Stream] = []
        ports = []

        def pressed(i: int) -> None:
            stream = streams[i]
            if stream.playback:
                stream.playback.cancel()
            stream.play(answer).done.add_done_callback(lambda _: again(i))

        def again(i: int) -> None:
            if streams[i].active and not streams[i].playback:
                streams[i].play(prompt)

        for i, path in enumerate(self.paths):
            port = await SerialPort.open(path)
            ports.append(port)
            shielded = ShieldedPort(
                port.fd, Encoding.ALAW, receives=True, on_code=lambda code: None, on_end=lambda rest: None
            )
            streams.append(pump.start(shielded, on_key=lambda key, i=i: pressed(i), on_lost=print))
            again(i)
        began = time.process_time()
        await asyncio.sleep(seconds)
        used = time.process_time() - began
        for stream in streams:
            stream.stop()
        for port in ports:
            port.close()
        return used


def measure(lines: int, seconds: float, what: str) -> tuple[float, list[float]]:
    """(CPU seconds a second, latencies in seconds)."""
    other = subprocess.Popen(
        [sys.executable, __file__, "--modems", "--lines", str(lines), "--seconds", str(seconds + 1)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert other.stdout
    assert other.stdin
    load = Load(other.stdout.readline().split())
    other.stdin.write("go\n")
    other.stdin.flush()
    used = asyncio.run(load.bare(seconds) if what == "bare" else load.pump(seconds))
    latencies = [float(word) for word in other.stdout.readline().split()]
    other.wait()
    return used / seconds, latencies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--modems", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.modems:
        modems(options.lines, options.seconds)
        return
    bare, _ = measure(options.lines, options.seconds, "bare")
    house, latencies = measure(options.lines, options.seconds, "pump")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{options.lines} lines, audio both ways, {options.seconds:g} s each")
    print(f"bare loop   {bare:7.2%} of a core")
    print(f"the pump    {house:7.2%} of a core = {house / bare:.2f} times the bare loop")
    print(f"memory      {memory:7.1f} MB resident at most")
    if latencies:
        spread = np.percentile(np.array(latencies) * 1000, [50, 90, 99, 100])
        print(
            f"key tone begins -> next prompt heard, {len(latencies)} keys: "
            f"p50 {spread[0]:.0f}, p90 {spread[1]:.0f}, p99 {spread[2]:.0f}, max {spread[3]:.0f} ms "
            f"(of which up to {LEAD_S * 1000:.0f} ms lie in the modem and 40 ms are the detector's)"
        )


if __name__ == "__main__":
    main()
