"""What a trace keeps, and what never enters it."""

from __future__ import annotations

import asyncio
import logging
import timeit

import pytest

from hal.at import Interpreter
from hal.errors import ModemSilent
from hal.serialport import SerialPort
from hal.trace import TEXT_LIMIT, Kind, Trace, Traces, masked
from tests.hal.scripted import ScriptedModem
from tests.support.virtualtime import run_virtual


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("AT+CSQ", "AT+CSQ"),
        ('AT+CPIN="4711"', "AT+CPIN=..."),
        ("at+cpin=12345678,4711", "at+cpin=..."),
        ("AT+CMEE=1;+CPIN=4711;+CREG?", "AT+CMEE=1;+CPIN=..."),
        ('AT+CPWD="SC","4711","0815"', "AT+CPWD=..."),
        ('AT+CLCK="SC",1,"4711"', "AT+CLCK=..."),
        ("AT^CPIN=4711", "AT^CPIN=..."),
        ("AT+QPIN=4711", "AT+QPIN=..."),
        ("ATD**04*4711*0815*0815#;", "ATD**04*..."),
        ("ATD**052*12345678*0815*0815#", "ATD**052*..."),
        ("AT+CPIN?", "AT+CPIN?"),
        ("AT+CPIN=?", "AT+CPIN=?"),
        ("+CPIN: SIM PIN", "+CPIN: SIM PIN"),
        ("ATD+493012345;", "ATD+493012345;"),
        ("+RXDTMF: 5", "+RXDTMF: ..."),
        ("+DTMF:5", "+DTMF: ..."),
        ("^DDTMF: 5", "^DDTMF: ..."),
        ("+QTONEDET: 56", "+QTONEDET: ..."),
        ('AT+VTS="5"', "AT+VTS=..."),
        ("AT^DTMF=1,5", "AT^DTMF=..."),
        ("AT+VTS={5,12}", "AT+VTS=..."),
        ("AT+VTS=?", "AT+VTS=?"),
        ("0791947106004013040C9194711232547600", "(message, 18 octets)"),
        ("89490200001234567890", "89490200001234567890"),
        ("+CMT: ,18 0791947106004013040C9194711232547600", "+CMT: ,18 (message, 18 octets)"),
        ("+CDS: 18 0791947106004013040C9194711232547600", "+CDS: 18 (message, 18 octets)"),
        ("0791947106004013040C9194711232547600OK", "(message, 18 octets)OK"),
        ("AT+CPIN = 4711", "AT+CPIN =..."),
        ('AT+CLDTMF=2,"4,7,1,1"', "AT+CLDTMF=..."),
    ],
)
def test_what_is_hidden(text, shown):
    assert masked(text) == shown


def test_a_message_in_text_mode_is_hidden_too():
    trace = Trace(clock=lambda: 0.0)
    trace.note(Kind.COMMAND, "AT+CMGR=1")
    for line in ('+CMGR: "REC UNREAD","+49301234",,"26/11/22,12:00:00+04"', "the code is 4711", "second line", "OK"):
        trace.note(Kind.ANSWER, line)
    trace.note(Kind.UNSOLICITED, '+CMT: "+49301234",,"26/11/22,12:00:00+04"')
    trace.note(Kind.UNSOLICITED, "the code is 4711")
    trace.note(Kind.UNSOLICITED, "RING")
    trace.note(Kind.UNSOLICITED, "+CMT: ,18 0791947106004013040C9194711232547600")
    trace.note(Kind.UNSOLICITED, "RING")
    kept = [each.text for each in trace.since()]
    assert not any("4711" in text or "second" in text for text in kept)
    assert kept[4] == "OK"
    assert kept.count("RING") == 2


@pytest.mark.parametrize("piece", ["CPIN", "PUK", "PIN2", "+CPIN", "DTMF", "0" * 23 + "x"])
def test_a_hostile_line_costs_no_time_by_its_square(piece):
    """Four times the line may take about four times as long: with the square it would be sixteen."""
    long, short = ("+" + piece * (size // len(piece)) for size in (64_000, 16_000))
    times = {}
    for text in (short, long):
        times[text] = min(timeit.repeat(lambda text=text: masked(text), number=1, repeat=5))
    assert times[long] < 10 * times[short] + 0.01


def test_the_ring_is_bounded_and_its_numbers_go_on():
    trace = Trace(3, clock=lambda: 7.0)
    for n in range(5):
        trace.note(Kind.COMMAND, f"AT{n}")
    assert [(each.number, each.text) for each in trace.since()] == [(3, "AT2"), (4, "AT3"), (5, "AT4")]
    assert [each.text for each in trace.since(4)] == ["AT4"]
    trace.note(Kind.ANSWER, "x" * 5000)
    assert len(trace.since(5)[0].text) <= TEXT_LIMIT


def test_an_echo_in_pieces_does_not_bring_the_pin_in():
    trace = Trace(clock=lambda: 0.0)
    trace.note(Kind.COMMAND, 'AT+CPIN="4711","0815"')
    trace.note(Kind.UNSOLICITED, 'IN="4711')
    trace.note(Kind.UNSOLICITED, 'x0815"')
    assert [each.text for each in trace.since()] == ["AT+CPIN=...", 'IN="...', 'x..."']


def test_keys_of_callers_are_no_digits_here():
    trace = Trace(clock=lambda: 0.0)
    for code in b"/5~b":
        trace.shielded(code)
    assert [each.text for each in trace.since()] == ["DLE /", "DLE (a key)", "DLE ~", "DLE b"]


def test_a_run_of_one_code_does_not_push_the_dialogue_out():
    now = 0.0
    trace = Trace(20, clock=lambda: now)
    trace.note(Kind.COMMAND, "AT+VTX")
    for n in range(500):
        now = n / 100
        trace.shielded(ord("u"))
    trace.shielded(ord("b"))
    assert [each.text for each in trace.since()] == ["AT+VTX", *["DLE u"] * 5, "DLE b"]


def test_a_trace_survives_reopening():
    traces = Traces()
    assert traces.of("usb:1-1.4:2") is traces.of("usb:1-1.4:2")
    assert list(traces.all()) == ["usb:1-1.4:2"]


def test_every_dialogue_passes_through_the_trace_and_the_log_holds_no_more(caplog):
    caplog.set_level(logging.DEBUG)

    async def story():
        modem = ScriptedModem(
            {
                "AT+CSQ": b"\r\n^RSSI: 9\r\n\r\n+CSQ: 17,99\r\n\r\nOK\r\n",
                'AT+CPIN="4711"': b'\r\n="4711\r\n\r\nERROR\r\n',
                "AT+CREG?": b"\r\n+CREG: 0,1\r\n",
                "AT": b"\r\nOK\r\n",
            }
        )
        trace = Trace()
        port = await SerialPort.open(modem.path, trace=trace)
        at = Interpreter(port, on_line=lambda line: None, on_lost=lambda fault: None)
        await at.command("AT+CSQ", expect="+CSQ:")
        await at.command('AT+CPIN="4711"', check=False)
        with pytest.raises(ModemSilent):
            await at.command("AT+CREG?", timeout=1)
        port.close()
        return [f"{each.kind.value} {each.text}".replace(modem.path, "PORT") for each in trace.since()]

    assert run_virtual(story()) == [
        "- opened PORT",
        "> AT+CSQ",
        "* ^RSSI: 9",
        "< +CSQ: 17,99",
        "< OK",
        "> AT+CPIN=...",
        '< ="...',
        "< ERROR",
        "> AT+CREG?",
        "< +CREG: 0,1",
        "- no answer to AT+CREG? in time",
        "- closed",
    ]
    assert "4711" not in caplog.text
    assert "AT+CSQ" in caplog.text


def test_a_message_is_only_counted(caplog):
    caplog.set_level(logging.DEBUG)

    async def story():
        modem = ScriptedModem({"AT+CMGS=4": b"\r\n> "})
        trace = Trace()
        port = await SerialPort.open(modem.path, trace=trace)
        at = Interpreter(port, on_line=lambda line: None, on_lost=lambda fault: None)
        sending = asyncio.create_task(at.command("AT+CMGS=4", payload=b"00112233", expect="+CMGS:"))
        await asyncio.sleep(1)
        modem.say(b"\r\n+CMGS: 9\r\n\r\nOK\r\n")
        await sending
        port.close()
        return [f"{each.kind.value} {each.text}" for each in trace.since()]

    said = run_virtual(story())
    assert ">> (message, 4 octets)" in said
    assert not any("00112233" in each for each in said)
    assert "00112233" not in caplog.text
