"""The line's echo: measured at the first prompt, and never taken for a key."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from hal.audio import companding
from hal.audio.sound import Encoding, Sound
from hal.line import Call
from hal.simulated.hybrid import Hybrid
from hal.simulated.phonecall import PhoneCall
from tests.hal.audio.voices import spoken
from tests.hal.v253.world import OWN, World, voice

WELCOME = Sound(
    companding.encode(
        spoken("Welcome to the alert function. Please enter your team number and your personal identification number."),
        Encoding.ALAW,
    )
)


async def taken(w: World) -> tuple[Call, PhoneCall]:
    async def dial() -> Any:
        return await w.phone.dial(OWN)

    dialling = asyncio.ensure_future(dial())
    call = await (await anext(w.line.incoming())).answer()
    return call, await dialling


@pytest.mark.parametrize("loss_db", [8.0, 18.0, 28.0])
def test_it_is_measured_at_the_first_prompt_and_shown(loss_db: float, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.modem.hybrid = Hybrid(loss_db, 12.0)
        call, other = await taken(w)
        assert "echo" not in w.line.facts
        assert (await call.play(WELCOME)).complete
        await asyncio.sleep(0.1)
        found = re.fullmatch(r"-(\d+) dB at (\d+) ms", w.line.facts["echo"])
        assert found, w.line.facts["echo"]
        assert int(found[1]) == pytest.approx(loss_db, abs=3)
        assert 12 <= int(found[2]) < 200
        await other.hang_up()
        await call.hang_up()
        assert (await w.line.health()).facts["echo"] == w.line.facts["echo"]

    voice("conexant", tmp_path, story)


def test_a_line_without_one_is_said_to_have_none_and_each_call_measures_anew(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        for hybrid in (None, Hybrid(15.0, 12.0)):
            w.modem.hybrid = hybrid
            call, other = await taken(w)
            await call.play(WELCOME)
            await asyncio.sleep(0.1)
            assert (w.line.facts["echo"] == "none found") is (hybrid is None)
            await other.hang_up()
            await call.hang_up()
            await asyncio.sleep(3)

    voice("conexant", tmp_path, story)


@pytest.mark.parametrize("loss_db", [4.0, 12.0])
def test_the_echo_of_keys_that_we_send_is_no_key(loss_db: float, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.modem.hybrid = Hybrid(loss_db, 40.0)
        call, other = await taken(w)
        await call.send_keys("159#")
        assert await call.key(2.0) is None
        await other.press("5")
        assert await call.key(2.0) == "5"
        await call.send_keys("7")
        await asyncio.sleep(1.5)
        await other.press("7")
        assert await call.key(2.0) == "7"
        await call.hang_up()

    voice("conexant", tmp_path, story)


@pytest.mark.parametrize("loss_db", [6.0, 12.0])
def test_keys_are_heard_during_a_prompt_that_echoes(loss_db: float, tmp_path: Path) -> None:
    """By our own ears alone: the modem reports none."""

    async def story(w: World) -> None:
        w.modem.hybrid = Hybrid(loss_db, 25.0)
        w.modem.key = lambda key: None
        call, other = await taken(w)
        playing = asyncio.create_task(call.play(WELCOME, WELCOME, interrupt=""))
        await asyncio.sleep(0.7)
        await other.press("0123456789*#", on_s=0.08, off_s=0.25)
        assert not playing.done()
        assert "".join([key for _ in range(12) if (key := await call.key(0.5))]) == "0123456789*#"
        assert await call.key(0.5) is None
        await call.hang_up()
        await asyncio.gather(playing, return_exceptions=True)

    voice("conexant", tmp_path, story)
