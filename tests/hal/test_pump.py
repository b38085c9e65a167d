"""The audio pump on ptys: what is received is untouched, what is played is contiguous, and nothing runs ahead of the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from hal.audio.keys import KeyListener
from hal.audio.pump import LEAD_S, TICK_S, AudioPump, Stream
from hal.audio.sound import FRAME, RATE, Encoding
from hal.errors import LineFault, ModemSilent, Unplugged
from hal.serialport import SerialPort
from tests.hal.scripted import ScriptedModem
from tests.support.virtualtime import run_virtual


class PlainPort:
    receives = True

    def __init__(self, fd: int, frame: int = 0, encoding: Encoding = Encoding.ALAW) -> None:
        self.fd, self.frame, self.encoding = fd, frame, encoding

    def decode(self, data: bytes) -> bytes:
        return data

    def encode(self, audio: bytes) -> bytes:
        return audio


class CountingDetector:
    """Reports a key for each sample of A-law 0xD4, and remembers what each channel was fed."""

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self.fed = [np.zeros(0, np.int16) for _ in range(channels)]
        self.resets: list[int] = []
        self.begun: list[tuple[int, str, int]] = []

    def feed(self, samples: np.ndarray, channels: Sequence[int] | None = None) -> list[tuple[int, str, int]]:
        assert channels is not None
        assert samples.shape[0] == len(channels)
        assert samples.dtype == np.int16
        for row, channel in enumerate(channels):
            self.fed[channel] = np.concatenate([self.fed[channel], samples[row]])
        return [(channel, "5", 0) for row, channel in enumerate(channels) for s in samples[row] if s == 24]

    def reset(self, channel: int) -> None:
        self.resets.append(channel)


class Bench:
    def __init__(self) -> None:
        self.detectors: list[CountingDetector] = []
        self.pump = AudioPump(KeyListener(self._make))
        self.modems: list[ScriptedModem] = []
        self.ports: list[SerialPort] = []
        self.faults: list[LineFault] = []
        self.keys: list[str] = []
        self.heard = bytearray()

    def _make(self, channels: int) -> CountingDetector:
        self.detectors.append(CountingDetector(channels))
        return self.detectors[-1]

    async def stream(self, *, frame: int = 0, encoding: Encoding = Encoding.ALAW, listen: bool = True) -> Stream:
        modem = ScriptedModem()
        modem.raw = self.heard.extend
        port = await SerialPort.open(modem.path)
        self.modems.append(modem)
        self.ports.append(port)
        return self.pump.start(
            PlainPort(port.fd, frame, encoding),
            on_lost=self.faults.append,
            on_key=self.keys.append if listen else None,
        )

    def close(self) -> None:
        for port in self.ports:
            port.close()
        for modem in self.modems:
            modem.close()


def bench(test) -> None:
    async def main() -> None:
        b = Bench()
        try:
            async with asyncio.timeout(60):
                await test(b)
        finally:
            b.close()

    asyncio.run(main())


AUDIO = bytes(i * 7 % 256 for i in range(4000))


def test_what_is_played_arrives_whole_and_paced_by_the_clock() -> None:
    async def test(b: Bench) -> None:
        stream = await b.stream()
        loop = asyncio.get_running_loop()
        began = loop.time()
        playback = stream.play(AUDIO)
        assert playback.given <= LEAD_S * RATE, "the modem never holds more than the lead"
        await playback.done
        assert loop.time() - began >= len(AUDIO) / RATE, "done means heard, not written"
        assert playback.complete
        assert playback.given == playback.heard == len(AUDIO)
        await asyncio.sleep(0.05)
        assert bytes(b.heard) == AUDIO
        stream.stop()

    bench(test)


def test_a_cancelled_playback_leaves_only_the_lead_to_be_heard() -> None:
    async def test(b: Bench) -> None:
        stream = await b.stream()
        playback = stream.play(AUDIO)
        await asyncio.sleep(0.1)
        playback.cancel()
        given = playback.given
        assert 0 < given < len(AUDIO)
        assert given - playback.heard <= LEAD_S * RATE
        second = stream.play(b"\x55" * 160)
        await second.done
        await asyncio.sleep(0.05)
        assert bytes(b.heard) == AUDIO[:given] + b"\x55" * 160
        stream.stop()

    bench(test)


@pytest.mark.parametrize("is_key", [True, False])
def test_what_seems_to_become_a_key_leaves_the_modem_less_to_play_and_nothing_is_lost(is_key: bool) -> None:
    async def test() -> None:
        b = Bench()
        stream = await b.stream()
        playback = stream.play(AUDIO)
        before, least = asyncio.get_running_loop().time(), LEAD_S
        await asyncio.sleep(0.09)
        stream.hold()
        if is_key:
            await asyncio.sleep(0.025)
            playback.cancel()
            assert stream.ahead_s <= LEAD_S - TICK_S, "one top-up was left out"
        else:
            while not playback.done.done():
                await asyncio.sleep(0.005)
                if not playback.complete:
                    least = min(least, stream.ahead_s)
            assert TICK_S / 2 < least < TICK_S * 3 / 2, "the modem lives on what it has, and never runs dry"
            assert asyncio.get_running_loop().time() - before < len(AUDIO) / RATE + 2 * TICK_S
            await asyncio.sleep(0.05)
            assert bytes(b.heard) == AUDIO
        stream.stop()
        b.close()

    run_virtual(test())


def test_radio_modems_get_whole_frames_all_the_time() -> None:
    async def test(b: Bench) -> None:
        stream = await b.stream(frame=FRAME, encoding=Encoding.S16LE)
        await asyncio.sleep(0.1)
        await stream.play(b"\x01\x02" * 200).done
        stream.stop()
        await asyncio.sleep(0.05)
        assert len(b.heard) % 320 == 0
        at = bytes(b.heard).find(b"\x01\x02")
        assert at % 320 == 0
        assert b.heard[at : at + 800] == b"\x01\x02" * 200 + b"\0" * 400 or b.heard[at : at + 400] == b"\x01\x02" * 200
        assert not any(b.heard[:at])

    bench(test)


def test_what_is_received_is_captured_untouched_and_listened_to() -> None:
    async def test(b: Bench) -> None:
        stream = await b.stream()
        stream.capture = captured = bytearray()
        for i in range(0, 1600, 100):
            b.modems[0].say(bytes(range(100)) if i % 200 else b"\xd4" + bytes(range(1, 100)))
            await asyncio.sleep(0.004)
        while len(captured) < 1600:
            await asyncio.sleep(TICK_S)
        assert bytes(captured) == (b"\xd4" + bytes(range(1, 100)) + bytes(range(100))) * 8
        await asyncio.sleep(3 * TICK_S)
        assert len(b.keys) == 8
        (detector,) = b.detectors
        assert len(detector.fed[0]) == 1600
        stream.stop()

    bench(test)


def test_lines_that_do_not_deliver_in_step_do_not_wait_for_each_other() -> None:
    async def test(b: Bench) -> None:
        streams = [await b.stream() for _ in range(3)]
        marked = b"\xd4" + b"\xd5" * 159
        b.modems[2].say(marked[:79])
        for turn in range(20):
            b.modems[0].say(marked)
            if turn % 2:
                b.modems[1].say(marked + marked)
            await asyncio.sleep(TICK_S)
        await asyncio.sleep(3 * TICK_S)
        assert len(b.keys) == 40
        assert [len(channel) for channel in b.detectors[0].fed[:3]] == [3200, 3200, 0]
        for stream in streams:
            stream.stop()

    bench(test)


def test_more_lines_than_a_detector_has_channels() -> None:
    async def test(b: Bench) -> None:
        streams = [await b.stream() for _ in range(34)]
        assert len(b.detectors) == 2
        for stream in streams[:3]:
            stream.stop()
        again = [await b.stream() for _ in range(3)]
        assert len(b.detectors) == 2, "a channel that has become free is used again"
        assert b.detectors[0].resets == [*range(32), 0, 1, 2], "and begins afresh"
        for stream in streams[3:] + again:
            stream.stop()

    bench(test)


def test_unplugging_ends_one_stream_and_not_the_others() -> None:
    async def test(b: Bench) -> None:
        one, two = await b.stream(), await b.stream()
        playback = one.play(AUDIO)
        b.modems[0].close()
        await playback.done
        assert not one.active
        assert len(b.faults) == 1
        assert isinstance(b.faults[0], Unplugged)
        two.capture = bytearray()
        b.modems[1].say(b"abc")
        while not two.capture:
            await asyncio.sleep(TICK_S)
        two.stop()

    bench(test)


def test_a_modem_that_stops_talking_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hal.audio.pump.STALL_S", 0.1)

    async def test(b: Bench) -> None:
        await b.stream()
        while not b.faults:
            await asyncio.sleep(TICK_S)
        assert isinstance(b.faults[0], ModemSilent)

    bench(test)


def test_a_modem_that_takes_nothing_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hal.audio.pump.STALL_S", 0.1)

    async def test(b: Bench) -> None:
        stream = await b.stream()
        stream.port.receives = False
        asyncio.get_running_loop().remove_reader(b.modems[0].master)
        while b.ports[0].write(b"x" * 4096):
            await asyncio.sleep(0.001)
        playback = stream.play(AUDIO * 100)
        await playback.done
        assert not playback.complete
        assert isinstance(b.faults[0], ModemSilent)
        assert "took no audio" in str(b.faults[0])

    bench(test)


def test_the_tick_runs_only_while_a_line_is_active() -> None:
    async def test(b: Bench) -> None:
        stream = await b.stream()
        assert b.pump._timer is not None
        stream.stop()
        stream.stop()
        assert b.pump._timer is None

    bench(test)


def test_a_driver_that_fails_on_one_line_does_not_stop_the_others() -> None:
    async def test(b: Bench) -> None:
        one, two = await b.stream(), await b.stream()
        one.port.decode = lambda data: 1 / 0
        b.modems[0].say(b"abc")
        b.modems[1].say(b"abc")
        two.capture = bytearray()
        while not two.capture or not b.faults:
            await asyncio.sleep(TICK_S)
        assert not one.active
        assert two.active
        two.stop()

    bench(test)


def test_audio_is_counted_for_the_trace() -> None:
    async def test() -> None:
        modem = ScriptedModem()
        modem.raw = lambda data: None  # audio is no command to be answered
        port = await SerialPort.open(modem.path)
        counted: list[tuple[int, int, int]] = []
        stream = AudioPump(KeyListener(CountingDetector)).start(
            PlainPort(port.fd, 0, Encoding.ALAW), on_lost=lambda fault: None, tally=lambda *each: counted.append(each)
        )
        modem.say(bytes(320))
        await stream.play(AUDIO).done
        stream.stop()
        stream.stop()
        port.close()
        modem.close()
        assert counted == [(320, len(AUDIO), 0)]

    run_virtual(test())
