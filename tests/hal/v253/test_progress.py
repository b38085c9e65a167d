"""What becomes of the calls of an analogue line: by ear, where the modem leaves it to us, and against its word."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hal.audio import companding, tones
from hal.audio.sound import RATE, Encoding, Sound
from hal.errors import Busy, Congestion, HungUp, LineFault, NoAnswer, Rejected
from hal.line import LineState, RecordingEnd
from hal.simulated.hybrid import Hybrid
from hal.v253.models import MODELS, Progress
from tests.hal.audio.voices import spoken
from tests.hal.v253.world import OWN, PHONE, World, voice

BY_EAR = ["conexant", "si2493"]
"""Duplex (+VTR) and half duplex (+VRX)."""
ALL = [*BY_EAR, "usr5637"]
"""The last decides by itself when a call was answered."""


def sentence(text: str = "Hello, who is calling please?") -> Sound:
    return Sound(companding.encode(spoken(text), Encoding.ALAW))


async def fails(w: World, error: type[Exception], number: str = PHONE, **more: Any) -> Exception:
    """The call fails so, and the line is ready for the next one."""
    with pytest.raises(error) as caught:
        await w.line.dial(w.request(number, **more))
    assert type(caught.value) is error, repr(caught.value)
    assert w.line.state is LineState.IDLE
    assert (await w.line.health()).ok
    assert w.modem.circuit is None
    return caught.value


def listening_to(w: World, tone: str) -> None:
    """What the exchange gives instead of the ringing tone."""
    w.modem.alerting = lambda circuit: w.modem._listen_to(tone)


def test_each_row_says_who_decides_and_only_documented_ones_leave_it_to_us() -> None:
    by_ear = {model.name: model.source for model in MODELS if model.progress is Progress.SOFTWARE}
    assert set(by_ear) == {"conexant", "si24xx"}
    assert all("+VRN" in source for source in by_ear.values())


@pytest.mark.parametrize(
    ("model", "country"),
    [("conexant", "DE"), ("si2493", "DE"), ("conexant", "GB"), ("si2493", "US"), ("conexant", "FR")],
)
def test_every_outcome_by_ear(model: str, country: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.modem.country = country
        w.modem.faults.end_lost = True  # the modem itself reports nothing
        w.phone.never_answers()
        await fails(w, NoAnswer, ring_limit_s=20.0)
        await fails(w, Rejected, "0999999")
        w.exchange.congested = True
        await fails(w, Congestion)
        w.exchange.congested = False
        w.exchange.phone("0555").busy = True
        await fails(w, Busy, "0555")

    voice(model, tmp_path, story, country=country)


@pytest.mark.parametrize(("model", "country"), [("conexant", "DE"), ("si2493", "GB")])
def test_an_answer_is_known_by_the_voice_within_a_second(model: str, country: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.modem.country = country

        async def somebody() -> float:
            other = await (await w.phone.rings()).answer(7.0)
            await other.wait(0.5)
            began = asyncio.get_running_loop().time()
            await other.speaks(sentence())
            return began

        answering = asyncio.create_task(somebody())
        call = await w.line.dial(w.request())
        known = asyncio.get_running_loop().time()
        assert known - await answering < 1.0
        assert not call.hung_up
        await call.hang_up()

    voice(model, tmp_path, story, country=country)


@pytest.mark.parametrize("model", BY_EAR)
def test_whoever_says_nothing_is_known_by_the_next_ring_that_stays_away(model: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        answering = asyncio.create_task(await_ring(w))
        call = await w.line.dial(w.request())
        known = asyncio.get_running_loop().time()
        answered = w.exchange.calls[-1].answered
        assert answered is not None
        assert 2.0 < known - answered < 6.0
        assert w.line.facts["last call out"] == "answered: the ringing tone stays away"
        await (await answering).hang_up()
        await call.hang_up()

    async def await_ring(w: World) -> Any:
        return await (await w.phone.rings()).answer(6.0)

    voice(model, tmp_path, story)


@pytest.mark.parametrize("model", BY_EAR)
def test_a_dial_tone_after_dialling_is_the_lines_fault(model: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        listening_to(w, "dial")
        w.phone.never_answers()
        assert "dial tone" in str(await fails(w, LineFault))

    voice(model, tmp_path, story)


@pytest.mark.parametrize("model", BY_EAR)
def test_silence_after_dialling_is_the_lines_fault(model: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        listening_to(w, "silence")
        w.phone.never_answers()
        assert "silence" in str(await fails(w, LineFault))

    voice(model, tmp_path, story)


@pytest.mark.parametrize("model", BY_EAR)
def test_tones_of_no_table_are_taken_from_the_modem(model: str, tmp_path: Path) -> None:
    """A private exchange in the house: the box is told the wrong country, the modem reports busy tone all the same."""

    async def story(w: World) -> None:
        w.modem.country = "US"
        w.phone.busy = True
        await fails(w, Busy)

    voice(model, tmp_path, story, country="DE")


def test_a_modem_that_refuses_to_leave_it_to_us_decides_and_is_doubted(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        assert w.line.facts["call progress"].startswith("modem")
        answering = asyncio.create_task(_picks_up(w))
        call = await w.line.dial(w.request())
        assert w.exchange.calls[-1].answered is not None
        await call.hang_up()
        await (await answering).hang_up()

    async def _picks_up(w: World) -> Any:
        return await (await w.phone.rings()).answer(3.0)

    async def refusing(w: World) -> None:
        setting = w.modem.commands["+VRN"]
        w.modem.commands["+VRN"] = lambda command: "ERROR" if command.arg == "0" else setting(command)
        await w.device.open()
        await story(w)

    voice("conexant", tmp_path, refusing, open_it=False)


def test_a_modem_that_says_yes_to_it_and_decides_all_the_same(tmp_path: Path) -> None:
    """+VRN=0 is accepted without effect: its OK comes with the answer, and whoever says nothing then has answered, too."""

    async def deciding(w: World) -> None:
        w.modem.commands["+VRN"] = lambda command: None
        await w.device.open()
        assert w.line.facts["call progress"] == "software"
        answering = asyncio.create_task(_picks_up(w))
        call = await w.line.dial(w.request())
        assert w.exchange.calls[-1].answered is not None
        await (await answering).hang_up()
        await call.hang_up()

    async def _picks_up(w: World) -> Any:
        return await (await w.phone.rings()).answer(13.0)

    voice("conexant", tmp_path, deciding, open_it=False)


@pytest.mark.parametrize("early_s", ["10", "30"])
def test_the_word_of_a_modem_that_takes_a_pause_for_an_answer_is_not_believed(early_s: str, tmp_path: Path) -> None:
    """+VRA shorter than the pause of the ringing tone: the modem says that the call was answered, while it still rings."""

    async def story(w: World) -> None:
        w.modem.settings["+VRA"] = early_s
        w.phone.never_answers()
        await fails(w, NoAnswer, ring_limit_s=30.0)
        w.phone.behaviour = None
        answering = asyncio.create_task(_speaks(w))
        call = await w.line.dial(w.request())
        assert w.exchange.calls[-1].answered is not None, "taken for answered while it rang"
        await answering
        await call.hang_up()

    async def _speaks(w: World) -> None:
        other = await (await w.phone.rings()).answer(12.0)
        await other.speaks(sentence())

    voice("usr5637", tmp_path, story)


@pytest.mark.parametrize(
    ("model", "tone"), [("conexant", "busy"), ("si2493", "congestion"), ("usr5637", "dial"), ("usr5637", "busy")]
)
def test_a_recording_ends_in_the_tone_after_a_hang_up_though_the_modem_says_nothing(
    model: str, tone: str, tmp_path: Path
) -> None:
    async def story(w: World) -> None:
        w.modem.faults.end_lost = True
        w.modem.after_hang_up = tone
        calling = asyncio.ensure_future(_dial(w))
        call = await (await anext(w.line.incoming())).answer()
        other = await calling

        async def talk() -> None:
            await other.wait(0.5)
            await other.speaks(sentence("Fire in the old mill, all crews to the market place."))
            await other.hang_up()

        talking = asyncio.create_task(talk())
        began = asyncio.get_running_loop().time()
        recording = await call.record(limit_s=60.0)
        hung_up = w.exchange.calls[-1].ended
        await talking
        assert recording.ended_by is RecordingEnd.HANG_UP
        assert asyncio.get_running_loop().time() - hung_up < 5.0
        assert recording.tone_at is not None
        assert recording.tone_at / RATE == pytest.approx(hung_up - began, abs=0.3)
        with pytest.raises(HungUp, match=tone):
            await call.play(sentence())
        await call.hang_up()
        assert w.line.state is LineState.IDLE

    voice(model, tmp_path, story)


async def _dial(w: World) -> Any:
    return await w.phone.dial(OWN)


@pytest.mark.parametrize("model", ["conexant", "usr5637"])
def test_whoever_listens_to_a_prompt_is_silent_and_has_not_hung_up(model: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        calling = asyncio.ensure_future(_dial(w))
        call = await (await anext(w.line.incoming())).answer()
        other = await calling
        playing = asyncio.create_task(call.play(sentence(), interrupt=()))
        await asyncio.sleep(0.5)
        w.modem.send_raw(b"\x10s")
        assert (await playing).complete
        assert not call.hung_up
        await other.hang_up()
        await call.hang_up()

    voice(model, tmp_path, story)


@pytest.mark.parametrize("code", ["b", "d"])
@pytest.mark.parametrize("model", ["conexant", "usr5637"])
def test_a_modem_that_takes_a_voice_for_a_tone_cuts_off_nobody(model: str, code: str, tmp_path: Path) -> None:
    """And one that hears a tone which we do not know is believed."""

    async def story(w: World) -> None:
        w.modem.faults.end_lost = True
        w.modem.after_hang_up = "silence"
        calling = asyncio.ensure_future(_dial(w))
        call = await (await anext(w.line.incoming())).answer()
        other = await calling

        async def talk() -> float:
            for words in ("Fire in the old mill.", "All crews to the market place, at once.", "The bridge is closed."):
                speaking = asyncio.create_task(other.speaks(sentence(words)))
                await asyncio.sleep(0.5)
                w.modem.send_raw(b"\x10" + code.encode())
                await speaking
                await other.wait(1.0)
            await other.press("#")
            await other.hang_up()
            w.modem.send_raw(b"\x10" + code.encode())
            return asyncio.get_running_loop().time()

        talking = asyncio.create_task(talk())
        recording = await call.record(limit_s=60.0)
        assert recording.ended_by is RecordingEnd.KEY
        rest = await call.record(limit_s=60.0)
        assert rest.ended_by is RecordingEnd.HANG_UP
        assert asyncio.get_running_loop().time() - await talking < 5.0
        await call.hang_up()

    voice(model, tmp_path, story)


@pytest.mark.parametrize("model", ["conexant", "usr5637"])
def test_silence_for_long_ends_a_recording_and_a_thoughtful_caller_is_not_cut_off(model: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.modem.faults.end_lost = True
        w.modem.after_hang_up = "silence"
        calling = asyncio.ensure_future(_dial(w))
        call = await (await anext(w.line.incoming())).answer()
        other = await calling

        async def talk() -> None:
            await other.wait(8.0)
            w.modem.send_raw(b"\x10s")  # the modem presumes a hang-up, wrongly
            await other.wait(4.0)
            await other.speaks(sentence())
            await other.wait(35.0)
            await other.speaks(sentence())
            await other.hang_up()

        talking = asyncio.create_task(talk())
        recording = await call.record(limit_s=180.0)
        hung_up = w.exchange.calls[-1].ended
        await talking
        assert recording.ended_by is RecordingEnd.HANG_UP
        assert 40 < asyncio.get_running_loop().time() - hung_up < 50
        await call.hang_up()

    voice(model, tmp_path, story)


def test_a_ringing_tone_after_a_wrong_answer_ends_the_call_and_is_the_lines_fault(tmp_path: Path) -> None:
    """A duplex line hears it during the prompt, too, whatever its echo."""

    async def story(w: World) -> None:
        w.modem.hybrid = Hybrid(12.0, 10.0)
        w.modem.settings |= {"+VRA": "5", "+VRN": "10"}
        w.phone.never_answers()
        call = await w.line.dial(w.request())
        with pytest.raises(HungUp, match="ringing"):
            await call.play(sentence(), Sound.pause(9.0))
        assert isinstance(call.fault, LineFault)
        await call.hang_up()

    async def modem_decides(w: World) -> None:
        setting = w.modem.commands["+VRN"]
        w.modem.commands["+VRN"] = lambda command: "ERROR" if command.arg == "0" else setting(command)
        await w.device.open()
        await story(w)

    voice("conexant", tmp_path, modem_decides, open_it=False)


def test_the_beep_of_an_answering_machine_is_no_ringing_tone(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        async def machine() -> Any:
            other = await (await w.phone.rings()).answer(3.0)
            await other.speaks(sentence("Nobody is at home."))
            await other.speaks(tones.sound(np.concatenate([tones.tone([425], 1.0), tones.silence(2.0)])))
            return other

        answering = asyncio.create_task(machine())
        call = await w.line.dial(w.request())
        other = await answering
        await asyncio.sleep(3)
        assert not call.hung_up
        await other.hang_up()
        await call.hang_up()

    voice("conexant", tmp_path, story)


def test_isdn_lines_have_no_ear() -> None:
    from hal.v253.isdn4linux import IsdnLine
    from hal.v253.modemline import ModemLine

    assert IsdnLine.ear is ModemLine.ear
