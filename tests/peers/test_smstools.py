"""smsd of the SMS Server Tools: sends, receives, deletes, and reads delivery reports."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

import pytest

from tests.peers.world import program, town, until

pytestmark = pytest.mark.peer("smstools", package="smstools")

TOWN = """
[[gsm]]
name = "gsm"
number = "+4915112345"
model = "{model}"
"""
CONFIG = """
devices = GSM1
outgoing = {place}/outgoing
checked = {place}/checked
incoming = {place}/incoming
failed = {place}/failed
sent = {place}/sent
report = {place}/report
infofile = {place}/smsd.working
pidfile = {place}/smsd.pid
logfile = {place}/smsd.log
loglevel = 7
delaytime = 1
errorsleeptime = 2
blocktime = 5
autosplit = 3
incoming_utf8 = yes
decode_unicode_text = yes
receive_before_send = no

[GSM1]
device = {node}
incoming = yes
baudrate = 115200
report = yes
init = AT+CNMI=1,0,0,2,0
rtscts = no
pre_init = yes
sending_disabled = no
check_memory_method = 1
"""


@contextlib.asynccontextmanager
async def gateway(tmp_path: Path, model: str = "sim7600"):
    """(town, smsd's directory), with the gateway running."""
    place = tmp_path / "smsd"
    for name in ("outgoing", "checked", "incoming", "failed", "sent", "report"):
        (place / name).mkdir(parents=True)
    async with town(tmp_path / "town", TOWN.format(model=model)) as people:
        (place / "smsd.conf").write_text(CONFIG.format(node=people.node("gsm"), place=place))
        try:
            async with program("smsd", "-t", f"-c{place}/smsd.conf"):
                yield people, place
        except (AssertionError, TimeoutError) as error:
            error.add_note((place / "smsd.log").read_text("utf-8", "replace")[-6000:])
            raise


def log(place: Path) -> str:
    return (place / "smsd.log").read_text("utf-8", "replace") if (place / "smsd.log").exists() else ""


def send(place: Path, name: str, text: str) -> None:
    """Lay a message into the spool: written beside it, then moved."""
    file = place / f"{name}.new"
    alphabet = "" if text.isascii() or "€" in text else "Alphabet: UTF-8\n"
    file.write_text(f"To: 4917055\n{alphabet}Report: yes\n\n{text}")
    os.rename(file, place / "outgoing" / name)


def texts(directory: Path) -> list[str]:
    """What the messages in a directory say."""
    return sorted(file.read_text().partition("\n\n")[2].strip() for file in directory.iterdir())


@pytest.mark.parametrize("model", ["sim7600", "ec25", "e1550"])
def test_sends_and_reads_the_delivery_reports(tmp_path, model):
    wanted = ["Server down", "A long message. " * 20 + "End", "Тревога"]

    async def story():
        async with gateway(tmp_path, model) as (people, place):
            phone = await people.phone()
            for position, text in enumerate(wanted):
                send(place, f"m{position}", text)
            await until(lambda: len(list((place / "sent").iterdir())) == 3, "three files in sent", within=120)
            await until(lambda: len(list((place / "report").iterdir())) == 5, "five reports", within=120)
            assert sorted(message["text"] for message in await phone.sms()) == sorted(wanted)
            assert {message["to"] for message in await phone.sms()} == {"+4917055"}
            assert not list((place / "failed").iterdir())
            reports = [file.read_text() for file in (place / "report").iterdir()]
            assert all("Status: 0,Ok,short message received by the SME" in report for report in reports), reports

    asyncio.run(story())


@pytest.mark.parametrize("model", ["sim7600", "ec25", "e1550"])
def test_receives_and_deletes_from_the_modem(tmp_path, model):
    long = "The backup has not run since Thursday, and the tapes are full. " * 4

    async def story():
        async with gateway(tmp_path, model) as (people, place):
            phone = await people.phone()
            for text in ("Short [one] {two}", "Ελένη", long):
                await phone.request("send_sms", sender="+4917077", to="+4915112345", text=text)
            await until(lambda: len(list((place / "incoming").iterdir())) >= 3, "three messages", within=120)
            assert texts(place / "incoming") == sorted(("Short [one] {two}", "Ελένη", long.strip()))
            heads = [file.read_text().partition("\n\n")[0] for file in (place / "incoming").iterdir()]
            assert all("From: 4917077" in head for head in heads)
            await until(lambda: log(place).count("AT+CMGD=") >= 4, "deletion of four parts")
            await until(lambda: "Used memory is 0 of" in log(place).rpartition("AT+CMGD=")[2], "an empty modem")

    asyncio.run(story())
