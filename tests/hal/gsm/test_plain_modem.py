"""A modem that knows little: what ofono-phonesim refuses, scripted. `make peers-test` drives the real one."""

from __future__ import annotations

from hal.line import LineState
from tests.hal.gsm.scripted_radio import ERROR, ScriptedRadio, device_on, say
from tests.support.virtualtime import run_virtual

REFUSED = ("AT", "AT+CMEE=1", "AT+CCWA=0,0,1", "AT+CEREG=1", "AT+CEREG?", "AT+CPMS?", "AT+CPINR")


def test_a_modem_without_error_numbers_that_calls_at_an_error():
    async def story():
        radio = ScriptedRadio("nobody")
        radio.answers |= dict.fromkeys(REFUSED, ERROR)
        radio.answers["AT+CPIN?"] = lambda _: radio.later(0.6, lambda: radio.say("+CPIN: READY", "OK"))
        radio.answers["AT+CGMI"] = say("MeeGo", "OK")
        device = device_on(radio)
        await device.open()
        assert device.line.state is LineState.IDLE
        health = await device.line.health()
        assert (health.ok, health.registered, health.facts["manufacturer"]) == (True, True, "MeeGo")
        await device.close()
        radio.close()

    run_virtual(story())
