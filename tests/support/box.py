"""A town for stories: a telephone exchange, a box on it with its roster, and the telephones of its teams, all in one process.

    def test_it(play):
        async def story(town):
            async with town.call_in("alpha") as call:
                await town.log_in(call, "alpha")
                alert = await town.send_alert(call)
            ...
        play(story)

Time is virtual: minutes of ringing and waiting take milliseconds, always in the same order.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from appliance import config as configuration
from appliance.box import Box
from appliance.health import Health
from hal.audio import companding
from hal.audio.sound import RATE, Encoding, Sound
from hal.simulated import Exchange, Phone, PhoneCall
from hal.simulated.usbbus import SIM7600, UsbBus
from storage import StorageClosed
from storage.campaigns import Campaign
from storage.roster import Team
from tests.support.stores import CHEAP
from tests.support.virtualtime import VirtualLoop, virtual_clock

BOX = "4711"
"""The box's number."""
GSM = "+4915112345"
"""The number of its radio modem."""
VOICE = "4712"
"""The number of its analogue voice modem."""
MANAGEMENT = "+4916000000"

CONFIG = """
[service]
name = "Test alert"
time_zone = "Europe/Berlin"
[paths]
state = "{directory}/state"
prompts = "{prompts}"
[control]
socket = "{directory}/control"
[sms]
management_number = "{management}"
[lines]
stop_s = 30
"""

ISDN = """
[[device]]
name = "isdn"
driver = "isdn4linux"
[[device.line]]
port = "{directory}/exchange/isdn.1"
number = "4711"
[[device.line]]
port = "{directory}/exchange/isdn.2"
number = "4711"
"""

RADIO = """
[[device]]
name = "gsm"
driver = "gsm"
model = "sim7600"
[[device.line]]
port = "{directory}/exchange/gsm"
audio = "{directory}/exchange/gsm.pcm"
number = "+4915112345"
direction = "out"
"""

ANALOGUE = """
[[device]]
name = "voice"
driver = "v253"
[[device.line]]
port = "{directory}/exchange/voice"
number = "4712"
"""

MEMBER = """
[[team]]
key = "{key}"
uid = "{uid}"
name = "{name}"
language = "{language}"
numbers = {numbers}
mobile = "{mobile}"
acknowledgement = "{acknowledgement}"
state = "accredited"
registered = 2020-01-01
code_of_conduct = 2020-01-01
contact_confirmed = 2026-11-01
pin = "{pin}"
group_pins = {{ {group_pins} }}
"""


@dataclass(frozen=True)
class Member:
    """A team of the town, with what only its people know."""

    key: str
    uid: str
    name: str
    number: str
    pin: str
    language: str = "en"
    mobile: str = ""
    groups: tuple[tuple[str, str], ...] = ()
    """(group, PIN); with them it acknowledges by PIN."""
    more_numbers: tuple[str, ...] = ()
    """Further numbers, each as TOML: `"030..."` in quotes or a table with keys."""

    def toml(self) -> str:
        """As the roster file says it."""
        return (
            MEMBER.format(
                key=self.key,
                uid=self.uid,
                name=self.name,
                language=self.language,
                numbers="[" + ", ".join((f'"{self.number}"', *self.more_numbers)) + "]",
                mobile=self.mobile,
                acknowledgement="pin" if self.groups else "key",
                pin=self.pin,
                group_pins=", ".join(f'{group} = "{pin}"' for group, pin in self.groups),
            )
            .replace('mobile = ""\n', "")
            .replace("group_pins = {  }\n", "")
        )


MEMBERS = (
    Member("alpha", "1001", "Alpha", "03010000001", "11111", mobile="+4917000001"),
    Member("bravo", "1002", "Bravo", "03010000002", "22222", language="de"),
    Member("charlie", "1003", "Charlie", "03010000003", "33333", groups=(("duty", "1234"), ("boss", "9876"))),
    Member("delta", "1004", "Delta", "03010000004", "44444", more_numbers=('"03010000014"',)),
    Member("echo", "1005", "Echo", "03010000005", "55555", mobile="+4917000005"),
    Member("foxtrot", "1006", "Foxtrot", "03010000006", "66666"),
)
"""Six teams; alpha sends."""


def speech(seconds: float = 3.0, seed: int = 1) -> Sound:
    """Something to say: tones that glide like a voice, no two stretches of it alike, nothing in it that is a key."""
    samples = round(seconds * RATE)
    linear = bytearray()
    for n in range(samples):
        t = n / RATE
        value = 6000 * math.sin(2 * math.pi * (180 + 40 * seed) * t + 9 * math.sin(3.1 * t + seed))
        value += 2500 * math.sin(2 * math.pi * 2300 * t + 25 * math.sin(7.3 * t))
        linear += int(value * (0.6 + 0.4 * math.sin(11 * t))).to_bytes(2, "little", signed=True)
    return Sound(bytes(linear), Encoding.S16LE, f"speech {seed}").to(Encoding.ALAW)


def longest_common_stretch(spoken: bytes, heard: bytes) -> int:
    """Bytes of the longest stretch of `spoken` that stands in `heard`, bit for bit in one piece."""
    anchor = len(spoken) // 2
    piece = spoken[anchor : anchor + 400]
    best = 0
    found = heard.find(piece)
    while found >= 0:
        back = 0
        while back < min(anchor, found) and spoken[anchor - back - 1] == heard[found - back - 1]:
            back += 1
        forth = 0
        while forth < min(len(spoken) - anchor, len(heard) - found) and spoken[anchor + forth] == heard[found + forth]:
            forth += 1
        best = max(best, back + forth)
        found = heard.find(piece, found + 1)
    return best


def samples_heard(spoken: bytes, heard: bytes) -> int:
    """Samples of the longest stretch of `spoken` that stands in `heard` in one piece, at whatever level: both A-law, compared by
    correlation, 50 ms at a time."""
    mouth, ear = (companding.decode(alaw, Encoding.ALAW).astype(float) for alaw in (spoken, heard))
    size = 1 << (len(mouth) + len(ear)).bit_length()
    product = np.fft.irfft(np.fft.rfft(ear, size) * np.conj(np.fft.rfft(mouth, size)), size)
    lag = int(product.argmax())
    lag = lag - size if lag > len(ear) else lag
    best = run = 0
    for at in range(0, len(mouth) - 399, 400):
        there = ear[max(0, at + lag) : max(0, at + lag + 400)]
        piece = mouth[at : at + len(there)] if at + lag >= 0 else mouth[at : at + 400][-len(there) :]
        alike = len(there) == 400 and piece @ there > 0.9 * np.linalg.norm(piece) * np.linalg.norm(there)
        run = run + 400 if alike else 0
        best = max(best, run)
    return best


class Town:
    """See the module. Made by `town`."""

    def __init__(self, directory: Path, prompts: Path, members: tuple[Member, ...], config: str) -> None:
        self.directory = directory
        self.members = {member.key: member for member in members}
        self.config = configuration.parse(
            config.format(directory=directory, prompts=prompts, management=MANAGEMENT), "box.toml"
        )
        self.clock = virtual_clock()
        self.bus: UsbBus
        """The USB bus, where the configuration names ports by their place (root: `{directory}/bus`)."""
        self.exchange: Exchange
        self.box: Box

    # --- the box

    async def start(self) -> None:
        """Start a box, and wait until all its lines are in service."""
        self.box = Box(self.config, clock=self.clock, health=Health(lambda _: None), pin_cost=CHEAP, control=False)
        await self.box.__aenter__()

    async def in_service(self, *names: str, within: float = 60.0) -> None:
        """Wait until these lines (all, if none is named) are in service."""
        async with asyncio.timeout(within):
            while not all(line.in_service for line in self.box.lines() if not names or line.name in names):
                await asyncio.sleep(0.1)

    async def stop(self) -> None:
        """Stop the box in order."""
        await self.box.__aexit__(None, None, None)

    async def crash(self) -> None:
        """From this moment the box writes nothing and says nothing any more: what a SIGKILL leaves behind."""

        async def gone(*_: object, **__: object) -> None:
            raise StorageClosed("the box has crashed")

        self.box.store.commit = gone  # type: ignore[method-assign,assignment]
        self.box.config = replace(self.config, lines=replace(self.config.lines, stop_s=0.0))
        await self.stop()

    async def restart(self) -> None:
        """A new box on the same database and lines."""
        await self.start()
        await self.in_service()

    async def command(self, name: str, **arguments: Any) -> Any:
        """Give a command, as `alertbox` does; the answer."""
        return await self.box.command(name, **arguments)

    async def load_roster(self, text: str | None = None) -> None:
        """Load a roster; that of the members if none is given."""
        text = text if text is not None else "".join(member.toml() for member in self.members.values())
        file = {"text": text, "source": "roster.toml", "private": True}
        await self.command("roster load", file=file, set_pins=False)

    # --- the telephones

    def phone(self, team: str) -> Phone:
        """The telephone of a team (its first number)."""
        return self.exchange.phone(self.members[team].number)

    @asynccontextmanager
    async def call_in(self, team: str, number: str = BOX) -> AsyncIterator[PhoneCall]:
        """The team calls the box from its own telephone."""
        async with self.phone(team).dial(number) as call:
            yield call

    async def log_in(self, call: PhoneCall, team: str) -> None:
        """UID and PIN, in one string."""
        member = self.members[team]
        await call.hears("your U I D and your PIN", within=60)
        await call.press(member.uid + member.pin)
        await call.hears("to record an alert", within=60)

    async def send_alert(self, call: PhoneCall, sound: Sound | None = None, *, exercise: bool = False) -> int:
        """From the main menu: record, confirm, and hear that it is on its way; the alert's number."""
        await call.press("1")
        await call.hears("after the tone", within=60, whole=True)
        await call.wait(1.5)
        await call.speaks(sound or speech())
        await call.press("#")
        await call.hears("to send", within=60)
        await call.press("4" if exercise else "1")
        await call.hears("is stored", within=60)
        (newest,) = await self.box.store.campaigns.recent(1)
        return newest.alert

    async def alert_from(self, team: str, sound: Sound | None = None) -> int:
        """A whole call in that sends an alert."""
        async with self.call_in(team) as call:
            await self.log_in(call, team)
            return await self.send_alert(call, sound)

    # --- what teams do when they are called

    def acknowledges(self, team: str, keys: str = "1", *, after: float = 2.0) -> None:
        """The team's telephone answers every call, presses `keys` at the welcome, listens to the end and hangs up."""

        async def behave(ring: Any) -> None:
            call = await ring.answer(after=after)
            async with call:
                await call.wait(2.0)
                await call.press(keys)
                await call.ends(within=120)

        self.phone(team).behaviour = behave

    async def ended(self, alert: int, *, within: float = 3600.0) -> Campaign:
        """Wait for the end of an alert; its campaign."""
        async with asyncio.timeout(within):
            while True:
                campaign = await self.box.store.campaigns.get(alert)
                assert campaign is not None
                if campaign.ended:
                    return campaign
                await asyncio.sleep(0.5)

    async def messages_sent(self, *, within: float = 600.0) -> None:
        """Wait until no short message waits to be sent."""
        async with asyncio.timeout(within):
            while await self.box.store.sms.pending():
                await asyncio.sleep(0.5)

    async def free(self, *, within: float = 30.0) -> None:
        """Wait until every call is over and written down, and its line can take the next."""
        async with asyncio.timeout(within):
            while (
                len(self.box.conversations)
                or await self.box.store.calls.unfinished()
                or any(line.state not in ("idle", "closed") for line in self.box.lines())
            ):
                await asyncio.sleep(0.1)

    def later(self, wall: float) -> None:
        """Let the wall clock show that Unix time, without living through the time until then."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.set_wall(wall)

    def team(self, key: str) -> Team:
        """The team as the box's roster has it."""
        found = self.box.store.roster.current().by_key(key)
        assert found is not None
        return found


@asynccontextmanager
async def town(
    directory: Path, prompts: Path, *, members: tuple[Member, ...] = MEMBERS, config: str = CONFIG + ISDN
) -> AsyncIterator[Town]:
    """A town with its box in service and its roster loaded. An unexpected call to a telephone fails at the end."""
    place = Town(directory, prompts, members, config)
    async with Exchange(directory / "exchange", prompts=prompts) as exchange:
        place.exchange = exchange
        exchange.isdn_adapter("isdn", msns=[BOX, BOX])
        if "gsm" in config:
            modem = exchange.gsm_modem("gsm", number=GSM, model="sim7600")
            if "usb:" in config:
                place.bus = UsbBus(directory / "bus", exchange.watch)
                place.bus.plug("1-1.4", SIM7600, {2: modem.port, 4: modem.audio.port})
        if "voice" in config:
            exchange.voice_modem("voice", number=VOICE, model="si2493")  # half duplex, and A-law as it comes
        await place.start()
        try:
            await place.in_service()
            await place.load_roster()
            yield place
        finally:
            await place.stop()
