"""Calls over a scripted modem."""

from __future__ import annotations

import asyncio

import pytest

from hal.errors import (
    Busy,
    Congestion,
    Glare,
    HungUp,
    ModemError,
    NoAnswer,
    NotRegistered,
    Refused,
    RefusedAtOnce,
    Rejected,
)
from hal.line import Call, IncomingCall, LineState
from tests.hal.gsm.scripted_radio import ERROR, OK, ScriptedRadio, opened, request, say
from tests.support.virtualtime import run_virtual

DIAL = "ATD03012345;"


def leg(
    radio: ScriptedRadio, state: int, *, urc: bool = False, number: str = "03012345", outgoing: bool = True
) -> None:
    """The modem's call is now in this state."""
    line = f'1,{0 if outgoing else 1},{state},0,0,"{number}",129,""'
    radio.legs = [] if state == 6 else [line]
    if urc:
        radio.say(f"+CLCC: {line}")


def answers(radio: ScriptedRadio, *, urc: bool = True, after: float = 3.0) -> None:
    """The called side rings and answers."""

    def dial(_: str) -> str:
        leg(radio, 2)
        radio.later(1.0, lambda: leg(radio, 3, urc=urc))
        radio.later(after, lambda: leg(radio, 0, urc=urc))
        if urc:
            radio.later(after, lambda: radio.say("VOICE CALL: BEGIN"))
        return OK

    radio.answers[DIAL] = dial


@pytest.mark.parametrize("urc", [True, False])
def test_dial_answer_hang_up(urc):
    async def story():
        radio = ScriptedRadio()
        answers(radio, urc=urc)
        async with opened(radio) as device:
            call = await device.line.dial(request())
            assert device.line.state is LineState.IN_CALL
            assert call.called == "03012345"
            assert radio.sent("AT+CPCMREG") == ["AT+CPCMREG=1"]
            await call.hang_up()
            assert device.line.state is LineState.IDLE
            assert radio.sent("AT+CPCMREG") == ["AT+CPCMREG=1", "AT+CPCMREG=0"]
            assert len(radio.sent("AT+CHUP")) == 1
            assert not radio.legs

    run_virtual(story())


def test_the_gate_comes_before_the_modem():
    async def story():
        radio = ScriptedRadio()
        async with opened(radio) as device:
            for number in ("666", "1;D2", "1,2", ""):
                with pytest.raises(Refused):
                    await device.line.dial(request(number))
            assert not radio.sent("ATD")

    run_virtual(story())


def ends(radio: ScriptedRadio, *lines: str, after: float, rings: bool = True) -> None:
    def end() -> None:
        radio.legs = []
        radio.say(*lines)

    def dial(_: str) -> str:
        leg(radio, 2)
        if rings:
            radio.later(0.7, lambda: leg(radio, 3, urc=True))
        radio.later(after, end)
        return OK

    radio.answers[DIAL] = dial


@pytest.mark.parametrize(
    ("lines", "after", "rings", "ceer", "error"),
    [
        (["BUSY"], 3.0, False, "", Busy),
        (["BUSY"], 1.0, False, "", Busy),
        (["NO ANSWER"], 9.0, True, "", NoAnswer),
        (["NO CARRIER"], 1.0, False, "", RefusedAtOnce),
        (["NO CARRIER"], 1.9, True, "", Rejected),  # it did ring
        (["NO CARRIER"], 4.0, False, "", Rejected),
        (["NO CARRIER"], 1.0, False, "+CEER: 5,17", Busy),
        (["NO CARRIER"], 1.0, False, "+CEER: Unassigned number", Rejected),
        (["NO CARRIER"], 4.0, False, "+CEER: No circuit/channel available", Congestion),
        (["NO CARRIER"], 4.0, False, "+CEER: 34", Congestion),
        (["NO CARRIER"], 4.0, False, "+CEER: 50", NotRegistered),
        (["NO CARRIER"], 4.0, False, "+CEER: Normal call clearing", Rejected),
        (["NO CARRIER"], 1.0, False, "+CEER: 16", RefusedAtOnce),
        (["VOICE CALL: END", '+CLCC: 1,0,6,0,0,"03012345",129,""', "NO CARRIER"], 5.0, True, "", Rejected),
        (["^CEND:1,0,104,17"], 5.0, True, "", Busy),
        ([], 6.0, True, "", Rejected),  # not a word: the list of calls tells
    ],
)
def test_whose_fault(lines, after, rings, ceer, error):
    async def story():
        radio = ScriptedRadio()
        ends(radio, *lines, after=after, rings=rings)
        if ceer:
            radio.answers["AT+CEER"] = say(ceer, "OK")
        async with opened(radio) as device:
            with pytest.raises(error) as failure:
                await device.line.dial(request())
            assert type(failure.value) is error
            assert device.line.state is LineState.IDLE

    run_virtual(story())


@pytest.mark.parametrize(
    ("answer", "creg", "error"),
    [
        (say("NO CARRIER"), 1, RefusedAtOnce),
        (say("NO CARRIER"), 3, NotRegistered),
        (say("BUSY"), 1, Busy),
        (ERROR, 1, ModemError),
        (ERROR, 2, NotRegistered),
        (say("+CME ERROR: 30"), 1, NotRegistered),
        (say("+CME ERROR: 3"), 1, ModemError),
    ],
)
def test_results_of_the_dial_command(answer, creg, error):
    async def story():
        radio = ScriptedRadio()

        def dial(_: str) -> str:
            radio.answers["AT+CREG?"] = say(f"+CREG: 1,{creg}", "OK")
            return answer

        radio.answers[DIAL] = dial
        async with opened(radio) as device:
            with pytest.raises(error) as failure:
                await device.line.dial(request())
            assert type(failure.value) is error
            assert device.line.state is LineState.IDLE

    run_virtual(story())


def test_answered_and_gone_in_one_breath():
    async def story():
        radio = ScriptedRadio()

        def gone() -> None:
            leg(radio, 6)
            radio.say(
                '+CLCC: 1,0,0,0,0,"03012345",129,""', "VOICE CALL: BEGIN", "VOICE CALL: END: 000000", "NO CARRIER"
            )

        ends(radio, after=1000)
        radio.answers["AT+CPCMREG=1"] = ERROR
        async with opened(radio) as device:
            asyncio.get_running_loop().call_later(3, gone)
            async with await device.line.dial(request()) as call:
                assert call.hung_up
                with pytest.raises(HungUp):
                    await call.key(1.0)
            assert device.line.state is LineState.IDLE
            assert not device.fault.is_set()

    run_virtual(story())


def test_without_a_network_nothing_is_dialled():
    async def story():
        radio = ScriptedRadio()
        radio.answers["AT+CREG?"] = say("+CREG: 1,2", "OK")  # LTE data alone carries no voice
        async with opened(radio) as device:
            with pytest.raises(NotRegistered):
                await device.line.dial(request())
            assert not radio.sent("ATD")
            assert not (await device.line.health()).ok
            radio.answers["AT+CIREG?"] = say("+CIREG: 0,1", "OK")  # until IMS does
            assert (await device.line.health()).ok

    run_virtual(story())


def test_ring_limit():
    async def story():
        radio = ScriptedRadio()
        ends(radio, "NO ANSWER", after=1000)
        async with opened(radio) as device:
            begun = asyncio.get_running_loop().time()
            with pytest.raises(NoAnswer):
                await device.line.dial(request(ring_limit_s=20.0))
            assert 20 <= asyncio.get_running_loop().time() - begun < 23
            assert radio.sent("AT+CHUP")
            assert device.line.state is LineState.IDLE

    run_virtual(story())


def test_a_network_that_never_rings_the_number():
    async def story():
        radio = ScriptedRadio()
        ends(radio, "NO ANSWER", after=1000, rings=False)
        async with opened(radio) as device:
            with pytest.raises(Congestion):
                await device.line.dial(request(ring_limit_s=45.0))
            assert radio.sent("AT+CHUP")

    run_virtual(story())


def test_cancelling_releases_the_line():
    async def story():
        radio = ScriptedRadio()
        ends(radio, "NO ANSWER", after=1000)
        async with opened(radio) as device:
            for seconds in (0.001, 0.3, 2.0):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await device.line.dial(request())
                assert device.line.state is LineState.IDLE
                assert not radio.legs

    run_virtual(story())


def test_the_end_of_the_last_call_does_not_end_the_next():
    async def story():
        radio = ScriptedRadio()
        answers(radio)
        async with opened(radio) as device:
            for _ in range(2):
                call = await device.line.dial(request())
                await call.hang_up()
                radio.later(0.05, lambda: radio.say("VOICE CALL: END: 000003", "NO CARRIER"))

    run_virtual(story())


async def ring(radio: ScriptedRadio, incoming) -> IncomingCall:
    leg(radio, 4, outgoing=False, number="+4930999")
    radio.say("RING", '+CLIP: "+4930999",145,"",0,"",0')
    return await anext(incoming)


def test_call_in():
    async def story():
        radio = ScriptedRadio()
        radio.answers["ATA"] = lambda _: leg(radio, 0, outgoing=False) or OK
        refusals = iter([ERROR, ERROR, ERROR])
        radio.answers["AT+CPCMREG=1"] = lambda _: next(refusals, OK)
        async with opened(radio, msns=("+4915112345",)) as device:
            ringing = await ring(radio, device.line.incoming())
            assert (ringing.caller, ringing.called) == ("+4930999", "+4915112345")
            assert device.line.state is LineState.RINGING
            call = await ringing.answer()
            assert device.line.state is LineState.IN_CALL
            assert len(radio.sent("AT+CPCMREG=1")) == 4
            radio.legs = []
            radio.say("VOICE CALL: END: 000002", "NO CARRIER")
            await call.wait_hung_up()
            with pytest.raises(HungUp):
                await call.key(1.0)
            await call.hang_up()
            assert device.line.state is LineState.IDLE
            assert not radio.sent("AT+CHUP")

    run_virtual(story())


def test_no_audio_within_the_time_is_our_fault():
    async def story():
        radio = ScriptedRadio()
        answers(radio)
        radio.answers["AT+CPCMREG=1"] = ERROR
        async with opened(radio) as device:
            with pytest.raises(ModemError):
                await device.line.dial(request())
            assert not radio.legs
            assert device.fault.is_set()

    run_virtual(story())


def test_a_caller_who_gives_up():
    async def story():
        radio = ScriptedRadio()
        async with opened(radio) as device:
            ringing = await ring(radio, device.line.incoming())
            radio.legs = []
            radio.say("MISSED_CALL: 11:01AM +4930999")
            await asyncio.sleep(0.1)
            assert device.line.state is LineState.IDLE
            with pytest.raises(HungUp):
                await ringing.answer()
            assert not radio.sent("ATA")

    run_virtual(story())


def test_a_caller_who_gives_up_without_a_word():
    async def story():
        radio = ScriptedRadio()
        async with opened(radio) as device:
            await ring(radio, device.line.incoming())
            radio.legs = []
            await asyncio.sleep(3)
            assert device.line.state is LineState.IDLE

    run_virtual(story())


def test_a_caller_who_gives_up_while_we_answer():
    async def story():
        radio = ScriptedRadio()
        radio.answers["ATA"] = lambda _: radio.legs.clear() or say("NO CARRIER")
        async with opened(radio) as device:
            ringing = await ring(radio, device.line.incoming())
            with pytest.raises(HungUp):
                await ringing.answer()
            assert device.line.state is LineState.IDLE

    run_virtual(story())


def test_reject():
    async def story():
        radio = ScriptedRadio()
        async with opened(radio) as device:
            ringing = await ring(radio, device.line.incoming())
            await ringing.reject()
            assert radio.sent("AT+CHUP")
            assert device.line.state is LineState.IDLE

    run_virtual(story())


def test_a_line_for_calls_out_refuses_calls_in():
    async def story():
        from hal.line import Direction

        radio = ScriptedRadio()
        async with opened(radio, direction=Direction.OUT) as device:
            leg(radio, 4, outgoing=False)
            radio.say("RING")
            await asyncio.sleep(2)
            assert radio.sent("AT+CHUP")
            assert device.line.state is LineState.IDLE

    run_virtual(story())


@pytest.mark.parametrize("moment", ["before", "with the command", "after"])
def test_glare(moment):
    async def story():
        radio = ScriptedRadio()

        def comes_in() -> None:
            leg(radio, 4, outgoing=False, number="+4930999")
            radio.say("RING", '+CLIP: "+4930999",145,"",0,"",0')

        def dial(_: str) -> str:
            if moment == "with the command":
                comes_in()
                return ERROR
            radio.later(0.2, comes_in)
            return OK

        radio.answers[DIAL] = dial
        async with opened(radio) as device:
            if moment == "before":
                comes_in()
            with pytest.raises(Glare):
                await device.line.dial(request())
            assert not radio.sent("AT+CHUP")
            ringing = await anext(device.line.incoming())
            assert ringing.caller == "+4930999"
            radio.answers["ATA"] = lambda _: leg(radio, 0, outgoing=False) or OK
            call = await ringing.answer()
            assert device.line.state is LineState.IN_CALL
            await call.hang_up()

    run_virtual(story())


def test_a_call_that_rings_while_the_last_one_is_released():
    async def story():
        radio = ScriptedRadio()
        answers(radio)
        async with opened(radio) as device:
            call = await device.line.dial(request())
            radio.legs = []
            radio.say("NO CARRIER")
            await call.wait_hung_up()
            leg(radio, 4, outgoing=False, number="+4930999")
            radio.say("RING", '+CLIP: "+4930999",145,"",0,"",0')
            await asyncio.sleep(0.1)
            await call.hang_up()
            ringing = await anext(device.line.incoming())
            assert ringing.caller == "+4930999"
            assert not radio.sent("AT+CHUP")

    run_virtual(story())


def test_a_zombie_is_found():
    async def story():
        radio = ScriptedRadio()
        answers(radio)
        async with opened(radio) as device:
            call = await device.line.dial(request())
            speaking = asyncio.create_task(radio.murmur())
            radio.legs = []  # and not a word
            async with asyncio.timeout(6):
                await call.wait_hung_up()
            speaking.cancel()

    run_virtual(story())


def test_a_call_that_nobody_knows_of_is_ended():
    async def story():
        radio = ScriptedRadio()
        async with opened(radio):
            leg(radio, 0)
            await asyncio.sleep(12)
            assert radio.sent("AT+CHUP")
            assert not radio.legs

    run_virtual(story())


def test_keys_out():
    async def story():
        radio = ScriptedRadio()
        answers(radio)
        async with opened(radio) as device, await device.line.dial(request()) as call:
            await call.send_keys("4,2#")
            assert radio.sent("AT+VTS") == ['AT+VTS="4"', 'AT+VTS="2"', 'AT+VTS="#"']

    run_virtual(story())


@pytest.mark.parametrize(
    ("lines", "keys"),
    [(["+RXDTMF: 4", "+RXDTMF: 4", "+RXDTMF: 2"], "442"), (["+DTMF:7", "^DDTMF: *", "+QTONEDET: 56"], "7*8")],
)
def test_keys_in(lines, keys):
    async def story():
        radio = ScriptedRadio()
        answers(radio)
        async with opened(radio) as device, await device.line.dial(request()) as call:
            radio.say(*lines)
            assert [await call.key(1.0) for _ in keys] == list(keys)
            assert await call.key(1.0) is None

    run_virtual(story())


def test_the_line_that_is_closed_ends_its_call():
    async def story():
        radio = ScriptedRadio()
        answers(radio)
        async with opened(radio) as device:
            call: Call = await device.line.dial(request())
            incoming = device.line.incoming()
            waiting = asyncio.create_task(anext(incoming, None))
            await device.close()
            assert call.hung_up
            assert await waiting is None
            assert device.line.state is LineState.CLOSED
            assert not radio.legs

    run_virtual(story())


def test_who_waits_while_a_call_is_hung_up_is_not_hung_up_too():
    async def story():
        radio = ScriptedRadio()
        answers(radio)

        def hang_up(_: str) -> str:
            radio.legs.pop(0)
            radio.later(1.0, lambda: radio.legs and radio.legs.__setitem__(0, '2,1,4,0,0,"0456",129,""'))
            return OK

        async with opened(radio) as device:
            call = await device.line.dial(request())
            radio.legs.append('2,1,5,0,0,"0456",129,""')
            radio.answers["AT+CHUP"] = hang_up
            await call.hang_up()
            async with asyncio.timeout(15):
                ringing = await anext(device.line.incoming())
            assert ringing.caller == "0456"
            assert len(radio.sent("AT+CHUP")) == 1
            radio.legs.clear()

    run_virtual(story())
