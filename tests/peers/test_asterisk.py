"""A real Asterisk beside the box: watched over AMI, and its callers reordered, challenged and refused (`tests.peers.asterisk`).

Debian 12 has no Asterisk, so that one of unstable is fetched once into `build/peers/asterisk` (a root directory of 300 MB;
ASTERISK_ROOT names another one).
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from tests.peers import asterisk

ROOT = Path(os.environ.get("ASTERISK_ROOT") or Path(__file__).parents[2] / "build/peers/asterisk")


def _version() -> str:
    """Of the package in the root directory."""
    shown = subprocess.run(
        ["dpkg-query", f"--admindir={ROOT}/var/lib/dpkg", "-W", "-f", "${Version}", "asterisk"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return shown.stdout or "of sid"


pytestmark = pytest.mark.peer("asterisk", version=_version())


def _fetch() -> None:
    """A signed release that has expired is taken, too: snapshots and mirrors keep old ones."""
    if (ROOT / "usr/sbin/asterisk").exists():
        return
    ROOT.parent.mkdir(parents=True, exist_ok=True)
    command = ["mmdebstrap", "--variant=minbase", "--include=asterisk", '--aptopt=Acquire::Check-Valid-Until "false"']
    subprocess.run([*command, "sid", str(ROOT)], check=True, capture_output=True, timeout=1800)


def test_calls_are_seen_as_they_are_and_callers_are_reordered_challenged_and_refused(capsys):
    _fetch()
    assert asyncio.run(asterisk.main(ROOT)) == 0, capsys.readouterr().out
