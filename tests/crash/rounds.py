"""Many rounds side by side, each in a process of its own, until so many kills are done."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import shutil
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from hal.clock import ScaledEventLoop
from tests.crash.campaign import Result, Round
from tests.crash.nursery import Nursery
from tests.crash.place import prepare

KILLS_A_ROUND = (4, 14)
"""Fewest and most kills of a round; some alerts are over before they have had all of theirs."""


@dataclass(frozen=True)
class Plan:
    """What to do."""

    base: Path
    """Directory of everything; what has failed stays there."""
    speed: float
    """Times life."""
    sabotage: str = ""
    """A mistake to build into the box (`tests.crash.sabotage`), to see that it is found."""


def crash(plan: Plan, *, kills: int, seed: int, jobs: int) -> Iterator[Result]:
    """Rounds with seeds from `seed` on, as they end, until there were `kills` kills; those of void rounds do not count.

    Ends before where too many rounds are void: the machine cannot keep up with that speed.
    """
    rounds = void = 0
    asyncio.run(prepare(plan.base / "template", plan.base / "prompts"))
    seeds = count(seed)
    running: dict[Future[Result], int] = {}
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        while kills > 0 or running:
            while len(running) < jobs and (due := kills - sum(running.values())) > 0:
                number = next(seeds)
                share = min(due, random.Random(number).randint(*KILLS_A_ROUND))
                running[pool.submit(one, plan, number, share)] = share
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                del running[done]
                result = done.result()
                rounds, void = rounds + 1, void + result.void
                kills -= 0 if result.void else result.kills
                yield result
                if void > 3 + rounds // 10:
                    return


def one(plan: Plan, seed: int, kills: int) -> Result:
    """One round, on a loop as fast as the box's."""
    with asyncio.Runner(loop_factory=lambda: ScaledEventLoop(plan.speed)) as runner:
        result = runner.run(_perform(plan, seed, kills))
    if not result.violations:
        shutil.rmtree(plan.base / f"{seed}")
    return result


async def _perform(plan: Plan, seed: int, kills: int) -> Result:
    nursery = await Nursery.open(plan.sabotage)
    try:
        return await Round(
            seed, kills, directory=plan.base / f"{seed}", template=plan.base / "template",
            prompts=plan.base / "prompts", nursery=nursery, speed=plan.speed,
        ).perform()  # fmt: skip
    finally:
        await nursery.close()
