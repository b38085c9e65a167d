"""Messages over a scripted modem."""

from __future__ import annotations

import asyncio

import pytest

from hal.errors import LineClosed, LineFault, ModemSilent, NotRegistered, Refused, SmsFailed, SmsUnknown
from hal.gsm import pdu
from hal.gsm.userdata import Concatenation, UserData
from hal.line import Delivery, SmsPart
from tests.hal.gsm.scripted_radio import ERROR, OK, ScriptedRadio, opened, request, say
from tests.hal.gsm.test_calls import answers, ends
from tests.support.smstaker import Taker
from tests.support.virtualtime import run_virtual

NOTICE = "eCSIRT.net alert function - a new voice-mail was received."


def test_a_message():
    async def story():
        radio = ScriptedRadio()
        async with opened(radio) as device:
            assert await device.sms.send_sms("+4915112345", NOTICE, originator="test") == "42"
            message = pdu.decode(radio.pdus[0])
            assert isinstance(message, pdu.Submit)
            assert (message.destination.text, message.user_data.text) == ("+4915112345", NOTICE)
            assert radio.sent("AT+CMGS") == [f"AT+CMGS={len(radio.pdus[0]) // 2 - 1}"]

    run_virtual(story())


def test_the_gate_comes_before_the_modem():
    async def story():
        radio = ScriptedRadio()
        async with opened(radio) as device:
            for number in ("666", "12a", ""):
                with pytest.raises(Refused):
                    await device.sms.send_sms(number, "text", originator="test")
            assert not radio.sent("AT+CMGS")

    run_virtual(story())


def test_a_long_text_goes_in_parts():
    async def story():
        radio = ScriptedRadio()
        numbers = iter([7, 8])
        radio.on_pdu = lambda _: say(f"+CMGS: {next(numbers)}", "OK")
        async with opened(radio) as device:
            assert await device.sms.send_sms("123", "x" * 200, originator="test") == "7,8"
            parts = [pdu.decode(text).user_data for text in radio.pdus]
            assert "".join(part.text for part in parts) == "x" * 200
            places = [part.concatenation for part in parts]
            assert [(place.total, place.sequence) for place in places if place] == [(2, 1), (2, 2)]
            assert len({place.reference for place in places if place}) == 1

    run_virtual(story())


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (say("+CMS ERROR: 38"), SmsFailed, "38 (network out of order)"),
        (say("+CMS ERROR: 500"), SmsFailed, "500"),
        (say("+CMS ERROR: 513"), SmsFailed, "maker's own"),
        (ERROR, SmsFailed, "ERROR"),
        (OK, SmsUnknown, "without a reference"),
        ("\r\n", SmsUnknown, "handed over"),  # wdoekes/asterisk-chan-dongle#126
        (None, SmsUnknown, "handed over"),
    ],
)
def test_what_the_network_says(answer, error, words):
    async def story():
        radio = ScriptedRadio()
        radio.on_pdu = lambda _: answer
        async with opened(radio) as device:
            begun = asyncio.get_running_loop().time()
            with pytest.raises(error) as failure:
                await device.sms.send_sms("123", "text", originator="test")
            assert words in str(failure.value)
            assert asyncio.get_running_loop().time() - begun < 65
            assert len(radio.pdus) == 1
            assert (await device.line.health()).ok  # and the modem listens again
            assert not device.fault.is_set()

    run_virtual(story())


@pytest.mark.parametrize("prompt", ["", ERROR, say("+CMS ERROR: 302")])
def test_no_prompt(prompt):
    async def story():
        radio = ScriptedRadio()
        if prompt:
            radio.answers["AT+CMGS="] = prompt
            radio.answers.update({f"AT+CMGS={n}": prompt for n in range(200)})
        radio.prompt = ""
        async with opened(radio) as device:
            begun = asyncio.get_running_loop().time()
            with pytest.raises(SmsFailed if prompt else ModemSilent):
                await device.sms.send_sms("123", "text", originator="test")
            assert asyncio.get_running_loop().time() - begun < 15
            assert not radio.pdus
            assert (await device.line.health()).ok

    run_virtual(story())


def test_a_modem_that_vanishes_with_the_message():
    async def story():
        radio = ScriptedRadio()

        def vanish(_: str) -> None:
            radio.close()

        radio.on_pdu = vanish
        async with opened(radio) as device:
            with pytest.raises(SmsUnknown):
                await device.sms.send_sms("123", "text", originator="test")
            assert device.fault.is_set()
            with pytest.raises(LineFault):
                await device.sms.send_sms("123", "text", originator="test")

    run_virtual(story())


def test_without_a_network():
    async def story():
        radio = ScriptedRadio()
        radio.answers["AT+CREG?"] = say("+CREG: 1,2", "OK")
        radio.answers["AT+CEREG?"] = say("+CEREG: 1,2", "OK")
        async with opened(radio) as device:
            with pytest.raises(NotRegistered):
                await device.sms.send_sms("123", "text", originator="test")
            radio.answers["AT+CEREG?"] = say("+CEREG: 1,1", "OK")  # LTE without voice is enough
            assert await device.sms.send_sms("123", "text", originator="test") == "42"

    run_virtual(story())


def test_closed():
    async def story():
        radio = ScriptedRadio()
        async with opened(radio) as device:
            await device.close()
            with pytest.raises(LineClosed):
                await device.sms.send_sms("123", "text", originator="test")

    run_virtual(story())


def slow_messages(radio: ScriptedRadio, seconds: float = 4.0) -> None:
    def on_pdu(_: str) -> None:
        radio.later(seconds, lambda: radio.say("+CMGS: 1", "OK"))

    radio.on_pdu = on_pdu


def test_a_dial_waits_for_one_message_at_most():
    async def story():
        radio = ScriptedRadio()
        slow_messages(radio)
        answers(radio)
        async with opened(radio) as device, asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(device.sms.send_sms("123", "text", originator="test"))
            group.create_task(device.sms.send_sms("123", "x" * 500, originator="test"))
            await asyncio.sleep(0.5)
            call = await device.line.dial(request())
            order = [command[:6] for command in radio.commands if command.startswith(("AT+CMGS", "ATD"))]
            assert order[:2] == ["AT+CMG", "ATD030"]
            await call.hang_up()
        assert len(radio.pdus) == 9

    run_virtual(story())


@pytest.mark.parametrize("model", ["sim7600", "huawei"])
def test_a_message_during_a_call_where_the_modem_can(model):
    async def story():
        radio = ScriptedRadio(model)
        answers(radio)
        async with opened(radio) as device:
            call = await device.line.dial(request())
            speaking = asyncio.create_task(radio.murmur())
            sending = asyncio.create_task(device.sms.send_sms("123", "text", originator="test"))
            await asyncio.sleep(8)
            assert sending.done() is (model == "sim7600")
            await call.hang_up()
            speaking.cancel()
            assert await sending == "42"

    run_virtual(story())


def test_messages_wait_while_a_number_is_dialled():
    async def story():
        radio = ScriptedRadio()
        ends(radio, "BUSY", after=10.0)
        async with opened(radio) as device:
            dialling = asyncio.create_task(device.line.dial(request()))
            await asyncio.sleep(1)
            sending = asyncio.create_task(device.sms.send_sms("123", "text", originator="test"))
            await asyncio.sleep(5)
            assert not radio.pdus
            await asyncio.wait([dialling, sending])
            assert dialling.exception() is not None
            assert sending.result() == "42"

    run_virtual(story())


# --- received ----------------------------------------------------------------------------------------------------------------


def deliver(text: str, sender: str = "0B911346610089F6", part: Concatenation | None = None) -> str:
    """An SMS-DELIVER, made here: the codec under test does not make them."""
    header = (part.element(),) if part else ()
    user_data = UserData(text, 0x00, header).encode().hex()
    return f"00{'44' if part else '04'}{sender}0000" + "62112221436580" + user_data


class Store:
    """The SIM's places for messages."""

    def __init__(self, radio: ScriptedRadio) -> None:
        self.places: dict[int, str] = {}
        radio.answers["AT+CPMS?"] = lambda _: say(f'+CPMS: "SM",{len(self.places)},5,"SM",0,5,"SM",0,5', "OK")
        radio.answers["AT+CMGR="] = self._read
        radio.answers["AT+CMGD="] = lambda line: (self.places.pop(int(line.split("=")[1]), None) and OK) or OK
        self._radio = radio

    def _read(self, line: str) -> str:
        text = self.places.get(int(line.split("=")[1]))
        return say("+CMGR: 0,,30", text, "OK") if text else say("+CMS ERROR: 321")

    def receive(self, place: int, text: str, *, told: bool = True) -> None:
        self.places[place] = text
        if told:
            self._radio.say(f'+CMTI: "SM",{place}')


def received(story):
    """Run a story(radio, store, device, taker)."""

    async def all_of_it():
        radio = ScriptedRadio()
        store = Store(radio)
        taker = Taker()
        async with opened(radio) as device:
            device.sms.receiver = taker
            await story(radio, store, device, taker)

    run_virtual(all_of_it(), limit_s=100_000)


def test_a_received_message_is_offered_and_deleted():
    async def story(radio, store, device, taker):
        store.receive(3, deliver("hello"))
        await asyncio.sleep(1)
        assert [(sms.sender, sms.text, sms.part) for sms in taker.messages] == [("+31641600986", "hello", None)]
        assert taker.messages[0].sent_at is not None
        assert not store.places

    received(story)


def test_what_came_unnoticed_is_found():
    async def story(radio, store, device, taker):
        radio.say('+CMTI: "SM",-1')
        store.receive(0, deliver("one"), told=False)
        store.receive(5, deliver("two"), told=False)
        await asyncio.sleep(301)
        assert [sms.text for sms in taker.messages] == ["one", "two"]
        assert not store.places

    received(story)


def test_a_call_waits_for_one_message_of_a_slow_store_and_no_more():
    async def story(radio, store, device, taker):
        def slowly(line):
            radio.later(1.0, lambda: radio.say("+CMS ERROR: 321"))
            return ""

        radio.answers["AT+CPMS?"] = say('+CPMS: "ME",3,255,"ME",3,255,"ME",3,255', "OK")  # three that nobody can see
        radio.answers["AT+CMGR="] = slowly
        await asyncio.sleep(10)
        read = len(radio.sent("AT+CMGR="))
        assert 0 < read < 20
        ends(radio, "BUSY", after=10.0)
        dialling = asyncio.create_task(device.line.dial(request()))
        await asyncio.sleep(3)
        assert radio.sent("ATD")
        assert len(radio.sent("AT+CMGR=")) <= read + 1
        await asyncio.wait([dialling])
        await asyncio.sleep(30)
        assert len(radio.sent("AT+CMGR=")) > read + 10  # it goes on afterwards

    received(story)


def test_parts_are_handed_on_as_they_come():
    async def story(radio, store, device, taker):
        for place, number in enumerate((3, 1)):
            store.receive(place, deliver(f"part {number}. ", part=Concatenation(9, 3, number)))
            await asyncio.sleep(1)
        store.receive(2, deliver("far", part=Concatenation(4711, 2, 2)))
        await asyncio.sleep(1)
        assert [(sms.text, sms.part) for sms in taker.messages] == [
            ("part 3. ", SmsPart(9, 3, 3)),
            ("part 1. ", SmsPart(9, 3, 1)),
            ("far", SmsPart(4711, 2, 2)),
        ]
        assert not store.places  # a SIM of twenty places is no place to wait

    received(story)


def test_what_is_not_taken_stays():
    async def story(radio, store, device, taker):
        taker.refuses = True
        store.receive(1, deliver("hello"))
        await asyncio.sleep(1)
        assert store.places
        taker.refuses = False
        await asyncio.sleep(301)
        assert [sms.text for sms in taker.messages] == ["hello"]
        assert not store.places

    received(story)


def test_without_a_receiver_nothing_is_read_or_deleted():
    async def story(radio, store, device, taker):
        device.sms.receiver = None
        store.receive(1, deliver("hello"))
        await asyncio.sleep(301)
        assert store.places
        assert not radio.sent("AT+CMGR")

    received(story)


def test_what_cannot_be_read_is_kept_as_it_came():
    async def story(radio, store, device, taker):
        store.receive(1, "00FF")
        store.receive(2, deliver("hello"))
        await asyncio.sleep(1)
        assert [(sms.sender, sms.text) for sms in taker.messages] == [
            ("", "unreadable message: 00FF"),
            ("+31641600986", "hello"),
        ]
        assert not store.places

    received(story)


DRAFT = pdu.submit("123", "a draft of another program")[0].encode()[0]


def test_a_full_store_is_told_and_emptied():
    async def story(radio, store, device, taker):
        for place in range(4):
            store.receive(place, deliver(f"message {place}"), told=False)
        store.receive(4, DRAFT, told=False)
        await asyncio.sleep(301)
        assert len(taker.messages) == 4
        assert not store.places
        assert taker.full == [True, False]
        store.receive(0, DRAFT, told=False)  # there is room: it is none of ours
        radio.say('^SMMEMFULL: "SM"')
        await asyncio.sleep(1)
        assert store.places == {0: DRAFT}
        assert taker.full == [True, False, True, False]

    received(story)


REPORT = "00062A0B911346610089F6" + "62112221436580" + "62112221539580" + "00"
"""On message 42, delivered ten seconds after the network took it."""


@pytest.mark.parametrize("way", ["direct", "stored", "in the middle of another answer"])
def test_a_delivery_report(way):
    async def story(radio, store, device, taker):
        if way == "direct":
            radio.say("+CDS: 26", REPORT)
        elif way == "stored":
            store.places[2] = REPORT
            radio.say('+CDSI: "SM",2')
        else:
            answer = radio.answers["AT+CMGR="]
            radio.answers["AT+CMGR="] = lambda line: say("+CDS: 26", REPORT) + answer(line)
            store.receive(1, deliver("hello"))
        await asyncio.sleep(1)
        (report,) = set(taker.reports)
        assert (report.reference, report.number, report.delivery) == (42, "+31641600986", Delivery.DELIVERED)
        assert report.sent_at is not None
        assert [sms.text for sms in taker.messages] == ["hello"] * (way not in ("direct", "stored"))
        assert not store.places

    received(story)


def test_a_report_is_asked_for_with_every_part():
    async def story():
        radio = ScriptedRadio()
        async with opened(radio) as device:
            await device.sms.send_sms("123", "x" * 200, originator="test")
            assert [text[2:4] for text in radio.pdus] == ["71", "71"]  # SUBMIT, relative validity, report, header
            await device.sms.send_sms("123", "short", originator="test")
            assert radio.pdus[-1][2:4] == "31"

    run_virtual(story())
