"""Fixtures of the flow tests: `play` runs a story in a town (`tests.support.box`) under virtual time."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ivr.prompts import available, load
from ivr.prompts.store import render_missing
from tests.support.box import CONFIG, ISDN, MEMBERS, Member, Town, town
from tests.support.virtualtime import START_WALL, run_virtual


@pytest.fixture(scope="session")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The phrases of all languages as short sounds (`ivr.prompts.fast`)."""
    directory = tmp_path_factory.mktemp("prompts")
    for code in available():
        language = load(code)
        texts = [*language.texts(), "Test alert", *(member.name for member in MEMBERS)]
        render_missing(directory, language, texts, "fast")
    return directory


Play = Callable[..., None]


@pytest.fixture
def play(tmp_path: Path, prompts: Path) -> Play:
    """`play(story, members=..., config=..., limit_s=..., start_wall=...)`: run `story(town)`.

    `limit_s` is in virtual seconds, `start_wall` the time of day at which it begins.
    """

    def run(
        story: Callable[[Town], Coroutine[Any, Any, None]],
        *,
        members: tuple[Member, ...] = MEMBERS,
        config: str = CONFIG + ISDN,
        limit_s: float = 7200.0,
        start_wall: float | datetime = START_WALL,
    ) -> None:
        async def whole() -> None:
            async with town(tmp_path, prompts, members=members, config=config) as place:
                await story(place)

        run_virtual(whole(), limit_s=limit_s, start_wall=start_wall)

    return run
