"""Dialogues with the analogue voice modems (V.253)."""

import asyncio

import pytest

from hal.simulated import Exchange, g711
from tests.hal.simulated.terminal import Terminal, shielded, speech, unshielded
from tests.support.virtualtime import run_virtual


async def ready(exchange: Exchange, *commands: str) -> Terminal:
    terminal = Terminal(exchange.directory / "voice")
    for command in ("Z", "E0", "+FCLASS=8", "+VCID=1", *commands):
        await terminal.at(command)
    return terminal


def through(data: bytes) -> bytes:
    """What eight-bit linear makes of A-law."""
    return data.translate(g711.ALAW_TO_U8).translate(g711.U8_TO_ALAW)


def test_conexant_identifies_itself(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.voice_modem("voice", "4712")
            terminal = Terminal(tmp_path / "voice")
            assert await terminal.at("Z") == b"ATZ\r\r\nOK\r\n"
            await terminal.at("E0")
            assert b"\r\n56000\r\n" in await terminal.at("I0")
            assert b"CX93001-EIS_V0.2002-V92" in await terminal.at("I3")
            assert await terminal.at("+VLS=1", "ERROR")  # not in voice mode
            assert await terminal.at("+FCLASS=8")
            assert b'1,"UNSIGNED PCM",8,0,8000,0,0\r\n' in await terminal.at("+VSM=?")
            assert await terminal.at("+VSM=140,8000", "ERROR")
            assert await terminal.at("-SCID=1;+VCID=1;-STE=3")
            assert b"128,0" in await terminal.at("+VSD?")

    run_virtual(story())


def test_commands_on_the_hook_do_not_end_the_ringing(tmp_path):
    async def story():  # as vm of mgetty does it: set up from the beginning while it rings, then off hook
        async with Exchange(tmp_path) as exchange:
            exchange.voice_modem("voice", "4712")
            terminal = await ready(exchange)
            calling = asyncio.create_task(exchange.phone("03012345").place("4712", 60))
            await terminal.expect("RING\r\n")
            for command in ("H", "+VLS=0", "+FCLASS=0", "Z"):
                await terminal.at(command)
            await terminal.at("+FCLASS=8;+VLS=1")
            await (await calling).hang_up()

    run_virtual(story())


@pytest.mark.parametrize(("model", "number"), [("conexant", b"NMBR = 03012345\r\n"), ("usr5637", b"NMBR=03012345\r\n")])
def test_caller_id_stands_between_the_rings(tmp_path, model, number):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.voice_modem("voice", "4712", model=model)
            terminal = await ready(exchange)
            calling = asyncio.create_task(exchange.phone("03012345").place("4712", 60))
            assert await terminal.expect("RING\r\n") == b"\r\nRING\r\n"
            assert b"RING" not in await terminal.expect(number)
            await terminal.expect("RING\r\n")
            await terminal.at("+VLS=1")
            call = await calling
            await call.hang_up()
            code = b"b" if model == "conexant" else b"d"
            assert await terminal.expect(b"\x10" + code)
            await terminal.at("+VLS=0")

    run_virtual(story())


def test_half_duplex_greeting_beep_recording_busy(tmp_path):
    """The sequence that vgetty sends."""

    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.voice_modem("voice", "4712", model="usr5637")
            terminal = await ready(exchange, "+VSM=128,8000")
            calling = asyncio.create_task(exchange.phone("03012345").place("4712", 60))
            await terminal.expect("RING\r\n")
            await terminal.at("+VLS=1")
            call = await calling
            assert await terminal.at("+VTR", "ERROR")
            await terminal.at("+VTX", "CONNECT")
            greeting = speech(1.0)
            await terminal.send(shielded(greeting.data.translate(g711.ALAW_TO_U8)) + b"\x10\x03")
            await terminal.expect("OK\r\n")
            assert through(greeting.data) in call.heard
            assert await terminal.at("+VTS=[933,,50]", "ERROR")  # this one wants both
            began = asyncio.get_running_loop().time()
            await terminal.at("+VTS=[900,900,50]")
            assert 0.5 <= asyncio.get_running_loop().time() - began < 0.6
            await terminal.at("+VRX", "CONNECT")
            said = speech(1.0, 2)
            await call.speaks(said)
            await call.press("5")
            await call.hang_up()
            stream = await terminal.expect(b"\x10d")
            audio, codes = unshielded(stream)
            assert through(said.data).translate(g711.ALAW_TO_U8) in audio
            assert codes == b"/55~d"
            await terminal.send(b"\x10!")
            assert (await terminal.expect("OK\r\n")).endswith(b"\x10\x03\r\nOK\r\n")
            await terminal.at("+VLS=0")

    run_virtual(story())


def test_duplex_ends_with_a_caret(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.voice_modem("voice", "4712", model="si2493")
            terminal = await ready(exchange, "+VSM=5,8000,0,0")
            calling = asyncio.create_task(exchange.phone("03012345").place("4712", 60))
            await terminal.expect(b"\x10R")
            await terminal.at("+VLS=1")
            call = await calling
            await terminal.at("+VTR", "CONNECT")
            prompt, said = speech(0.5, 1, "hello"), speech(0.5, 2)
            exchange.captions.learn(prompt)
            await asyncio.gather(terminal.send(shielded(prompt.data)), call.speaks(said), call.hears("hello"))
            await terminal.send(b"\x10^")
            audio, codes = unshielded(await terminal.expect("OK\r\n"))
            assert said.data in audio
            assert codes == b"\x03"

    run_virtual(story())


def test_answer_is_taken_from_the_ring_back_tone(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.voice_modem("voice", "4712")
            terminal = await ready(exchange, "+VRA=45", "+VRN=3")
            phone = exchange.phone("1")
            await terminal.send("ATD1\r")
            ring = await phone.rings()
            call = await ring.answer(after=6)
            assert b"OK" not in await terminal.hears_within(3)
            await terminal.expect("OK\r\n")
            await terminal.at("+VLS=0")
            assert call.hung_up
            exchange.phone("2", busy=True)
            await terminal.at("D2", "BUSY")

    run_virtual(story())


def test_the_line_rings_although_the_port_is_closed(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.voice_modem("voice", "4712")
            with pytest.raises(ConnectionError):
                await exchange.phone("1").place("4712", 20)
            assert exchange.calls[0].rang is not None

    run_virtual(story())


@pytest.mark.parametrize(("model", "codes"), [("conexant", b"\x10/\x105\x10~"), ("usr5637", b"\x10/\x105\x105\x10~")])
def test_a_key_is_told_once_or_for_as_long_as_it_is_held(tmp_path, model, codes):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.voice_modem("voice", "4712", model=model)
            terminal = await ready(exchange)
            calling = asyncio.create_task(exchange.phone("03012345").place("4712", 60))
            await terminal.expect("RING\r\n")
            await terminal.at("+VLS=1")
            call = await calling
            await call.press("5")
            assert codes in await terminal.hears_within(0.3)
            await call.hang_up()
            await terminal.at("+VLS=0")

    run_virtual(story())
