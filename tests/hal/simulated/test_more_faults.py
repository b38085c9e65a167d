"""The faults of dialogue, data states and ports, seen from the other end of the wire."""

from __future__ import annotations

import asyncio
import os

import pytest

from hal.simulated import Exchange
from tests.hal.simulated.terminal import Terminal, shielded, speech
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


async def talking(exchange, terminal, stream="+VTX"):
    """A call that is up, the modem in a data state; the telephone's end."""
    calling = asyncio.create_task(exchange.phone("1").place("4711", 30))
    await terminal.expect("RING")
    await terminal.at("A", "VCON")
    call = await calling
    if stream:
        await terminal.at(stream, "CONNECT")
    return call


def test_answers_that_mean_nothing(tmp_path):
    async def story(exchange, modem, terminal):
        modem.faults.ok_to_all = True
        assert await terminal.at("+NONSENSE=1") == b"\r\nOK\r\n"
        assert await terminal.at("S0=7") == b"\r\nOK\r\n"
        modem.faults.set(ok_to_all=False, no_voice=True)
        assert await terminal.at("S0?") == b"\r\n0\r\nOK\r\n"
        assert await terminal.at("+FCLASS=8", "ERROR")
        modem.faults.set(no_voice=False, shifted=True)
        await terminal.send("ATS0?\r")
        assert await terminal.hears_within(2) == b""
        assert await terminal.at("") == b"\r\n0\r\nOK\r\n"
        assert await terminal.at("S7?") == b"\r\nOK\r\n"

    on_a_modem(tmp_path, story)


def test_nothing_understood(tmp_path):
    async def story(exchange, modem, terminal):
        modem.faults.wrong_baud = True
        await terminal.send("AT\r")
        noise = await terminal.hears_within(2)
        assert len(noise) == 3
        assert noise != b"AT\r"
        modem.faults.set(wrong_baud=False, prompt=True)
        await terminal.send("AT\rATZ\r")
        assert await terminal.hears_within(2) == b""
        await terminal.send("\x1b\r")
        assert await terminal.hears_within(1) == b"\r\nOK\r\n"
        assert await terminal.at("") == b"\r\nOK\r\n"
        modem.faults.hangs_on = "S7"
        assert await terminal.at("S0=2") == b"\r\nOK\r\n"
        await terminal.send("ATS0=3S7?\r")
        assert await terminal.hears_within(5) == b""
        assert modem.faults.silent
        assert modem.registers[0] == 2, "it hung before it carried the command out"

    on_a_modem(tmp_path, story)


def test_restarting_forgets_all(tmp_path):
    async def story(exchange, modem, terminal):
        call = await talking(exchange, terminal)
        modem.restarts()
        assert call.hung_up
        assert await terminal.at("+FCLASS?") == b"AT+FCLASS?\r\r\n0\r\nOK\r\n"

    on_a_modem(tmp_path, story)


@pytest.mark.parametrize(("fault", "end", "says"), [("codes_ignored", "\x10\x03", b""), ("three_dle", "\x10\x03", b"")])
def test_a_data_state_that_is_not_left(tmp_path, fault, end, says):
    async def story(exchange, modem, terminal):
        call = await talking(exchange, terminal)
        modem.faults.set(**{fault: True})
        await terminal.send(shielded(speech(0.2).data))
        await terminal.send(end)
        assert await terminal.hears_within(3) == says
        await terminal.send("\x10\x10\x10\x03")
        assert await terminal.hears_within(3) == (b"\r\nVCON\r\n" if fault == "three_dle" else b"")
        await call.hang_up()

    on_a_modem(tmp_path, story)


def test_a_received_stream_and_its_end(tmp_path):
    async def story(exchange, modem, terminal):
        modem.faults.underrun = True
        call = await talking(exchange, terminal, "")
        await terminal.send("AT+VRX\r")
        assert (await terminal.hears_within(0.1)).startswith(b"\r\nCONNECT\r\n\x10u")
        modem.faults.set(underrun=False, overrun=True)
        heard = await terminal.hears_within(1.0)
        assert heard.count(b"\x10o") in (4, 5)
        assert 43 * 160 <= len(heard) <= 46 * 160
        modem.faults.set(overrun=False, etx_lost=True)
        await terminal.send("\x10\x14")
        ended = await terminal.hears_within(1.0)
        assert ended.endswith(b"\r\nVCON\r\n")
        assert b"\x10\x03" not in ended
        modem.faults.set(etx_lost=False, end_lost=True)
        await call.hang_up()
        assert b"NO CARRIER" not in await terminal.hears_within(3.0)

    on_a_modem(tmp_path, story)


def test_a_port_that_is_re_enumerated_unnoticed(tmp_path):
    async def story(exchange, modem, terminal):
        modem.port.ghost()
        assert os.write(terminal.fd, b"AT\r") == 3
        assert await terminal.hears_within(3) == b""
        again = Terminal(tmp_path / "isdn.1")
        assert await again.at("") == b"AT\r\r\nOK\r\n"
        modem.unplug()
        with pytest.raises(OSError):
            os.write(terminal.fd, b"AT\r")

    on_a_modem(tmp_path, story)
