"""vm of mgetty-voice: one action at a time, from the command line."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from tests.peers.mgetty import Mgetty
from tests.peers.sounds import find, say, sounding
from tests.peers.world import town

pytestmark = pytest.mark.peer("vm", package="mgetty-voice")

TOWN = """
[[voice]]
name = "voice"
number = "4712"
model = "conexant"
"""
SPEECH = say("The test of the voice modem has begun. Please say something after this.")


@contextlib.asynccontextmanager
async def modem(tmp_path):
    """(vm's installation, a phone that is listened to, what it hears)."""
    async with town(tmp_path / "town", TOWN) as place:
        phone = await place.phone()
        heard = bytearray()
        await phone.listen(heard.extend)
        yield Mgetty(tmp_path / "mgetty", place.node("voice")), phone, heard


@contextlib.asynccontextmanager
async def answering(mgetty: Mgetty, phone, *words):
    """The phone calls, and vm takes the call by going off hook while it rings."""
    calling = asyncio.create_task(phone.dial("03012345678", "4712"))
    await asyncio.sleep(0.5)
    async with mgetty.vm(*words) as vm:
        await calling
        yield vm


def test_dials_and_hangs_up(tmp_path):
    async def story():
        async with modem(tmp_path) as (mgetty, phone, _):
            await phone.attach("03012345678")
            async with mgetty.vm("dial", "03012345678") as vm:
                assert await phone.rings() == "4712"
                await phone.answer()
                assert await vm.ends() == 0
            results = [
                line for line in mgetty.dialogue.partition("vm: ATD03012345678")[2].splitlines() if "modem: " in line
            ]
            assert results[0].endswith("V253 modem: OK"), "answered"
            (call,) = await phone.calls("03012345678")
            assert call["cause"] == 16

    asyncio.run(story())


def test_finds_the_other_side_busy(tmp_path):
    async def story():
        async with modem(tmp_path) as (mgetty, phone, _):
            await phone.request("phone", number="03012345678", busy=True)
            async with mgetty.vm("dial", "03012345678") as vm:
                await vm.ends()
            assert "V253 modem: BUSY" in mgetty.dialogue
            assert "got event BUSY_TONE" in mgetty.dialogue

    asyncio.run(story())


def test_plays(tmp_path):
    async def story():
        async with modem(tmp_path) as (mgetty, phone, heard):
            speech = mgetty.rmd(SPEECH, tmp_path / "speech.rmd", "V253modem", "8")
            async with answering(mgetty, phone, "play", speech) as vm:
                assert await vm.ends() == 0
            found = find(SPEECH, heard)
            assert found.correlation > 0.98
            assert abs(found.level_db) < 0.5

    asyncio.run(story())


def test_reads_a_key_pressed_into_the_prompt(tmp_path):
    async def story():
        async with modem(tmp_path) as (mgetty, phone, heard):
            speech = mgetty.rmd(SPEECH, tmp_path / "speech.rmd", "V253modem", "8")
            async with answering(mgetty, phone, "play", "-P", speech) as vm:
                await asyncio.sleep(1)
                await phone.press("7")
                assert await vm.ends() == 0
                assert vm.output.strip() == "7"
            assert find(SPEECH, heard).correlation < 0.9, "the key stops the prompt"

    asyncio.run(story())


def test_records(tmp_path):
    async def story():
        async with modem(tmp_path) as (mgetty, phone, _):
            file = tmp_path / "file.rmd"
            async with answering(mgetty, phone, "record", "-c", "8", file) as vm:
                await mgetty.records()
                await phone.speaks(SPEECH)
                await phone.hang_up()
                assert await vm.ends() == 0
            found = find(SPEECH, mgetty.hear(file))
            assert found.correlation > 0.98
            assert abs(found.level_db) < 0.5

    asyncio.run(story())


def test_beeps(tmp_path):
    async def story():
        async with modem(tmp_path) as (mgetty, phone, heard):
            async with answering(mgetty, phone, "beep", "700", "800") as vm:
                assert await vm.ends() == 0
            assert 0.6 <= 0.1 * len(sounding(700, heard)) <= 0.9

    asyncio.run(story())
