"""Load: thirty lines with audio both ways in one process, beside a bare loop that only moves the same bytes.

    python -m tests.bench.load [--lines 30] [--rounds 6] [--seconds 4]

Another process plays the modems: every 20 ms it sends each line 160 bytes of shielded A-law and takes what it gets. Bare loop and
pump run in turn, each for some seconds a round, so that what else the machine does falls on both; CPU is user and system
time of this process alone. The latency is measured apart, under a virtual clock: see `tests.bench.latency`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
import tty
from collections.abc import Awaitable, Callable

from hal.audio import companding, tones
from hal.audio.pump import TICK_S, AudioPump
from hal.audio.sound import FRAME, Encoding
from hal.serialport import SerialPort
from hal.v253.codec import shield
from hal.v253.stream import ShieldedPort
from tests.bench import latency
from tests.bench.dtmf import speech

KEY_EVERY_S = 2.0
GOAL_RATIO = 3.0
SILENCE = b"\xd5"


def talk(minutes: float) -> bytes:
    """Speech in many languages and voices, in which nobody presses a key, as A-law."""
    return b"".join(companding.encode(piece, Encoding.ALAW) for piece in speech.talk(7, minutes, highpass=False))


def modems(lines: int, what: str) -> None:
    """The other process: a master a line, until its standard input closes. Prints the slaves' names."""
    pairs = [os.openpty() for _ in range(lines)]
    for master, slave in pairs:
        tty.setraw(slave)
        os.set_blocking(master, False)
        os.set_blocking(slave, False)
    os.set_blocking(0, False)
    spoken = talk(lines / 6) if what == "speech" else SILENCE * FRAME * 2
    key = companding.encode(tones.dtmf("5", on_s=0.08, off_s=0.0), Encoding.ALAW)
    print(*(os.ttyname(slave) for _, slave in pairs), flush=True)
    began = time.monotonic()
    turn = 0
    while True:
        try:
            if not os.read(0, 1):
                return
        except BlockingIOError:
            pass
        for i, (master, _) in enumerate(pairs):
            since_key = (turn + i * 97) * FRAME % round(KEY_EVERY_S * 8000)
            at = (turn * FRAME + i * 80_000) % (len(spoken) - FRAME)
            frame = key[since_key : since_key + FRAME] or spoken[at : at + FRAME]
            try:
                os.write(master, shield(frame))
            except BlockingIOError:
                pass  # nobody reads between two rounds
            try:
                os.read(master, 65536)
            except BlockingIOError:
                pass
        turn += 1
        time.sleep(max(0.0, began + turn * TICK_S - time.monotonic()))


async def bare(ports: list[SerialPort], seconds: float) -> None:
    """Read and write the same bytes at the same tick, and nothing else."""
    loop = asyncio.get_running_loop()
    frame = bytes([latency.PROMPT]) * FRAME
    done = loop.create_future()
    due = loop.time()
    end = due + seconds

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

    tick()
    await done


async def house(ports: list[SerialPort], seconds: float) -> None:
    """What the box does: shielding, companding, listening for keys, prompts that keys stop, and prompts that answer them."""
    pump = AudioPump()
    prompt, answer = bytes([latency.PROMPT]) * 8000 * 60, bytes([latency.ANSWER]) * 4000

    def serve(port: SerialPort) -> Callable[[], None]:
        def pressed(key: str) -> None:
            if stream.playback:
                stream.playback.cancel()
            stream.play(answer).done.add_done_callback(again)

        def again(_: object = None) -> None:
            if stream.active and not stream.playback:
                stream.play(prompt)

        shielded = ShieldedPort(
            port.fd, Encoding.ALAW, receives=True, on_code=lambda code: None, on_end=lambda rest: None
        )
        stream = pump.start(shielded, on_key=pressed, on_lost=print)
        again()
        return stream.stop

    stops = [serve(port) for port in ports]
    await asyncio.sleep(seconds)
    for stop in stops:
        stop()


async def idle(ports: list[SerialPort], seconds: float) -> None:
    """The lines are there, and nobody calls."""
    await asyncio.sleep(seconds)


async def cpu(what: Callable[[list[SerialPort], float], Awaitable[None]], paths: list[str], seconds: float) -> float:
    """Share of one core."""
    ports = [await SerialPort.open(path) for path in paths]
    used = time.process_time()
    await what(ports, seconds)
    used = time.process_time() - used
    for port in ports:
        port.close()
    return used / seconds


def resident_mb() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def spread(values: list[float], form: str) -> str:
    low, middle, high = (format(v, form) for v in (min(values), statistics.median(values), max(values)))
    return f"{middle}  ({low} to {high})"


def compare(lines: int, what: str, rounds: int, seconds: float) -> None:
    """Print bare loop and pump, in turn, with `what` on the lines."""
    other = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.load", "--modems", what, "--lines", str(lines)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout
    assert other.stdin
    paths = other.stdout.readline().split()
    empty = resident_mb()
    nobody = asyncio.run(cpu(idle, paths, seconds))
    bares, houses = [], []
    for _ in range(rounds):
        bares.append(asyncio.run(cpu(bare, paths, seconds)))
        houses.append(asyncio.run(cpu(house, paths, seconds)))
    full = resident_mb()
    other.stdin.close()
    other.wait()
    ratios = [h / b for h, b in zip(houses, bares, strict=True)]
    print(f"{lines} lines, {what} from the far end, a prompt to it, a key every {KEY_EVERY_S:g} s on each line:")
    print(f"  bare loop   {spread(bares, '.2%')} of a core")
    print(f"  the pump    {spread(houses, '.2%')} of a core")
    missed = "" if statistics.median(ratios) <= GOAL_RATIO else ": MISSED"
    print(f"  ratio       {spread(ratios, '.2f')}, to reach: {GOAL_RATIO:g}{missed}")
    print(f"  idle        {nobody:.2%} of a core while nobody calls")
    print(f"  memory      {empty:.1f} MB resident before, {full:.1f} MB after")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=4.0, help="a round, for each of the two")
    parser.add_argument("--modems", choices=("speech", "silence"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.modems:
        modems(options.lines, options.modems)
        return
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}; figures are medians (least to most)")
    for what in ("speech", "silence"):
        compare(options.lines, what, options.rounds, options.seconds)
    print(*latency.report(latency.measure(options.lines, talk(options.lines / 6))), sep="\n")


if __name__ == "__main__":
    main()
