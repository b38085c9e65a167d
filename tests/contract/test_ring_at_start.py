"""A call that begins to ring while the box opens its line is offered, like any other."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.contract.world import DRIVERS, World, play


@pytest.mark.parametrize("after", [1.5, 2.0, 2.5, 3.0])
def test_a_call_in_the_middle_of_the_opening(after: float, tmp_path: Path) -> None:
    """Of an adapter that says only the first ring. From the moment it listens to its number, no ring may be lost."""

    async def story(w: World) -> None:
        await w.device.close()
        w.port.faults.delay_s = 0.2
        opening = asyncio.create_task(w.device.open())
        await asyncio.sleep(after)
        dialling = asyncio.ensure_future(w.phone.place(w.driver.number, 30.0))
        await opening
        incoming = await asyncio.wait_for(anext(w.line.incoming()), 20.0)
        assert incoming.caller == w.phone.number
        call = await incoming.answer()
        await dialling
        await call.hang_up()

    play(DRIVERS["isdn4linux"], tmp_path, story)
