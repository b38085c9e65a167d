"""A real Asterisk as peer, optional: `python -m tests.peers.asterisk --root DIR` (as root).

DIR is a root directory with Debian's package `asterisk` in it (sid; `mmdebstrap --variant=minbase --include=asterisk`). The script
writes a configuration of its own into DIR/etc/asterisk-peer, starts Asterisk there on loopback, and calls it by SIP over UDP:
ten callers into a queue with two agents (Local channels that answer after a second). It then holds what the monitor was told
beside what the callers did, changes a caller's priority, restarts the connection in the middle, sends one more caller to a
challenge and another one to a refusal, and prints a verdict.
No part of `make test`: it needs root, a network and a hundred megabytes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

from appliance.ami.client import AmiError
from appliance.monitor.overload.config import MonitorConfig
from appliance.monitor.overload.events import Answered, Ended, Event, Offered, Queued, Ringing
from appliance.monitor.response.policy import Measure, Step
from appliance.overload.live import Watch
from appliance.overload.pbx import PbxSource
from appliance.overload.watchoptions import Asterisk, AsteriskIngress
from hal.clock import Clock

AMI, SIP, PHONE = 15038, 15060, 15070
SECRET = "of no use elsewhere"

FILES = {
    "asterisk.conf": "[directories]\nastetcdir => /etc/asterisk-peer\nastrundir => /tmp\nastlogdir => /tmp\n",
    "logger.conf": "[logfiles]\nconsole => warning,error\n",
    "modules.conf": "[modules]\nautoload = yes\nnoload = chan_quectel.so\nnoload = chan_iax2.so\nnoload = cdr_sqlite3_custom.so\n",
    "manager.conf": f"[general]\nenabled = yes\nbindaddr = 127.0.0.1\nport = {AMI}\n"
    f"[alertbox]\nsecret = {SECRET}\ndeny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.1/255.255.255.255\n"
    "read = call,agent\nwrite = reporting,call\nwritetimeout = 5000\n"
    + "".join(
        f"eventfilter(name({name})) =\n"
        for name in (
            "Newchannel",
            "Hangup",
            "QueueCallerJoin",
            "QueueCallerAbandon",
            "AgentCalled",
            "AgentConnect",
            "AgentRingNoAnswer",
            "QueueMemberStatus",
            "QueueMemberRemoved",
            "DialBegin",
            "DialEnd",
        )
    ),
    "pjsip.conf": f"[udp]\ntype = transport\nprotocol = udp\nbind = 127.0.0.1:{SIP}\n"
    "[voip]\ntype = endpoint\ncontext = from-voip\ndisallow = all\nallow = ulaw\n"
    "[voip]\ntype = identify\nendpoint = voip\nmatch = 127.0.0.1\n",
    "extensions.conf": "[from-voip]\nexten => _X.,1,Answer()\n same => n,Queue(emergency,,,,60)\n same => n,Hangup()\n"
    "[press-a-key]\nexten => s,1,Wait(2)\n same => n,Set(GLOBAL(CHALLENGED)=yes)\n same => n,Queue(emergency,,,,60)\n"
    "[all-busy]\nexten => s,1,Hangup(17)\n"
    "[agents]\nexten => _X,1,Wait(1)\n same => n,Answer()\n same => n,Wait(60)\n",
    "queues.conf": "[emergency]\nstrategy = ringall\ntimeout = 20\nringinuse = no\n"
    "member => Local/1@agents/n\nmember => Local/2@agents/n\n",
}


class Phone(asyncio.DatagramProtocol):
    """A caller that speaks just enough SIP (RFC 3261) to call and to hang up."""

    def __init__(self) -> None:
        self.answered: set[str] = set()
        self.tags: dict[str, str] = {}
        self.released: set[str] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        text = data.decode()
        call = (re.search(r"(?im)^Call-ID: *(\S+)", text) or [""])[1]
        if text.startswith("SIP/2.0 200") and "INVITE" in text.partition("CSeq:")[2].partition("\r")[0]:
            self.tags[call] = (re.search(r"(?im)^To: *.*tag=([^;\s]+)", text) or ["", ""])[1]
            self.answered.add(call)
            self._send("ACK", call, 1)
        elif text.startswith("BYE"):
            self.released.add(call)
            copied = "".join(
                line + "\r\n" for line in text.split("\r\n") if re.match(r"(?i)(via|from|to|call-id|cseq):", line)
            )
            self.transport.sendto(f"SIP/2.0 200 OK\r\n{copied}Content-Length: 0\r\n\r\n".encode())

    def dial(self, call: str) -> None:
        body = f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {PHONE + 1000} RTP/AVP 0\r\n"
        self._send("INVITE", call, 1, body)

    def hang_up(self, call: str) -> None:
        self._send("BYE", call, 2)

    def _send(self, method: str, call: str, number: int, body: str = "") -> None:
        tag = f";tag={self.tags[call]}" if call in self.tags else ""
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self.transport.sendto(
            (
                f"{method} sip:112@127.0.0.1:{SIP} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{PHONE};branch=z9hG4bK{call}{method}\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:0221{call[-2:]}@127.0.0.1>;tag={call}\r\nTo: <sip:112@127.0.0.1:{SIP}>{tag}\r\n"
                f"Call-ID: {call}\r\nCSeq: {number} {method}\r\nContact: <sip:phone@127.0.0.1:{PHONE}>\r\n{kind}"
                f"Content-Length: {len(body)}\r\n\r\n{body}"
            ).encode()
        )


class Quiet:
    """Where alarms would go."""

    def alarm(self, key: str, severity: str, text: str) -> None:
        print(f"  alarm {key}: {text}")

    def clear(self, key: str, text: str = "") -> None:
        print(f"  cleared {key}: {text}")


class Kept(Watch):
    """Keeps what it is told."""

    events: list[Event]

    def feed(self, events):
        events = list(events)
        self.events.extend(events)
        super().feed(events)


async def story(directory: Path) -> dict[str, bool]:
    """Ten calls; returns what was held, by name."""
    secret = directory / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    watch = Kept("pbx", MonitorConfig(), Clock(), Quiet(), directory / "memory.json")
    watch.events = []
    config = Asterisk(
        host="127.0.0.1",
        port=AMI,
        secret_file=secret,
        ingress=(AsteriskIngress(channel="PJSIP/voip-*", origin="voip"),),
        challenge="press-a-key,s,1",
        busy="all-busy,s,1",
        cap=1,
    )
    source = PbxSource(config, watch, Quiet())
    task = asyncio.create_task(source.run())
    async with asyncio.timeout(60):
        while watch.paused:
            await asyncio.sleep(0.2)
    print(f"  connected to {watch.source}; agents there, taken: {source._mapping.agents()}")
    loop = asyncio.get_running_loop()
    _, phone = await loop.create_datagram_endpoint(Phone, ("127.0.0.1", PHONE), ("127.0.0.1", SIP))
    calls = [f"caller{n:02}" for n in range(10)]
    for call in calls:
        phone.dial(call)
        await asyncio.sleep(0.1)
    await asyncio.sleep(4)
    first = Counter(type(event) for event in watch.events)
    print("  ten calls:", {kind.__name__: count for kind, count in first.items()})
    source.apply(Step("voip", Measure.AFTER_OTHERS, True))
    demoted, waited = True, len(source._mapping.waiting())
    for caller in source._mapping.waiting():
        try:
            await source._client.act(
                "QueueChangePriorityCaller",
                {"Queue": caller.queue, "Caller": caller.channel, "Priority": "-10", "Immediate": "yes"},
            )
        except AmiError as error:
            print(f"  {error}")
            demoted = False
    for writer in [source._client._session._writer] if source._client._session else []:
        writer.transport.abort()
    for call in calls[:5]:
        phone.hang_up(call)
    await asyncio.sleep(4)
    after = watch.status()
    for call in calls[5:]:
        phone.hang_up(call)
    await asyncio.sleep(2)
    ended = watch.status().calls
    source.apply(Step("voip", Measure.AFTER_OTHERS, False))
    source.apply(Step("voip", Measure.CHALLENGE, True))
    phone.dial("caller10")
    await asyncio.sleep(1)
    between = len(watch.events)
    await asyncio.sleep(4)
    session = source._client._session
    passed = (await session.ask("Getvar", {"Variable": "CHALLENGED"}))[0].get("value") if session else ""
    answered = sum(isinstance(event, Answered) for event in watch.events[between:])
    source.apply(Step("voip", Measure.CHALLENGE, False))
    source.apply(Step("voip", Measure.CAP, True))
    phone.dial("caller11")
    await asyncio.sleep(3)
    print(f"  the challenged caller: was there {passed!r}, answered {answered}; hung up on: {phone.released}")
    phone.hang_up("caller10")
    await asyncio.sleep(2)
    counts = Counter(type(event) for event in watch.events)
    print("  in the end:", {kind.__name__: count for kind, count in counts.items()})
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await watch.close()
    return {
        "ten calls are ten calls, agents behind Local channels or not": first[Offered] == 10 == first[Queued],
        "they rang and two were answered": first[Ringing] >= 2 and first[Answered] == 2,
        "five hung up while nobody listened, and are found out": after.calls == 5,
        "the ten are over": ended == 0,
        "a challenged caller leaves the queue, comes back to it and is answered, as one call": answered == 1
        and passed == "yes",
        "one above the cap is refused, and only that one": phone.released == {"caller11"},
        "all are over": counts[Offered] == counts[Ended] == 12 and watch.status().calls == 0,
        "eight waited, and their priority could be changed with these privileges": demoted and waited == 8,
        "an alarm was raised": any(alarm.detector == "table1" for _, alarm in watch.recent),
    }


async def main(root: Path) -> int:
    """Start Asterisk, play, judge."""
    place = root / "etc/asterisk-peer"
    place.mkdir(exist_ok=True)
    for name, text in FILES.items():
        (place / name).write_text(text)
    asterisk = await asyncio.create_subprocess_exec(
        "chroot", str(root), "asterisk", "-f", "-C", "/etc/asterisk-peer/asterisk.conf",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(120):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", AMI)
                writer.close()
                break
            await asyncio.sleep(0.5)
        await asyncio.sleep(3)
        with tempfile.TemporaryDirectory() as directory:
            held = await story(Path(directory))
    finally:
        asterisk.terminate()
        await asterisk.wait()
    for name, good in held.items():
        print(f"{'ok ' if good else 'NOT'} {name}")
    return 0 if all(held.values()) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True)
    sys.exit(asyncio.run(main(parser.parse_args().root)))
