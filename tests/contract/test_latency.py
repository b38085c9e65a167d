"""From a key to the prompt that answers it: line time, on duplex lines, beside what the modem and the detector need."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hal.audio.sound import RATE, Sound
from tests.contract.test_calls import answered
from tests.contract.world import DRIVERS, World, play

PROMPT, REPLY = 0x2A, 0x3B
DETECTOR_S = 0.06
"""Tone until a detector can be certain (ITU-T Q.24: 40 ms), and the 20 ms frame in which that lies."""
GOAL_S = 0.06


@pytest.mark.parametrize("name", ["isdn4linux", "conexant", "sim7600"])
def test_a_key_is_answered_soon(name: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        loop = asyncio.get_running_loop()
        call, other = await answered(w)
        await asyncio.sleep(w.driver.answer_known_s)
        frames: list[tuple[float, bytes]] = []
        other.on_frame = lambda frame: frames.append((loop.time(), frame))
        delays = []
        for i in range(20):
            playing = asyncio.create_task(call.play(Sound(bytes([PROMPT]) * 10 * RATE)))
            await asyncio.sleep(0.5 + i * 0.0013)
            frames.clear()
            pressed = loop.time()
            pressing = asyncio.create_task(other.press("5", on_s=0.08))
            assert (await playing).key == "5"
            call.flush_keys()
            await call.play(Sound(bytes([REPLY]) * 800), interrupt="")
            await pressing
            await asyncio.sleep(0.1)
            delays.append(next(at for at, frame in frames if bytes([REPLY]) * 40 in frame) - pressed)
        delays.sort()
        print(name, [round(delay * 1000) for delay in delays])
        assert delays[-1] <= DETECTOR_S + GOAL_S + 0.02, "20 ms: the frame of the ear"
        await call.hang_up()

    play(DRIVERS[name], tmp_path, story)
