"""One suite for every line driver: what a call is, whatever modem carries it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from hal.audio.sound import RATE, Encoding, Sound
from hal.errors import (
    Busy,
    CallFailed,
    Congestion,
    Glare,
    HungUp,
    LineFault,
    NoAnswer,
    NoDialTone,
    Refused,
    RefusedAtOnce,
)
from hal.line import Call, LineState, RecordingEnd
from hal.simulated.causes import Cause
from hal.simulated.phone import PhoneCall
from tests.contract.world import DRIVERS, PHONE, Driver, World, play

SPEECH = bytes((i * 37 + i // 251 * 11) % 256 for i in range(2 * RATE))
"""Two seconds of A-law in which every byte value occurs, DLE included, and no 100 ms occur twice."""


@pytest.fixture(params=DRIVERS.values(), ids=DRIVERS.keys())
def driver(request: pytest.FixtureRequest) -> Driver:
    return request.param


async def answered(w: World, *, after: float = 2.0) -> tuple[Call, PhoneCall]:
    """A call out, up on both sides."""

    async def pick_up() -> PhoneCall:
        return await (await w.phone.rings()).answer(after)

    other = asyncio.create_task(pick_up())
    call = await w.line.dial(w.request())
    return call, await other


async def taken(w: World) -> tuple[Call, PhoneCall]:
    """A call in, up on both sides."""
    dialling = asyncio.ensure_future(_dial(w))
    incoming = await anext(w.line.incoming())
    call = await incoming.answer()
    return call, await dialling


async def _dial(w: World) -> PhoneCall:
    return await w.phone.dial(w.driver.number)


def missing(heard: Sound, spoken: Sound, *, tolerance: int) -> tuple[int, int]:
    """(samples missing at the beginning, at the end) of `spoken` as it occurs in `heard` in one piece.

    `tolerance`: by how much a sample may differ, in steps of 8 bits (codecs that are not A-law lose some).
    """
    encoding = Encoding.U8 if tolerance else Encoding.ALAW
    ear, mouth = (np.frombuffer(sound.to(encoding).data, np.uint8).astype(np.int32) for sound in (heard, spoken))
    middle, size = len(mouth) // 2, 800
    places = np.lib.stride_tricks.sliding_window_view(ear, size)
    shift = int(np.abs(places - mouth[middle : middle + size]).sum(axis=1).argmin()) - middle
    first, last = max(0, -shift), min(len(mouth), len(ear) - shift)
    differ = np.flatnonzero(np.abs(ear[first + shift : last + shift] - mouth[first:last]) > tolerance) + first
    assert not ((differ >= middle) & (differ < middle + size)).any(), "nothing of it was heard"
    begin = max([first, *(differ[differ < middle] + 1)])
    end = min([last, *differ[differ >= middle]])
    return int(begin), len(mouth) - int(end)


def test_a_call_out_is_answered_and_ended_by_us(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        assert w.line.state is LineState.IDLE
        call, other = await answered(w)
        assert w.line.state is LineState.IN_CALL
        assert call.called == PHONE
        assert [(request.number, line) for request, line in w.gate.asked] == [(PHONE, "dev")]
        await call.hang_up()
        await call.hang_up()
        assert await other.ends(within=2)
        assert call.hung_up
        assert w.line.state is LineState.IDLE
        again, other = await answered(w)
        await again.hang_up()

    play(driver, tmp_path, story)


def test_a_call_in_tells_who_calls_and_is_answered(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        dialling = asyncio.ensure_future(_dial(w))
        incoming = await anext(w.line.incoming())
        assert incoming.caller == PHONE
        assert w.line.state is LineState.RINGING
        if w.line.capabilities.called_number:
            assert incoming.called == w.driver.number
        call = await incoming.answer()
        assert call.caller == PHONE
        other = await dialling
        await other.hang_up()
        async with asyncio.timeout(w.driver.settle_s):
            await call.wait_hung_up()
        with pytest.raises(HungUp):
            await call.play(Sound.pause(1))
        await call.hang_up()
        assert w.line.state is LineState.IDLE

    play(driver, tmp_path, story)


def test_a_caller_without_a_number_is_nobody(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.phone.present_number = False
        dialling = asyncio.ensure_future(_dial(w))
        incoming = await anext(w.line.incoming())
        assert incoming.caller is None
        call = await incoming.answer()
        await dialling
        await call.hang_up()

    play(driver, tmp_path, story)


def test_a_caller_who_gives_up_is_not_answered(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        dialling = asyncio.ensure_future(_dial(w))
        incoming = await anext(w.line.incoming())
        dialling.cancel()
        await asyncio.sleep(12)
        assert w.line.state is LineState.IDLE
        with pytest.raises(HungUp):
            await incoming.answer()
        call, _ = await answered(w)
        await call.hang_up()

    play(driver, tmp_path, story)


def test_what_is_played_is_heard_in_one_piece(driver: Driver, tmp_path: Path) -> None:
    if driver.adpcm:
        pytest.skip("ADPCM: compared by its likeness, in tests/hal/v253/test_rows.py")

    async def story(w: World) -> None:
        call, other = await answered(w)
        await asyncio.sleep(w.driver.answer_known_s)
        played = await call.play(Sound(SPEECH))
        assert played.complete
        assert played.samples == len(SPEECH)
        await call.hang_up()
        lost = missing(Sound(other.heard), Sound(SPEECH), tolerance=0 if w.driver.exact else 2)
        assert max(lost) <= w.driver.lose_s * RATE, lost

    play(driver, tmp_path, story)


def test_what_is_recorded_is_what_was_spoken(driver: Driver, tmp_path: Path) -> None:
    if driver.adpcm:
        pytest.skip("ADPCM: compared by its likeness, in tests/hal/v253/test_rows.py")

    async def story(w: World) -> None:
        call, other = await taken(w)

        async def speak() -> None:
            await asyncio.sleep(0.5)
            await other.speaks(Sound(SPEECH))
            await asyncio.sleep(0.5)

        speaking = asyncio.create_task(speak())
        recording = await call.record(limit_s=3.5, stop_on="#")
        await speaking
        assert recording.ended_by is RecordingEnd.LIMIT
        assert recording.sound.seconds == pytest.approx(3.5, abs=0.2)
        assert missing(recording.sound, Sound(SPEECH), tolerance=0 if w.driver.exact else 2) == (0, 0)
        await call.hang_up()

    play(driver, tmp_path, story)


def test_a_key_stops_a_prompt_and_stays_in_the_queue(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, other = await answered(w)
        playing = asyncio.create_task(call.play(Sound(bytes([0xD5]) * 10 * RATE), interrupt="12"))
        await asyncio.sleep(1)
        await other.press("7")
        await asyncio.sleep(0.3)
        assert not playing.done(), "7 is not one that stops it"
        await other.press("1")
        await asyncio.sleep(0.3)
        played = await playing
        assert played.key == "1"
        assert not played.complete
        assert 1.0 * RATE < played.samples < 3.5 * RATE
        assert await call.key(1) == "7"
        assert await call.key(1) == "1"
        assert await call.key(0.5) is None
        await other.press("2")
        await asyncio.sleep(0.2)
        played = await call.play(Sound.pause(5), interrupt="2")
        assert (played.samples, played.key) == (0, "2"), "a queued key stops it before the first sample"
        call.flush_keys()
        assert await call.key(0.2) is None
        await call.hang_up()

    play(driver, tmp_path, story)


def test_all_keys_come_once_each_and_in_order(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, other = await taken(w)
        await asyncio.sleep(0.3)
        await other.press("1122334455667890*#ABCD", on_s=0.08, off_s=0.08)
        keys = [await call.key(1) for _ in range(22)]
        assert "".join(filter(None, keys)) == "1122334455667890*#ABCD"
        assert await call.key(0.5) is None
        await call.hang_up()

    play(driver, tmp_path, story)


def test_keys_are_heard_while_a_prompt_plays_and_while_recording(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, other = await taken(w)
        playing = asyncio.create_task(call.play(Sound(SPEECH * 2), interrupt=""))
        await asyncio.sleep(1)
        await other.press("42")
        assert (await playing).complete
        assert [await call.key(0.1), await call.key(0.1)] == ["4", "2"]
        recording = asyncio.create_task(call.record(limit_s=20, stop_on="#"))
        await asyncio.sleep(1)
        await other.press("5#")
        done = await recording
        assert done.ended_by is RecordingEnd.KEY
        assert done.key == "#"
        assert 0.8 < done.sound.seconds < 2.0
        assert await call.key(0.2) == "5"
        assert await call.key(0.2) is None, "the key that stopped the recording has done its work"
        await call.hang_up()

    play(driver, tmp_path, story)


def test_one_operation_at_a_time(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, _ = await answered(w)
        playing = asyncio.create_task(call.play(Sound.pause(2)))
        await asyncio.sleep(0.5)
        for other in (call.play(Sound.pause(1)), call.record(limit_s=1), call.send_keys("1")):
            with pytest.raises(RuntimeError, match="one operation at a time"):
                await other
        assert (await playing).complete
        await call.hang_up()

    play(driver, tmp_path, story)


@pytest.mark.parametrize("operation", ["play", "record", "key", "send_keys", "nothing"])
def test_a_hang_up_ends_whatever_goes_on(driver: Driver, operation: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, other = await answered(w)
        await asyncio.sleep(w.driver.answer_known_s)
        asyncio.get_running_loop().call_later(1, lambda: asyncio.ensure_future(other.hang_up()))
        async with asyncio.timeout(1 + w.driver.settle_s):
            match operation:
                case "play":
                    with pytest.raises(HungUp):
                        await call.play(Sound.pause(60))
                case "record":
                    recording = await call.record(limit_s=60)
                    assert recording.ended_by is RecordingEnd.HANG_UP
                    assert recording.sound.seconds == pytest.approx(1, abs=w.driver.settle_s)
                case "key":
                    with pytest.raises(HungUp):
                        await call.key(60)
                case "send_keys":
                    with pytest.raises(HungUp):
                        await call.send_keys(",".join("1" * 30))
                case _:
                    await call.wait_hung_up()
        assert call.hung_up
        await call.hang_up()
        assert w.line.state is LineState.IDLE
        again, _ = await answered(w)
        await again.hang_up()

    play(driver, tmp_path, story)


def test_a_key_before_a_hang_up_still_counts(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, other = await answered(w)
        await asyncio.sleep(w.driver.answer_known_s)
        playing = asyncio.create_task(call.play(Sound.pause(60)))
        await asyncio.sleep(0.5)
        await other.press("1", on_s=0.08, off_s=0)
        await other.hang_up()
        assert (await playing).key == "1"
        await call.wait_hung_up()
        assert await call.key(1) == "1"
        with pytest.raises(HungUp):
            await call.key(1)
        await call.hang_up()

    play(driver, tmp_path, story)


def test_keys_sent_are_heard_by_the_other_side(driver: Driver, tmp_path: Path) -> None:
    from hal.audio import companding
    from hal.audio.dtmf import DtmfDetector

    async def story(w: World) -> None:
        call, other = await answered(w)
        await asyncio.sleep(w.driver.answer_known_s)
        began = asyncio.get_running_loop().time()
        await call.send_keys("4,2#")
        assert asyncio.get_running_loop().time() - began > 1.3
        await asyncio.sleep(0.2)
        heard = DtmfDetector().feed(companding.decode(other.heard, Encoding.ALAW))
        assert "".join(key.digit for key in heard) == "42#"
        with pytest.raises(ValueError):
            await call.send_keys("4;5")
        await call.hang_up()

    play(driver, tmp_path, story)


# --- calls that come to nothing ---


def test_busy(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.phone.busy = True
        with pytest.raises(Busy):
            await w.line.dial(w.request())
        assert w.line.state is LineState.IDLE

    play(driver, tmp_path, story)


def test_nobody_answers_within_the_ring_limit(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.phone.never_answers()
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(NoAnswer):
            await w.line.dial(w.request(ring_limit_s=20))
        assert 18 < loop.time() - began < 30
        (log,) = w.phone.calls
        assert log.ended is not None
        assert log.rang is not None
        assert log.ended - log.rang == pytest.approx(20, abs=3)
        assert w.line.state is LineState.IDLE

    play(driver, tmp_path, story)


def test_rejected(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        async def reject() -> None:
            ring = await w.phone.rings()
            await asyncio.sleep(2.5)
            await ring.reject(Cause.CALL_REJECTED)

        rejecting = asyncio.create_task(reject())
        with pytest.raises(CallFailed) as caught:
            await w.line.dial(w.request())
        await rejecting
        if w.driver.ringing_known:
            assert type(caught.value).__name__ == "Rejected"
        assert w.line.state is LineState.IDLE

    play(driver, tmp_path, story)


def test_a_congested_network_is_not_the_teams_fault(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.exchange.congested = True
        with pytest.raises(Congestion if w.driver.congestion_known else Busy):
            await w.line.dial(w.request())

    play(driver, tmp_path, story)


def test_no_carrier_at_once_is_the_lines_fault(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.port.faults.no_carrier = True
        with pytest.raises(RefusedAtOnce):
            await w.line.dial(w.request())
        assert w.line.state is LineState.IDLE

    play(driver, tmp_path, story)


def test_no_dial_tone(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.port.faults.no_dial_tone = True
        with pytest.raises(NoDialTone if w.driver.dial_tone else RefusedAtOnce):
            await w.line.dial(w.request())

    play(driver, tmp_path, story)


def test_the_gate_is_asked_first_and_nothing_goes_to_the_modem(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.gate.refuse = "not on the list"
        with pytest.raises(Refused, match="not on the list"):
            await w.line.dial(w.request())
        w.gate.refuse = ""
        for number in ("030,1", "0301;", "ATH", "0301\r", "", "+", "1+2", "W1"):
            with pytest.raises(Refused):
                await w.line.dial(w.request(number))
        assert w.exchange.calls == []
        assert w.line.state is LineState.IDLE

    play(driver, tmp_path, story)


def test_a_call_that_comes_while_we_dial_is_glare_and_is_offered(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        other = w.exchange.phone("0987654")
        w.phone.never_answers()
        dialling = asyncio.ensure_future(_until_rung(w, other))
        await asyncio.sleep(other.setup_s + 0.0005)
        fault: BaseException | None = None
        try:
            await w.line.dial(w.request())
        except LineFault as error:
            fault = error
        assert isinstance(fault, Glare)
        incoming = await anext(w.line.incoming())
        call = await incoming.answer()
        assert call.caller == "0987654"
        await dialling
        await call.hang_up()

    async def _until_rung(w: World, other: object) -> PhoneCall:
        return await other.dial(w.driver.number)

    play(driver, tmp_path, story)


def test_cancelling_a_dial_releases_the_line(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        w.phone.never_answers()
        for wait in (0.01, 0.5, 3.0, 8.0):
            dialling = asyncio.create_task(w.line.dial(w.request()))
            await asyncio.sleep(wait)
            dialling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await dialling
            await asyncio.sleep(5)
            assert w.line.state is LineState.IDLE, wait
            assert all(log.ended for log in w.exchange.calls)
        w.phone.behaviour = None
        call, _ = await answered(w)
        await call.hang_up()

    play(driver, tmp_path, story)


def test_cancelling_an_operation_leaves_the_call_usable(driver: Driver, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        call, other = await answered(w)
        for wait in (0.0, 0.001, 0.003, 0.01, 0.5):
            for operation in (lambda: call.play(Sound.pause(30)), lambda: call.record(limit_s=30)):
                running = asyncio.create_task(operation())
                await asyncio.sleep(wait)
                running.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await running
        await asyncio.sleep(1)
        assert (await call.play(Sound.pause(0.5))).complete
        await other.press("9")
        assert await call.key(2) == "9"
        await call.hang_up()

    play(driver, tmp_path, story)
