"""Where the crashes happen: the box's configuration and roster, the exchange, and how the teams' telephones behave today."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from hal.clock import Clock
from hal.simulated import Exchange, PhoneCall
from hal.simulated import behaviours as b
from hal.simulated.circuit import Circuit
from hal.simulated.pdu import Submit
from hal.simulated.phone import IncomingRing
from ivr.prompts import load
from ivr.prompts.store import render_missing
from provisioning import load as loading
from provisioning import roster
from storage import Secrets, Store
from tests.support.box import BOX, GSM, MANAGEMENT, Member, speech
from tests.support.stores import CHEAP

SERVICE = "Test alert"
GAP_S = 30.0
"""Least seconds between two calls to a team."""
RING_S = 12.0

CONFIG = """
[service]
name = "{service}"
[paths]
state = "{directory}/state"
prompts = "{prompts}"
[control]
socket = "{directory}/control"
[sms]
management_number = "{management}"
[limits]
gap_s = {gap}
ring_s = {ring}
welcome_s = 12
welcome_pause_s = 1
menu_wait_s = 3
menu_rounds = 2
login_reply_s = 1
[lines]
reopen_s = 0.5
stop_s = 60
[simulation]
speed = {speed:g}
[[device]]
name = "isdn"
driver = "isdn4linux"
[[device.line]]
port = "{directory}/exchange/isdn.1"
number = "{box}"
[[device.line]]
port = "{directory}/exchange/isdn.2"
number = "{box}"
[[device]]
name = "gsm"
driver = "gsm"
model = "sim7600"
[[device.line]]
port = "{directory}/exchange/gsm"
audio = "{directory}/exchange/gsm.pcm"
number = "{gsm}"
"""

SENDER = Member("alpha", "1001", "Alpha", "03010000001", "11111", mobile="+4917000001")
PIN = (("duty", "1234"), ("boss", "9876"))
TEAMS = (
    Member("bravo", "1002", "Bravo", "03010000002", "22222", language="de"),
    Member("charlie", "1003", "Charlie", "03010000003", "33333", groups=PIN, mobile="+4917000003"),
    Member("delta", "1004", "Delta", "03010000004", "44444", more_numbers=('"03010000014"',)),
    Member("echo", "1005", "Echo", "03010000005", "55555", mobile="+4917000005"),
    Member("foxtrot", "1006", "Foxtrot", "03010000006", "66666"),
    Member("golf", "1007", "Golf", "03010000007", "77777", mobile="+4917000007"),
    Member("hotel", "1008", "Hotel", "03010000008", "88888", groups=PIN),
    Member("india", "1009", "India", "03010000009", "99999"),
)
"""Those to be called, in roster order."""
LISTENER = TEAMS[-1]
"""May call in to hear the alert."""
UNSIGNED = Member("kilo", "1010", "Kilo", "03010000010", "10101")
"""A team that has not signed the code of conduct: nobody may call it."""

NUMBERS = {
    member.key: [member.number, *(number.strip('"') for number in member.more_numbers)] for member in (*TEAMS, UNSIGNED)
}
"""Team -> its telephones."""


async def prepare(template: Path, prompts: Path) -> None:
    """Render the phrases, and make the state of a box that has its roster and PINs (which cost nothing to check)."""
    members = (SENDER, *TEAMS, UNSIGNED)
    for code in ("en", "de"):
        language = load(code)
        texts = [*language.texts(), SERVICE, *(member.name for member in members)]
        render_missing(prompts, language, texts, "fast")
    text = "".join(member.toml() for member in members)
    begin, end = text.rsplit("code_of_conduct = 2020-01-01\n", 1)
    draft = roster.parse(begin + end, "roster.toml")
    store = await Store.open(
        template / "alertbox.db", clock=Clock(), secrets=Secrets.load_or_create(template), pin_cost=CHEAP,
        reserve_bytes=1 << 20,
    )  # fmt: skip
    await loading.load(store, draft, source="roster.toml", by="test", set_pins=True)
    await store.close()


def config(directory: Path, prompts: Path, speed: float) -> str:
    """The box's configuration."""
    return CONFIG.format(
        service=SERVICE, directory=directory, prompts=prompts, management=MANAGEMENT, gap=GAP_S, ring=RING_S,
        speed=speed, box=BOX, gsm=GSM,
    )  # fmt: skip


@dataclass
class Conversation:
    """A call that a team took."""

    team: str
    circuit: Circuit
    call: PhoneCall


@dataclass
class Witness:
    """Everything that the world outside the box has seen, beside the exchange's own log of calls."""

    conversations: list[Conversation] = field(default_factory=list)
    sms: list[tuple[float, str, str]] = field(default_factory=list)
    """(seconds of the exchange, recipient, text)."""


class World(Exchange):
    """The exchange with its lines and telephones."""

    def __init__(self, directory: Path, prompts: Path, chance: random.Random) -> None:
        super().__init__(directory, prompts=prompts)
        self.witness = Witness()
        self.isdn_adapter("isdn", [BOX, BOX])
        self.gsm_modem("gsm", GSM)
        self.phone(SENDER.number)
        self.ways: dict[str, str] = {}
        """Number -> how its telephone behaves, for the record."""
        for member in TEAMS:
            for position, number in enumerate(NUMBERS[member.key]):
                self._furnish(member, number, chance, declines=position == 0 and len(NUMBERS[member.key]) > 1)
        self.phone(UNSIGNED.number)

    def accept_sms(self, sender: str, message: Submit) -> None:
        before = len(self.sms)
        super().accept_sms(sender, message)
        self.witness.sms += [(self.loop.time(), sms.recipient, sms.text) for sms in self.sms[before:]]

    @property
    def calls_of_the_box(self) -> list[Circuit]:
        """Calls that the box has placed."""
        return [circuit for circuit in self._circuits if circuit.caller_number in (BOX, GSM)]

    @property
    def calls_up(self) -> list[Circuit]:
        """Calls that have not ended."""
        return [circuit for circuit in self._circuits if circuit.ended is None]

    def _furnish(self, member: Member, number: str, chance: random.Random, *, declines: bool) -> None:
        """Choose how a telephone behaves."""
        ring, think = chance.uniform(1, 5), chance.uniform(1, 6)
        person = {"ring_s": ring, "think_s": think, "patience_s": 40.0}
        acknowledges: b.Person
        if member.groups:
            wrong = ("4321",) * chance.choice((0, 0, 1, 3))
            acknowledges = b.AcknowledgesWithPin(
                **person, pin=chance.choice(member.groups)[1], wrong=wrong, again_s=3.0
            )
        else:
            acknowledges = b.AcknowledgesWithKey(**person)
        key = "" if member.groups or chance.random() < 0.3 else "1"
        ways: dict[str, Callable[[IncomingRing], Awaitable[None]]] = {
            "acknowledges": acknowledges,
            "hangs up": b.HangsUpHalfWay(**person, key=key, hears_s=chance.uniform(0.5, 4)),
            "declines": b.Declines(**person),
            "listens": b.Person(**person),
            "answering machine": b.AnsweringMachine(speech(2.0, seed=3), ring_s=ring, records_s=8.0),
            "never answers": b.NeverAnswers(),
            "rejects": b.Rejects(ring_s=ring),
        }
        way = "declines" if declines else chance.choices(list(ways), weights=[8, 3, 1, 1, 2, 2, 1])[0]
        busy = chance.choice((0, 0, 0, 1, 2))
        self.ways[number] = f"{way}, busy {busy} times"
        self.phone(number, behaviour=self._watched(member.key, ways[way]), busy_times=busy)

    def _watched(
        self, team: str, way: Callable[[IncomingRing], Awaitable[None]]
    ) -> Callable[[IncomingRing], Awaitable[None]]:
        """The same way, with a record of what was heard."""

        async def behave(ring: IncomingRing) -> None:
            try:
                await way(ring)
            finally:
                call = ring.phone.call
                if call is not None and call.circuit is ring.circuit:
                    self.witness.conversations.append(Conversation(team, ring.circuit, call))

        return behave
