"""PDU codecs that nobody here wrote, each in a process of its own."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build/oracles"
REQUIREMENTS = HERE / "oracles-requirements.txt"


def messaging_python() -> str:
    """An interpreter that has python-messaging; made where it is not there yet, every file by hash."""
    BUILD.mkdir(parents=True, exist_ok=True)
    venv = BUILD / "venv"
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one of pytest's workers makes it, the others wait
        ready = venv / "requirements"
        if not ready.exists() or ready.read_text() != REQUIREMENTS.read_text():
            subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
            pip = [
                venv / "bin/python",
                "-m",
                "pip",
                "install",
                "-qq",
                "--disable-pip-version-check",
                "--require-hashes",
            ]
            tool, oracle = REQUIREMENTS.read_text().split("\npython-messaging")
            for name, text in (("tool", tool + "\n"), ("oracle", "python-messaging" + oracle)):
                wanted = BUILD / f"{name}.txt"
                wanted.write_text(text)
                subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-r", wanted], check=True)
            ready.write_text(REQUIREMENTS.read_text())
    return str(venv / "bin/python")


def gammu_python() -> str:
    """The system's own interpreter: Debian's python3-gammu is built for it."""
    return "/usr/bin/python3"


def ask(python: str, script: str, requests: Iterable[object]) -> list[dict]:
    """The answers of an oracle to requests, in order. One that crashes is started again behind what killed it."""
    waiting = list(requests)
    answers: list[dict] = []
    while len(answers) < len(waiting):
        done = subprocess.run(
            [python, "-I", str(HERE / script)],
            input="".join(json.dumps(request) + "\n" for request in waiting[len(answers) :]),
            capture_output=True,
            text=True,
            check=False,
        )
        answers += [json.loads(line) for line in done.stdout.splitlines()]
        if len(answers) < len(waiting):
            assert done.returncode < 0, f"{script} ended with {done.returncode}:\n{done.stderr[-3000:]}"
            answers.append({"error": f"killed by signal {-done.returncode}"})
    return answers


def gammu(requests: Iterable[object]) -> list[dict]:
    """What gammu makes of them (see oracle_gammu.py)."""
    return ask(gammu_python(), "oracle_gammu.py", requests)


def messaging(requests: Iterable[object]) -> list[dict]:
    """What python-messaging makes of them (see oracle_messaging.py)."""
    return ask(messaging_python(), "oracle_messaging.py", requests)
