"""vgetty, the answering machine of mgetty, at an analogue modem after V.253."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from tests.peers.mgetty import Mgetty, call_program, keys, told
from tests.peers.sounds import find, rattling, say, sounding
from tests.peers.world import town, until

pytestmark = pytest.mark.peer("vgetty", package="mgetty-voice")

TOWN = """
[[voice]]
name = "voice"
number = "4712"
model = "{model}"
"""
GREETING = say("Nobody is here. Please leave a message after the tone.")
MESSAGE = rattling(say("This is the operations centre. The second mail server has failed, please call us back."))


@contextlib.asynccontextmanager
async def machine(tmp_path: Path, model: str = "conexant", **settings):
    """(town, vgetty's installation, vgetty at the ready)."""
    async with town(tmp_path / "town", TOWN.format(model=model)) as place:
        mgetty = Mgetty(tmp_path / "mgetty", place.node("voice"), **settings)
        mgetty.greeting(GREETING, "V253modem", "8")
        async with mgetty.vgetty() as vgetty:
            await mgetty.ready()
            yield place, mgetty, vgetty


async def leave_a_message(phone, number: str, mgetty: Mgetty, times: int = 1) -> bytes:
    """Call, wait until it records, say it, hang up. Gives all that was heard."""
    heard = bytearray()
    await phone.listen(heard.extend)
    await phone.dial(number, "4712")
    await mgetty.records(times)
    await phone.speaks(MESSAGE)
    await asyncio.sleep(0.5)
    await phone.hang_up()
    return bytes(heard)


@pytest.mark.parametrize("model", ["conexant", "si2493"])
def test_answers_greets_beeps_records_and_ends_on_busy_tone(tmp_path, model):
    async def story():
        async with machine(tmp_path, model) as (place, mgetty, vgetty):
            phone = await place.phone()
            heard = await leave_a_message(phone, "03012345678", mgetty)
            assert await vgetty.ends() == 0
            assert "got event BUSY_TONE" in mgetty.dialogue
            (recording,) = mgetty.recordings
            assert recording.name.endswith("-03012345678.rmd"), "who called is in the name"
            greeting, message = find(GREETING, heard), find(MESSAGE, mgetty.hear(recording))
            assert greeting.correlation > 0.98
            assert abs(greeting.level_db) < 0.5
            assert message.correlation > 0.98
            assert abs(message.level_db) < 0.5
            tone = sounding(933, heard)
            assert 1.2 <= len(tone) * 0.1 <= 1.7
            assert tone[0] > greeting.at_s + GREETING.seconds - 0.2
            (call,) = await phone.calls()
            assert call["answered"] - call["rang"] < 15

    asyncio.run(story())


def test_a_withheld_number_and_a_second_call(tmp_path):
    async def story():
        async with machine(tmp_path) as (place, mgetty, vgetty):
            phone = await place.phone()
            await phone.request("phone", number="03099", present_number=False)
            await leave_a_message(phone, "03099", mgetty)
            assert await vgetty.ends() == 0
            async with mgetty.vgetty() as again:  # init starts it again
                await mgetty.ready(times=2)
                await leave_a_message(await place.phone(), "03012345678", mgetty, times=2)
                assert await again.ends() == 0
            unknown, known = mgetty.recordings
            assert "03099" not in unknown.name
            assert known.name.endswith("-03012345678.rmd")
            assert all(find(MESSAGE, mgetty.hear(recording)).correlation > 0.98 for recording in mgetty.recordings)

    asyncio.run(story())


def test_keys_reach_its_call_program(tmp_path):
    async def story():
        program = call_program(tmp_path / "program")
        async with machine(tmp_path, vgetty=f"call_program {program}") as (place, _, vgetty):
            phone = await place.phone()
            await phone.dial("03012345678", "4712")
            await until(lambda: "WAITING" in told(program), "call program")
            await phone.press("0123456789*#")
            await until(lambda: len(keys(program)) == 12, "keys")
            await phone.hang_up()
            await until(lambda: "BUSY_TONE" in told(program), "busy tone at the program")
            assert await vgetty.ends() == 0
            assert keys(program) == "0123456789*#", "each key once"

    asyncio.run(story())


def test_a_caller_who_hangs_up_in_the_greeting(tmp_path):
    async def story():
        async with machine(tmp_path) as (place, mgetty, vgetty):
            phone = await place.phone()
            await phone.dial("03012345678", "4712")
            await asyncio.sleep(1)
            await phone.hang_up()
            assert await vgetty.ends() == 0
            assert "got event BUSY_TONE" in mgetty.dialogue
            (call,) = await phone.calls()
            assert call["ended"] is not None

    asyncio.run(story())
