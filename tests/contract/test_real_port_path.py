"""The way by which a real modem joins the suite, walked with a simulated one in a process of its own: real time, real ports."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.realmodem import real_modem

ROOT = Path(__file__).resolve().parents[2]
EXCHANGE = """
ring_cadence_s = 2.0
[[voice]]
name = "voice"
number = "4712"
model = "usr5637"
[[gsm]]
name = "gsm"
number = "+4915112345"
[[isdn]]
name = "isdn"
msns = ["4711"]
[[subscriber]]
number = "03012345"
behaviour = "listens"
ring_s = 0.5
"""


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Path]:
    """The directory of device nodes of an exchange in another process."""
    config = tmp_path / "exchange.toml"
    config.write_text(EXCHANGE)
    command = [sys.executable, "-m", "hal.simulated", "--config", str(config), "--directory", str(tmp_path / "dev")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout
    process.stdout.readline()
    yield tmp_path / "dev"
    process.terminate()
    process.wait(20)


def suite(*select: str, **environment: str) -> tuple[int, str]:
    """Run the tests of a real modem; the exit status, and what they said."""
    variables = {f"ALERTBOX_TEST_{name}": value for name, value in environment.items()}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-s",
            "-p",
            "no:cacheprovider",
            "tests/contract/test_real_modem.py",
            *select,
        ],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )
    return done.returncode, done.stdout


def test_a_radio_modem_joins(exchange: Path) -> None:
    status, said = suite(
        "-k",
        "identifies or audio_travels or call_out or message",
        PORT=str(exchange / "gsm"),
        AUDIO=str(exchange / "gsm.pcm"),
        NUMBER="03012345",
        SMS="03012345",
        PIN="1234",
    )
    assert status == 0, said
    assert re.search(r"driver model: sim7600", said)
    assert "4 passed" in said
    assert "1234\n" not in said.replace("03012345", ""), "the PIN stands in no output"


def test_a_voice_modem_joins_without_a_partner(exchange: Path) -> None:
    status, said = suite(PORT=str(exchange / "voice"))
    assert status == 0, said
    assert re.search(r"driver model: usr5637", said)
    assert re.search(r"codec: alaw", said)
    assert "6 passed, 5 skipped" in said


def test_without_a_port_there_are_no_such_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALERTBOX_TEST_PORT", raising=False)
    assert real_modem() is None
    monkeypatch.setenv("ALERTBOX_TEST_PORT", "/dev/ttyUSB0,/dev/ttyUSB1")
    monkeypatch.setenv("ALERTBOX_TEST_PIN", "7351")
    there = real_modem()
    assert there is not None
    assert there.config.ports == ("/dev/ttyUSB0", "/dev/ttyUSB1")
    assert "7351" not in repr(there)
