"""The same calls and messages over wires that do their worst, on the scripted modem."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hal.errors import Busy, HalError
from hal.gsm.driver import WAITING
from hal.gsm.inbox import PLACES
from hal.line import LineState
from tests.hal.gsm.scripted_radio import ScriptedRadio, device_on, opened, request, say
from tests.hal.gsm.test_calls import answers, ends, leg, ring
from tests.hal.gsm.test_sms import Store, deliver
from tests.support.smstaker import Taker
from tests.support.virtualtime import run_virtual

WIRES = {
    "byte by byte": {"chunk": 1},
    "byte by byte, slowly": {"chunk": 1, "delay": 0.002},
    "three by three": {"chunk": 3, "delay": 0.0005},
    "echo until it is switched off": {"echo": True},
    "echo for ever": {"echo": True, "noise": "deaf to ATE0"},
    "echo for ever, byte by byte": {"echo": True, "noise": "deaf to ATE0", "chunk": 1},
    "a signal report before every answer": {"noise": "+CSQ: 5,99"},
    "the state of another call before every answer": {"noise": '+CLCC: 7,1,6,0,0,"",128'},
    "a registration before every answer, byte by byte": {"noise": "+CREG: 5", "chunk": 1, "delay": 0.0002},
}


@pytest.fixture(params=WIRES.values(), ids=WIRES.keys())
def wire(request):
    return request.param


def test_calls_and_messages(wire):
    async def story():
        radio = ScriptedRadio(**wire)
        answers(radio)
        store = Store(radio)
        async with opened(radio) as device:
            speaking = asyncio.create_task(radio.murmur())
            taker = device.sms.receiver = Taker()
            call = await device.line.dial(request())
            await call.send_keys("1")
            radio.say("+RXDTMF: 9")
            assert await call.key(2) == "9"
            await call.hang_up()
            assert radio.sent("AT+VTS") == ['AT+VTS="1"']

            assert await device.sms.send_sms("123", "x" * 170, originator="test") == "42,42"
            store.receive(2, deliver("hello"))
            await asyncio.sleep(3)
            assert [sms.text for sms in taker.messages] == ["hello"]

            radio.answers["ATA"] = lambda _: leg(radio, 0, outgoing=False) or say("OK")
            ringing = await ring(radio, device.line.incoming())
            assert ringing.caller == "+4930999"
            call = await ringing.answer()
            radio.legs = []
            radio.say("VOICE CALL: END: 000007", "NO CARRIER")
            async with asyncio.timeout(3):
                await call.wait_hung_up()
            await call.hang_up()
            assert device.line.state is LineState.IDLE
            assert not device.fault.is_set()
            speaking.cancel()

    run_virtual(story())


def test_calls_that_fail(wire):
    async def story():
        radio = ScriptedRadio(**wire)
        ends(radio, "BUSY", after=4.0)
        async with opened(radio) as device:
            with pytest.raises(HalError) as failure:
                await device.line.dial(request())
            assert type(failure.value).__name__ == "Busy"
            assert device.line.state is LineState.IDLE

    run_virtual(story())


def test_a_ring_in_the_middle_of_an_answer():
    async def story():
        radio = ScriptedRadio()
        async with opened(radio) as device:
            radio.answers["AT+CSQ"] = say("RING", "+CSQ: 20,99", '+CLIP: "+4930999",145,"",0,"",0', "OK")
            leg(radio, 4, outgoing=False, number="+4930999")
            health = await device.line.health()
            assert health.signal_dbm == -73.0
            ringing = await anext(device.line.incoming())
            assert ringing.caller == "+4930999"

    run_virtual(story())


lines = st.one_of(
    st.sampled_from(
        [
            b"\r\nRING\r\n",
            b'\r\n+CLIP: "1",129\r\n',
            b"\r\nNO CARRIER\r\n",
            b"\r\nOK\r\n",
            b"\r\nERROR\r\n",
            b'\r\n+CLCC: 1,0,0,0,0,"1",129\r\n',
            b'\r\n+CMTI: "SM",1\r\n',
            b"\r\n> ",
            b"\r\nVOICE CALL: BEGIN\r\n",
            b"\r\n+CME ERROR: 100\r\n",
            b"\r\nCONNECT\r\n",
            b"\r\n+CPIN: SIM PUK\r\n",
        ]
    ),
    st.binary(max_size=30),
)


@settings(deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.floats(0.0, 4.0), lines), max_size=15))
def test_whatever_it_says_unasked_nothing_hangs_and_only_known_errors_come(noises):
    async def story():
        radio = ScriptedRadio()
        answers(radio)
        device = device_on(radio)
        try:
            async with asyncio.timeout(900):
                for after, noise in noises:
                    radio.later(after, lambda noise=noise: radio.at >= 0 and radio._write(noise.decode("latin-1")))
                try:
                    await device.open()
                    call = await device.line.dial(request())
                    await call.send_keys("1")
                    await call.hang_up()
                    await device.sms.send_sms("123", "text", originator="test")
                except HalError:
                    pass
                await asyncio.sleep(5)
                radio.legs.clear()
                await device.recover()
                assert device.line.state in (LineState.IDLE, LineState.RINGING)
        finally:
            await device.close()
            radio.close()

    run_virtual(story(), limit_s=2000)


@pytest.mark.parametrize("told", ['+CMTI: "SM",1', "^SMMEMFULL", "+CDS: 25\r\n00062A0B911346610089F6"])
def test_a_flood_of_announcements_takes_no_memory_and_stops_no_call(told):
    async def story():
        radio = ScriptedRadio()
        radio.answers["AT+CPMS?"] = say('+CPMS: "SM",999999999,999999999', "OK")
        radio.answers["AT+CMGR="] = say("+CMS ERROR: 321")
        ends(radio, "BUSY", after=1.0)
        async with opened(radio) as device:
            device.sms.receiver = Taker()
            for _ in range(10):
                for _ in range(60):
                    radio.say(told)
                await asyncio.sleep(0.001)
            assert len(device._unread) <= WAITING
            assert len(device._chores) <= WAITING
            with pytest.raises(Busy):
                await device.line.dial(request())
            await asyncio.sleep(1)
            assert len(radio.sent("AT+CMGR=")) <= 12 * (PLACES + 1)

    run_virtual(story())
