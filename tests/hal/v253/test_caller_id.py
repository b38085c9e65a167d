"""Who calls, in every order and with every gap in which modems say it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hal.line import LineState
from tests.hal.v253.world import OWN, PHONE, World, isdn, voice


async def offered(w: World, within: float = 20.0) -> tuple[float, str | None, str | None]:
    """When a call is offered, in seconds from now, and its numbers."""
    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(within):
        incoming = await anext(w.line.incoming())
    return round(asyncio.get_running_loop().time() - began, 2), incoming.caller, incoming.called


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # (seconds after the line before, line)
        ([(0, "RING"), (0.5, "DATE=1203"), (0, "TIME=1452"), (0, "NMBR=0771"), (0, "NAME=ALICE")], (1.0, "0771")),
        ([(0, "RING"), (0.5, "NMBR=0771")], (1.0, "0771")),
        ([(0, "RING"), (0.5, "NMBR=0771"), (0.4, "NAME=ALICE")], (1.4, "0771")),
        ([(0, "RING"), (0.5, "NMBR=0771"), (0.2, "RING")], (0.7, "0771")),
        ([(0, "RING"), (5, "RING")], (3.0, None)),
        ([(0, "RING"), (2, "RING")], (2.0, None)),
        ([(0, "RING"), (0.5, "NMBR = P")], (1.0, None)),
        ([(0, "RING"), (0.5, "DATE = 1003"), (0, "TIME = 2211")], (3.0, None)),
        # a British line: before the first ring, and without a name
        ([(0, "DATE=1203"), (0, "TIME=1452"), (0, "NMBR=0771"), (1, "RING")], (1.0, "0771")),
        ([(0, "NMBR=0771"), (0.3, "RING")], (0.3, "0771")),
        # one that never says RING
        ([(0, "DATE=1203"), (0, "TIME=1452"), (0, "NMBR=0771")], (3.5, "0771")),
        ([(0, "RING 0771")], (0.5, "0771")),
        ([(0, "RING;0771;4712")], (0.5, "0771")),
        ([(0, "RING"), (0.1, "MESG = 030430373731")], (0.6, "0771")),
        ([(0, "DRON=20"), (0, "RING"), (1, "DROF=40"), (0.1, "DRON=20"), (0.1, "RING")], (1.2, None)),
        ([(0, "RING"), (0, "FM:0771 TO:99"), (0, "RING")], (0.0, "0771")),
        ([(0, "RING"), (0.2, "0771")], (0.7, "0771")),
    ],
)
def test_a_call_is_offered_when_its_record_is_whole(
    lines: list[tuple[float, str]], expected: tuple[float, str | None], tmp_path: Path
) -> None:
    async def story(w: World) -> None:
        offer = asyncio.create_task(offered(w))
        await asyncio.sleep(0)
        for pause, line in lines:
            await asyncio.sleep(pause)
            w.modem.send(f"\r\n{line}\r\n".encode())
        when, caller, _ = await offer
        assert caller == expected[1]
        assert when == pytest.approx(expected[0], abs=0.05)

    voice("lucent", tmp_path, story)


@pytest.mark.parametrize(
    "line", ["DATE=1203", "NAME=ALICE", "DRON=20", "MSG_WAITING=ON", "NMBR", "TIME = 2211", "CIDM"]
)
def test_what_tells_no_number_is_no_call(line: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.modem.send(f"\r\n{line}\r\n".encode())
        with pytest.raises(TimeoutError):
            await offered(w, within=10)
        assert w.line.state is LineState.IDLE

    voice("lucent", tmp_path, story)


def test_a_number_alone_that_nothing_follows_is_given_up(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.modem.send(b"\r\nNMBR=0771\r\n")
        await asyncio.sleep(1)
        assert w.line.state is LineState.RINGING
        await asyncio.sleep(8)
        assert w.line.state is LineState.IDLE

    voice("lucent", tmp_path, story)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("model", ["lucent", "conexant", "si2493", "elsa", "zyxel2864"])
def test_the_caller_is_known_before_or_after_the_first_ring(model: str, first: bool, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.modem.caller_id_first = first
        calling = asyncio.ensure_future(w.phone.place(OWN, 60))
        _, caller, called = await offered(w)
        assert caller == PHONE
        assert called in (OWN, None)
        calling.cancel()

    voice(model, tmp_path, story)


def test_a_raw_message_is_read(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        await w.line.at.command("AT+VCID=2")
        calling = asyncio.ensure_future(w.phone.place(OWN, 60))
        assert (await offered(w))[1] == PHONE
        calling.cancel()

    voice("conexant", tmp_path, story)


@pytest.mark.parametrize(
    "lines",
    [
        "RING/4711|CALLER NUMBER: 0301",
        "CALLER NUMBER: 0301|RING/4711",
        "CALLER NUMBER: 0301|CALLED NUMBER: 4711|RING",
        "RING;0301;4711",
        "RING|FM:0301/12/ TO:4711/3/",
        "RING|FM: 0301 TO: 4711",
        "RING|FM:0301|TO:4711",
        "RING: VOICE DN4711 0301",
        "RING|NMBR=0301|NDID=4711",
        "RING|0301|CALLED NUMBER: 4711",
    ],
)
def test_the_called_number_in_every_form(lines: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        port = w.modem.lines[0]
        port.send("".join(f"\r\n{line}\r\n" for line in lines.split("|")).encode())
        when, caller, called = await offered(w)
        assert (caller, called) == ("0301", "4711")
        assert when < 0.5, "ISDN tells everything at once"

    isdn(tmp_path, story, msns=("4700",))
