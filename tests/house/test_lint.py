"""The checks that a machine can do: ruff, mypy --strict, shellcheck, and that the lock holds what is declared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def run(*command: str) -> None:
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        pytest.fail(f"{' '.join(command)}\n{result.stdout}{result.stderr}", pytrace=False)


def tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / name for name in listing.stdout.splitlines() if (ROOT / name).is_file()]


def test_ruff() -> None:
    run(str(BIN / "ruff"), "check", ".")


def test_ruff_format() -> None:
    run(str(BIN / "ruff"), "format", "--check", ".")


def test_mypy() -> None:
    run(str(BIN / "mypy"), "--no-error-summary")


def test_shellcheck() -> None:
    scripts = [
        p for p in tracked() if p.suffix == ".sh" or p.read_bytes()[:20].startswith((b"#!/bin/bash", b"#!/bin/sh"))
    ]
    assert scripts
    run("shellcheck", *(os.fspath(p) for p in scripts))


def test_every_declared_dependency_is_locked_with_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    lock = (ROOT / "requirements.lock").read_text()
    pinned = {m[1].lower().replace("_", "-"): m[0] for m in re.finditer(r"^([A-Za-z0-9_.-]+)==", lock, re.M)}
    for requirement in declared:
        name = re.match(r"[A-Za-z0-9_.-]+", requirement)
        assert name is not None
        assert name[0].lower().replace(".", "-") in pinned, f"{requirement} is not in requirements.lock: make lock"
    for block in re.split(r"\n(?=[A-Za-z0-9])", lock):
        if "==" in block.splitlines()[0]:
            assert "--hash=sha256:" in block, block.splitlines()[0]


def test_the_project_names_no_machine_or_registry() -> None:
    """The project speaks only of itself: no address of a package registry stands in any file."""
    hosts = re.compile(rb"https?://[a-z0-9.-]*(pypi|debian|npmjs|pythonhosted)[a-z0-9.-]*", re.I)
    found = [p.relative_to(ROOT) for p in tracked() if p.name != Path(__file__).name and hosts.search(p.read_bytes())]
    assert not found
