"""The driver against the simulated exchange, whose modem was written without a look at it; beyond the contract suite."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from hal.audio.pump import AudioPump
from hal.audio.sound import RATE, Sound
from hal.errors import LineFault, ModemSilent, SmsFailed, SmsUnknown
from hal.gsm.driver import GsmDevice
from hal.line import IncomingSms, LineState
from hal.registry import DeviceConfig, create
from hal.simulated import Exchange
from tests.hal.gsm.scripted_radio import Gate, request
from tests.support.smstaker import Taker
from tests.support.virtualtime import run_virtual

NUMBER = "+4915112345"
PHONE = "03012345"
SPEECH = bytes((i * 37 + i // 251 * 11) % 256 for i in range(2 * RATE))

Story = Callable[[Exchange, Any, GsmDevice], Awaitable[None]]


def play(directory: Path, story: Story, *, faults: dict[str, Any] | None = None, **config: Any) -> None:
    async def all_of_it() -> None:
        async with Exchange(directory) as exchange:
            modem = exchange.gsm_modem("gsm", number=NUMBER)
            modem.faults.set(**(faults or {}))
            ports = (str(directory / "gsm"),)
            device = create(
                DeviceConfig("gsm", "gsm", ports, audio_port=str(directory / "gsm.pcm"), **config),
                gate=Gate(),
                pump=AudioPump(),
            )
            assert isinstance(device, GsmDevice)
            try:
                await device.open()
                await story(exchange, modem, device)
            finally:
                await device.close()

    run_virtual(all_of_it())


WIRES: dict[str, dict[str, Any]] = {
    "clean": {},
    "in pieces": {"split_writes": 7},
    "late": {"delay_s": 0.4},
    "echo that cannot be switched off": {"echo": True},
    "echo in pieces": {"echo": True, "split_writes": 3},
    "something unsolicited in every answer": {"unsolicited": "^RSSI: 20"},
    "every CR twice": {"doubled_cr": True},
    "all at once": {"echo": True, "split_writes": 5, "unsolicited": "+CSQ: 3,99", "doubled_cr": True, "delay_s": 0.1},
}


@pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES.keys())
def test_a_whole_day_on_any_wire(tmp_path, wire):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        phone = exchange.phone(PHONE)
        dialling = asyncio.create_task(device.line.dial(request(PHONE)))
        other = await (await phone.rings()).answer(3.0)
        async with await dialling as call:
            assert (await call.play(Sound(SPEECH))).complete
            await other.press("4711")
            assert [await call.key(2) for _ in range(4)] == list("4711")
            assert await call.key(1.0) is None
            await call.send_keys("12")
        assert await other.ends(within=3)
        assert SPEECH[800:-800] in other.heard

        incoming = device.line.incoming()
        calling = asyncio.ensure_future(_call(phone))
        ringing = await anext(incoming)
        assert ringing.caller == PHONE
        call = await ringing.answer()
        other = await calling
        await other.hang_up()
        async with asyncio.timeout(2):
            await call.wait_hung_up()
        await call.hang_up()

        assert await device.sms.send_sms("+49151999", "x€" * 100, originator="test")
        assert [(sms.sender, sms.recipient, sms.text) for sms in exchange.sms] == [(NUMBER, "+49151999", "x€" * 100)]
        assert (await device.line.health()).ok
        assert not device.fault.is_set()

    play(tmp_path, story, faults=wire)


def _place(sms: IncomingSms) -> int:
    return sms.part.number if sms.part else 0


async def _call(phone: Any) -> Any:
    return await phone.dial(NUMBER)


@pytest.mark.parametrize("text", ["short", "ä{€}" * 90, "Ж😀" * 60])
def test_received_messages(tmp_path, text):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        taker = device.sms.receiver = Taker()
        for fault in ("", "cmti_lost", "cmti_minus_one"):
            modem.faults.clear()
            if fault:
                modem.faults.set(**{fault: True})
            taker.messages.clear()
            exchange.send_sms(PHONE, NUMBER, text)
            await asyncio.sleep(310)
            assert {sms.sender for sms in taker.messages} == {PHONE}
            assert "".join(sms.text for sms in sorted(taker.messages, key=_place)) == text
        assert not any(modem.messages.stores.values())

    play(tmp_path, story)


@pytest.mark.parametrize(("fault", "error"), [({"cmgs_error": 38}, SmsFailed), ({"cmgs_stuck": True}, SmsUnknown)])
def test_messages_that_fail(tmp_path, fault, error):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        modem.faults.set(**fault)
        with pytest.raises(error):
            await device.sms.send_sms("+49151999", "text", originator="test")
        modem.faults.clear()
        await device.sms.send_sms("+49151999", "again", originator="test")

    play(tmp_path, story)


def test_the_pin_is_given(tmp_path):
    async def all_of_it() -> None:
        async with Exchange(tmp_path) as exchange:
            modem = exchange.gsm_modem("pinned", number=NUMBER)
            modem.sim = "SIM PIN"
            config = DeviceConfig(
                "pinned", "gsm", (str(tmp_path / "pinned"),), audio_port=str(tmp_path / "pinned.pcm"), pin="1234"
            )
            device = create(config, gate=Gate())
            await device.open()
            assert (await device.lines[0].health()).ok
            await device.close()

    run_virtual(all_of_it())


def test_audio_that_comes_late(tmp_path):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        modem.faults.cpcmreg_errors = 4
        phone = exchange.phone(PHONE)
        dialling = asyncio.create_task(device.line.dial(request(PHONE)))
        other = await (await phone.rings()).answer(2.0)
        async with await dialling as call:
            assert (await call.play(Sound(SPEECH))).complete
        assert SPEECH[800:-800] in other.heard

    play(tmp_path, story)


@pytest.mark.parametrize("fault", ["silent", "garbage"])
def test_a_modem_gone_mad_is_reported_and_comes_back(tmp_path, fault):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        modem.faults.set(**{fault: True})
        async with asyncio.timeout(30):
            await device.fault.wait()
        assert device.line.state is LineState.FAULTED
        with pytest.raises(LineFault):
            await device.line.dial(request(PHONE))
        modem.faults.clear()
        await device.recover()
        assert device.line.state is LineState.IDLE
        assert (await device.line.health()).ok

    play(tmp_path, story)


@pytest.mark.parametrize("fault", ["silent", "garbage", "error"])
def test_a_modem_mad_from_the_start(tmp_path, fault):
    async def all_of_it() -> None:
        async with Exchange(tmp_path) as exchange:
            modem = exchange.gsm_modem("gsm", number=NUMBER)
            modem.faults.set(**{fault: True})
            config = DeviceConfig("gsm", "gsm", (str(tmp_path / "gsm"),), audio_port=str(tmp_path / "gsm.pcm"))
            device = create(config, gate=Gate())
            async with asyncio.timeout(60):
                with pytest.raises(LineFault):
                    await device.open()

    run_virtual(all_of_it())


def test_a_modem_that_dies_in_a_call(tmp_path):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        phone = exchange.phone(PHONE)
        dialling = asyncio.create_task(device.line.dial(request(PHONE)))
        await (await phone.rings()).answer(2.0)
        call = await dialling
        modem.faults.silent = True
        async with asyncio.timeout(30):
            await call.wait_hung_up()
            await device.fault.wait()
        await call.hang_up()
        modem.faults.clear()
        await device.recover()
        assert device.line.state is LineState.IDLE
        assert modem.circuit is None

    play(tmp_path, story)


def test_unplugged_in_a_call_and_plugged_in_again(tmp_path):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        phone = exchange.phone(PHONE)
        dialling = asyncio.create_task(device.line.dial(request(PHONE)))
        await (await phone.rings()).answer(2.0)
        call = await dialling
        modem.unplug()
        async with asyncio.timeout(2):
            await call.wait_hung_up()
            await device.fault.wait()
        await call.hang_up()
        recovering = asyncio.create_task(device.recover())
        await asyncio.sleep(20)
        assert not recovering.done()
        modem.plug()
        await recovering
        assert device.line.state is LineState.IDLE
        assert (await device.line.health()).ok

    play(tmp_path, story)


def test_a_network_that_goes_and_comes(tmp_path):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        modem.set_registration(2)
        await asyncio.sleep(1)
        health = await device.line.health()
        assert (health.ok, health.registered) == (False, False)
        with pytest.raises(LineFault):
            await device.line.dial(request(PHONE))
        modem.set_registration(5)
        assert (await device.line.health()).ok

    play(tmp_path, story)


def test_an_answer_that_never_comes_is_told_in_time(tmp_path):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        modem.faults.silent = True
        with pytest.raises(ModemSilent):
            await device.line.dial(request(PHONE))

    play(tmp_path, story)
