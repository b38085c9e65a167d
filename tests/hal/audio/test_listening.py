"""Many lines are listened to at once; each ear gets what its own line has received, and nothing else."""

import numpy as np
import pytest

from hal.audio import companding, tones
from hal.audio.listening import CHUNK, ToneListener
from hal.audio.progress import BEFORE, OTHER, QUIET, CallProgress, analyser
from hal.audio.sound import Encoding
from hal.audio.tones import Signal


class Port:
    def __init__(self, encoding):
        self.encoding = encoding


class Stream:
    def __init__(self, ear, encoding):
        self.ear, self.port, self.width = ear, Port(encoding), encoding.width
        self.untold = bytearray()


class Ear:
    def __init__(self, country):
        self.country = country
        self.samples = np.zeros(0, np.int16)
        self.progress = CallProgress(country)
        self.heard = []
        self.before = np.zeros(BEFORE, np.int16)

    def hear(self, signal, frames):
        assert len(signal) == BEFORE + CHUNK
        assert np.array_equal(signal[:BEFORE], self.before)
        self.before = signal[-BEFORE:]
        self.samples = np.concatenate([self.samples, signal[BEFORE:]])
        self.heard += [what.signal for what in self.progress.follow(frames)]


@pytest.mark.parametrize("lines", [1, 20])
def test_each_ear_gets_its_own_line(lines):
    rng = np.random.default_rng(4)
    signals = [Signal.BUSY, Signal.CONGESTION, Signal.RING_BACK, Signal.DIAL]
    listener, streams, sent = ToneListener(), [], []
    for number in range(lines):
        country = ("DE", "GB", "US")[number % 3]
        encoding = (Encoding.ALAW, Encoding.U8, Encoding.S16LE)[number % 3]
        streams.append(Stream(Ear(country), encoding))
        sent.append(tones.cadence(country, signals[number % 4]).samples(6.0, -12))
        listener.add(streams[-1])
    places = [0] * lines
    while min(places) < 48000:
        for number, stream in enumerate(streams):
            size = int(rng.integers(0, 700))
            piece = sent[number][places[number] : places[number] + size]
            stream.untold += companding.encode(piece, stream.port.encoding)
            places[number] += size
        listener.listen()
    for _ in range(100):
        listener.listen()
    for number, stream in enumerate(streams):
        expected = companding.decode(companding.encode(sent[number], stream.port.encoding), stream.port.encoding)
        assert np.array_equal(stream.ear.samples, expected[: len(stream.ear.samples)])
        assert len(stream.ear.samples) == 48000 // CHUNK * CHUNK
        assert set(stream.ear.heard) == {signals[number % 4]}


def test_an_ear_that_fails_does_not_deafen_the_others(caplog):
    class Broken(Ear):
        def hear(self, signal, frames):
            raise ZeroDivisionError

    listener = ToneListener()
    streams = [Stream(Broken("DE"), Encoding.ALAW), Stream(Ear("DE"), Encoding.ALAW)]
    for stream in streams:
        listener.add(stream)
        stream.untold += b"\xd5" * 3 * CHUNK
    for _ in range(3):
        listener.listen()
    assert len(streams[1].ear.samples) == 3 * CHUNK
    assert "ZeroDivisionError" in caplog.text


def test_a_removed_line_is_not_heard_any_more():
    listener, stream = ToneListener(), Stream(Ear("DE"), Encoding.ALAW)
    listener.add(stream)
    listener.remove(stream)
    listener.remove(stream)
    stream.untold += b"\xd5" * CHUNK
    listener.listen()
    assert len(stream.ear.samples) == 0
    assert len(stream.untold) == CHUNK


def test_frames_are_told_apart():
    signal = np.concatenate([tones.silence(0.1), tones.tone([425], 0.1), tones.tone([900, 1700], 0.1)])
    seen = analyser("DE").look(np.concatenate([np.zeros(BEFORE, np.int16), signal])[None])
    kinds = seen.kinds[0].tolist()
    assert kinds[:9] == [QUIET] * 9
    assert kinds[13:19] == [analyser("DE").bit((425,))] * 6
    assert kinds[23:29] == [OTHER] * 6
    assert seen.levels[0][15] == pytest.approx(-10, abs=0.3)
