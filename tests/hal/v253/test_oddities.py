"""What modems do that no standard says, and what the drivers make of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from hal.errors import HungUp, ModemSilent, NoAnswer
from hal.line import Call, LineState
from hal.simulated.phonecall import PhoneCall
from hal.v253.pieces import GAP_S, LEAST_S, MOST_S
from tests.hal.v253.world import OWN, World, isdn, tune, voice


async def taken(w: World, number: str = OWN) -> tuple[Call, PhoneCall]:
    calling = asyncio.ensure_future(w.phone.place(number, 60))
    call = await (await anext(w.line.incoming())).answer()
    return call, await calling


def seconds() -> float:
    return asyncio.get_running_loop().time()


# --- answers and ends ---


def test_a_late_ok_is_no_answered_call_on_isdn(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        port = w.modem.lines[0]
        dialling = asyncio.create_task(w.line.dial(w.request()))
        ring = await w.phone.rings()
        port.send(b"\r\nOK\r\n")
        await asyncio.sleep(2)
        assert not dialling.done()
        other = await ring.answer()
        async with await dialling:
            assert not other.hung_up

    isdn(tmp_path, story)


@pytest.mark.parametrize("result", ["OK", "NO CARRIER", "ERROR"])
def test_however_an_adapter_confirms_that_it_gave_up_nobody_has_answered(result: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.modem.lines[0]._with_cause = lambda outcome: result
        w.phone.never_answers()
        with pytest.raises(NoAnswer):
            await w.line.dial(w.request(ring_limit_s=8))
        assert w.line.state is LineState.IDLE

    isdn(tmp_path, story)


def hang_up_is_not_answered(port: Any, *names: str) -> None:
    for name in names:
        handler = port.commands[name]
        port.commands[name] = lambda command, handler=handler: (
            "" if command.arg in ("0", "") and not command.op.endswith("?") else handler(command)
        )


@pytest.mark.parametrize("model", ["conexant", "lucent"])
def test_a_modem_that_does_not_answer_one_hang_up_is_hung_up_by_the_other(model: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, other = await taken(w)
        hang_up_is_not_answered(w.modem, "+VLS")
        await call.hang_up()
        assert w.line.state is LineState.IDLE
        assert await other.ends(within=1)

    voice(model, tmp_path, story)


def test_an_adapter_that_does_not_answer_ath_is_hung_up_by_vls(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, other = await taken(w, "4711")
        hang_up_is_not_answered(w.modem.lines[0], "H")
        await call.hang_up()
        assert w.line.state is LineState.IDLE
        assert await other.ends(within=1)

    isdn(tmp_path, story)


def test_a_modem_that_answers_no_hang_up_is_out_of_order_and_reopened(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, other = await taken(w)
        hang_up_is_not_answered(w.modem, "+VLS", "H")
        await call.hang_up()
        assert w.line.state is LineState.FAULTED
        assert w.device.fault.is_set()
        await w.device.recover()
        assert await other.ends(within=1), "closing the port drops DTR, which hangs up"
        assert w.line.state is LineState.IDLE

    voice("lucent", tmp_path, story)


def test_a_refused_tone_does_not_end_the_call(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, other = await taken(w)
        w.modem.commands["+VTS"] = lambda command: "ERROR"
        await call.send_keys("4#")
        await other.hears_keys("4#", within=1)
        assert not call.hung_up
        assert "refused" in w.line.facts["tones"]

    voice("lucent", tmp_path, story)


# --- data states ---


def test_a_modem_that_wants_three_dle_costs_time_once(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, other = await taken(w)
        w.modem.faults.set(three_dle=True)
        lasted = []
        for _ in range(3):
            began = seconds()
            await call.play(tune(1.0))
            lasted.append(seconds() - began)
        assert 2.4 < lasted[0] < 3.5
        assert max(lasted[1:]) < 1.5, "it has learnt"
        assert not other.hung_up
        await call.hang_up()
        assert w.line.state is LineState.IDLE

    voice("lucent", tmp_path, story)


def test_the_zoom_of_the_table_costs_none(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, _ = await taken(w)
        began = seconds()
        await call.play(tune(1.0))
        recording = await call.record(limit_s=1)
        assert seconds() - began < 3
        assert recording.sound.seconds > 0.9
        await call.hang_up()

    voice("zoom3095", tmp_path, story)


@pytest.mark.parametrize("model", ["lucent", "conexant"])
def test_a_modem_that_never_leaves_its_data_state_is_reopened(model: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, other = await taken(w)
        w.modem.faults.set(codes_ignored=True)
        with suppress(HungUp):  # on a duplex line it is still heard
            await call.play(tune(1.0))
        await call.hang_up()
        assert w.line.state is LineState.FAULTED
        w.modem.faults.set(codes_ignored=False)
        await w.device.recover()
        assert w.line.state is LineState.IDLE
        assert await other.ends(within=1)
        again, _ = await taken(w)
        await again.hang_up()

    voice(model, tmp_path, story)


def test_a_gap_in_what_is_played_and_lost_audio_are_counted(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, _ = await taken(w)
        w.modem.send_raw(b"\x10u")  # nothing is played
        playing = asyncio.create_task(call.play(tune(3.0)))
        await asyncio.sleep(0.3)
        w.modem.send_raw(b"\x10u")  # the first bytes are only arriving
        await asyncio.sleep(1)
        w.modem.send_raw(b"\x10u\x10u")
        await playing
        recording = asyncio.create_task(call.record(limit_s=2))
        await asyncio.sleep(1)
        w.modem.send_raw(b"\x10o\x10Y")
        await recording
        facts = w.line.facts
        assert [facts[name] for name in ("underruns", "overruns", "losses of audio")] == ["2", "1", "1"]
        assert not call.hung_up

    voice("lucent", tmp_path, story)


@pytest.mark.parametrize("model", ["conexant", "lucent"])
def test_a_report_in_words_is_no_part_of_the_recording(model: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, _ = await taken(w)
        recording = asyncio.create_task(call.record(limit_s=2))
        await asyncio.sleep(1)
        w.modem.send_raw(b"\x10X\r\nNMBR = 03099\r\n\x10.")
        assert b"NMBR" not in (await recording).sound.data
        assert not call.hung_up

    voice(model, tmp_path, story)


@pytest.mark.parametrize(
    "code", [b"a", b"c", b"e", b"h", b"H", b"p", b"P", b"L", b"q", b"r", b"v", b"V", b"J", b"$", b"w", b"t"]
)
def test_what_is_no_hang_up_does_not_end_a_call(code: bytes, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, _ = await taken(w)
        w.modem.send_raw(b"\x10" + code)
        recording = asyncio.create_task(call.record(limit_s=1))
        await asyncio.sleep(0.5)
        w.modem.send_raw(b"\x10" + code)
        await recording
        assert not call.hung_up
        await call.hang_up()

    voice("lucent", tmp_path, story)


# --- keys where they are not heard while it plays ---


@pytest.mark.parametrize("model", ["deaf", "deaf-player"])
def test_a_prompt_is_played_in_pieces_and_a_key_in_a_gap_stops_it(model: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, other = await taken(w)
        prompt = tune(13.0)
        playing = asyncio.create_task(call.play(prompt))
        await other.wait(MOST_S / 4)
        await other.press("1")  # nobody hears it
        began = seconds()
        while True:  # press what a person would who notices the pause
            await other.wait(0.1)
            if not any(other.heard[-800:].strip(b"\xd5\x55")):
                break
            assert seconds() - began < MOST_S + 1
        await other.wait(0.3)
        await other.press("2")
        played = await playing
        assert (played.key, played.complete) == ("2", False)
        assert LEAST_S <= played.samples / 8000 <= MOST_S
        assert await call.key(1) == "2"
        assert await call.key(1) is None
        await call.hang_up()

    voice(model, tmp_path, story)


def test_all_of_a_prompt_is_heard_with_its_gaps(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, other = await taken(w)
        prompt = tune(13.0)
        began, before = seconds(), len(other.heard)
        played = await call.play(prompt)
        assert played.complete
        assert played.samples == prompt.samples
        gaps = round((seconds() - began - 13.0) / (GAP_S + 0.3))
        assert gaps in (3, 4, 5, 6)
        heard = [byte for byte in other.heard[before:] if byte not in (0xD5, 0x55)]
        assert len(heard) > 0.9 * prompt.samples
        await call.hang_up()

    voice("deaf-player", tmp_path, story)


def test_keys_that_are_typed_fast_are_all_heard(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.modem.latency_s = 0.12  # going from one state to the other would take longer than a key
        call, other = await taken(w)
        for _ in range(2):
            await call.play(tune(0.5))
            await other.wait(0.5)
            first = asyncio.create_task(call.key(5))
            await other.wait(0.5)
            typing = asyncio.create_task(other.press("12345678", on_s=0.07, off_s=0.05))
            heard = [await first, *[await call.key(3) for _ in range(7)]]
            await typing
            assert heard == list("12345678")
        recording = await call.record(limit_s=1)
        assert recording.sound.seconds > 0.9
        await call.hang_up()
        assert w.line.state is LineState.IDLE

    voice("deaf", tmp_path, story)


def test_the_gaps_fall_where_it_is_quiet() -> None:
    import numpy as np

    from hal.audio.sound import Encoding, Sound
    from hal.v253.pieces import cuts

    speech = tune(3.1).data + Sound.pause(0.25).data + tune(2.9, 2).data + Sound.pause(0.25).data + tune(2.0, 3).data
    places = np.array(cuts(speech, Encoding.ALAW)) / 8000
    assert len(places) == 2
    assert 3.1 <= places[0] <= 3.35
    assert 6.25 <= places[1] <= 6.5
    assert cuts(tune(MOST_S).data, Encoding.ALAW) == []


def test_a_line_that_died_is_silent_not_deaf(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, _ = await taken(w)
        w.modem.faults.set(silent=True)
        with pytest.raises(HungUp) as ended:
            await call.key(20)
        assert isinstance(ended.value.__cause__, ModemSilent)

    voice("deaf", tmp_path, story)
