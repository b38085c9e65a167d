"""A full disk: a clear alarm, and a whole alert, recording included, on the space that is kept for it."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import reserve
from tests.support.box import CONFIG, ISDN, Town, samples_heard, speech
from tests.support.callees import ALPHA, BRAVO, DELTA, person

SAID = speech(2.0)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 48 MiB for the state of the box."""
    where = tmp_path / "disk"
    where.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", where], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small tmpfs needs root: {mounted.stderr.strip()}")
    yield where
    subprocess.run(["umount", "-l", where], check=True)


def fill(disk: Path) -> None:
    """Use up the disk; there is always somebody's log file."""
    with open(disk / "log", "ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65536))
        except OSError:
            return


def test_the_alert_goes_through_and_the_alarm_stands(play, disk, monkeypatch):
    monkeypatch.setattr(reserve, "RETRY_S", 0.0)  # of real time, which stands still here

    async def story(town: Town) -> None:
        fill(disk)
        team = person(town, BRAVO)
        person(town, DELTA)
        campaign = await town.ended(await town.alert_from("alpha", SAID))
        assert set(campaign.reached) == {"bravo", "delta"}
        assert samples_heard(SAID.data, team.heard) >= SAID.samples - 1600
        await asyncio.sleep(60.0)
        alarms = {alarm.key: alarm for alarm in town.box.store.alarms.active()}
        assert alarms["storage.space"].severity == "critical"
        check = await town.command("check")
        assert check.status == 1
        assert any("the disk is full" in str(part) for part in check.parts)

        (disk / "log").unlink()
        await asyncio.sleep(120.0)
        assert "storage.space" not in {alarm.key for alarm in town.box.store.alarms.active()}

    play(story, members=(ALPHA, BRAVO, DELTA), config=CONFIG.replace("{directory}/state", "{directory}/disk") + ISDN)
