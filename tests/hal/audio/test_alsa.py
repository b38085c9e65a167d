"""The sound card as a file descriptor, on the real ALSA library: its plug-ins `null` and `file` take the card's place.

These tests run in real time, because the thread at the edge does. The margins are those of a busy machine.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import alsaaudio
import numpy as np
import pytest

from hal.audio import alsa, tones
from hal.audio.alsa import AlsaBridge, Pace
from hal.audio.pump import AudioPump
from hal.audio.sound import FRAME, RATE
from hal.errors import LineFault, ModemError, Unplugged
from hal.gsm.pcm import PcmPort

Card = Callable[..., None]


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Card:
    """Writes the library's configuration: `card(received=samples)` is what PCM "card" captures; what it plays is in `played`."""

    def configure(received: np.ndarray | None = None) -> None:
        infile = ""
        if received is not None:
            (tmp_path / "received").write_bytes(received.astype("<i2").tobytes())
            infile = f'infile "{tmp_path}/received"'
        (tmp_path / "asound.conf").write_text(
            f"""
            pcm.null {{ type null }}
            pcm.in {{ type file slave.pcm null file /dev/null {infile} format raw }}
            pcm.out {{ type file slave.pcm null file "{tmp_path}/played" format raw }}
            pcm.card {{ type asym playback.pcm out capture.pcm in }}
            pcm.absent {{ type hw card 7 }}
            pcm.stereo {{
                type multi slaves.a {{ pcm null channels 2 }}
                bindings.0 {{ slave a channel 0 }} bindings.1 {{ slave a channel 1 }}
            }}
            """
        )

    configure()
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
    return configure


def run(story: Coroutine[Any, Any, None]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(60):
            await story

    asyncio.run(limited())


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


async def read_samples(bridge: AlsaBridge, count: int) -> np.ndarray:
    data = b""
    while len(data) < 2 * count:
        try:
            data += os.read(bridge.fd, 65536)
        except BlockingIOError:
            await asyncio.sleep(0.005)
    return np.frombuffer(data[: 2 * count], "<i2")


def test_what_the_card_captures_arrives_bit_for_bit(card: Card) -> None:
    spoken = np.random.default_rng(1).integers(-20000, 20000, 4000).astype(np.int16)
    card(received=spoken)

    async def story() -> None:
        bridge = await AlsaBridge.open("card")
        heard = await read_samples(bridge, 4000)
        bridge.close()
        assert np.array_equal(heard, spoken)

    run(story())


def test_what_the_host_sends_is_played_bit_for_bit_in_pieces_of_any_size(card: Card, tmp_path: Path) -> None:
    prompt = np.random.default_rng(2).integers(-20000, 20000, 2400).astype("<i2").tobytes()

    async def story() -> None:
        bridge = await AlsaBridge.open("card")
        for position in range(0, len(prompt), 321):  # half samples
            os.write(bridge.fd, prompt[position : position + 321])
            await asyncio.sleep(0.02)
        while (tmp_path / "played").stat().st_size < len(prompt):  # the plug-in keeps a buffer's worth back
            os.write(bridge.fd, bytes(320))
            await asyncio.sleep(0.02)
        bridge.close()
        assert (tmp_path / "played").read_bytes().startswith(prompt)

    run(story())


def test_a_card_without_a_clock_is_paced_by_ours(card: Card) -> None:
    """`null` gives whatever is asked for at once: 0.4 s would otherwise be millions of samples."""

    async def story() -> None:
        began = time.monotonic()
        bridge = await AlsaBridge.open("null")
        heard = len(await read_samples(bridge, round(0.4 * RATE)))
        took = time.monotonic() - began
        bridge.close()
        assert heard == 0.4 * RATE
        assert took >= 0.2, "0.4 s of sound, of which 0.16 s may come before it is noticed that there is no clock"
        assert "no clock" in bridge.facts["audio path"]

    run(story())


def test_a_card_with_a_clock_is_never_held_back() -> None:
    """Even one whose clock is 1000 ppm fast, after a day, and one whose reader was late by its whole buffer."""
    pace = Pace(640, 0.0)
    now = 0.0
    for period in range(100_000):
        now += 0.02 / 1.001
        pace.took(FRAME, now)
        pace.took(0, now)
        assert pace.wait_s(now) == 0
        if period % 1000 == 0:
            now += 0.08
            for _ in range(4):
                pace.took(FRAME, now)
                assert pace.wait_s(now) == 0


def test_a_card_that_seemed_to_have_no_clock_and_says_wait_has_one() -> None:
    pace = Pace(640, 0.0)
    for _ in range(20):
        pace.took(FRAME, 0.0)
    assert pace.wait_s(0.0) == pytest.approx(0.4 - 0.16)
    assert pace.wait_s(0.2) == pytest.approx(0.04)
    pace.took(0, 0.2)
    assert pace.wait_s(0.2) == 0


def test_the_pump_plays_and_captures_through_it(card: Card, tmp_path: Path) -> None:
    """The same port that serves a modem's second tty."""
    spoken = tones.tone([1000], 1.0, -20.0)
    prompt = tones.tone([440], 0.3, -16.0)
    card(received=spoken)

    async def story() -> None:
        bridge = await AlsaBridge.open("card")
        pump = AudioPump()
        lost: list[LineFault] = []
        stream = pump.start(PcmPort(bridge.fd), on_lost=lost.append)
        stream.capture = bytearray()
        playback = stream.play(prompt.astype("<i2").tobytes())
        await playback.done
        await until(lambda: (tmp_path / "played").stat().st_size >= 2 * (len(prompt) + 3 * FRAME))
        heard = np.frombuffer(bytes(stream.capture), "<i2")
        stream.stop()
        bridge.close()
        assert not lost
        assert len(heard) >= 0.2 * RATE
        assert np.array_equal(heard, spoken[: len(heard)])

    run(story())
    assert prompt.astype("<i2").tobytes() in (tmp_path / "played").read_bytes()


def test_a_card_that_goes_away_is_an_unplugged_line(card: Card) -> None:
    async def story() -> None:
        bridge = await AlsaBridge.open("card")
        lost: list[LineFault] = []
        AudioPump().start(PcmPort(bridge.fd), on_lost=lost.append)
        await asyncio.sleep(0.1)
        assert not lost
        bridge._capture.close()  # the library raises from now on, as it does with ENODEV
        await until(lambda: bool(lost))
        assert isinstance(lost[0], Unplugged)
        assert isinstance(bridge.fault, Unplugged)
        assert "card" in str(bridge.fault)
        bridge.close()

    run(story())


def test_no_such_card_is_an_unplugged_line(card: Card) -> None:
    for name in ("nosuch", "absent"):
        with pytest.raises(Unplugged, match=name):
            asyncio.run(AlsaBridge.open(name))


def test_a_card_that_cannot_do_8_khz_mono_is_refused(card: Card) -> None:
    """The library takes what the card has without a word, and everybody would sound like a mouse."""
    with pytest.raises(ModemError, match="2 channels"):
        asyncio.run(AlsaBridge.open("stereo"))


def test_it_can_be_opened_again_at_once(card: Card) -> None:
    """A call after the other: the thread of the last one may still be closing the card."""

    async def story() -> None:
        for _ in range(3):
            bridge = await AlsaBridge.open("card")
            bridge.close()
            bridge.close()
        assert not [t for t in AlsaBridge._threads.values() if t is not bridge._thread and t.is_alive()]
        await asyncio.get_running_loop().run_in_executor(None, bridge._thread.join, 10)
        assert not bridge._thread.is_alive()

    run(story())


class ScriptedPcm:
    """A card with a clock of its own and with trouble: a list of what reads and writes return."""

    def __init__(self, reads: list[int] | None = None, writes: list[int] | None = None) -> None:
        self.reads, self.writes = reads or [], writes or []
        self.played = b""
        self.full = False
        """Takes nothing."""
        self._frames = 0
        self._began = time.monotonic()

    def polldescriptors(self) -> list[tuple[int, int]]:
        return []

    def read(self) -> tuple[int, bytes]:
        if self.reads and (count := self.reads.pop(0)) < 0:
            return count, b""
        if self._frames * FRAME > (time.monotonic() - self._began) * RATE:
            return 0, b""
        self._frames += 1
        return FRAME, b"\x10\x01" * FRAME

    def write(self, data: bytes) -> int:
        if self.full:
            return 0
        if self.writes:
            count = self.writes.pop(0)
            if count < 0:
                return count
            data = data[: 2 * count]
        self.played += data
        return len(data) // 2

    def drop(self) -> None: ...

    def close(self) -> None: ...


def scripted(monkeypatch: pytest.MonkeyPatch, capture: ScriptedPcm, playback: ScriptedPcm) -> None:
    pcms = {alsaaudio.PCM_CAPTURE: capture, alsaaudio.PCM_PLAYBACK: playback}
    monkeypatch.setattr(alsa, "open_pcm", lambda device, direction: pcms[direction])
    monkeypatch.setattr(alsa, "_WAIT_MS", 5)


def test_over_and_underruns_are_gaps_and_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    capture, playback = ScriptedPcm(reads=[0, -32, -32]), ScriptedPcm(writes=[160, -32])
    scripted(monkeypatch, capture, playback)
    prompt = bytes(range(256)) * 5

    async def story() -> None:
        bridge = await AlsaBridge.open("scripted")
        os.write(bridge.fd, prompt[:320])
        await until(lambda: len(playback.played) == 320)
        os.write(bridge.fd, prompt[320:])
        await read_samples(bridge, 800)
        await until(lambda: len(playback.played) >= len(prompt) + 640)
        assert bridge.xruns == 3
        assert bridge.fault is None
        bridge.close()

    run(story())
    cushion = bytes(2 * alsa.CUSHION)
    assert playback.played == prompt[:320] + cushion + prompt[320:]


def test_a_card_that_gives_nothing_but_overruns_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, ScriptedPcm(reads=[-32] * 100), ScriptedPcm())

    async def story() -> None:
        bridge = await AlsaBridge.open("scripted")
        await until(lambda: bridge.fault is not None)
        assert isinstance(bridge.fault, ModemError)
        await until(lambda: os.read(bridge.fd, 100) == b"")
        bridge.close()

    run(story())


def test_what_a_slow_card_cannot_play_does_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that takes nothing for a while: the caller hears the newest 120 ms, not what was said a minute ago."""
    playback = ScriptedPcm()
    playback.full = True
    scripted(monkeypatch, ScriptedPcm(), playback)

    async def story() -> None:
        bridge = await AlsaBridge.open("scripted")
        for number in range(12):
            os.write(bridge.fd, bytes([number]) * 320)
        await until(lambda: len(bridge._to_play) == 2 * alsa.BACKLOG)
        playback.full = False
        await until(lambda: bool(playback.played))
        bridge.close()

    run(story())
    assert playback.played == b"".join(bytes([number]) * 320 for number in range(6, 12))


def test_levels_of_both_directions_are_facts(card: Card) -> None:
    card(received=tones.tone([1000], 5.0, -20.0))

    async def story() -> None:
        bridge = await AlsaBridge.open("card")
        await read_samples(bridge, 1600)
        facts = bridge.facts
        bridge.close()
        assert facts["audio levels"] == "from the modem -20 dBm0, to it silence"
        assert "card" in facts["audio path"]

    run(story())


def test_closing_with_audio_unread_is_no_fault_and_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """What has come and was not read resets the socket at the other end."""

    async def story() -> None:
        for n in range(100):
            bridge = await AlsaBridge.open("null")
            await asyncio.sleep(n % 5 * 0.0005)  # it is reset at any of its steps
            bridge.close()
            await asyncio.get_running_loop().run_in_executor(None, bridge._thread.join, 10.0)
            assert bridge.fault is None

    asyncio.run(story())
    assert not caplog.records
