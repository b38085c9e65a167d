"""gammu from the command line: identity, network, messages and calls of a radio modem."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from tests.peers.sounds import keys
from tests.peers.world import program, runs, town, until

pytestmark = pytest.mark.peer("gammu", package="gammu")

TOWN = """
[[gsm]]
name = "gsm"
number = "+4915112345"
model = "{model}"
[[gsm]]
name = "other"
number = "+4915199999"
"""
CONFIG = """[gammu]
device = {node}
connection = at115200
logfile = {log}
logformat = textalldate
"""


def fields(output: str) -> dict[str, str]:
    """gammu's `Name : value` lines."""
    pairs = (line.partition(" : ") for line in output.splitlines())
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}


@contextlib.asynccontextmanager
async def modem(tmp_path, model="sim7600"):
    """(town, a function that runs gammu to its end and gives what it printed)."""
    async with town(tmp_path / "town", TOWN.format(model=model)) as place:
        (tmp_path / "gammurc").write_text(CONFIG.format(node=place.node("gsm"), log=tmp_path / "gammu.log"))

        async def gammu(*words: str, status: int = 0) -> str:
            try:
                return await runs("gammu", "--config", tmp_path / "gammurc", *words, status=status)
            except (AssertionError, TimeoutError) as error:
                error.add_note(f"--- its log:\n{(tmp_path / 'gammu.log').read_text()[-5000:]}")
                raise

        yield place, gammu


@pytest.mark.parametrize(
    ("model", "maker"), [("sim7600", "SIMCOM INCORPORATED"), ("ec25", "Quectel"), ("e1550", "Huawei")]
)
def test_identifies_modem_sim_and_network(tmp_path, model, maker):
    async def story():
        async with modem(tmp_path, model) as (_, gammu):
            identity = fields(await gammu("identify"))
            assert identity["Manufacturer"].lower() == maker.lower()
            assert identity["IMEI"].isdigit()
            assert len(identity["IMEI"]) == 15
            assert identity["SIM IMSI"] == "262010000000015"
            network = fields(await gammu("networkinfo"))
            assert network["Network state"] == "home network"
            assert network["Name in phone"] == '"Simulated"'
            assert fields(await gammu("getsmsc"))["Number"] == '"+491710760000"'
            assert "Nothing to enter" in await gammu("getsecuritystatus")

    asyncio.run(story())


@pytest.mark.parametrize("model", ["sim7600", "ec25", "e1550"])
def test_sends_short_long_and_unicode_messages(tmp_path, model):
    texts = ["Test {1} [2] €", "0123456789" * 40, "Пожар в серверной " * 8]

    async def story():
        async with modem(tmp_path, model) as (place, gammu):
            for text in texts:
                unicode = ("-unicode",) if not text.isascii() and "€" not in text else ()
                sent = await gammu("sendsms", "TEXT", "+4917055", "-autolen", "400", *unicode, "-text", text)
                assert "waiting for network answer..OK, message reference=" in sent
            messages = await (await place.phone()).sms()
            assert messages == [{"from": "+4915112345", "to": "+4917055", "text": text} for text in texts]

    asyncio.run(story())


@pytest.mark.parametrize("model", ["sim7600", "ec25", "e1550"])
def test_receives_reads_and_deletes_messages(tmp_path, model):
    long = "All hands: the core switch in room two is down. " * 5

    async def story():
        async with modem(tmp_path, model) as (place, gammu):
            phone = await place.phone()
            for text in ("Short {one}", "Für Ελένη", long):
                await phone.request("send_sms", sender="+4917077", to="+4915112345", text=text)
            inbox = await gammu("geteachsms")
            assert inbox.count('Remote number        : "+4917077"') == 3
            assert inbox.count("UnRead") >= 3
            assert "5 SMS parts in 3 SMS sequences" in inbox or "4 SMS parts in 3 SMS sequences" in inbox
            for text in ("Short {one}", "Für Ελένη", long.strip()):
                assert text in inbox
            assert "UnRead" not in await gammu("geteachsms"), "a message that was read is marked so"
            await gammu("deleteallsms", "1")
            await gammu("deleteallsms", "3")
            assert "0 SMS parts in 0 SMS sequences" in await gammu("geteachsms")

    asyncio.run(story())


def test_calls_out_with_keys_and_in_with_the_callers_number(tmp_path):
    async def story():  # with a Quectel: gammu knows no VOICE CALL: BEGIN, and gives up when a SIM7600 says it
        async with modem(tmp_path, "ec25") as (place, _):
            phone = await place.phone()
            heard = bytearray()
            await phone.attach("03012345678")
            await phone.listen(heard.extend)
            async with program("stdbuf", "-oL", "gammu", "--config", tmp_path / "gammurc", "batch") as gammu:
                await gammu.types("dialvoice 03012345678\n")
                assert await phone.rings() == "+4915112345"
                await phone.answer()
                await gammu.types("senddtmf 159\n")
                await until(lambda: keys(heard) == "159", "keys 159")
                await gammu.types("cancelcall\n")
                await phone.ends()
                calling = asyncio.create_task(phone.dial("03099", "+4915112345"))
                while 'incoming call from "03099"' not in gammu.output:  # it listens only while it monitors
                    await gammu.types("monitor 1\n")
                    await asyncio.sleep(1)
                await gammu.types("answercall\n")
                await calling
                await phone.hang_up()
                out, back = await phone.calls()
                assert out["answered"]
                assert out["cause"] == 16
                assert back["answered"]

    asyncio.run(story())
