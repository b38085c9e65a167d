"""Messages in text mode, as clients of 3GPP TS 27.005, 3 see them."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.simulated import Exchange, pdu, textmode
from hal.simulated.pdu import BadPdu
from tests.hal.simulated.terminal import Terminal
from tests.support.virtualtime import run_virtual

BOX = "+4915112345"
FRIEND = "+491711234567"


async def ready(exchange: Exchange, *commands: str) -> Terminal:
    terminal = Terminal(exchange.directory / "gsm")
    for command in ("E0", "+CMEE=1", "+CMGF=1", *commands):
        await terminal.at(command)
    return terminal


def test_a_message_out_and_its_report(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.gsm_modem("gsm", BOX)
            terminal = await ready(exchange, "+CNMI=2,1,0,1,0", "+CSMP=49,167,0,0")
            assert b"+CMGF: 1\r\n" in await terminal.at("+CMGF?")
            assert b"+CSMP: 49,167,0,0\r\n" in await terminal.at("+CSMP?")
            await terminal.send(f'AT+CMGS="{FRIEND}"\r')
            await terminal.expect("> ")
            await terminal.send(b"two\rlines\x1a")
            assert b"+CMGS: 1\r\n" in await terminal.expect("OK\r\n")
            assert exchange.sms == [(BOX, FRIEND, "two\nlines")]
            report = await terminal.expect(",0\r\n", within=5)
            assert f'+CDS: 6,1,"{FRIEND}",145,"26/11/22,'.encode() in report
            await terminal.send(f'AT+CMGS="{FRIEND}"\r')
            await terminal.expect("> ")
            await terminal.send(b"x" * 161 + b"\x1a")
            await terminal.expect("+CMS ERROR: 305\r\n")

    run_virtual(story())


def test_ucs2_in_and_out(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.gsm_modem("gsm", BOX)
            terminal = await ready(exchange, '+CSCS="UCS2"', "+CSMP=17,167,0,8", "+CNMI=2,1,0,0,0")
            await terminal.send(f'AT+CMGS="{FRIEND.encode("utf-16-be").hex()}"\r')
            await terminal.expect("> ")
            await terminal.send("Ж😀".encode("utf-16-be").hex().upper().encode() + b"\x1a")
            await terminal.expect("OK\r\n")
            assert exchange.sms == [(BOX, FRIEND, "Ж😀")]
            exchange.send_sms(FRIEND, BOX, "Жук")
            await terminal.expect("+CMTI: ")
            answer = (await terminal.at("+CMGR=0")).decode()
            assert "Жук".encode("utf-16-be").hex().upper() in answer
            assert FRIEND.encode("utf-16-be").hex().upper() in answer
            assert "Simulated".encode("utf-16-be").hex().upper() in (await terminal.at("+COPS?")).decode()

    run_virtual(story())


def test_reading_listing_and_deleting(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.gsm_modem("gsm", BOX)
            terminal = await ready(exchange, "+CNMI=2,1,0,0,0", "+CSDH=1")
            exchange.send_sms(FRIEND, BOX, "hello")
            exchange.send_sms("Bank", BOX, "pay!")
            await terminal.expect('+CMTI: "SM",1\r\n')
            answer = (await terminal.at("+CMGR=0")).decode()
            assert f'+CMGR: "REC UNREAD","{FRIEND}",,"26/11/22,12:00:' in answer
            assert answer.endswith(',145,4,0,0,"+491710760000",145,5\r\nhello\r\n\r\nOK\r\n')
            unread = (await terminal.at('+CMGL="REC UNREAD"')).decode()
            assert "pay!" in unread
            assert "hello" not in unread
            await terminal.send('AT+CMGW="123"\r')
            await terminal.expect("> ")
            await terminal.send(b"later\x1a")
            assert b"+CMGW: 2\r\n" in await terminal.expect("OK\r\n")
            assert '+CMGL: 2,"STO UNSENT","123",,' in (await terminal.at('+CMGL="ALL"')).decode()
            assert b"+CMSS: 1\r\n" in await terminal.at("+CMSS=2")
            assert exchange.sms == [(BOX, "123", "later")]
            await terminal.at("+CMGD=1,4")
            assert await terminal.at('+CMGL="ALL"') == b"\r\nOK\r\n"
            assert await terminal.at('+CMGL="SOME"', "+CMS ERROR: 302")

    run_virtual(story())


def test_direct_delivery_must_be_acknowledged_where_that_was_chosen(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.gsm_modem("gsm", BOX)
            terminal = await ready(exchange, "+CSMS=1", "+CNMI=2,2,0,0,0")
            exchange.send_sms(FRIEND, BOX, "one")
            await terminal.expect("\r\none\r\n")
            await terminal.at("+CNMA")
            assert await terminal.at("+CNMA", "+CMS ERROR: 340")
            exchange.send_sms(FRIEND, BOX, "two")
            await terminal.expect("\r\ntwo\r\n")
            await asyncio.sleep(20)  # no +CNMA: the modem delivers no more, and the network keeps the message
            assert b"+CNMI: 2,0,0,0,0\r\n" in await terminal.at("+CNMI?")
            await terminal.at("+CNMI=2,1,0,0,0")
            assert b"+CMTI: " in await terminal.at("+CMGD=1,4")  # there may be room now: it tries again

    run_virtual(story())


@settings(deadline=None, derandomize=True)
@given(
    st.text(st.sampled_from("abcÄß€[] \n£@_"), max_size=70),
    st.sampled_from(["+491711234567", "0301", "#21*"]),
    st.booleans(),
)
def test_text_becomes_a_pdu_and_text_again(text, number, wide):
    hexadecimal, octets = textmode.submit(number, text, (17, 167, 0, 8 if wide else 0))
    read = pdu.read_submit(hexadecimal, octets)
    assert (read.recipient, read.text) == (number, text)
    seen = textmode.look(hexadecimal)
    assert (seen.kind, seen.number) == (1, number)
    assert textmode.from_terminal(textmode.to_terminal(text, "UCS2"), "UCS2") == text
    assert textmode.from_terminal(textmode.to_terminal(text, "GSM"), "GSM") == text


@pytest.mark.parametrize(
    ("number", "text", "parameters"),
    [
        ("", "x", (17, 167, 0, 0)),
        ("1", "x" * 161, (17, 167, 0, 0)),
        ("1", "Ж", (17, 167, 0, 0)),
        ("1", "x", (81, 167, 0, 0)),
    ],
)
def test_what_text_mode_cannot_send(number, text, parameters):
    with pytest.raises(BadPdu):
        textmode.submit(number, text, parameters)
