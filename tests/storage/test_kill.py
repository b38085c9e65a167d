"""SIGKILL at random moments: what was acknowledged is there after every restart, and nothing is there in part."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.storage.support import open_store
from tests.storage.test_projections import rebuilt

ROOT = Path(__file__).resolve().parents[2]
KILLS = 6


def run_and_kill(directory: Path, rng: random.Random) -> set[tuple[int, int]]:
    """The commits that the victim has told of, as first and last record."""
    command = [sys.executable, "-m", "tests.storage.victim", str(directory), str(rng.randrange(1000))]
    victim = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert victim.stdout is not None
    told = [victim.stdout.readline() for _ in range(rng.randint(1, 200))]
    time.sleep(rng.random() * 0.02)
    victim.kill()
    told += victim.stdout.readlines()
    victim.wait()
    victim.stdout.close()
    return {(int(line.split()[0]), int(line.split()[1])) for line in told if line.endswith(b"\n")}


async def records_there(directory: Path) -> int:
    store = await open_store(directory)
    report = await store.journal.verify()
    assert report.ok
    assert not report.unknown
    for message in range(1, store.new_id("message")):
        await store.messages.sound(message)
    await store.close()
    return report.records


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path: Path) -> None:
    rng = random.Random(1)
    for _ in range(KILLS):
        told = run_and_kill(tmp_path, rng)
        assert told, "it was killed before it had done anything"
        there = asyncio.run(records_there(tmp_path))
        assert there >= max(last for _, last in told)
        before, after, count = rebuilt(tmp_path / "box.db")
        assert count == there
        assert before == after
