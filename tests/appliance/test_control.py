"""The control socket: requests and answers, who may ask, and what becomes of nonsense."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
import threading

import pytest

from appliance import control
from appliance.answers import Answer, CommandFailed, Grid
from appliance.control import BoxDown, ControlServer, Peer, ask

GRID = Grid("teams", ("team", "calls"), [("alpha", "3")], right=(1,))


async def handler(peer, command, arguments):
    if command == "fail":
        raise CommandFailed("it cannot be done; do this")
    if command == "crash":
        raise ZeroDivisionError
    return Answer([f"{command} for {peer.uid}", GRID], 1, arguments)


def serve(path, story, *, group="root", mode=0o660):
    """Run a blocking `story` beside the server."""

    async def main():
        async with ControlServer(path, handler, group=group, mode=mode):
            return await asyncio.get_running_loop().run_in_executor(None, story)

    return asyncio.run(main())


def test_a_command_and_its_answer(tmp_path):
    answer = serve(tmp_path / "s", lambda: ask(tmp_path / "s", "lines", {"a": [1, "ä"]}))
    assert answer == Answer([f"lines for {os.getuid()}", GRID], 1, {"a": [1, "ä"]})


@pytest.mark.parametrize(("command", "text"), [("fail", "it cannot be done; do this"), ("crash", "ZeroDivisionError")])
def test_a_failure_is_told(tmp_path, command, text):
    with pytest.raises(CommandFailed, match=text):
        serve(tmp_path / "s", lambda: ask(tmp_path / "s", command, {}))


def test_nobody_there(tmp_path):
    with pytest.raises(BoxDown):
        ask(tmp_path / "none", "lines", {})
    (tmp_path / "left").touch()
    with pytest.raises(BoxDown):
        ask(tmp_path / "left", "lines", {})


def test_a_socket_left_behind_is_replaced_and_taken_away_at_the_end(tmp_path):
    path = tmp_path / "s"
    path.touch()
    assert serve(path, lambda: stat.S_IMODE(path.stat().st_mode)) == 0o660
    assert not path.exists()


@pytest.mark.parametrize("line", [b"{}", b"[]", b"null", b"x", b"\xff\xfe", b'{"command": "lines", "arguments": 3}'])
def test_nonsense_gets_an_answer_and_the_next_request_too(tmp_path, line):
    def story():
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(tmp_path / "s"))
            connection.settimeout(60)
            with connection.makefile("rwb") as stream:
                stream.write(line + b"\n" + b'{"command": "lines"}\n')
                stream.flush()
                return json.loads(stream.readline()), json.loads(stream.readline())

    first, second = serve(tmp_path / "s", story)
    assert "this is no request" in first["error"]
    assert second["answer"]["parts"][0].startswith("lines")


def test_requests_are_served_side_by_side(tmp_path):
    async def main():
        meet = threading.Barrier(3)

        async def slow(peer, command, arguments):
            await asyncio.get_running_loop().run_in_executor(None, meet.wait, 30)
            return Answer()

        async with ControlServer(tmp_path / "s", slow, group="root", mode=0o660):
            loop = asyncio.get_running_loop()
            await asyncio.gather(*(loop.run_in_executor(None, ask, tmp_path / "s", "x", {}) for _ in range(3)))

    asyncio.run(main())


def test_a_stranger_is_turned_away(tmp_path, monkeypatch):
    monkeypatch.setattr(Peer, "may_change", lambda self: False)
    with pytest.raises(CommandFailed, match="neither root nor in the group no-such-group"):
        serve(tmp_path / "s", lambda: ask(tmp_path / "s", "lines", {}), group="no-such-group")


def test_who_may_what(monkeypatch):
    root, stranger = Peer(1, 0, 0), Peer(1, 54321, 54321)
    assert root.may_change()
    assert root.may_ask("no-such-group")
    assert not stranger.may_change()
    assert not stranger.may_ask("no-such-group")
    assert Peer(1, os.geteuid(), 54321).may_change()

    class Group:
        gr_gid = 54321
        gr_mem = ()

    monkeypatch.setattr(control.grp, "getgrnam", lambda name: Group)
    assert stranger.may_ask("alertbox")
    assert not stranger.may_change()
    Group.gr_gid, Group.gr_mem = 1, ("54321",)
    assert stranger.may_ask("alertbox")
