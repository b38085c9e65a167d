"""The `alertbox` command: its tree comes from the table, and what it says when there is no box."""

from __future__ import annotations

import asyncio

import click
import pytest
from click.testing import CliRunner

from appliance import commands
from appliance.__main__ import main
from appliance.answers import Answer, CommandFailed
from appliance.control import ControlServer
from storage.records import AlarmRaised
from tests.support.stores import open_store

CONFIG = """
[paths]
state = "{directory}/state"
[control]
socket = "{directory}/control"
group = "root"
[[device]]
name = "isdn"
driver = "isdn4linux"
[[device.line]]
port = "/dev/ttyI0"
number = "4711"
"""


@pytest.fixture
def box_toml(tmp_path):
    path = tmp_path / "box.toml"
    path.write_text(CONFIG.format(directory=tmp_path))
    return path


def alertbox(box_toml, *words):
    return CliRunner().invoke(main, ["--config", str(box_toml), *words])


def walk(command, name=""):
    if isinstance(command, click.Group):
        for key, each in command.commands.items():
            yield from walk(each, f"{name} {key}".strip())
    if command.callback is not None and name:
        yield name


def test_every_command_of_the_table_is_there_and_nothing_unknown():
    own = {
        "run",
        "phone",
        "demo",
        "config",
        "config check",
        "overload replay",
        "overload simulate",
        "overload thresholds",
    }
    assert set(walk(main)) == set(commands.BY_NAME) | own


@pytest.mark.parametrize("name", commands.BY_NAME)
def test_help(box_toml, name):
    result = alertbox(box_toml, *name.split(), "--help")
    assert result.exit_code == 0
    assert " ".join(commands.BY_NAME[name].help.split())[:40] in " ".join(result.output.split())
    assert max(map(len, result.output.splitlines())) <= 80


def test_a_configuration_with_mistakes_is_told_whole(box_toml):
    box_toml.write_text("[service]\nnmae = 1\n")
    result = alertbox(box_toml, "check")
    assert result.exit_code == 2
    assert f"{box_toml}:2: [service].nmae: is not known; did you mean name?" in result.output
    assert "no line may dial" in result.output


def test_without_box_and_database_nothing_is_made(box_toml, tmp_path):
    result = alertbox(box_toml, "check")
    assert result.exit_code == 2
    assert "the box is not running" in result.output
    assert not (tmp_path / "state").exists()


def test_reports_without_the_box_come_from_its_database_and_say_so(box_toml, tmp_path):
    async def prepare():
        async with open_store(tmp_path / "state") as store:
            await store.commit(AlarmRaised("a.b", "major", "look here"))

    asyncio.run(prepare())
    before = sorted((path.name, path.stat().st_mtime_ns) for path in (tmp_path / "state").glob("*.db"))
    result = alertbox(box_toml, "check")
    assert result.exit_code == 2
    assert "The box is not running; this is what its database" in result.output
    assert "look here" in result.output
    assert alertbox(box_toml, "journal", "verify").exit_code == 0
    assert sorted((path.name, path.stat().st_mtime_ns) for path in (tmp_path / "state").glob("*.db")) == before


@pytest.mark.parametrize("words", [("lines",), ("pin", "set", "alpha"), ("roster", "load", "FILE")])
def test_what_needs_the_box_says_so(box_toml, tmp_path, words):
    (tmp_path / "r.toml").touch()
    result = alertbox(box_toml, *(str(tmp_path / "r.toml") if word == "FILE" else word for word in words))
    assert result.exit_code == 2
    assert "systemctl start alertbox" in result.output


def test_a_running_box_is_asked(box_toml, tmp_path):
    asked = []

    async def handler(peer, command, arguments):
        asked.append((command, arguments))
        if command == "pin set":
            raise CommandFailed("no such team")
        return Answer(["fine"], 1)

    roster = tmp_path / "r.toml"
    roster.write_text("# Überraschung")
    roster.chmod(0o640)

    async def story():
        async with ControlServer(tmp_path / "control", handler, group="root", mode=0o660):
            loop = asyncio.get_running_loop()
            commands_given = (
                ["alerts"],
                ["alerts", "show", "3"],
                ["calls", "--count", "5"],
                ["roster", "load", str(roster)],
                ["pin", "set", "x"],
            )
            return [await loop.run_in_executor(None, alertbox, box_toml, *words) for words in commands_given]

    *good, bad = asyncio.run(story())
    assert [(result.exit_code, result.output) for result in good] == [(1, "fine\n")] * 4
    assert (bad.exit_code, bad.output) == (2, "no such team\n")
    assert asked == [
        ("alerts", {"count": 20}),
        ("alerts show", {"id": 3}),
        ("calls", {"count": 5}),
        (
            "roster load",
            {"file": {"text": "# Überraschung", "source": str(roster), "private": False}, "set_pins": False},
        ),
        ("pin set", {"team": "x", "group": ""}),
    ]
