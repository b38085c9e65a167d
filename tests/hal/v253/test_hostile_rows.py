"""A conversation over wires that cut, delay and echo, with the kinds of modem that the contract's own hostile wires have not got:
shielded digits cut anywhere, ADPCM whose every byte counts, ends that need three DLE, keys that are heard in pauses only."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hal.line import LineState, RecordingEnd
from tests.hal.v253.world import OWN, PHONE, World, likeness, tune, voice

PIECES: dict[str, Any] = {"split_writes": 5}
ALL: dict[str, Any] = {"split_writes": 3, "delay_s": 0.1, "echo": True, "doubled_cr": True, "unsolicited": "^HCSQ: 1,2"}


@pytest.mark.parametrize(
    ("model", "wire"),
    [
        ("multitech", PIECES),
        ("multitech", ALL),
        ("zyxel2864", ALL),
        ("ima", PIECES),
        ("zoom3095", ALL),
        ("deaf", PIECES),
        ("elsa", ALL),
    ],
)
def test_a_conversation_over_a_hostile_wire(model: str, wire: dict[str, Any], tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.modem.faults.set(**wire)
        await w.device.close()
        await w.device.open()
        calling = asyncio.ensure_future(w.phone.place(OWN, 60))
        incoming = await anext(w.line.incoming())
        assert incoming.caller == PHONE
        call = await incoming.answer()
        other = await calling
        assert (await call.play(tune(1.5))).complete
        waiting = [asyncio.create_task(call.key(10))]
        await other.wait(1)
        await other.press("4")
        assert await waiting[0] == "4"
        recording = asyncio.create_task(call.record(limit_s=30))
        await other.wait(1)
        said = tune(2.5, 3)
        await other.speaks(said)
        await other.press("#")
        done = await recording
        assert (done.ended_by, done.key) == (RecordingEnd.KEY, "#")
        assert likeness(done.sound, said) > 0.97
        await call.hang_up()
        assert await other.ends(within=2)
        assert w.line.state is LineState.IDLE
        assert not w.device.fault.is_set()

    voice(model, tmp_path, story)
