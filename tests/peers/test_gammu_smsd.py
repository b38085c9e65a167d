"""gammu-smsd, the SMS gateway: its spool, its delivery reports, its inbox."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from tests.peers.world import program, runs, town, until

pytestmark = pytest.mark.peer("gammu-smsd", package="gammu-smsd")

TOWN = """
[[gsm]]
name = "gsm"
number = "+4915112345"
model = "{model}"
"""
CONFIG = """[gammu]
device = {node}
connection = at115200

[smsd]
service = files
logfile = {place}/smsd.log
debuglevel = 255
inboxpath = {place}/inbox/
outboxpath = {place}/outbox/
sentsmspath = {place}/sent/
errorsmspath = {place}/error/
inboxformat = unicode
deliveryreport = log
commtimeout = 1
receivefrequency = 2
checksecurity = 1
"""


@contextlib.asynccontextmanager
async def gateway(tmp_path: Path, model: str = "sim7600"):
    """(town, gammu-smsd's directory), with the gateway running."""
    place = tmp_path / "smsd"
    for name in ("inbox", "outbox", "sent", "error"):
        (place / name).mkdir(parents=True)
    async with town(tmp_path / "town", TOWN.format(model=model)) as people:
        (place / "smsdrc").write_text(CONFIG.format(node=people.node("gsm"), place=place))
        try:
            async with program("gammu-smsd", "--config", place / "smsdrc") as smsd:
                yield people, place, smsd
        except (AssertionError, TimeoutError) as error:
            error.add_note((place / "smsd.log").read_text()[-6000:])
            raise


def log(place: Path) -> str:
    return (place / "smsd.log").read_text("utf-8", "replace") if (place / "smsd.log").exists() else ""


def inbox(place: Path) -> list[str]:
    """The messages received, in order; the files of their parts (IN<when>_<serial>_<sender>_<part>.txt) joined."""
    messages: dict[str, str] = {}
    for file in sorted((place / "inbox").iterdir()):
        name = file.stem.rpartition("_")[0]
        text = (
            file.read_bytes().decode("utf-16").partition("\0")[0]
        )  # after it comes what was there before: its mistake
        messages[name] = messages.get(name, "") + text
    return list(messages.values())


async def inject(place: Path, text: str, *more: str) -> None:
    """Put a message into the spool by its own command."""
    words = ("TEXT", "+4917055", *more, "-autolen", "400", "-text", text)
    await runs("gammu-smsd-inject", "--config", place / "smsdrc", *words)


@pytest.mark.parametrize("model", ["sim7600", "ec25", "e1550"])
def test_sends_from_its_spool_and_matches_the_delivery_reports(tmp_path, model):
    texts = ["Server down", "Long text. " * 30]

    async def story():
        async with gateway(tmp_path, model) as (people, place, _):
            phone = await people.phone()
            for text in texts:
                await inject(place, text, "-report")
            await until(
                lambda: log(place).count("Delivery report: Delivered") == 4,
                "delivery reports of four parts",
                within=120,
            )
            messages = await phone.sms()
            assert sorted(message["text"] for message in messages) == sorted(texts)
            assert not list((place / "error").iterdir())
            assert not list((place / "outbox").iterdir())
            assert len(list((place / "sent").iterdir())) == 2

    asyncio.run(story())


def test_receives_into_its_inbox_and_empties_the_modem(tmp_path):
    long = "The second datacentre has lost its power supply. " * 5

    async def story():
        async with gateway(tmp_path) as (people, place, _):
            phone = await people.phone()
            for text in ("Hello {box}", "Привет", long):
                await phone.request("send_sms", sender="+4917077", to="+4915112345", text=text)
            await until(lambda: len(inbox(place)) == 3 and inbox(place)[-1] == long, "three messages")
            assert inbox(place) == ["Hello {box}", "Привет", long]
            assert all("+4917077" in file.name for file in (place / "inbox").iterdir())
            done = "Entering GSM_DeleteSMS"
            await until(lambda: log(place).count(done) == 4, "deletion of four parts")
            await until(lambda: '"+CPMS: 0,20' in log(place).rpartition(done)[2], "an empty SIM")

    asyncio.run(story())


def test_a_refused_message_is_an_error_and_not_lost(tmp_path):
    async def story():
        async with gateway(tmp_path) as (people, place, _):
            phone = await people.phone()
            await phone.fault("gsm", cmgs_error=38)
            await inject(place, "Does not go")
            await until(lambda: "Error getting send status" in log(place), "an error in the log")
            await phone.fault("gsm", cmgs_error=None)
            await until(lambda: list((place / "sent").iterdir()), "the second attempt", within=180)
            assert [message["text"] for message in await phone.sms()] == ["Does not go"]

    asyncio.run(story())
