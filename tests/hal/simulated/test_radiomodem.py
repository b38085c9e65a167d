"""Dialogues with the simulated SIM7600 (3GPP TS 27.007 and 27.005)."""

import asyncio
import os

import pytest

from hal.simulated import Cause, Exchange, NotAnswered, g711
from tests.hal.simulated.terminal import Terminal, speech
from tests.support.virtualtime import run_virtual

BOX = "+4915112345"


async def ready(exchange: Exchange, *commands: str) -> Terminal:
    terminal = Terminal(exchange.directory / "gsm")
    for command in ("E0", "+CMEE=1", "+CLIP=1", "+CLCC=1", "+CMGF=0", "+DDET=1", *commands):
        await terminal.at(command)
    return terminal


def test_state_and_identity(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            modem = exchange.gsm_modem("gsm", BOX)
            terminal = await ready(exchange)
            assert await terminal.at("+CGMI") == b"\r\nSIMCOM INCORPORATED\r\n\r\nOK\r\n"
            assert b"+CREG: 0,1\r\n" in await terminal.at("+CREG?")
            assert b"+CSQ: 20,99\r\n" in await terminal.at("+CSQ")
            assert b"+CPIN: READY\r\n" in await terminal.at("+CPIN?")
            answer = await terminal.at("+COUTGAIN?;+CMICGAIN?")
            assert b"+COUTGAIN: 4\r\n" in answer
            assert b"+CMICGAIN: 4\r\n" in answer
            assert await terminal.at("+ZPAS=?", "+CME ERROR: 100")
            await terminal.at("+CREG=2")
            modem.set_registration(2)
            assert await terminal.expect("+CREG: 2\r\n")
            assert await terminal.at("D1;", "NO CARRIER")
            with pytest.raises(NotAnswered) as error:
                await exchange.phone("1").place(BOX, 20)
            assert error.value.cause is Cause.NO_USER_RESPONDING

    run_virtual(story())


def test_the_card_has_one_number(tmp_path):
    async def story():  # ofono reads the file of the card, others ask the modem
        async with Exchange(tmp_path) as exchange:
            exchange.gsm_modem("gsm", BOX)
            terminal = await ready(exchange)
            asked = (await terminal.at("+CICCID")).split()[-2].decode()
            read = (await terminal.at("+CRSM=176,12258,0,0,10")).split(b'"')[1].decode()
            assert "".join(b + a for a, b in zip(read[::2], read[1::2], strict=True)) == asked

    run_virtual(story())


def test_a_call_in_with_pcm_both_ways(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.gsm_modem("gsm", BOX)
            terminal = await ready(exchange)
            pcm = os.open(tmp_path / "gsm.pcm", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            assert await terminal.at("+CPCMREG=1", "ERROR")
            calling = asyncio.create_task(exchange.phone("+49301").place(BOX, 60))
            assert await terminal.expect('+CLCC: 1,1,4,0,0,"+49301",145,""\r\n', within=10)
            assert await terminal.expect("RING\r\n")
            assert await terminal.expect('+CLIP: "+49301",145,"",0,"",0\r\n')
            await terminal.at("A")
            await terminal.expect('+CLCC: 1,1,0,0,0,"+49301",145,""\r\n')
            await terminal.expect("VOICE CALL: BEGIN\r\n")
            call = await calling
            await terminal.at("+CPCMREG=1")
            prompt, said = speech(1.0, 1, "welcome"), speech(1.0, 2)
            exchange.captions.learn(prompt)

            async def play():
                data = g711.to_s16le(prompt.data)
                for position in range(0, len(data), 320):
                    os.write(pcm, data[position : position + 320])
                    await asyncio.sleep(0.02)

            got = bytearray()

            async def record():
                while len(got) < 16000 + 320 * 10:
                    try:
                        got.extend(os.read(pcm, 640))
                    except BlockingIOError:
                        await asyncio.sleep(0.01)

            await asyncio.gather(play(), record(), call.speaks(said), call.hears("welcome", whole=True))
            assert g711.to_s16le(said.data) in bytes(got)
            await call.press("42")
            await terminal.expect("+RXDTMF: 4\r\n")
            await terminal.expect("+RXDTMF: 2\r\n")
            await terminal.at('+VTS="7"')
            await call.hang_up()
            await terminal.expect("VOICE CALL: END: 0000")
            await terminal.expect("NO CARRIER\r\n")
            assert await terminal.at("+CLCC") == b"\r\nOK\r\n"
            assert await terminal.at("+CPCMREG=1", "ERROR")
            os.close(pcm)

    run_virtual(story())


def test_calls_out_and_their_ends(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.gsm_modem("gsm", BOX)
            terminal = await ready(exchange)
            phone = exchange.phone("1")
            await terminal.at("D1;")
            await terminal.expect('+CLCC: 1,0,2,0,0,"1",129,""\r\n')
            ring = await phone.rings(within=10)
            await terminal.expect('+CLCC: 1,0,3,0,0,"1",129,""\r\n')
            assert b"+CLCC: 1,0,3" in await terminal.at("+CLCC")
            call = await ring.answer()
            await terminal.expect("VOICE CALL: BEGIN\r\n")
            await call.wait(3)
            ended = await terminal.at("+CHUP")
            assert b"VOICE CALL: END: 000003" in ended
            assert b"NO CARRIER" not in ended, "programs would take it for the result of +CHUP"
            assert call.hung_up
            assert await terminal.at("+CHLD=11", "+CME ERROR: 3")
            await terminal.at("D1;")
            call = await (await phone.rings(within=10)).answer()
            await terminal.at("+CHLD=11")  # as ModemManager hangs up
            assert call.hung_up
            calling = asyncio.create_task(phone.place(BOX, 60))
            await terminal.expect("RING\r\n")
            await terminal.at("+CHLD=0")
            with pytest.raises(NotAnswered):
                await calling
            await terminal.at("D1;")
            await (await phone.rings(within=10)).reject()
            await terminal.expect("NO CARRIER\r\n")
            assert b"+CEER: Call rejected\r\n" in await terminal.at("+CEER")
            phone.busy = True
            await terminal.at("D1;")
            await terminal.expect("BUSY\r\n", within=10)

    run_virtual(story())


# SUBMIT to +491711234567 with status report and relative validity; the text is the well-known example "hellohello".
SUBMIT = "0031000C91947111325476" + "0000AA" + "0AE8329BFD4697D9EC37"


def test_a_message_out_with_its_report(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.gsm_modem("gsm", BOX)
            terminal = await ready(exchange, "+CNMI=2,1,0,1,0")
            octets = len(SUBMIT) // 2 - 1
            await terminal.send(f"AT+CMGS={octets}\r")
            assert await terminal.expect("> ") == b"\r\n> "
            await terminal.send(b"\x1b")
            await terminal.expect("OK\r\n")
            assert exchange.sms == []
            await terminal.send(f"AT+CMGS={octets}\r")
            await terminal.expect("> ")
            await terminal.send(SUBMIT.encode() + b"\x1a")
            assert b"+CMGS: 1\r\n" in await terminal.expect("OK\r\n")
            assert exchange.sms == [(BOX, "+491711234567", "hellohello")]
            assert await terminal.expect("+CDS: ")
            await terminal.send(f"AT+CMGS={octets + 1}\r")
            await terminal.expect("> ")
            await terminal.send(SUBMIT.encode() + b"\x1a")
            assert await terminal.expect("+CMS ERROR: 304\r\n")

    run_virtual(story())


def test_a_report_is_acknowledged_with_a_pdu(tmp_path):
    async def story():  # as ofono does it
        async with Exchange(tmp_path) as exchange:
            exchange.gsm_modem("gsm", BOX)
            terminal = await ready(exchange, "+CSMS=1", "+CNMI=2,2,2,1,0")
            assert await terminal.at("+CNMA=1,2", "+CMS ERROR: 340")
            await terminal.send(f"AT+CMGS={len(SUBMIT) // 2 - 1}\r")
            await terminal.expect("> ")
            await terminal.send(SUBMIT.encode() + b"\x1a")
            await terminal.expect("+CDS: ")
            await terminal.expect("\r\n079194710167000006")
            await terminal.send("AT+CNMA=1,2\r")
            await terminal.expect("\r\n> ")
            await terminal.send(b"0000\x1a")
            await terminal.expect("\r\nOK\r\n")

    run_virtual(story())


def test_messages_in_and_distinct_stores(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.gsm_modem("gsm", BOX)
            terminal = await ready(exchange, '+CPMS="ME","ME","ME"', "+CNMI=2,1,0,0,0")
            exchange.send_sms("+491711234567", BOX, "Grüße €")
            await terminal.expect('+CMTI: "ME",0\r\n')
            read = await terminal.at("+CMGR=0")
            assert b"+CMGR: 0,," in read
            assert b"04" in read
            assert b"+CMGL: 0,1,," in await terminal.at("+CMGL=4")
            await terminal.at('+CPMS="SM"')
            assert await terminal.at("+CMGR=0", "+CMS ERROR: 321")
            await terminal.at('+CPMS="ME"')
            await terminal.at("+CMGD=0")
            assert await terminal.at("+CMGL=4") == b"\r\nOK\r\n"
            exchange.send_sms("+491711234567", BOX, "x" * 200)
            await terminal.expect('+CMTI: "ME",0\r\n')
            assert b"+CMTI" not in await terminal.hears_within(0.3), "one part after the other"
            await terminal.expect('+CMTI: "ME",1\r\n')

    run_virtual(story())


def test_it_restarts_under_the_same_name_and_forgets(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.gsm_modem("gsm", BOX)
            terminal = await ready(exchange)
            await terminal.at("+CRESET")
            await asyncio.sleep(2)
            assert not (tmp_path / "gsm").exists()
            with pytest.raises(OSError):
                os.write(terminal.fd, b"AT\r")
            await asyncio.sleep(3.5)
            terminal = Terminal(tmp_path / "gsm")
            await terminal.expect("PB DONE", within=10)
            assert b"+CLIP: 0,1\r\n" in await terminal.at("+CLIP?")

    run_virtual(story())
