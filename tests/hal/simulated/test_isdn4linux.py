"""Dialogues with the ISDN adapter as its documentation describes them."""

import asyncio

from hal.simulated import Cause, Exchange
from tests.hal.simulated.terminal import Terminal, shielded, speech, unshielded
from tests.support.virtualtime import run_virtual


async def ready(exchange: Exchange, node: str = "isdn.1") -> Terminal:
    terminal = Terminal(exchange.directory / node)
    await terminal.at("Z")
    await terminal.at("E0")
    for command in ("&E4711", "+FCLASS=8", "S18=1", "S13=92", "S23=1", "+VSM=5", "+VLS=2"):
        await terminal.at(command)
    return terminal


def test_it_says_what_it_is(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.isdn_adapter("isdn", ["4711"])
            terminal = Terminal(tmp_path / "isdn.1")
            assert await terminal.at("E0") == b"ATE0\r\r\nOK\r\n"
            assert await terminal.at("I") == b"\r\nLinux ISDN\r\nOK\r\n"
            assert await terminal.at("S18?") == b"\r\n4\r\nOK\r\n"
            listed = await terminal.at("+FCLASS=8+VSM=?")
            assert b"5;ALAW;8;0;(8000)\r\n" in listed
            assert b"6;ULAW;8;0;(8000)\r\n" in listed
            for unknown in ("+VTS=1", "+VTR", "+VCID=1", "+NONSENSE", "\\N3"):
                assert await terminal.at(unknown, "ERROR") == b"\r\nERROR\r\n"
            assert await terminal.at("+VRX", "ERROR")
            assert await terminal.at("+VLS=2+VRX", "NO ANSWER")

    run_virtual(story())


def test_a_call_in_with_both_numbers_and_audio_both_ways(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.isdn_adapter("isdn", ["4711"])
            terminal = await ready(exchange)
            phone = exchange.phone("03012345")
            calling = asyncio.create_task(phone.place("4711", 60))
            rung = await terminal.expect("CALLER NUMBER: 03012345\r\n")
            assert rung == b"\r\nRING/4711\r\nCALLER NUMBER: 03012345\r\n"
            assert b"RING" not in await terminal.hears_within(11)  # once only, with RUNG
            await terminal.at("A", "VCON")
            call = await calling
            await terminal.at("+VTX+VRX", "CONNECT\r\n\r\nCONNECT")
            prompt, said = speech(1.0, 1, "welcome"), speech(1.0, 2)
            exchange.captions.learn(prompt)
            await asyncio.gather(
                terminal.send(shielded(prompt.data)), call.speaks(said), call.hears("Welcome", whole=True)
            )
            assert prompt.data in call.heard
            await call.press("4#")
            audio, codes = unshielded(await terminal.hears_within(0.5))
            assert said.data in audio
            assert codes == b"4#"
            await terminal.send(b"\x10\x14")
            assert (await terminal.expect(b"\x10\x03")).endswith(b"\x10\x03")
            await terminal.send(b"\x10\x03")
            assert await terminal.expect("VCON\r\n") == b"\r\nVCON\r\n"
            assert await terminal.at("H") == b"\r\nNO CARRIER/E0010\r\n\r\nOK\r\n"
            assert await call.ends(within=1)

    run_virtual(story())


def test_the_caller_hangs_up_while_it_records_or_plays(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.isdn_adapter("isdn", ["4711"])
            terminal = await ready(exchange)
            for command, farewell in (("+VRX", b"\x10\x03"), ("+VTX", b"\x10\x14"), ("+VTX+VRX", b"\x10\x03\x10\x14")):
                calling = asyncio.create_task(exchange.phone("03012345").place("4711", 60))
                await terminal.expect("CALLER NUMBER: 03012345\r\n")
                await terminal.at("A", "VCON")
                await terminal.at(command, "CONNECT")
                await (await calling).hang_up()
                assert (await terminal.expect("NO CARRIER/E0010\r\n")).endswith(farewell + b"\r\nNO CARRIER/E0010\r\n")

    run_virtual(story())


def test_recording_ends_with_any_byte(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.isdn_adapter("isdn", ["4711"])
            terminal = await ready(exchange)
            calling = asyncio.create_task(exchange.phone("03012345").place("4711", 60))
            await terminal.expect("CALLER NUMBER")
            await terminal.at("A", "VCON")
            await calling
            await terminal.at("+VRX", "CONNECT")
            await terminal.send(b"\x11\x13")
            assert b"VCON" not in await terminal.hears_within(1)
            await terminal.send(b"x")
            await terminal.expect(b"\x10\x03\r\nVCON\r\n")

    run_virtual(story())


def test_why_a_call_out_failed(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            adapter = exchange.isdn_adapter("isdn", ["4711"])
            faults = adapter.lines[0].faults
            terminal = await ready(exchange)
            exchange.phone("1", busy=True)
            exchange.phone("2", refuse=Cause.CALL_REJECTED)
            exchange.phone("3", switched_off=True)
            exchange.phone("4").never_answers()
            assert await terminal.at("D1", "BUSY/E0211")
            assert await terminal.at("D2", "BUSY/E0215")
            assert await terminal.at("D3", "BUSY/E0212", within=10)
            assert await terminal.at("D99", "BUSY/E0201")
            faults.congestion = True
            assert await terminal.at("D4", "BUSY/E0222")
            faults.congestion, faults.no_carrier = False, True
            before = asyncio.get_running_loop().time()
            assert await terminal.at("D4", "NO CARRIER/E0222")
            assert asyncio.get_running_loop().time() - before < 0.1
            faults.clear()
            assert await terminal.at("D4", "NO CARRIER/E0222", within=70)  # S7
            assert await terminal.at("S18=5")
            assert await terminal.at("D4", "BUSY/E0258")  # a data call
            assert await terminal.at("&ES18=1")
            assert await terminal.at("D4", "NO MSN/EAZ")

    run_virtual(story())


def test_a_call_out_is_given_up_by_typing(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.isdn_adapter("isdn", ["4711"])
            terminal = await ready(exchange)
            phone = exchange.phone("1")
            await terminal.send("ATD1\r")
            ring = await phone.rings()
            assert ring.caller == "4711"
            await terminal.send("\r")
            await terminal.expect("NO CARRIER")
            assert await ring.rings_out(within=1)

    run_virtual(story())


def test_a_caller_who_gives_up(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.isdn_adapter("isdn", ["4711"])
            terminal = await ready(exchange)
            phone = exchange.phone("03012345", present_number=False)
            calling = asyncio.create_task(phone.place("4711", 60))
            assert b"CALLER NUMBER: 0\r\n" in await terminal.expect("CALLER NUMBER: 0\r\n")
            calling.cancel()
            assert await terminal.expect("RUNG\r\n")
            assert await terminal.at("A", "NO ANSWER")

    run_virtual(story())


def test_two_lines_share_a_number_and_a_closed_port_drops_the_call(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            adapter = exchange.isdn_adapter("isdn", ["4711", "4711"])
            one, two = await ready(exchange), await ready(exchange, "isdn.2")
            calls = []
            for terminal, number in ((one, "1"), (two, "2")):
                calling = asyncio.create_task(exchange.phone(number).place("4711", 60))
                await terminal.expect(f"CALLER NUMBER: {number}\r\n")
                await terminal.at("A", "VCON")
                calls.append(await calling)
            one.close()
            assert await calls[0].ends(within=1)
            assert not calls[1].hung_up
            assert adapter.lines[0].circuit is None
            one = await ready(exchange)
            await asyncio.gather(calls[1].hang_up(), two.expect("NO CARRIER"))

    run_virtual(story())


def test_playing_is_taken_at_eight_thousand_bytes_a_second(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.isdn_adapter("isdn", ["4711"])
            terminal = await ready(exchange)
            calling = asyncio.create_task(exchange.phone("1").place("4711", 60))
            await terminal.expect("CALLER NUMBER")
            await terminal.at("A", "VCON")
            await calling
            await terminal.at("+VTX", "CONNECT")
            loop = asyncio.get_running_loop()
            began = loop.time()
            prompt = speech(10)
            await terminal.send(shielded(prompt.data) + b"\x10\x03")
            accepted = loop.time() - began
            await terminal.expect("VCON", within=30)
            assert 7 < accepted < 9.9  # the pty holds a second or two
            assert 10 <= loop.time() - began < 10.1
            assert prompt.data in (await calling).heard

    run_virtual(story())
