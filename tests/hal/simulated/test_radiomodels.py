"""What the simulated radio modems say and refuse, typed by hand: each maker's own words, the SIM, the network, odd questions."""

from __future__ import annotations

import asyncio
import os

import pytest

from hal.simulated import Exchange
from hal.simulated.radiomodels import MODELS
from tests.hal.simulated.terminal import Terminal
from tests.support.virtualtime import run_virtual

BOX = "+4915112345"
PHONE = "+49301"


def play(directory, model, story, **settings):
    async def all_of_it():
        async with Exchange(directory) as exchange:
            modem = exchange.gsm_modem("gsm", BOX, model=model)
            for name, value in settings.items():
                setattr(modem, name, value)
            terminal = Terminal(directory / "gsm")
            await terminal.at("E0")
            await terminal.at("+CMEE=1")
            await story(exchange, modem, terminal)

    run_virtual(all_of_it())


async def call(exchange, modem, terminal, *init):
    """A call out, up and ended by the other side; all that the modem said of it."""
    for command in ("+CLIP=1", *init):
        await terminal.at(command)
    await terminal.at(f"D{PHONE};")
    other = await (await exchange.phone(PHONE).rings(within=20)).answer(2.0)
    await other.press("8")
    await other.hang_up()
    return (await terminal.hears_within(1.0)).decode()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_each_answers_or_refuses_and_never_says_nothing(tmp_path, model):
    """What clients ask of a modem, and what nobody has heard of."""

    async def story(exchange, modem, terminal):
        for command in (
            *(
                "+CGMI",
                "+CGMM",
                "+CGMR",
                "+CGSN",
                "+CIMI",
                "I",
                "+GCAP",
                "+CPIN?",
                "+CREG?",
                "+CGREG?",
                "+CSQ",
                "+COPS?",
            ),
            *(
                "+COPS=3,2;+COPS?",
                "+CNUM",
                "+CLCC",
                "+CPAS",
                "+CCLK?",
                "+CGDCONT?",
                "+CGATT?",
                "+CIND?",
                "+CBC",
                "+CLAC",
            ),
            *('+CPMS="SM","SM","SM"', "+CPMS=?", "+CNMI=?", "+CMGF=?", "+CSCS=?", "+CSCA?", "+CSMS=1", "+CMER=3,0,0,1"),
            *(
                "Q0V1",
                "E0Q0V1X4&C1",
                "S0=0",
                "S7?",
                "+CMEE?;+CSQ",
                '+CLCK="SC",2',
                "+CRSM=176,28423,0,0,9",
                "&F;E0;+CMEE=1",
            ),
        ):
            assert (await terminal.at(command)).startswith(b"\r\n"), command
        assert await terminal.at("+COPS=1,2,99999", "+CME ERROR: 30")
        unknown = model.not_supported or "+CME ERROR: 100"
        for command in ("+NOSUCH", "+NOSUCH=?", "^NOSUCH?", "*X", "$QX=1", "+CMUX=0"):
            assert await terminal.at(command, unknown), command
        assert await terminal.at("+CMGR=7", "+CMS ERROR: 321")
        assert await terminal.at("%", "+CME ERROR: 100")

    play(tmp_path, model.name, story)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_echo_is_on_after_every_opening_and_reset(tmp_path, model):
    async def story(exchange, modem, terminal):
        await terminal.send("ATZ\r")
        assert await terminal.expect("OK\r\n") == b"\r\nOK\r\n"
        await terminal.send("AT\r")
        assert await terminal.expect("OK\r\n") == b"AT\r\r\nOK\r\n"
        await terminal.at("E0")
        terminal.close()
        await asyncio.sleep(0.1)
        again = Terminal(tmp_path / "gsm")
        await again.send("AT\r")
        assert (await again.expect("OK\r\n")).startswith(b"AT\r")

    play(tmp_path, model.name, story)


def test_simcom_a7670_tells_of_calls_out(tmp_path):
    async def story(exchange, modem, terminal):
        said = await call(exchange, modem, terminal, "+MORING=1", "+CLCC=1", "+DDET=1")
        order = [
            "+CLCC: 1,0,2",
            "+CLCC: 1,0,3",
            "MO RING",
            "+CLCC: 1,0,0",
            "MO CONNECTED",
            "VOICE CALL: BEGIN",
            "+RXDTMF: 8",
        ]
        order += ["+CLCC: 1,0,6", "VOICE CALL: END: 0000", "NO CARRIER"]
        assert sorted(order, key=said.index) == order

    play(tmp_path, "a7670", story)


def test_quectel_by_ccinfo_and_dsci(tmp_path):
    async def story(exchange, modem, terminal):
        said = await call(exchange, modem, terminal, '+QINDCFG="ccinfo",1,0', "^DSCI=1", "+QTONEDET=1")
        for state, dsci in ((2, 2), (3, 7), (0, 3), (-1, 6)):
            assert f'+QIND: "ccinfo",1,0,{state},0,0,"{PHONE}",145\r\n' in said
            assert f"^DSCI: 1,0,{dsci},0,{PHONE},145\r\n" in said
        assert "+QTONEDET: 56\r\n" in said
        await terminal.at('+QURCCFG="urcport","usbmodem"')
        assert "QIND" not in await call(exchange, modem, terminal)

    play(tmp_path, "ec25", story)


def test_quectel_audio_ways(tmp_path):
    async def story(exchange, modem, terminal):
        assert b"+QPCMV: 0\r\n" in await terminal.at("+QPCMV?")
        assert await terminal.at("+QPCMV=1,2", "ERROR")  # no sound card yet
        await terminal.at('+QCFG="USBCFG",0x2C7C,0x0125,1,1,1,1,1,0,1')
        await terminal.at("+QPCMV=1,2")
        assert b"+QPCMV: 1,2\r\n" in await terminal.at("+QPCMV?")
        await terminal.at("+CFUN=1,1")
        await asyncio.sleep(8)
        again = Terminal(tmp_path / "gsm")
        assert b"+QPCMV: 0\r\n" in await again.at("+QPCMV?")  # forgotten
        assert b",1\r\n" in await again.at('+QCFG="usbcfg"')  # kept

    play(tmp_path, "eg25", story)


def test_huawei_says_little_and_chatters(tmp_path):
    async def story(exchange, modem, terminal):
        pcm = os.open(tmp_path / "gsm.pcm", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        assert await terminal.at("^DDSETEX=2", "ERROR")
        said = await call(exchange, modem, terminal, "^DDTMFCFG=0,1")
        order = ["^ORIG:1,0", "^CONF:1", "^CONN:1,0", "^DDTMF: 8", "^CEND:1,"]
        assert sorted(order, key=said.index) == order
        with pytest.raises(BlockingIOError):
            os.read(pcm, 100)  # nothing flows before ^DDSETEX=2
        chatter = (await terminal.hears_within(95)).decode()
        assert all(word in chatter for word in ("^RSSI:20", "^BOOT:", "^MODE:"))
        await terminal.at("^CURC=0")
        assert not await terminal.hears_within(95)
        os.close(pcm)

    play(tmp_path, "e173", story)


@pytest.mark.parametrize("model", ["sim7600", "ec25", "e1550"])
def test_pin_and_puk(tmp_path, model):
    async def story(exchange, modem, terminal):
        assert b"+CPIN: SIM PIN\r\n" in await terminal.at("+CPIN?")
        assert await terminal.at("+CIMI", "+CME ERROR: 11")
        assert await terminal.at("+CPMS?", "+CMS ERROR: 311")
        assert b"+CREG: 0,0\r\n" in await terminal.at("+CREG?")
        for left in (2, 1):
            assert await terminal.at('+CPIN="9999"', "+CME ERROR: 16")
            assert f"+CPINR: SIM PIN,{left},3".encode() in await terminal.at("+CPINR")
        assert await terminal.at('+CPIN="9999"', "+CME ERROR: 16")
        assert b"+CPIN: SIM PUK\r\n" in await terminal.at("+CPIN?")
        assert await terminal.at('+CPIN="1234"', "+CME ERROR: 3")
        assert await terminal.at('+CPIN="11111111","4321"', "+CME ERROR: 16")
        await terminal.at('+CPIN="12345678","4321"')
        assert b"+CPIN: READY\r\n" in await terminal.at("+CPIN?")
        assert b"+CREG: 0,1\r\n" in await terminal.at("+CREG?")
        assert b"+CLCK: 1\r\n" in await terminal.at('+CLCK="SC",2')
        await terminal.at('+CLCK="SC",0,"4321"')
        modem.unplug()
        modem.plug()
        await asyncio.sleep(4)
        again = Terminal(tmp_path / "gsm")
        assert b"+CPIN: READY\r\n" in await again.at("+CPIN?")

    play(tmp_path, model, story, sim="SIM PIN")


def test_the_networks_states(tmp_path):
    async def story(exchange, modem, terminal):
        for command in ("+CREG=2", "+CEREG=1", "+CTZR=1"):
            await terminal.at(command)
        modem.set_registration(3)
        assert b"+CREG: 3\r\n" in await terminal.hears_within(0.2)
        assert await terminal.at(f"D{PHONE};", "NO CARRIER")
        modem.set_registration(0, packet=1, ims=True)
        said = await terminal.hears_within(0.2)
        assert b"+CREG: 0\r\n" in said
        assert b"+CEREG: 1\r\n" in said
        assert b"+CIREG: 0,1\r\n" in await terminal.at("+CIREG?")
        modem.set_registration(1)
        said = await terminal.hears_within(0.2)
        assert b'+CREG: 1,"1A2B","01C3D4E5",7\r\n' in said
        assert b"+CTZV: +04\r\n" in said
        modem.falls_back = True
        begun = exchange.loop.time()
        dialled = await terminal.at(f"D{PHONE};")
        ring = await exchange.phone(PHONE).rings(within=20)
        assert exchange.loop.time() - begun > 6  # the way from LTE to 2G
        assert b'+CREG: 1,"1A2B","01C3D4E5",0\r\n' in dialled
        await ring.reject()
        await terminal.expect('+CREG: 1,"1A2B","01C3D4E5",7\r\n')
        assert b"+CESQ: 99,99,255,255,20,43\r\n" in await terminal.at("+CESQ")
        modem.clock_known = False
        assert b'+CCLK: "80/01/06,00:00:00+00"\r\n' in await terminal.at("+CCLK?")

    play(tmp_path, "sim7600", story)


@pytest.mark.parametrize(
    ("model", "word"), [("e1550", b'^SMMEMFULL:"SM"'), ("ec25", b'"smsfull","ME"'), ("sim7600", b"")]
)
def test_a_full_store_is_told_or_not(tmp_path, model, word):
    async def story(exchange, modem, terminal):
        capacity = modem.messages.capacity[modem.model.store_first]
        for number in range(capacity + 3):
            exchange.send_sms(PHONE, BOX, f"message {number}")
        said = await terminal.hears_within(0.5)
        assert word in said
        assert bool(word) is bool(said)
        assert b",1\r\n" in await terminal.at("+CIND?")
        for _ in range(3):
            await terminal.at("+CMGD=0")  # the network has kept the rest
        assert len(modem.messages.stores[modem.model.store_first]) == capacity

    play(tmp_path, model, story)


def test_huawei_that_is_told_to_release_too_soon_is_gone_for_good(tmp_path):
    async def story(exchange, modem, terminal):
        phone = exchange.phone(PHONE)
        await terminal.at(f"D{PHONE};")
        await terminal.expect("^ORIG:1,0")
        await terminal.send("AT+CHLD=11\r")
        await terminal.hears_within(2)
        await terminal.send("AT\r")
        assert not await terminal.hears_within(5)
        await (await phone.rings(within=20)).reject()

    play(tmp_path, "e1550", story)
