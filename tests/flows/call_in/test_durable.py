"""The confirmation is spoken only when the alert is durably stored: a slow card is waited for, a full one is owned up to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from storage.errors import StorageError, StorageFull
from storage.records import AlertConfirmed, MessageRecorded
from tests.flows.call_in.people import CONFIRM, MAIN_MENU, PAIR, log_in, nobody_answers, record, voice
from tests.support.box import Town


def _hinder(town: Town, kind: type, what: Callable[[], Any]) -> Callable[[], None]:
    """Before each commit with such a record `what` is awaited; the return value ends that."""
    store = town.box.store
    commit = store.commit

    async def hindered(*records: Any, **more: Any) -> Any:
        if any(isinstance(each, kind) for each in records):
            await what()
        return await commit(*records, **more)

    store.commit = hindered
    return lambda: setattr(store, "commit", commit)


def _fails(error: Exception) -> Callable[[], Any]:
    async def fail() -> None:
        raise error

    return fail


def test_no_word_of_success_before_a_slow_card_has_it(play):
    async def story(town: Town) -> None:
        nobody_answers(town)
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await record(call)
            _hinder(town, AlertConfirmed, lambda: asyncio.sleep(7.0))
            await call.press("1")
            pressed = len(call.heard)
            await call.wait(6.5)
            assert not any("is stored" in caption for caption in call.captions)
            assert await town.box.store.campaigns.recent(1) == []
            # Nor is the caller left to wonder whether the line is dead.
            assert any(heard.begin > pressed and "One moment" in heard.caption for heard in call.prompts)
            await call.hears("Your alert is stored", within=5)
            assert len(await town.box.store.campaigns.recent(1)) == 1

    play(story, members=PAIR)


@pytest.mark.parametrize("error", [StorageFull("no space"), StorageError("input/output error")])
def test_an_alert_that_cannot_be_stored_is_said_to_be_not_sent_and_may_be_tried_again(play, error):
    async def story(town: Town) -> None:
        nobody_answers(town)
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            await record(call)
            mended = _hinder(town, AlertConfirmed, _fails(error))
            await call.press("1")
            said = await call.hears(CONFIRM, within=20)
            assert said.startswith("Your order could not be stored. Nothing has been sent.")
            assert not any("is stored" in caption for caption in call.captions)
            assert town.exchange.calls_to(town.members["bravo"].number) == []
            mended()
            await call.press("1")
            await call.hears("Your alert is stored", within=5)
        assert len(await town.box.store.campaigns.recent(9)) == 1

    play(story, members=PAIR)


def test_a_recording_that_cannot_be_stored_is_said_to_be_so_and_not_lost(play):
    async def story(town: Town) -> None:
        nobody_answers(town)
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            mended = _hinder(town, MessageRecorded, _fails(StorageFull("no space")))
            await call.press("1")
            await call.hears("after the tone", whole=True)
            await call.wait(0.8)
            await call.speaks(voice(1.2))
            await call.press("#")
            await call.hears("The recording could not be stored. Nothing has been sent. To try again, press one")
            mended()
            await call.press("1")
            await call.hears(CONFIRM, within=10)
            await call.press("0")
            await call.hears(MAIN_MENU["alpha"])

    play(story, members=PAIR)


def test_a_card_that_fails_for_good_ends_in_a_spoken_reason(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await log_in(town, call)
            town.box.store.messages.new_for = _broken
            for words in (MAIN_MENU["alpha"], MAIN_MENU["alpha"], ""):
                await call.press("2")
                await call.hears(
                    f"The memory of the alert box has a fault. That is not possible now. {words}", within=10
                )
            await call.hears("The alert box has an internal fault. Goodbye.", within=10)
            assert await call.ends(within=5)

    play(story, members=PAIR)


async def _broken(*_: object, **__: object) -> None:
    raise StorageError("input/output error")
