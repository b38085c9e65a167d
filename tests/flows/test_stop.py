"""A stop in order lets conversations end, within a limit."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from hal.simulated import CallEnded, NotAnswered
from tests.support.box import Town


def test_a_caller_may_finish_and_nobody_new_is_answered(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await town.log_in(call, "alpha")
            stopping = asyncio.create_task(town.stop())
            await call.wait(10)
            assert not stopping.done()
            with pytest.raises(NotAnswered):
                await town.phone("bravo").dial("4711", within=10)
            await call.press("3")
            await call.hears("no alert", within=30)
        await stopping
        assert not town.box.lines()[0].in_service
        await town.restart()
        assert town.box.store.stopped_cleanly

    play(story)


def test_a_caller_who_does_not_come_to_an_end_is_cut_off_at_the_limit(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await town.log_in(call, "alpha")
            loop = asyncio.get_running_loop()
            began = loop.time()

            async def chat() -> None:
                with suppress(CallEnded):
                    while True:
                        await call.wait(2)
                        await call.press("*")

            chatting = asyncio.create_task(chat())
            await town.stop()
            assert 29 <= loop.time() - began <= 45
            await chatting
            assert call.hung_up
        await town.restart()

    play(story)
