"""Our radio driver at ofono-phonesim, a GSM modem that nobody here wrote: network, calls both ways, keys, messages both ways.

What phonesim makes of numbers: 6789 answers, 0612303 rings 3 s and answers, 0512302 answers and hangs up 2 s later, 155 is busy,
199 fails and calls back after 5 s, 177 fails, calls back after 2 s and gives up 5 s later. It has no audio: silence stands in.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from hal.audio.pump import AudioPump
from hal.errors import Busy, HungUp, NoAnswer, RefusedAtOnce, Rejected
from hal.gsm import pdu
from hal.gsm.driver import GsmDevice
from hal.line import DialRequest, LineState
from hal.registry import DeviceConfig, create
from tests.hal.gsm.scripted_radio import Gate
from tests.peers.phonesim import Phonesim, phonesim
from tests.peers.world import PATIENCE_S, until
from tests.support.smstaker import Taker

pytestmark = pytest.mark.peer("ofono-phonesim", version="2.1-2, unpacked from forky")

LONG = "The second mail server has failed; please call the operations centre on {extension} 17 [any hour]. " * 2
NOT_GSM7 = "Штаб: второй сервер не отвечает. 📞 " * 4


@contextlib.asynccontextmanager
async def box(directory: Path):
    """(the modem, our device opened on it)."""
    async with phonesim(directory) as modem:
        config = DeviceConfig("gsm", "gsm", (modem.path,), audio_port=modem.audio_path)
        device = create(config, gate=Gate(), pump=AudioPump())
        assert isinstance(device, GsmDevice)
        try:
            await device.open()
            yield modem, device
        finally:
            await device.close()


def story(body):
    """A test that is a coroutine with the modem and the device."""

    def test(tmp_path: Path) -> None:
        async def play() -> None:
            async with asyncio.timeout(3 * PATIENCE_S), box(tmp_path) as (modem, device):
                await body(modem, device)

        asyncio.run(play())

    test.__name__, test.__doc__ = body.__name__, body.__doc__
    return test


def request(number: str, **more) -> DialRequest:
    return DialRequest(number, "test", "test", **more)


async def first_call(device: GsmDevice):
    async with asyncio.timeout(PATIENCE_S):
        return await anext(device.line.incoming())


async def idle(device: GsmDevice) -> None:
    await until(lambda: device.line.state is LineState.IDLE, "idle line")


@story
async def test_is_identified_and_registered(modem: Phonesim, device: GsmDevice):
    health = await device.line.health()
    assert (health.ok, health.registered, health.signal_dbm) == (True, True, -51.0)
    assert (health.facts["manufacturer"], health.facts["model"]) == ("MeeGo", "Synthetic Device")
    assert health.facts["operator"] == "T-MeeGo"
    assert health.facts["driver model"] == "generic"


@story
async def test_call_that_is_answered_gets_keys_and_is_ended_by_us(modem: Phonesim, device: GsmDevice):
    call = await device.line.dial(request("6789"))
    assert device.line.state is LineState.IN_CALL
    await call.send_keys("19*#")
    keys = [line for line in modem.told if line.startswith("AT+VTS")]
    assert keys == [f'AT+VTS="{key}"' for key in "19*#"]
    await call.hang_up()
    await idle(device)
    assert modem.told.count("AT+CHUP") == 1
    assert '*ECAV: 1,0,0,,,"6789",129' in modem.said


@story
async def test_call_that_rings_first(modem: Phonesim, device: GsmDevice):
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with await device.line.dial(request("0612303")) as call:
        assert loop.time() - began >= 3
        assert not call.hung_up
    await idle(device)


@story
async def test_call_that_the_other_side_ends(modem: Phonesim, device: GsmDevice):
    call = await device.line.dial(request("0512302"))
    with pytest.raises(HungUp):
        await call.key(PATIENCE_S)
    assert call.hung_up
    await call.hang_up()
    await idle(device)


@story
async def test_busy_number(modem: Phonesim, device: GsmDevice):
    with pytest.raises(Busy):
        await device.line.dial(request("155"))
    await idle(device)


@story
async def test_number_that_fails_at_once_and_calls_back(modem: Phonesim, device: GsmDevice):
    with pytest.raises(RefusedAtOnce):
        await device.line.dial(request("199"))
    ringing = await first_call(device)
    assert ringing.caller == "1234567"
    async with await ringing.answer() as call:
        assert device.line.state is LineState.IN_CALL
        assert not call.hung_up
    await idle(device)
    await until(lambda: any(line.startswith("*ECAV: 1,0") for line in modem.said), "end of the call at the modem")


@story
async def test_number_that_rings_and_is_not_answered(modem: Phonesim, device: GsmDevice):
    with pytest.raises(NoAnswer):
        await device.line.dial(request("0612340", ring_limit_s=3))
    await idle(device)
    assert "AT+CHUP" in modem.told


@story
async def test_dialling_that_is_cancelled(modem: Phonesim, device: GsmDevice):
    dialling = asyncio.create_task(device.line.dial(request("0612340")))
    await modem.says("*ECAV: 1,6")
    dialling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dialling
    await idle(device)
    async with await device.line.dial(request("6789")):
        pass


@story
async def test_call_in_from_a_number(modem: Phonesim, device: GsmDevice):
    await modem.ring("+49301234567")
    ringing = await first_call(device)
    assert ringing.caller == "+49301234567"
    async with await ringing.answer():
        assert device.line.state is LineState.IN_CALL
    await idle(device)


@story
async def test_call_in_from_nobody_known(modem: Phonesim, device: GsmDevice):
    await modem.ring("")
    ringing = await first_call(device)
    assert ringing.caller is None
    async with await ringing.answer():
        assert device.line.state is LineState.IN_CALL
    await idle(device)


@story
async def test_two_calls_in_one_after_the_other(modem: Phonesim, device: GsmDevice):
    for number in ("0301234567", "0307654321"):
        await modem.ring(number)
        ringing = await first_call(device)
        assert ringing.caller == number
        async with await ringing.answer():
            pass
        await idle(device)


@story
async def test_call_in_that_is_refused(modem: Phonesim, device: GsmDevice):
    await modem.ring("0301234567")
    ringing = await first_call(device)
    assert ringing.caller == "0301234567"
    await ringing.reject()
    await idle(device)
    await until(lambda: any(line.startswith("*ECAV: 1,0") for line in modem.said), "end of the call at the modem")


@story
async def test_caller_who_gives_up(modem: Phonesim, device: GsmDevice):
    with pytest.raises(RefusedAtOnce):
        await device.line.dial(request("177"))
    ringing = await first_call(device)
    await idle(device)
    with pytest.raises((HungUp, Rejected)):
        await ringing.answer()
    await idle(device)


@story
async def test_caller_who_hangs_up_after_our_answer(modem: Phonesim, device: GsmDevice):
    with pytest.raises(RefusedAtOnce):
        await device.line.dial(request("177"))
    call = await (await first_call(device)).answer()
    async with asyncio.timeout(PATIENCE_S):
        await call.wait_hung_up()
    await call.hang_up()
    await idle(device)


@story
async def test_message_out(modem: Phonesim, device: GsmDevice):
    text = "Alert 17: {mail} down [site €] – no, site B"
    assert await device.sms.send_sms("+491701234567", text, originator="test") == "0"
    await until(lambda: _sent(modem), "a message on the wire")
    assert _sent(modem) == [text]


@story
async def test_long_messages_out(modem: Phonesim, device: GsmDevice):
    for text, parts in ((LONG, 2), (NOT_GSM7, 3)):
        before = len(_sent(modem))
        assert await device.sms.send_sms("0170123456", text, originator="test") == ",".join("0" * parts)
        await until(lambda before=before, parts=parts: len(_sent(modem)) == before + parts, "messages on the wire")
        assert "".join(_sent(modem)[before:]) == text


@story
async def test_messages_in(modem: Phonesim, device: GsmDevice):
    taker = device.sms.receiver = Taker()
    texts = ("Grüße: ^{[~]} | € \\", "Быстро!", LONG, "0123456789" * 16)
    for number, text in enumerate(texts):
        await modem.message("+491701234567", text)
        async with asyncio.timeout(PATIENCE_S):
            assert await taker.whole.get() == ("+491701234567", text), number
    await until(lambda: len([line for line in modem.told if line.startswith("AT+CMGD=")]) == 5, "deletions")


@story
async def test_modem_that_dies_in_a_call(modem: Phonesim, device: GsmDevice):
    call = await device.line.dial(request("6789"))
    await modem.die()
    async with asyncio.timeout(30):
        await device.fault.wait()
        await call.wait_hung_up()
    assert device.line.state is LineState.FAULTED
    await call.hang_up()


def _sent(modem: Phonesim) -> list[str]:
    """The texts of the PDUs that the modem was given."""
    prompted = zip(modem.told, modem.told[1:], strict=False)
    return [pdu.decode(octets).user_data.text for command, octets in prompted if command.startswith("AT+CMGS=")]
