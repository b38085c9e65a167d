"""Every fault, seen from the other end of the wire."""

import asyncio
import os

import pytest

from hal.simulated import Exchange, UnexpectedCall
from tests.hal.simulated.terminal import Terminal, speech
from tests.support.virtualtime import run_virtual


def on_a_modem(tmp_path, story):
    async def main():
        async with Exchange(tmp_path) as exchange:
            modem = exchange.isdn_adapter("isdn", ["4711"]).lines[0]
            terminal = Terminal(tmp_path / "isdn.1")
            for command in ("E0", "&E4711", "+FCLASS=8", "S18=1", "+VSM=5", "+VLS=2"):
                await terminal.at(command)
            await story(exchange, modem, terminal)

    run_virtual(main())


def test_silent_and_well_again(tmp_path):
    async def story(exchange, modem, terminal):
        modem.faults.silent = True
        await terminal.send("AT\r")
        assert await terminal.hears_within(30) == b""
        modem.faults.silent = False
        assert await terminal.at("") == b"\r\nOK\r\n"

    on_a_modem(tmp_path, story)


def test_garbage(tmp_path):
    async def story(exchange, modem, terminal):
        modem.faults.garbage = True
        await terminal.send("AT\r")
        noise = await terminal.hears_within(10)
        assert 9000 < len(noise) < 11000
        assert b"OK" not in noise[:100]
        modem.faults.garbage = False
        await terminal.hears_within(1)
        assert await terminal.at("") == b"\r\nOK\r\n"

    on_a_modem(tmp_path, story)


def test_answers_that_are_wrong_or_misshapen(tmp_path):
    async def story(exchange, modem, terminal):
        modem.faults.error = True
        assert await terminal.at("", "ERROR")
        modem.faults.set(error=False, swallow_ok=2)
        await terminal.send("AT\r")
        assert await terminal.hears_within(2) == b""
        await terminal.send("AT\r")
        assert await terminal.hears_within(2) == b""
        modem.faults.doubled_cr = True
        await terminal.send("AT\r")
        assert await terminal.hears_within(1) == b"\r\r\nOK\r\r\n"
        modem.faults.set(doubled_cr=False, glued=True)
        assert await terminal.at("S0?") == b"\r\n0OK\r\n"
        modem.faults.set(glued=False, unsolicited="RUNG")
        assert await terminal.at("S0?") == b"\r\nRUNG\r\n0\r\nOK\r\n"
        modem.faults.set(unsolicited="", echo=True)
        assert await terminal.at("E0") == b"ATE0\r\r\nOK\r\n"
        modem.faults.set(echo=False, delay_s=7)
        began = asyncio.get_running_loop().time()
        assert await terminal.at("", within=10) == b"\r\nOK\r\n"
        assert asyncio.get_running_loop().time() - began > 7
        with pytest.raises(KeyError):
            modem.faults.set(nonsense=1)

    on_a_modem(tmp_path, story)


def test_split_writes(tmp_path):
    async def story(exchange, modem, terminal):
        modem.faults.split_writes = 7
        pieces = []
        await terminal.send("ATI+VSM=?\r")
        while b"OK\r\n" not in b"".join(pieces):
            try:
                pieces.append(os.read(terminal.fd, 4096))
            except BlockingIOError:
                await asyncio.sleep(0.0001)
        assert len(pieces) > 15
        assert b"Linux ISDN\r\n2;ADPCM" in b"".join(pieces)
        modem.faults.split_writes = None
        await terminal.at("")
        assert await terminal.at("I") == b"\r\nLinux ISDN\r\nOK\r\n"

    on_a_modem(tmp_path, story)


def test_a_modem_hangs_in_the_middle_of_playing(tmp_path):
    async def story(exchange, modem, terminal):
        calling = asyncio.create_task(exchange.phone("1").place("4711", 30))
        await terminal.expect("RING")
        await terminal.at("A", "VCON")
        call = await calling
        modem.faults.hang_in_stream_s = 1.0
        await terminal.at("+VTX", "CONNECT")
        sound = speech(2.5)
        await terminal.send(sound.data.replace(b"\x10", b"\x10\x10"))
        assert await terminal.hears_within(20) == b""
        assert modem.faults.silent
        assert sound.data[:7800] in call.heard
        assert sound.data[:8400] not in call.heard
        await call.hang_up()

    on_a_modem(tmp_path, story)


def test_unplugged_and_back_under_another_name(tmp_path):
    async def story(exchange, modem, terminal):
        calling = asyncio.create_task(exchange.phone("1").place("4711", 30))
        await terminal.expect("RING")
        await terminal.at("A", "VCON")
        call = await calling
        modem.unplug()
        assert call.hung_up
        assert not (tmp_path / "isdn.1").exists()
        with pytest.raises(OSError):
            os.write(terminal.fd, b"AT\r")
        modem.plug("ttyACM7")
        again = Terminal(tmp_path / "ttyACM7")
        assert await again.at("") == b"AT\r\r\nOK\r\n"  # echo is on after an open

    on_a_modem(tmp_path, story)


def test_an_unexpected_call_fails_the_test(tmp_path):
    async def story(exchange, modem, terminal):
        exchange.phone("1")
        await terminal.send("ATD1\r")
        await asyncio.sleep(5)
        await terminal.send("\r")

    with pytest.raises(UnexpectedCall, match="4711 called 1"):
        on_a_modem(tmp_path, story)


def test_a_network_without_circuits(tmp_path):
    async def story(exchange, modem, terminal):
        exchange.phone("1").never_answers()
        exchange.congested = True
        await terminal.at("S13=8")
        assert await terminal.at("D1", "BUSY/E0222")
        modem.faults.no_dial_tone = True
        assert await terminal.at("D1", "NO DIALTONE/E0222")

    on_a_modem(tmp_path, story)


def test_two_exchanges_tell_the_same_story(tmp_path):
    logs = []
    for run in range(2):
        log = []

        async def story(exchange, modem, terminal, log=log):
            modem.faults.split_writes = 3
            for _ in range(3):
                calling = asyncio.create_task(exchange.phone("1").place("4711", 30))
                await terminal.expect("RING")
                await terminal.at("A", "VCON")
                await terminal.at("+VTX+VRX", "CONNECT\r\n\r\nCONNECT")
                call = await calling
                await call.press("123")
                log.append((asyncio.get_running_loop().time(), await terminal.hears_within(0.2)))
                await call.hang_up()
                await terminal.expect("NO CARRIER\r\n")
            log.append(exchange.calls)

        on_a_modem(tmp_path / str(run), story)
        logs.append(log)
    assert logs[0] == logs[1]
