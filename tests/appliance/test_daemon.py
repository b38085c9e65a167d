"""`alertbox run` as systemd sees it: ready, alive, asked, stopped; and with a configuration that is wrong."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from ivr.prompts import load
from ivr.prompts.store import render_missing

CONFIG = """
[service]
languages = ["en"]
[paths]
state = "{directory}/state"
prompts = "{directory}/prompts"
[control]
socket = "{directory}/control"
group = "root"
[[device]]
name = "isdn"
driver = "isdn4linux"
[[device.line]]
port = "{directory}/no-such-port"
number = "4711"
"""
PATIENCE_S = 60
"""Seconds for anything; a watchdog of ten minutes is fed once meanwhile, so that its socket need not be read all the time."""


@pytest.fixture
def box_toml(tmp_path):
    render_missing(tmp_path / "prompts", load("en"), load("en").texts(), "fast")
    path = tmp_path / "box.toml"
    path.write_text(CONFIG.format(directory=tmp_path))
    return path


def alertbox(box_toml, *words):
    return [sys.executable, "-m", "appliance", "--config", str(box_toml), *words]


def test_the_life_of_the_service(box_toml, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE_S)
        environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "600000000"}
        environment.pop("WATCHDOG_PID", None)
        box = subprocess.Popen(alertbox(box_toml, "run"), env=environment, stderr=subprocess.PIPE, text=True)
        try:
            told = set()
            while not {"READY=1", "WATCHDOG=1"} <= told:
                told.update(manager.recv(4096).decode().splitlines())

            check = subprocess.run(alertbox(box_toml, "check"), capture_output=True, text=True, check=False)
            assert check.returncode == 2
            assert "no line that may dial is in service" in check.stdout
            assert "line isdn is out of service" in check.stdout

            box.send_signal(signal.SIGTERM)
            while "STOPPING=1" not in told:
                told.update(manager.recv(4096).decode().splitlines())
            assert box.wait(PATIENCE_S) == 0
        finally:
            box.kill()
            box.communicate()
    assert not (tmp_path / "control").exists()


def test_a_killed_box_leaves_a_socket_that_is_nobody(box_toml, tmp_path):
    box = subprocess.Popen(alertbox(box_toml, "run"), stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE_S
        while not (tmp_path / "control").exists():
            assert box.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
    finally:
        box.kill()
        box.wait()
    check = subprocess.run(alertbox(box_toml, "check"), capture_output=True, text=True, check=False)
    assert check.returncode == 2
    assert "The box is not running" in check.stdout


def test_a_wrong_configuration_ends_it_at_once(box_toml):
    box_toml.write_text("[service]\nnmae = 1\n")
    done = subprocess.run(alertbox(box_toml, "run"), capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 2
    assert "did you mean name?" in done.stderr


def test_a_box_that_came_up_once_survives_a_slip_of_the_editor(box_toml, tmp_path):
    good = box_toml.read_text()
    for text, expected in (
        (good, "the box is up"),
        (good.replace("languages", "lnaguages"), "alarm box.configuration"),
        (good, "alarm box.configuration cleared"),
    ):
        box_toml.write_text(text)
        box = subprocess.Popen(alertbox(box_toml, "run"), stderr=subprocess.PIPE, text=True)
        try:
            said = []
            while not (any(expected in each for each in said) and any("the box is up" in each for each in said)):
                said.append(line := box.stderr.readline())
                assert line, said
            check = subprocess.run(alertbox(box_toml, "check"), capture_output=True, text=True, check=False)
            assert ("last good configuration is in use" in check.stdout) == (text != good)
            assert ("did you mean languages?" in check.stderr) == (text != good)
            box.send_signal(signal.SIGTERM)
            box.stderr.read()
            assert box.wait(PATIENCE_S) == 0
        finally:
            box.kill()
            box.communicate()


def test_the_configuration_can_be_checked_before_a_restart(box_toml):
    checked = subprocess.run(alertbox(box_toml, "config", "check"), capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    wrong = box_toml.with_name("new.toml")
    wrong.write_text("[service]\nnmae = 1\n")
    checked = subprocess.run(
        alertbox(box_toml, "config", "check", str(wrong)), capture_output=True, text=True, check=False
    )
    assert checked.returncode == 2
    assert "did you mean name?" in checked.stderr


def test_a_second_box_leaves_the_first_alone(box_toml, tmp_path):
    box = subprocess.Popen(alertbox(box_toml, "run"), stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE_S
        while not (tmp_path / "control").exists():
            assert box.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
        second = subprocess.run(
            alertbox(box_toml, "run"), capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        assert second.returncode == 2
        assert "in use by another process" in second.stderr
        check = subprocess.run(alertbox(box_toml, "check"), capture_output=True, text=True, check=False)
        assert "The box is not running" not in check.stdout
    finally:
        box.kill()
        box.wait()


def test_a_box_without_its_socket_still_comes_up_and_says_so(box_toml, tmp_path):
    (tmp_path / "file").touch()
    box_toml.write_text(box_toml.read_text().replace("/control", "/file/control"))
    box = subprocess.Popen(alertbox(box_toml, "run"), stderr=subprocess.PIPE, text=True)
    try:
        said = []
        while "the box is up" not in (line := box.stderr.readline()):
            assert line, said
            said.append(line)
        assert any("no command reaches the box" in line for line in said)
    finally:
        box.kill()
        box.communicate()
