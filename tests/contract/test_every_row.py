"""Every row of the model tables: identified, asked, called, calling, recovered, closed and opened again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hal.audio.sound import Sound
from hal.line import LineState
from tests.contract.rows import ROWS, TABLES, WITHOUT
from tests.contract.test_calls import answered, taken
from tests.contract.world import PHONE, Driver, World, play


def test_every_row_has_a_modem() -> None:
    missing = [row.name for row in TABLES if row.name not in ROWS and row.name not in WITHOUT]
    assert not missing, (
        f"no simulated modem stands for {', '.join(missing)}: write one in hal/simulated (models.py or radiomodels.py) and name "
        "it in tests/contract/rows.py, or say in WITHOUT there why there is none"
    )
    gone = (ROWS.keys() | WITHOUT.keys()) - {row.name for row in TABLES}
    assert not gone, f"no such rows any more: {gone}"


def test_every_row_says_where_it_comes_from() -> None:
    assert all(len(row.source) > 5 for row in TABLES)
    assert len({row.name for row in TABLES}) == len(TABLES)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_a_row(row: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        health = await w.line.health()
        assert health.ok, health.detail
        assert health.facts["driver model"] == row.name
        for make in (taken, answered):
            call, other = await make(w)
            assert PHONE in (call.caller, call.called)
            await asyncio.sleep(row.answer_known_s if make is answered else 0.5)
            assert (await call.play(Sound.pause(0.3))).complete
            recording = asyncio.create_task(call.record(limit_s=1.0))
            await other.press("#")
            assert (await recording).key == "#"
            await call.hang_up()
            assert await other.ends(within=2)
            await asyncio.sleep(2)
        await w.device.recover()
        assert w.line.state is LineState.IDLE
        await w.device.close()
        assert w.line.state is LineState.CLOSED
        await w.device.open()
        assert (await w.line.health()).ok

    play(row, tmp_path, story)
