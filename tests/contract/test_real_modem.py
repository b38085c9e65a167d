"""The contract on a real modem, in real time: see docs/modems.md, "Trying your own modem".

Without a partner: identified, opened, asked, its codec, closed, opened again, recovered. With a number: called, played to, keys
sent. With a person who calls: answered, heard, recorded. The facts are printed (`pytest -s`) and belong into a report.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hal.audio import tones
from hal.audio.sound import Encoding, Sound
from hal.line import Device, DialRequest, Line, LineState
from hal.recovery import Rung
from hal.registry import create
from tests.contract.realmodem import RealModem, real_modem
from tests.contract.world import Gate

_there = real_modem()
assert _there, "collected only with ALERTBOX_TEST_PORT (conftest.py)"
REAL: RealModem = _there
LIMIT_S = 180.0
needs_number = pytest.mark.skipif(not REAL.number, reason="ALERTBOX_TEST_NUMBER: a number that may be called")
needs_sms = pytest.mark.skipif(not REAL.sms, reason="ALERTBOX_TEST_SMS: a number that a message may be sent to")
needs_caller = pytest.mark.skipif(
    not REAL.caller_s, reason="ALERTBOX_TEST_CALLER_S: seconds in which somebody calls the modem"
)
needs_reset = pytest.mark.skipif(not REAL.may_reset, reason="ALERTBOX_TEST_RESET=1: the modem may be reset")


def on_the_modem(story: Callable[[Device, Line], Awaitable[None]]) -> None:
    """Open it, run, close it."""

    async def main() -> None:
        async with asyncio.timeout(LIMIT_S):
            device = create(REAL.config, gate=Gate())
            await device.open()
            try:
                await story(device, device.lines[0])
            finally:
                await device.close()
            assert all(line.state is LineState.CLOSED for line in device.lines)

    asyncio.run(main())


def melody(seconds: float) -> Sound:
    """Something to hear: three tones in turn."""
    parts = [tones.sound(tones.tone((hertz,), seconds / 3), Encoding.ALAW).data for hertz in (440, 550, 660)]
    return Sound(b"".join(parts), Encoding.ALAW)


def show(facts: dict[str, str]) -> None:
    print("\n" + "\n".join(f"  {name}: {fact}" for name, fact in sorted(facts.items())))


def test_it_identifies_itself_and_is_well() -> None:
    async def story(device: Device, line: Line) -> None:
        health = await line.health()
        show(health.facts)
        assert health.ok, health.detail
        assert line.state is LineState.IDLE
        assert health.facts.get("driver model")

    on_the_modem(story)


def test_it_says_how_its_audio_travels() -> None:
    async def story(device: Device, line: Line) -> None:
        facts = (await line.health()).facts
        assert facts.get("codec") or facts.get("audio path"), f"neither a codec nor an audio path: {facts}"
        assert line.capabilities.duplex in (True, False)

    on_the_modem(story)


def test_it_is_opened_again_after_a_close() -> None:
    async def story(device: Device, line: Line) -> None:
        for _ in range(2):
            await device.close()
            await device.open()
            assert (await line.health()).ok

    on_the_modem(story)


def test_nobody_else_gets_its_port() -> None:
    """A second open must fail while we have it: two programs on one modem shred each other's dialogue."""

    async def story(device: Device, line: Line) -> None:
        from hal.errors import LineFault
        from hal.serialport import SerialPort

        with pytest.raises(LineFault):
            await SerialPort.open(REAL.config.ports[0])
        assert (await line.health()).ok

    on_the_modem(story)


@pytest.mark.parametrize("rung", [Rung.INIT, Rung.REOPEN], ids=["initialised", "reopened"])
def test_it_recovers(rung: Rung) -> None:
    async def story(device: Device, line: Line) -> None:
        await device.recover(rung)
        assert line.state is LineState.IDLE
        assert (await line.health()).ok

    on_the_modem(story)


@needs_reset
def test_it_comes_back_from_its_own_reset() -> None:
    async def story(device: Device, line: Line) -> None:
        await device.recover(Rung.RESET)
        assert (await line.health()).ok

    on_the_modem(story)


@needs_number
def test_a_call_out() -> None:
    """Somebody, or a machine, must answer: hears three tones, and the keys 1 and 2."""

    async def story(device: Device, line: Line) -> None:
        call = await line.dial(DialRequest(REAL.number, "technician:test", "test"))
        async with call:
            played = await call.play(melody(3.0))
            assert played.complete
            recording = await call.record(limit_s=2.0)
            assert recording.sound.seconds > 1.0, "nothing was received"
            await call.send_keys("12")
        assert line.state is LineState.IDLE

    on_the_modem(story)


@needs_number
def test_two_calls_one_after_the_other() -> None:
    """Some modems carry audio in their first call only (callpilot#121)."""

    async def story(device: Device, line: Line) -> None:
        for _ in range(2):
            async with await line.dial(DialRequest(REAL.number, "technician:test", "test")) as call:
                assert (await call.play(melody(1.5))).complete
                assert (await call.record(limit_s=2.0)).sound.seconds > 1.0, "nothing was received"
            await asyncio.sleep(3.0)

    on_the_modem(story)


@needs_caller
def test_a_call_in() -> None:
    """The person hears three tones, says something, and presses a key within 20 s."""

    async def story(device: Device, line: Line) -> None:
        async with asyncio.timeout(REAL.caller_s):
            incoming = await anext(line.incoming())
        print(f"\n  called by {incoming.caller}, to {incoming.called}")
        async with await incoming.answer() as call:
            await call.play(melody(3.0))
            recording = await call.record(limit_s=20.0)
            print(f"  {recording.sound.seconds:.1f} s received, ended by {recording.ended_by.value} {recording.key}")
            assert recording.key, "no key was heard"

    on_the_modem(story)


@needs_sms
def test_a_message() -> None:
    async def story(device: Device, line: Line) -> None:
        sender: Any = device.sms
        assert sender is not None, "this device sends no messages"
        reference = await sender.send_sms(REAL.sms, "Test of an alert box.", originator="technician:test")
        print(f"\n  the network's reference: {reference}")

    on_the_modem(story)
