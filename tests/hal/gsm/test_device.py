"""Start, SIM, health, silence and recovery of a scripted modem."""

from __future__ import annotations

import asyncio

import pytest

from hal.errors import LineFault, ModemSilent, NotRegistered, Unplugged
from hal.gsm.models import GENERIC, HUAWEI, QUECTEL, SIM7600, model_for
from hal.gsm.sim import PinMemory
from hal.line import LineState
from hal.recovery import Rung
from hal.registry import DeviceConfig, create
from tests.hal.gsm.scripted_radio import ERROR, IDENTITY, OK, ScriptedRadio, device_on, opened, request, say
from tests.hal.gsm.test_calls import answers, leg
from tests.support.virtualtime import run_virtual


def test_start():
    async def story():
        radio = ScriptedRadio()
        device = device_on(radio)
        await device.open()
        started = list(radio.commands)
        for command in (
            "ATE0",
            "AT+CMEE=1",
            "AT+CLIP=1",
            "AT+CRC=1",
            "AT+CMGF=0",
            "AT+CNMI=2,1,0,1,0",
            "AT+CLCC=1",
            "AT+DDET=1",
        ):
            assert command in started
        assert device.line.state is LineState.IDLE
        health = await device.line.health()
        assert (health.ok, health.registered, health.signal_dbm) == (True, True, -73.0)
        assert health.facts["model"] == "SIMCOM_SIM7600E-H"
        assert health.facts["firmware"] == "LE20B05SIM7600M22"
        assert health.facts["operator"] == "Telekom.de"
        assert health.facts["driver model"] == "sim7600"
        await device.close()
        await device.close()
        assert not (await device.line.health()).ok
        radio.close()

    run_virtual(story())


@pytest.mark.parametrize(
    ("name", "model", "commands"),
    [
        ("sim7600", SIM7600, ["AT+CLCC=1"]),
        (
            "quectel",
            QUECTEL,
            ['AT+QURCCFG="urcport","all"', "AT+QTONEDET=1", '+QINDCFG="ccinfo",1,0'.join(["AT", ""])],
        ),
        ("huawei", HUAWEI, ["AT^DDTMFCFG=0,1"]),
        ("nobody", GENERIC, []),
    ],
)
def test_models(name, model, commands):
    assert model_for(" ".join(IDENTITY[name][:2])) is model

    async def story():
        radio = ScriptedRadio(name)
        device = device_on(radio)
        await device.open()
        assert device.radio.model is model
        assert set(commands) <= set(radio.commands)
        await device.close()
        radio.close()

    run_virtual(story())


def test_a_configured_model_wins():
    async def story():
        radio = ScriptedRadio("nobody")
        async with opened(radio, model="sim7600") as device:
            assert device.radio.model is SIM7600

    run_virtual(story())


@pytest.mark.parametrize(
    "more",
    [
        {"ports": ("/dev/a", "/dev/b"), "audio_port": "/dev/c"},
        {"ports": ("/dev/a",)},
        {"model": "?", "audio_port": "/dev/c"},
    ],
)
def test_configurations_that_cannot_be(more):
    with pytest.raises(ValueError):
        create(DeviceConfig("gsm", "gsm", **{"ports": ("/dev/a",), **more}))


@pytest.mark.parametrize(
    ("name", "dialling", "afterwards", "key"),
    [
        ("quectel", ["AT+QPCMV=0", "AT+QPCMV=1,0", "ATD03012345;"], ["AT+QPCMV=0"], 'AT+VTS="5"'),
        ("huawei", ["ATD03012345;", "AT^DDSETEX=2"], [], "AT^DTMF=1,5"),
        ("nobody", ["ATD03012345;"], [], 'AT+VTS="5"'),
    ],
)
def test_audio_commands_of_other_makers(name, dialling, afterwards, key):
    async def story():
        radio = ScriptedRadio(name)
        answers(radio, urc=False)
        async with opened(radio) as device:
            call = await device.line.dial(request())
            audio = [c for c in radio.commands if c.startswith(("AT+QPCMV", "ATD", "AT^DDSETEX"))]
            assert audio == dialling
            await call.send_keys("5")
            assert key in radio.commands
            await call.hang_up()
            audio = [c for c in radio.commands if c.startswith(("AT+QPCMV", "ATD", "AT^DDSETEX"))]
            assert audio == dialling + afterwards

    run_virtual(story())


def test_a_quectel_call_by_its_own_reports():
    async def story():
        radio = ScriptedRadio("quectel")
        ccinfo = '+QIND: "ccinfo",1,0,{},0,0,"03012345",129'

        def dial(_: str) -> str:
            leg(radio, 2)
            radio.later(1, lambda: leg(radio, 3) or radio.say(ccinfo.format(3)))
            radio.later(2, lambda: leg(radio, 0) or radio.say(ccinfo.format(0)))
            return OK

        radio.answers["ATD03012345;"] = dial
        async with opened(radio) as device:
            call = await device.line.dial(request())
            leg(radio, 6)
            radio.say(ccinfo.format(-1))
            await asyncio.wait_for(call.wait_hung_up(), 0.5)

    run_virtual(story())


def test_a_modem_without_voice():
    async def story():
        radio = ScriptedRadio()
        radio.answers["AT+CPCMREG?"] = ERROR
        async with opened(radio) as device:
            health = await device.line.health()
            assert not health.ok
            assert "voice" in health.detail
            with pytest.raises(LineFault):
                await device.line.dial(request())

    run_virtual(story())


# --- SIM -----------------------------------------------------------------------------------------------------------------------


def wants_pin(radio: ScriptedRadio, right: str) -> None:
    state = {"ready": False}

    def enter(line: str) -> str:
        state["ready"] = line == f'AT+CPIN="{right}"'
        return OK if state["ready"] else say("+CME ERROR: 16")

    radio.answers["AT+CPIN="] = enter
    radio.answers["AT+CPIN?"] = lambda _: say("+CPIN: READY" if state["ready"] else "+CPIN: SIM PIN", "OK")


def test_the_pin_is_given():
    async def story():
        radio = ScriptedRadio()
        wants_pin(radio, "1234")
        device = device_on(radio, pin="1234")
        await device.open()
        assert radio.sent("AT+CPIN=") == ['AT+CPIN="1234"']
        await device.close()
        radio.close()

    run_virtual(story())


def test_a_wrong_pin_is_tried_once_and_never_again():
    async def story():
        radio = ScriptedRadio()
        wants_pin(radio, "1234")
        for _ in range(3):
            device = device_on(radio, pin="4711")
            with pytest.raises(NotRegistered, match="refuse"):
                await device.open()
            with pytest.raises(NotRegistered):
                await device.recover()
        assert radio.sent("AT+CPIN=") == ['AT+CPIN="4711"']
        radio.close()

    run_virtual(story())


@pytest.mark.parametrize("answer", ["", say("+CME ERROR: 8642 is wrong"), say("+CME ERROR: 8642"), say("ERROR: 8642")])
def test_no_error_tells_the_pin_of_a_sim_that_does_not_take_it(monkeypatch, answer):
    monkeypatch.setattr("hal.gsm.sim.PIN_S", 0.5)

    async def story():
        radio = ScriptedRadio()
        wants_pin(radio, "8642")
        radio.answers["AT+CPIN="] = answer
        with pytest.raises(LineFault) as caught:
            await device_on(radio, pin="8642").open()
        assert radio.sent("AT+CPIN=")
        error: BaseException | None = caught.value
        while error:
            assert "8642" not in repr(error)
            error = error.__cause__ or error.__context__
        radio.close()

    run_virtual(story())


ICCID = "89490200000000000015"


def test_not_even_by_another_process_and_whatever_is_configured(tmp_path, monkeypatch):
    """A wrong PIN, a restart of the program, another wrong PIN: the SIM sees one."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    tried = []

    async def start(pin: str) -> None:
        radio = ScriptedRadio()
        wants_pin(radio, "1234")
        radio.answers["AT+CICCID"] = say(f"+ICCID: {ICCID}", "OK")
        with pytest.raises(NotRegistered):
            await device_on(radio, pin=pin).open()
        tried.extend(radio.sent("AT+CPIN="))
        radio.close()

    for pin in ("9999", "9999", "8888", "1234"):
        run_virtual(start(pin))
        monkeypatch.setattr("hal.gsm.sim._known", {})  # the program has ended
    assert tried == ['AT+CPIN="9999"']
    remembered = tmp_path / "sim-pin-refused"
    assert remembered.stat().st_mode & 0o077 == 0
    assert remembered.read_text() == f"{ICCID} refused\n"  # and nothing of the PIN, not even a digest


@pytest.mark.parametrize(("tries", "again"), [(None, False), (3, True), (2, False)])
def test_a_power_cut_while_the_sim_thinks(tmp_path, monkeypatch, tries, again):
    """Nobody knows what became of the PIN but the SIM's counter, where there is one."""
    monkeypatch.setattr("hal.gsm.sim.PIN_S", 0.5)

    async def story():
        radio = ScriptedRadio()
        wants_pin(radio, "1234")
        enter, seen = radio.answers["AT+CPIN="], []
        radio.answers["AT+CPIN="] = lambda _: seen.append((tmp_path / "refused").read_text()) or ""
        memory = PinMemory(tmp_path / "refused")

        async def start() -> None:
            device = device_on(radio, pin="1234")
            device.radio._memory = memory
            try:
                await device.open()
            finally:
                await device.close()

        with pytest.raises(ModemSilent):
            await start()
        assert seen == ["gsm tried\n"]
        monkeypatch.setattr("hal.gsm.sim._known", {})
        radio.answers["AT+CPIN="] = enter
        if tries is not None:
            radio.answers["AT+SPIC"] = say(f"+SPIC: {tries},10,0,10", "OK")
        if again:
            await start()
            assert await memory.past("gsm") is None
        else:
            with pytest.raises(NotRegistered):
                await start()
        assert len(radio.sent("AT+CPIN=")) == 1 + again
        radio.close()

    run_virtual(story())


def test_no_pin_is_tried_that_could_not_be_remembered(tmp_path):
    async def story():
        radio = ScriptedRadio()
        wants_pin(radio, "1234")
        device = device_on(radio, pin="1234")
        device.radio._memory = PinMemory(tmp_path / "no such directory" / "refused")
        with pytest.raises(NotRegistered, match="cannot be written"):
            await device.open()
        assert not radio.sent("AT+CPIN=")
        radio.close()

    run_virtual(story())


def test_a_person_who_unlocks_the_sim_ends_the_memory(tmp_path):
    """Seen on the counter, where it was seen to count, or on a SIM that asks for no PIN any more."""

    async def story():
        memory = PinMemory(tmp_path / "refused")
        radio = ScriptedRadio()
        wants_pin(radio, "1234")
        left = {"tries": 3}
        radio.answers["AT+SPIC"] = lambda _: say(f"+SPIC: {left['tries']},10,0,10", "OK")
        enter = radio.answers["AT+CPIN="]

        def count(line: str) -> str:
            answer = enter(line)
            left["tries"] = 3 if answer == OK else left["tries"] - 1
            return answer

        radio.answers["AT+CPIN="] = count

        async def start(pin: str) -> None:
            device = device_on(radio, pin=pin)
            device.radio._memory = memory
            try:
                await device.open()
            finally:
                await device.close()

        for pin in ("9999", "1234"):
            with pytest.raises(NotRegistered):
                await start(pin)
        assert left["tries"] == 2
        left["tries"] = 3  # in a telephone
        await start("1234")
        assert left["tries"] == 3
        assert await memory.past("gsm") is None
        radio.close()

    run_virtual(story())


def test_a_counter_that_never_counts_is_not_believed():
    async def story():
        radio = ScriptedRadio()
        wants_pin(radio, "1234")
        radio.answers["AT+SPIC"] = say("+SPIC: 3,10,0,10", "OK")
        for pin in ("9999", "8888"):
            with pytest.raises(NotRegistered):
                await device_on(radio, pin=pin).open()
        assert len(radio.sent("AT+CPIN=")) == 1
        radio.close()

    run_virtual(story())


@pytest.fixture(autouse=True)
def no_memory(monkeypatch):
    monkeypatch.setattr("hal.gsm.sim._known", {})
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)


def test_the_last_tries_are_not_spent():
    async def story():
        radio = ScriptedRadio()
        wants_pin(radio, "1234")
        radio.answers["AT+CPINR"] = say("+CPINR: SIM PIN,2,3", "+CPINR: SIM PUK,10,10", "OK")
        with pytest.raises(NotRegistered, match="2 PIN tries"):
            await device_on(radio, pin="1234").open()
        assert not radio.sent("AT+CPIN=")
        radio.close()

    run_virtual(story())


@pytest.mark.parametrize(
    ("status", "pin"),
    [(say("+CPIN: SIM PIN", "OK"), ""), (say("+CPIN: SIM PUK", "OK"), "1234"), (say("+CME ERROR: 10"), "1234")],
)
def test_sims_that_need_a_person(status, pin):
    async def story():
        radio = ScriptedRadio()
        radio.answers["AT+CPIN?"] = status
        with pytest.raises(NotRegistered):
            await device_on(radio, pin=pin).open()
        assert not radio.sent("AT+CPIN=")
        radio.close()

    run_virtual(story())


def test_a_sim_that_is_still_starting():
    async def story():
        radio = ScriptedRadio()
        replies = iter([say("+CME ERROR: 14"), say("+CME ERROR: 13"), say("+CME ERROR: 10")])
        radio.answers["AT+CPIN?"] = lambda _: next(replies, say("+CPIN: READY", "OK"))
        async with opened(radio) as device:
            assert device.line.state is LineState.IDLE

    run_virtual(story())


# --- silence and recovery --------------------------------------------------------------------------------------------------------


def test_no_such_port():
    async def story():
        with pytest.raises(Unplugged):
            await create(DeviceConfig("gsm", "gsm", ("/dev/nothing",), audio_port="/dev/nothing")).open()

    run_virtual(story())


def test_a_modem_that_answers_nothing_at_all():
    async def story():
        radio = ScriptedRadio()
        radio.silent = True
        device = device_on(radio)
        begun = asyncio.get_running_loop().time()
        with pytest.raises(ModemSilent):
            await device.open()
        assert asyncio.get_running_loop().time() - begun < 30
        radio.silent = False
        await device.open()
        assert device.line.state is LineState.IDLE
        await device.close()
        radio.close()

    run_virtual(story())


@pytest.mark.parametrize("in_call", [False, True])
def test_a_modem_that_falls_silent_is_reported_within_30_s(in_call):
    async def story():
        radio = ScriptedRadio()
        answers(radio)
        async with opened(radio) as device:
            call = await device.line.dial(request()) if in_call else None
            speaking = asyncio.create_task(radio.murmur())
            radio.silent = True
            async with asyncio.timeout(30):
                await device.fault.wait()
            speaking.cancel()
            assert device.line.state is LineState.FAULTED
            if call:
                assert call.hung_up
            radio.silent = False
            radio.legs.clear()
            await device.recover()
            assert not device.fault.is_set()
            assert device.line.state is LineState.IDLE
            assert "AT+CRESET" not in radio.commands
            await (await device.line.dial(request())).hang_up()

    run_virtual(story())


def test_unplugged():
    async def story():
        radio = ScriptedRadio()
        async with opened(radio) as device:
            radio.close()
            async with asyncio.timeout(1):
                await device.fault.wait()
            assert device.line.state is LineState.FAULTED
            with pytest.raises(LineFault):
                await device.recover()

    run_virtual(story())


def test_a_modem_that_restarts_by_itself_is_told_everything_again():
    async def story():
        radio = ScriptedRadio()
        async with opened(radio) as device:
            radio.say("RDY", "+CPIN: READY", "SMS DONE", "PB DONE")
            async with asyncio.timeout(1):
                await device.fault.wait()
            await device.recover()
            assert radio.sent("AT+CLIP=1")
            assert device.line.state is LineState.IDLE

    run_virtual(story())


def test_calls_without_audio_are_cured_by_a_reset():
    async def story():
        radio = ScriptedRadio()
        answers(radio)
        async with opened(radio) as device:
            call = await device.line.dial(request())
            await asyncio.wait_for(call.wait_hung_up(), 7)  # nothing comes over the audio port
            await call.hang_up()
            assert device.fault.is_set()
            await device.recover()
            assert "AT+CRESET" in radio.commands
            assert not device.fault.is_set()
            assert device.line.state is LineState.IDLE

    run_virtual(story())


def test_a_modem_that_needs_the_reset():
    async def story():
        radio = ScriptedRadio()
        async with opened(radio) as device:
            radio.answers["AT+CLIP=1"] = ERROR

            def reset(_: str) -> str:
                radio.answers["AT+CLIP=1"] = OK
                return OK

            radio.answers |= {"AT+CRESET": ERROR, "AT+CFUN=1,1": reset}  # the maker's own, and then the standard's
            await device.recover()
            assert device.line.state is LineState.IDLE

    run_virtual(story())


def test_a_reset_reaches_a_modem_whose_ports_a_failed_opening_has_closed():
    async def story():
        radio = ScriptedRadio()
        async with opened(radio) as device:
            radio.answers["AT+CLIP=1"] = ERROR

            def reset(_: str) -> str:
                radio.answers["AT+CLIP=1"] = OK
                return OK

            radio.answers["AT+CRESET"] = reset
            for rung in (Rung.INIT, Rung.REOPEN):
                with pytest.raises(LineFault):
                    await device.recover(rung)
            await device.recover(Rung.RESET)
            assert device.line.state is LineState.IDLE

    run_virtual(story())


def test_a_call_left_behind_is_ended_at_start():
    async def story():
        radio = ScriptedRadio()
        leg(radio, 0)
        async with opened(radio):
            assert not radio.legs

    run_virtual(story())


def test_a_modem_that_does_not_let_go_is_faulty():
    async def story():
        radio = ScriptedRadio()
        answers(radio)
        async with opened(radio) as device:
            call = await device.line.dial(request())
            radio.answers["AT+CHUP"] = OK
            await call.hang_up()
            assert device.fault.is_set()
            del radio.answers["AT+CHUP"]
            radio.legs.clear()

    run_virtual(story())
