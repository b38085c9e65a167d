"""Two libraries from the Python package index: pycallblock at a voice modem, python-gsmmodem-new at a radio modem."""

from __future__ import annotations

import asyncio
import contextlib
import wave
from pathlib import Path

import numpy as np
import pytest

from hal.audio.companding import decode
from hal.audio.sound import RATE, Encoding
from tests.peers.sounds import find, keys, say
from tests.peers.world import program, town, until

HERE = Path(__file__).parent
PYTHON = HERE.parents[1] / "build/peers-venv/bin/python"
VOICE = """
[[voice]]
name = "voice"
number = "4712"
model = "conexant"
"""
RADIO = """
[[gsm]]
name = "gsm"
number = "+4915112345"
model = "{model}"
"""
GREETING = say("This number does not take calls at night. Press one to insist.")
MESSAGE = say("It is the operations centre, and it is urgent.")


@contextlib.asynccontextmanager
async def speaking(tmp_path: Path, model: str):
    """(town, python-gsmmodem-new at its radio modem)."""
    async with (
        town(tmp_path / "town", RADIO.format(model=model)) as people,
        program(PYTHON, HERE / "speak_through_gsmmodem.py", people.node("gsm")) as peer,
    ):
        await peer.prints("connected")
        yield people, peer


@pytest.mark.peer("pycallblock", version="1.1.0")
def test_a_call_in_full_duplex(tmp_path):
    async def story():
        async with town(tmp_path / "town", VOICE) as people:
            with wave.open(str(tmp_path / "greeting.wav"), "wb") as file:
                file.setparams((1, 1, RATE, 0, "NONE", ""))
                file.writeframes(GREETING.to(Encoding.U8).data)
            words = (people.node("voice"), tmp_path / "greeting.wav", tmp_path / "recording.wav")
            async with program(PYTHON, HERE / "answer_with_pycallblock.py", *words) as machine:
                await machine.prints("ready")
                assert "identity CONEXANT" in machine.output
                phone = await people.phone()
                heard = bytearray()
                await phone.listen(heard.extend)
                await phone.dial("03012345678", "4712")
                await machine.prints("answered")
                assert "call 03012345678" in machine.output
                await until(lambda: find(GREETING, heard).correlation > 0.98, "the greeting")
                await phone.speaks(MESSAGE)
                await phone.press("147*0#")
                await asyncio.sleep(1)
                await phone.hang_up()
                await machine.prints("over busy")
                assert await machine.ends() == 0
            told = [line.split()[1] for line in machine.output.splitlines() if line.startswith("key ")]
            assert "".join(told) == "147*0#"
            with wave.open(str(tmp_path / "recording.wav")) as file:
                recorded = decode(file.readframes(file.getnframes()), Encoding.U8).astype(np.float64)
            found = find(MESSAGE, recorded)
            assert found.correlation > 0.98
            assert abs(found.level_db) < 0.5

    asyncio.run(story())


@pytest.mark.peer("python-gsmmodem-new", version="0.13.0")
@pytest.mark.parametrize("model", ["sim7600", "ec25", "e1550"])
def test_messages_out_with_reports_and_in(tmp_path, model):
    async def story():
        async with speaking(tmp_path, model) as (people, peer):
            phone = await people.phone()
            await peer.types("send +4917055 Hello {there} over the air\n")
            await peer.prints("sent 1")
            await peer.prints("report 1 0")
            await phone.request("send_sms", sender="+4917077", to="+4915112345", text="Für Ελένη {1}")
            await peer.prints("message +4917077 Für Ελένη {1}")
            assert [message["text"] for message in await phone.sms()] == ["Hello {there} over the air"]

    asyncio.run(story())


@pytest.mark.peer("python-gsmmodem-new", version="0.13.0")
def test_calls_out_and_in(tmp_path):
    async def story():  # at a Huawei: it cannot read the +CLCC of others, which name the caller (python-gsmmodem#112)
        async with speaking(tmp_path, "e1550") as (people, peer):
            phone = await people.phone()
            heard = bytearray()
            await phone.attach("03012345678")
            await phone.listen(heard.extend)
            await peer.types("dial 03012345678\n")
            assert await phone.rings() == "+4915112345"
            await phone.answer()
            await peer.prints("answered")
            await peer.types("keys 159#\n")
            await peer.prints("keyed")
            await until(lambda: keys(heard) == "159#", "the keys in the ear")
            await peer.types("hangup\n")
            await phone.ends()
            caller = await people.phone()
            await caller.dial("+493099", "+4915112345")
            await peer.prints("incoming +493099 2")
            await caller.hang_up()

    asyncio.run(story())
