"""Every radio model of the exchange, driven by the rows of `hal.gsm.models`: calls, keys, messages, and what is told of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from hal.audio.pump import AudioPump
from hal.audio.sound import RATE, Encoding, Sound
from hal.errors import LineFault, ModemError, NotRegistered, Unplugged
from hal.gsm.driver import GsmDevice
from hal.gsm.models import MODELS
from hal.gsm.reports import Caller
from hal.line import LineState
from hal.registry import DeviceConfig, create
from hal.simulated import Exchange
from hal.simulated.quectel import QuectelModem
from hal.simulated.radiomodels import MODELS as SIMULATED
from tests.hal.gsm.scripted_radio import Gate, request
from tests.support.smstaker import Taker
from tests.support.virtualtime import run_virtual

NUMBER = "+4915112345"
PHONE = "03012345"
SPEECH = Sound(bytes((i * 37 + i // 251 * 11) % 256 for i in range(RATE)), Encoding.ALAW)
ALL = [model.name for model in SIMULATED]
ROWS = {
    "sim7600": "sim7600",
    "a7670": "a7670",
    "ec25": "quectel-ec2x",
    "eg25": "quectel-ec2x",
    "e1550": "huawei",
    "e173": "huawei",
}


def babble(seconds: float) -> Sound:
    """Low tones that swell and fade: as loud as speech and as smooth."""
    time = np.arange(round(seconds * RATE)) / RATE
    tones = sum(np.sin(2 * np.pi * f * time + 3 * np.sin(f * time / 90)) for f in (210, 440, 870, 1500))
    linear = (700 * (1.2 + np.sin(7 * time)) * tones).astype("<i2").tobytes()
    return Sound(linear, Encoding.S16LE).to(Encoding.ALAW)


Story = Callable[[Exchange, Any, GsmDevice], Awaitable[None]]


def play(
    directory: Path, model: str, story: Story, *, before: Callable[[Any], None] | None = None, **config: Any
) -> None:
    async def all_of_it() -> None:
        async with Exchange(directory) as exchange:
            modem = exchange.gsm_modem("gsm", number=NUMBER, model=model)
            if before:
                before(modem)
            path = config.pop("audio_port", str(directory / "gsm.pcm"))
            options = DeviceConfig("gsm", "gsm", (str(directory / "gsm"),), audio_port=path, **config)
            device = create(options, gate=Gate(), pump=AudioPump())
            assert isinstance(device, GsmDevice)
            try:
                await device.open()
                await story(exchange, modem, device)
            finally:
                await device.close()

    run_virtual(all_of_it())


async def call_out(exchange: Exchange, device: GsmDevice) -> tuple[Any, Any]:
    dialling = asyncio.create_task(device.line.dial(request(PHONE)))
    other = await (await exchange.phone(PHONE).rings(within=20)).answer(2.0)
    return await dialling, other


def test_every_row_has_its_simulated_model():
    assert set(ROWS) == set(ALL)
    assert set(ROWS.values()) | {"generic"} == {row.name for row in MODELS}
    assert all(row.source for row in (*MODELS, *SIMULATED))


@pytest.mark.parametrize("model", ALL)
def test_a_day(tmp_path, model):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        assert device.radio.model.name == ROWS[model]
        call, other = await call_out(exchange, device)
        async with call:
            assert (await call.play(SPEECH)).complete
            await other.press("47*#")
            assert [await call.key(2) for _ in range(4)] == list("47*#")
            assert await call.key(3.0) is None  # the modem's ear and ours are one
            await call.send_keys("15")
            await other.wait(1.0)
            recording = asyncio.create_task(call.record(limit_s=2.0))
            await other.speaks(SPEECH)
            assert len((await recording).sound.data) == 4 * RATE
        assert await other.ends(within=5)
        assert SPEECH.data[800:-800] in other.heard

        incoming = device.line.incoming()
        calling = asyncio.ensure_future(exchange.phone(PHONE).dial(NUMBER))
        ringing = await asyncio.wait_for(anext(incoming), 15)
        assert ringing.caller == PHONE
        call = await ringing.answer()
        other = await calling
        assert (await call.play(SPEECH)).complete
        await other.hang_up()
        async with asyncio.timeout(3):
            await call.wait_hung_up()
        await call.hang_up()

        taker = device.sms.receiver = Taker()
        assert await device.sms.send_sms("+49151999", "Grüße €", originator="test") == "1"
        exchange.send_sms(PHONE, NUMBER, "hello")
        await asyncio.sleep(5)
        assert [(sms.sender, sms.text) for sms in taker.messages] == [(PHONE, "hello")]
        assert [(report.reference, report.delivery.value) for report in taker.reports] == [(1, "delivered")]
        assert not any(modem.messages.stores.values())
        health = await device.line.health()
        assert health.ok
        assert not device.fault.is_set()
        wanted = {"manufacturer", "model", "firmware", "voice", "codec", "registration", "operator", "signal", "SIM"}
        wanted |= {"own number", "network time", "audio path", "audio of the last call", "SIM card", "delivery reports"}
        assert wanted <= health.facts.keys()
        assert health.facts["own number"] == NUMBER
        assert health.facts["network time"].endswith("+01:00")
        assert health.facts["voice"].startswith("yes")

    play(tmp_path, model, story)


@pytest.mark.parametrize("model", ALL)
@pytest.mark.parametrize("quiet", ["end_lost", "glued"])
def test_a_call_whose_end_nobody_tells_is_found(tmp_path, model, quiet):
    """A zombie: the modem has no call any more and has said nothing, or nothing that could be read (callpilot)."""

    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        call, other = await call_out(exchange, device)
        modem.faults.set(**{quiet: True})
        await other.hang_up()
        async with asyncio.timeout(8):
            await call.wait_hung_up()
        modem.faults.clear()
        await call.hang_up()
        call, _ = await call_out(exchange, device)
        await call.hang_up()
        assert not device.fault.is_set()

    play(tmp_path, model, story)


@pytest.mark.parametrize("model", ALL)
def test_a_firmware_without_voice_says_so(tmp_path, model):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        health = await device.line.health()
        assert not health.ok
        assert "carries no voice" in health.detail
        assert health.facts["voice"].startswith("none")
        with pytest.raises(LineFault):
            await device.line.dial(request(PHONE))
        assert not exchange.calls

    play(tmp_path, model, story, before=lambda modem: modem.faults.set(no_voice=True))


def test_voice_that_is_switched_off_is_no_voice(tmp_path):
    """^CVOICE:1 is an answer, and not the right one."""

    def switched_off(modem: Any) -> None:
        modem.commands["^CVOICE"] = lambda _: modem.info("^CVOICE:1,0,0,0")

    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        assert device.radio.voice is False

    play(tmp_path, "e1550", story, before=switched_off)


@pytest.mark.parametrize("model", ALL)
def test_network_states(tmp_path, model):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        for state, words in ((3, "denied"), (2, "searching"), (0, "none"), (6, "messages only")):
            modem.set_registration(state)
            health = await device.line.health()
            assert (health.ok, health.registered) == (False, False)
            assert words in health.detail
            with pytest.raises(NotRegistered):
                await device.line.dial(request(PHONE))
        modem.set_registration(5)
        assert (await device.line.health()).registered
        if modem.model.lte:
            modem.set_registration(0, packet=1)
            health = await device.line.health()
            assert health.registered is False  # LTE alone carries no call
            await device.sms.send_sms("+49151999", "text", originator="test")  # but messages
            modem.set_registration(0, packet=1, ims=True)
            assert (await device.line.health()).registered
            call, _ = await call_out(exchange, device)
            await call.hang_up()

    play(tmp_path, model, story)


def test_voice_over_lte_where_only_the_maker_tells(tmp_path):
    def without_standard(modem: Any) -> None:
        del modem.commands["+CIREG"]

    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        for ims in (True, False):
            modem.set_registration(0, packet=1, ims=ims)
            assert (await device.line.health()).registered is ims

    play(tmp_path, "ec25", story, before=without_standard)


@pytest.mark.parametrize(
    ("configured", "on_sim", "called"), [("", True, NUMBER), ("+49151000", True, "+49151000"), ("", False, None)]
)
def test_the_called_number_is_the_sims_own(tmp_path, configured, on_sim, called):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        incoming = device.line.incoming()
        calling = asyncio.ensure_future(exchange.phone(PHONE).dial(NUMBER))
        ringing = await asyncio.wait_for(anext(incoming), 15)
        assert ringing.called == called
        await ringing.reject()
        await asyncio.gather(calling, return_exceptions=True)

    more: dict[str, Any] = {"msns": (configured,)} if configured else {}
    play(tmp_path, "a7670", story, before=lambda modem: setattr(modem, "number_on_sim", on_sim), **more)


def test_a_fallback_to_2g_takes_its_time(tmp_path):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        for _ in range(2):
            call, _ = await call_out(exchange, device)
            await call.hang_up()
        assert (await device.line.health()).facts["access"] == "LTE"

    play(tmp_path, "ec25", story, before=lambda modem: setattr(modem, "falls_back", True))


# --- audio -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["refused for a while", "second call silent"])
def test_audio_that_comes_late_or_not_at_all(tmp_path, fault):
    """callpilot#112 and #121."""

    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        if fault == "refused for a while":
            modem.faults.cpcmreg_errors = 6
            call, _ = await call_out(exchange, device)
            async with call:
                assert (await call.play(SPEECH)).complete
            assert not device.fault.is_set()
            return
        modem.faults.second_call_silent = True
        call, _ = await call_out(exchange, device)
        assert (await call.play(SPEECH)).complete
        await call.hang_up()
        call, _ = await call_out(exchange, device)
        async with asyncio.timeout(8):
            await call.wait_hung_up()
        await call.hang_up()
        assert device.fault.is_set()
        await device.recover()  # which restarts the modem: nothing less helps
        call, _ = await call_out(exchange, device)
        assert (await call.play(SPEECH)).complete
        await call.hang_up()
        assert not device.fault.is_set()

    play(tmp_path, "sim7600", story)


def test_choppy_audio_is_seen_when_the_call_is_over(tmp_path):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        give = modem.audio.give
        beat = iter(range(10**6))
        modem.audio.give = lambda frame, lost=0: give(frame) if next(beat) % 2 else None
        call, _ = await call_out(exchange, device)
        await asyncio.sleep(8)
        assert not call.hung_up  # somebody may understand it all the same
        await call.hang_up()
        assert device.fault.is_set()
        modem.audio.give = give
        await device.recover()
        assert not device.fault.is_set()

    play(tmp_path, "sim7600", story)


def test_choppy_audio_that_no_reset_mends_costs_one_reset_and_not_the_line(tmp_path):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        give = modem.audio.give
        beat = iter(range(10**6))
        modem.audio.give = lambda frame, lost=0: give(frame) if next(beat) % 3 else None
        for again in range(3):
            call, _ = await call_out(exchange, device)
            await asyncio.sleep(8)
            await call.hang_up()
            assert device.fault.is_set() is (again == 0)
            if again == 0:
                await device.recover()
        assert "bytes/s from the modem" in (await device.line.health()).facts["audio of the last call"]

    play(tmp_path, "sim7600", story)


def test_whoever_rings_at_the_end_of_a_choppy_call_is_not_thrown_off_by_its_reset(tmp_path):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        call, _ = await call_out(exchange, device)
        await asyncio.sleep(1)
        await call.hang_up()
        device.line.poor_audio = "the audio of the last call was choppy: so they say"
        device.line.report(Caller("0301"))
        device.line.call_over(call)
        assert not device.fault.is_set()
        assert device.line.state is LineState.RINGING

    play(tmp_path, "sim7600", story)


def test_a_byte_lost_on_the_way_is_put_right(tmp_path):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        call, other = await call_out(exchange, device)
        modem.faults.pcm_slip = 1
        await asyncio.sleep(1)
        words = babble(2.0)
        recording = asyncio.create_task(call.record(limit_s=3.0, stop_on=()))
        await other.speaks(words)
        heard = (await recording).sound.to(Encoding.ALAW).data
        assert words.data[-RATE:-800] in heard
        await call.hang_up()
        assert "1 times out of step" in (await device.line.health()).facts["audio of the last call"]

    play(tmp_path, "ec25", story)


def test_a_buffer_that_fills_up_and_one_that_stays_full(tmp_path):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        call, other = await call_out(exchange, device)
        modem.faults.uplink_stuck = True
        await asyncio.sleep(2)
        assert call.pcm is not None
        assert not call.pcm.flowing
        modem.faults.uplink_stuck = False
        await asyncio.sleep(1)
        assert call.pcm.flowing
        assert (await call.play(SPEECH)).complete
        await asyncio.sleep(0.5)
        assert SPEECH.data[800:-800] in other.heard
        modem.faults.uplink_stuck = True
        async with asyncio.timeout(10):
            await call.wait_hung_up()
        assert device.fault.is_set()

    play(tmp_path, "ec25", story)


class Card:
    """Stands for `hal.audio.alsa.AlsaBridge` with the simulated modem's own sound card behind it."""

    opened: ClassVar[list[str]] = []

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.facts = {"audio levels": "as on a card"}

    def close(self) -> None:
        import os

        os.close(self.fd)


@pytest.mark.parametrize("there", [True, False])
def test_usb_audio(tmp_path, monkeypatch, there):
    import os

    from hal.audio.alsa import AlsaBridge

    async def open_card(device: str) -> Card:
        Card.opened.append(device)
        if not there:
            raise Unplugged(f"sound card {device}: no such device")
        return Card(os.open(tmp_path / "gsm.uac", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK))

    monkeypatch.setattr(AlsaBridge, "open", open_card)

    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        Card.opened.clear()
        if not there:
            dialling = asyncio.create_task(device.line.dial(request(PHONE)))
            await (await exchange.phone(PHONE).rings(within=20)).answer(2.0)
            with pytest.raises(LineFault):
                await dialling
            assert device.fault.is_set()
            return
        for _ in range(2):  # each call opens and closes it
            call, other = await call_out(exchange, device)
            assert (await call.play(SPEECH)).complete
            await other.press("4")
            assert await call.key(2) == "4"
            await call.hang_up()
            assert SPEECH.data[800:-800] in other.heard
        assert Card.opened == ["hw:CARD=Android"] * 2
        facts = (await device.line.health()).facts
        assert facts["audio path"] == "sound card hw:CARD=Android"
        assert facts["audio levels"] == "as on a card"

    play(
        tmp_path,
        "eg25",
        story,
        audio_port="alsa:hw:CARD=Android",
        before=lambda modem: setattr(modem, "usb_audio", True),
    )


def test_usb_audio_through_the_real_library(tmp_path, monkeypatch):
    """ALSA's `null` card: what is played is lost and what is heard is silence, but bridge, thread and pace are the real ones."""
    monkeypatch.setattr(QuectelModem, "setup_s", 0.1)

    async def all_of_it() -> None:
        async with Exchange(tmp_path) as exchange:
            modem = exchange.gsm_modem("gsm", number=NUMBER, model="eg25")
            modem.usb_audio = True
            options = DeviceConfig("gsm", "gsm", (str(tmp_path / "gsm"),), audio_port="alsa:null")
            device = create(options, gate=Gate(), pump=AudioPump())
            async with asyncio.timeout(60):
                await device.open()
                dialling = asyncio.create_task(device.lines[0].dial(request(PHONE)))
                await (await exchange.phone(PHONE).rings(within=30)).answer(0.2)
                async with await dialling as call:
                    assert (await call.play(SPEECH)).complete
                    heard = (await call.record(limit_s=0.5)).sound
                    assert heard.data, "by the clock on the wall: how much of half a second depends on the machine"
                    assert len(heard.data) % 2 == 0
                assert "sound card null" in (await device.lines[0].health()).facts["audio path"]
                await device.close()

    asyncio.run(all_of_it())


def test_a_model_without_a_sound_card_dials_nobody(tmp_path):
    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        with pytest.raises(ModemError, match="sound card"):
            await device.line.dial(request(PHONE))
        assert not exchange.calls

    play(tmp_path, "e173", story, audio_port="alsa:hw:0")


# --- reports and traps -----------------------------------------------------------------------------------------------------------


def test_reports_on_the_wrong_port_are_brought_to_this_one(tmp_path):
    """pinephone_modem_sdk#2: otherwise no RING is ever heard."""

    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        assert modem.urc_port == "all"
        incoming = device.line.incoming()
        calling = asyncio.ensure_future(exchange.phone(PHONE).dial(NUMBER))
        ringing = await asyncio.wait_for(anext(incoming), 6)
        await ringing.reject()
        await asyncio.gather(calling, return_exceptions=True)

    play(tmp_path, "eg25", story, before=lambda modem: setattr(modem, "urc_port", "usbmodem"))


def test_old_firmware_without_ccinfo_reports_by_dsci(tmp_path):
    def old(modem: Any) -> None:
        del modem.commands["+QINDCFG"], modem.commands["+QURCCFG"]

    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        assert modem.setting("^DSCI") == "1"
        call, other = await call_out(exchange, device)
        await other.hang_up()
        async with asyncio.timeout(1):  # sooner than a poll would find out
            await call.wait_hung_up()
        await call.hang_up()

    play(tmp_path, "ec25", story, before=old)


def test_a_huawei_that_is_hung_up_before_its_orig(tmp_path):
    """It then never says ^CEND (chan_dongle): the list of calls is asked."""

    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        dialling = asyncio.create_task(device.line.dial(request(PHONE)))
        await asyncio.sleep(0.06)
        dialling.cancel()
        await asyncio.gather(dialling, return_exceptions=True)
        assert modem.circuit is None
        assert device.line.state is LineState.IDLE
        modem.cend_fields = 1
        call, other = await call_out(exchange, device)
        await other.hang_up()
        async with asyncio.timeout(2):
            await call.wait_hung_up()
        await call.hang_up()

    play(tmp_path, "e1550", story)


@pytest.mark.parametrize("model", ALL)
@pytest.mark.parametrize("how", ["restart", "ATZ of another program"])
def test_a_modem_that_has_forgotten_everything_is_told_again(tmp_path, model, how):
    """Some say so (RDY, *ATREADY), a Huawei says nothing: incoming calls and messages would be missed for ever."""

    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        await asyncio.sleep(5)
        modem.restarts() if how == "restart" else modem.reset()
        async with asyncio.timeout(30):
            await device.fault.wait()
        await device.recover()
        incoming = device.line.incoming()
        calling = asyncio.ensure_future(exchange.phone(PHONE).dial(NUMBER))
        ringing = await asyncio.wait_for(anext(incoming), 6)
        assert ringing.caller == PHONE
        await ringing.reject()
        await asyncio.gather(calling, return_exceptions=True)
        taker = device.sms.receiver = Taker()
        exchange.send_sms(PHONE, NUMBER, "hello")
        await asyncio.sleep(5)
        assert len(taker.messages) == 1

    play(tmp_path, model, story)


def test_cring_left_on_by_another_program_rings_all_the_same(tmp_path):
    """wdoekes#82: calls went unnoticed for weeks."""

    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        for crc in ("1", "0"):
            modem._settings["+CRC"] = crc
            incoming = device.line.incoming()
            calling = asyncio.ensure_future(exchange.phone(PHONE).dial(NUMBER))
            ringing = await asyncio.wait_for(anext(incoming), 6)
            assert ringing.caller == PHONE
            await ringing.reject()
            await asyncio.gather(calling, return_exceptions=True)

    play(tmp_path, "e173", story)


@pytest.mark.parametrize("model", ["sim7600", "ec25", "e1550"])
def test_a_wrong_sim_pin_is_one_try_on_every_counter(tmp_path, model, monkeypatch):
    monkeypatch.setattr("hal.gsm.sim._known", {})

    async def all_of_it() -> None:
        async with Exchange(tmp_path) as exchange:
            modem = exchange.gsm_modem("gsm", number=NUMBER, model=model)
            modem.sim = "SIM PIN"
            ports = (str(tmp_path / "gsm"),)
            for pin in ("9999", "8888", "1234"):
                device = create(
                    DeviceConfig("gsm", "gsm", ports, audio_port=str(tmp_path / "gsm.pcm"), pin=pin), gate=Gate()
                )
                with pytest.raises(NotRegistered):
                    await device.open()
                await device.close()
            assert modem.card.pin_tries == 2
            modem.card.pin_tries = 3  # unlocked once in a telephone
            device = create(
                DeviceConfig("gsm", "gsm", ports, audio_port=str(tmp_path / "gsm.pcm"), pin="1234"), gate=Gate()
            )
            await device.open()
            assert (await device.lines[0].health()).facts["SIM"] == "unlocked with its PIN"
            await device.close()

    run_virtual(all_of_it())


def test_the_networks_time_is_a_hint_and_its_absence_none(tmp_path):
    told = []

    async def story(exchange: Exchange, modem: Any, device: GsmDevice) -> None:
        device.on_time = told.append
        await device.line.health()
        assert abs(told[0].timestamp() - exchange.wall()) <= 1.0
        modem.clock_known = False
        health = await device.line.health()
        assert health.facts["network time"] == "not told"
        assert len(told) == 1

    play(tmp_path, "a7670", story)
