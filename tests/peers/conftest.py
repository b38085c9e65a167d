"""The suite of independent peers: who is asked what, which skips are expected, and the table at the end.

A test of a peer carries `peer(NAME, package=DEBIAN_PACKAGE)` or `peer(NAME, version=...)`; its behaviour is its name.
A skip that is not in skips.txt fails the run, and so does a line of skips.txt whose test did not skip.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SKIPS = Path(__file__).with_name("skips.txt")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "peer(name, package, version): a program that nobody here wrote, and where it is from"
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    if os.geteuid() != 0:
        raise pytest.UsageError("the peers get private views of /etc and their own processes: run this as root")


def installed(package: str) -> str:
    """The version of a Debian package; empty where it is not installed."""
    shown = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package],
        capture_output=True,
        text=True,
        check=False,
    )
    status, _, version = shown.stdout.partition(" ")
    return version if status == "installed" else ""


def pytest_runtest_setup(item: pytest.Item) -> None:
    marker = item.get_closest_marker("peer")
    if marker is None:
        return
    version = marker.kwargs.get("version") or installed(marker.kwargs["package"])
    item.user_properties += [("peer", marker.args[0]), ("version", version)]
    if not version:
        pytest.fail(f"the Debian package {marker.kwargs['package']} is not installed: make peers-test does that")


def expected_skips() -> dict[str, str]:
    """Test -> reason, from skips.txt."""
    lines = (line.partition("#")[0].strip() for line in SKIPS.read_text().splitlines())
    return {test.strip(): reason.strip() for test, _, reason in (line.partition(":::") for line in lines if line)}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows: dict[str, tuple[str, str, str, str]] = {}
    for outcome in ("passed", "skipped", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            properties = dict(getattr(report, "user_properties", ()))
            if "peer" in properties and (report.when == "call" or outcome in ("skipped", "failed", "error")):
                name = report.nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")
                took = f"{report.duration:.0f} s" if outcome == "passed" else ""
                rows[report.nodeid] = (properties["peer"], properties["version"], name, f"{outcome} {took}".strip())
    if not rows:
        return
    terminalreporter.section("independent peers at the simulated modems")
    table = [("peer", "version", "behaviour", "result"), *(rows[key] for key in sorted(rows))]
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    for row in table:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        terminalreporter.line(line.rstrip())


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = {report.nodeid.split("tests/peers/")[-1] for report in reporter.stats.get("skipped", [])}
    ran = {
        report.nodeid.split("tests/peers/")[-1] for report in reporter.stats.get("passed", []) if report.when == "call"
    }
    expected = expected_skips()
    for test in sorted(skipped - expected.keys()):
        reporter.write_line(f"\nskipped, and no line of skips.txt allows it: {test}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    for test in sorted(ran & expected.keys()):
        reporter.write_line(f"\nskips.txt says it would be skipped, but it ran: {test}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
