"""The same calls over wires that do what wires do: pieces, delays, echo, doubled line ends, lines in between."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hal.audio.sound import RATE, Sound
from hal.errors import Busy
from hal.line import LineState, RecordingEnd
from tests.contract.test_calls import SPEECH, answered, missing, taken
from tests.contract.world import DRIVERS, World, play

WIRES: dict[str, dict[str, Any]] = {
    "pieces": {"split_writes": 7},
    "delayed": {"delay_s": 0.4},
    "echo": {"echo": True},
    "doubled CR": {"doubled_cr": True},
    "unsolicited": {"unsolicited": "^RSSI: 20"},
    "all of it": {"split_writes": 3, "delay_s": 0.1, "echo": True, "doubled_cr": True, "unsolicited": "^HCSQ: 1,2"},
}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("name", ["isdn4linux", "conexant", "si24xx", "sim7600"])
def test_calls_over_a_hostile_wire(name: str, wire: str, tmp_path: Path) -> None:
    driver = DRIVERS[name]

    async def story(w: World) -> None:
        w.port.faults.set(**WIRES[wire])
        await w.device.close()
        await w.device.open()
        assert (await w.line.health()).ok

        call, other = await answered(w)
        await asyncio.sleep(w.driver.answer_known_s)
        playing = asyncio.create_task(call.play(Sound(SPEECH), interrupt=""))
        await asyncio.sleep(0.7)
        await other.press("42")
        assert (await playing).complete
        assert [await call.key(2), await call.key(2)] == ["4", "2"]
        await call.hang_up()
        if w.driver.exact:
            assert max(missing(Sound(other.heard), Sound(SPEECH), tolerance=0)) <= w.driver.lose_s * RATE
        assert w.line.state is LineState.IDLE

        call, other = await taken(w)
        recording = asyncio.create_task(call.record(limit_s=30))
        await asyncio.sleep(0.5)
        await other.speaks(Sound(SPEECH))
        await asyncio.sleep(0.2)
        await other.hang_up()
        done = await recording
        assert done.ended_by is RecordingEnd.HANG_UP
        assert missing(done.sound, Sound(SPEECH), tolerance=0 if w.driver.exact else 2) == (0, 0)
        await call.hang_up()

        await asyncio.sleep(1)
        w.phone.busy = True
        with pytest.raises(Busy):
            await w.line.dial(w.request())
        assert w.line.state is LineState.IDLE
        assert not w.device.fault.is_set()

    play(driver, tmp_path, story)
