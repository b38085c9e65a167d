"""What systemd is told, and that its unit file is sound."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from appliance import config, health
from appliance.health import Health, watchdog_interval
from tests.support.virtualtime import run_virtual

UNIT = Path(health.__file__).parent / "systemd/alertbox.service"


def test_the_watchdog_is_fed_twice_as_often_as_systemd_wants():
    assert watchdog_interval({"WATCHDOG_USEC": "30000000"}) == 15.0


@pytest.mark.parametrize(
    "environment", [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "x"}, {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}]
)
def test_where_no_watchdog_waits_none_is_fed(environment):
    assert watchdog_interval(environment) is None
    told = []
    asyncio.run(Health(told.append).feed())
    assert told == []


def test_the_loop_feeds_the_watchdog():
    told = []

    async def story():
        feeding = asyncio.create_task(Health(told.append, interval=15).feed())
        await asyncio.sleep(61)
        feeding.cancel()

    run_virtual(story())
    assert told == ["WATCHDOG=1"] * 5


def test_a_stuck_loop_starves_it():
    told = []

    async def story():
        feeding = asyncio.create_task(Health(told.append, interval=0.01).feed())
        await asyncio.sleep(0.05)
        before = len(told)
        time.sleep(0.2)
        assert len(told) == before
        feeding.cancel()

    asyncio.run(story())
    assert told


def test_ready_and_stopping_are_told():
    told = []
    box = Health(told.append)
    box.ready("3 devices")
    box.stopping(90)
    assert told[0] == "READY=1\nSTATUS=3 devices"
    assert "STOPPING=1\nEXTEND_TIMEOUT_USEC=100000000\n" in told[1]


def test_systemd_waits_longer_than_conversations_may_take():
    timeout = re.search(r"^TimeoutStopSec=(\d+)$", UNIT.read_text(), re.MULTILINE)
    assert timeout
    assert int(timeout[1]) > config.Lines().stop_s


@pytest.fixture
def unit(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here")
    copy = tmp_path / "alertbox.service"
    copy.write_text(UNIT.read_text().replace("/usr/bin/alertbox", shutil.which("true")))
    return copy


def test_the_unit_file_has_no_mistakes(unit):
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_file_leaves_little_open(unit):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", unit], capture_output=True, text=True, check=False
    )
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert level, done.stdout + done.stderr
    assert float(level[1]) <= 1.5


def test_what_the_unit_forbids_the_box_does_not_need():
    """MemoryDenyWriteExecute: everything that the daemon loads works without memory that is writable and executable."""
    program = """
import ctypes, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0): sys.exit(77)  # PR_SET_MDWE (prctl(2), Linux 6.3)
import appliance.daemon, numpy, asyncio, storage.credentials
from storage import Argon2Cost
from storage.credentials import Credentials
async def story(): return await Credentials(None, b"x" * 32, Argon2Cost()).hash("12345")
assert asyncio.run(story()).startswith("$argon2id$")
"""
    import sys

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip("this kernel has no PR_SET_MDWE")
    assert done.returncode == 0, done.stderr
