"""vgetty at an ISDN adapter in the dialect of isdn4linux: VCON, +VSM=2 (ZyXEL's ADPCM of two bits), the called number."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from tests.peers.mgetty import Mgetty, call_program, keys
from tests.peers.sounds import find, rattling, say
from tests.peers.world import town, until

pytestmark = pytest.mark.peer("vgetty (isdn4linux)", package="mgetty-voice")

TOWN = """
[[isdn]]
name = "isdn"
msns = ["4711"]
"""
GREETING = say("Nobody is here. Please leave a message after the tone.")
MESSAGE = say("This is the operations centre. The second mail server has failed, please call us back.")
INIT = """init-chat "" \\d\\dATZ OK AT&E4711 OK ATS23=1 OK
post-init-chat "" ATS18=5 OK
"""
"""vgetty leaves its set-up with AT+FCLASS=0, which takes voice from the services that isdn4linux listens for."""


@contextlib.asynccontextmanager
async def machine(tmp_path, compression: int, **settings):
    async with town(tmp_path / "town", TOWN) as place:
        mgetty = Mgetty(
            tmp_path / "mgetty", place.node("isdn.1"), compression=compression, force_v253=False, **settings
        )
        with (mgetty.etc / "mgetty.config").open("a") as config:
            config.write(INIT)
        mgetty.greeting(GREETING, "ISDN4Linux", str(compression))
        if compression == 5:
            mgetty.greeting_alaw(GREETING)
        async with mgetty.vgetty() as vgetty:
            await mgetty.ready()
            yield place, mgetty, vgetty


@pytest.mark.parametrize(("compression", "likeness"), [(2, 0.9), (3, 0.93), (4, 0.96), (5, 0.99), (6, 0.99)])
def test_answers_greets_records_and_ends_with_the_call(tmp_path, compression, likeness):
    async def story():
        async with machine(tmp_path, compression) as (place, mgetty, vgetty):
            phone = await place.phone()
            heard = bytearray()
            await phone.listen(heard.extend)
            await phone.dial("03012345678", "4711")
            await mgetty.records()
            message = rattling(MESSAGE) if compression > 4 else MESSAGE
            await phone.speaks(message)
            await phone.hang_up()
            assert await vgetty.ends() == 99, "its way to say that NO CARRIER ended the recording, which it keeps"
            assert "got event NO_CARRIER" in mgetty.dialogue
            assert "Linux ISDN detected" in mgetty.dialogue
            assert f"AT+VSM={compression}" in mgetty.dialogue
            assert "RING/4711" in mgetty.dialogue
            (recording,) = mgetty.recordings
            assert recording.name.endswith("-03012345678.rmd"), "who called is in the name"
            recorded = mgetty.hear_alaw(recording) if compression == 5 else mgetty.hear(recording)
            for said, found in ((GREETING, find(GREETING, heard)), (message, find(message, recorded))):
                assert found.correlation > likeness, said.caption
                assert abs(found.level_db) < 0.5

    asyncio.run(story())


def test_keys_reach_its_call_program(tmp_path):
    async def story():
        # The kernel listens for keys only while it records or plays (isdn_tty_rcv_skb).
        program = call_program(tmp_path / "program", f"RECORD {tmp_path}/keys.rmd")
        async with machine(tmp_path, 6, vgetty=f"call_program {program}") as (place, mgetty, vgetty):
            phone = await place.phone()
            await phone.dial("03012345678", "4711")
            await mgetty.records()
            await phone.press("0123456789*#")
            await until(lambda: len(keys(program)) == 12, "keys")
            await phone.hang_up()
            await vgetty.ends()
            assert keys(program) == "0123456789*#", "each key once"

    asyncio.run(story())
