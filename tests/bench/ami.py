"""From the AMI socket to the alarm, at 4,800 calls a minute (the paper's stress test): `python -m tests.bench.ami`.

A PBX of paper in a process of its own sends whole calls (nine events each) over loopback; every event carries the time at
which it was written. Measured is the time until the monitor has taken it in, and, for the events that set or release an alarm,
until the alarm is there. Traffic swings between a flood from one domain and the usual mix every two seconds, so that alarms
come and go. `--saturate` adds how many events a second one core can take.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from appliance.ami.client import AmiClient, Options, Secret
from appliance.ami.codec import Decoder, Frame
from appliance.ami.mapping import Ingress, Mapping, Rules
from appliance.monitor.overload.config import MonitorConfig
from appliance.monitor.overload.events import Alarm
from appliance.overload.live import Watch
from hal.clock import Clock
from tests.appliance.ami import texts
from tests.appliance.ami.pbx import Pbx

CALLS_A_MINUTE = 4800
RULES = Rules(
    tuple(Ingress(channel=f"PJSIP/{domain}-*", domain=domain) for domain in ("pstn", "mobile", "voip")),
    {"emergency": ""},
)


def one_call(number: int, domain: str, rng: random.Random) -> list[tuple[float, bytes]]:
    """Events of a call: seconds after its beginning, and text."""
    uniqueid = f"1700000000.{number}"
    caller = texts.Channel(f"PJSIP/{domain}-{number:08x}", uniqueid, exten="112")
    leg = texts.Channel(f"PJSIP/agent{number % 10}-{number:08x}", f"1700000000.{number}9", uniqueid, 0, "agents", "11")
    ring, talk = rng.uniform(0.02, 0.2), rng.uniform(0.1, 0.3)
    return [
        (0.0, texts.newchannel(caller)),
        (0.0, texts.join(caller, "emergency")),
        (0.01, texts.newchannel(leg)),
        (0.01, texts.dial_begin(caller, leg)),
        (0.01, texts.agent_called(caller, leg, "emergency")),
        (ring, texts.agent_connect(caller, leg, "emergency")),
        (ring + talk, texts.agent_complete(caller, leg, "emergency")),
        (ring + talk, texts.hangup(leg)),
        (ring + talk, texts.hangup(caller)),
    ]


def stamped(text: bytes, now: float) -> bytes:
    """With the header that Asterisk adds with `timestampevents = yes`."""
    first, rest = text.split(b"\r\n", 1)
    return b"%s\r\nTimestamp: %.6f\r\n%s" % (first, now, rest)


async def serve(seconds: float, rate: float, seed: int) -> None:
    """The PBX: says its port on standard output, sends once somebody has logged in, and ends with a shutdown event."""
    rng = random.Random(seed)
    async with Pbx() as pbx:
        print(pbx.port, flush=True)
        await pbx.say(b"")
        begin = loop_time = time.monotonic()
        events: list[tuple[float, int, bytes]] = []
        arrival, number, order = begin, 0, 0
        while arrival < begin + seconds or events:
            while arrival <= loop_time and arrival < begin + seconds:
                flood = int(arrival - begin) % 4 < 2
                domain = "voip" if flood and rng.random() < 0.95 else rng.choice(("pstn", "mobile", "voip"))
                for after, text in one_call(number, domain, rng):
                    order += 1
                    heapq.heappush(events, (arrival + after, order, text))
                number += 1
                arrival += rng.expovariate(rate)
            while events and events[0][0] <= loop_time:
                await pbx.say(stamped(heapq.heappop(events)[2], time.monotonic()))
            await asyncio.sleep(0.001)
            loop_time = time.monotonic()
        await pbx.say(b"Event: Shutdown\r\nPrivilege: system,all\r\nShutdown: Cleanly\r\nRestart: False\r\n\r\n")
        await asyncio.sleep(0.5)


class Silent:
    """Where alarms would go into the journal."""

    def __init__(self) -> None:
        self.raised: list[str] = []

    def alarm(self, key: str, severity: str, text: str) -> None:
        self.raised.append(key)

    def clear(self, key: str, text: str = "") -> None:
        pass


async def watch(port: int) -> tuple[list[float], list[float], Silent]:
    """Latencies in seconds: of every event, and of the events that brought an alarm or a release."""
    announcer, done = Silent(), asyncio.Event()
    every: list[float] = []
    alarming: list[float] = []
    fresh: list[Alarm] = []
    with tempfile.TemporaryDirectory() as directory:
        watching = Watch("pbx", MonitorConfig(), Clock(), announcer, Path(directory) / "memory.json")
        watching.on_alarm = fresh.append
        mapping = Mapping(RULES)

        def receive(frame: Frame, at: float) -> None:
            if frame.name == "Shutdown":
                done.set()
                return
            watching.feed(mapping.feed(frame, at))
            latency = time.monotonic() - float(frame.get("timestamp"))
            every.append(latency)
            if fresh:
                alarming.append(latency)
                fresh.clear()

        client = AmiClient(
            Options("127.0.0.1", "alertbox", Secret("not in any log"), port=port),
            receive=receive,
            resync=lambda channels, queues, at: watching.feed(mapping.resync(channels, queues, at)),
        )
        task = asyncio.create_task(client.run())
        await done.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await watching.close()
    return every, alarming, announcer


def quantiles(title: str, latencies: list[float]) -> None:
    ordered = sorted(latencies)
    at = {q: ordered[min(len(ordered) - 1, int(q * len(ordered)))] * 1000 for q in (0.5, 0.99, 0.999)}
    print(
        f"  {title:<34} {len(ordered):>8}   p50 {at[0.5]:6.2f} ms   p99 {at[0.99]:6.2f} ms"
        f"   p99.9 {at[0.999]:6.2f} ms   max {ordered[-1] * 1000:6.2f} ms"
    )


def saturate(calls: int = 20_000) -> None:
    """Bytes to alarms as fast as one core can."""
    rng = random.Random(1)
    data = b"".join(text for n in range(calls) for _, text in one_call(n, rng.choice(("pstn", "voip")), rng))
    announcer = Silent()

    async def run() -> float:
        with tempfile.TemporaryDirectory() as directory:
            watching = Watch("pbx", MonitorConfig(), Clock(), announcer, Path(directory) / "memory.json")
            mapping, decoder, count, began = Mapping(RULES), Decoder(), 0, time.process_time()
            for at in range(0, len(data), 65536):
                for frame in decoder.feed(data[at : at + 65536]):
                    watching.feed(mapping.feed(frame, count / 1000))
                    count += 1
            return count / (time.process_time() - began)

    print(f"  bytes to alarms on one core: {asyncio.run(run()):,.0f} AMI events/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--saturate", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve(given.seconds, CALLS_A_MINUTE / 60, given.seed))
        return
    command = [sys.executable, "-m", "tests.bench.ami", "--serve", f"--seconds={given.seconds}", f"--seed={given.seed}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pbx:
        assert pbx.stdout is not None
        every, alarming, announcer = asyncio.run(watch(int(pbx.stdout.readline())))
    print(f"AMI socket to alarm, {CALLS_A_MINUTE} calls a minute for {given.seconds:g} s, seed {given.seed}")
    quantiles("events", every)
    quantiles("events that set or release an alarm", alarming)
    print(f"  records for the journal: {len(announcer.raised)} alarms   (goal: p99 below 50 ms)")
    if given.saturate:
        saturate()


if __name__ == "__main__":
    main()
