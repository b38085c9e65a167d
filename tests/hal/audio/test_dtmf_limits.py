"""The musts of the DTMF bench in short: Q.24's limits, keys over a prompt's echo, speech. The full table: tests/bench/dtmf."""

import numpy as np
import pytest

from hal.audio import companding
from hal.audio.dtmf import DtmfDetector
from hal.audio.sound import Encoding
from tests.bench.dtmf import peers, rows, score, signals, speech

SEED = 77
MUSTS = [row for row in rows.rows(SEED) if row.must]


def on_the_line(samples):
    return companding.decode(companding.encode(samples, Encoding.ALAW), Encoding.ALAW)


@pytest.mark.parametrize("row", MUSTS, ids=lambda row: row.name)
def test_limit(row):
    signal, pressed = signals.make(row.keys, 48, SEED)
    heard = peers.ours(on_the_line(signals.to_linear(signal)))
    if row.reject:
        assert score.accepted(pressed, heard) == 0
    else:
        allowed = 3 if "echo" in row.name else 0
        assert score.distance(pressed, heard) <= allowed, (pressed, heard)


@pytest.mark.parametrize("highpass", [False, True], ids=["plain", "high-passed"])
def test_speech_presses_no_more_keys_than_on_spandsp(highpass):
    try:
        spandsp = peers.Spandsp()
    except OSError:
        pytest.skip("libspandsp.so.2 is not installed")
    talked = speech.talk(SEED, 4.0, highpass=highpass)
    ours = sum(len(peers.ours(piece)) for piece in talked)
    assert ours <= sum(len(spandsp(piece)) for piece in talked)


def test_hardly_anything_in_speech_looks_like_the_beginning_of_a_key():
    """A prompt is stopped for nothing less than once in an hour; here, in four minutes, never."""
    begun = 0
    for piece in speech.talk(SEED, 4.0):
        detector = DtmfDetector()
        for at in range(0, len(piece), 160):
            detector.feed(piece[at : at + 160])
            begun += len(detector.begun)
    assert begun == 0


def test_a_key_over_a_prompt_is_noticed_to_have_begun():
    row = next(row for row in MUSTS if row.name == "over prompt echo at -21")
    signal, pressed = signals.make(row.keys, 48, SEED)
    samples, detector, begun = on_the_line(signals.to_linear(signal)), DtmfDetector(), 0
    for at in range(0, len(samples), 160):
        detector.feed(samples[at : at + 160])
        begun += len(detector.begun)
    assert begun >= 0.9 * len(pressed)


def test_noise_and_a_single_tone_press_no_key():
    rng = np.random.default_rng(SEED)
    noise = rng.normal(0, 3000, 60 * 8000)
    t = np.arange(60 * 8000) / 8000
    for samples in (
        noise,
        noise / 30 + 8000 * np.sin(2 * np.pi * 1336 * t),
        noise / 30 + 8000 * np.sin(2 * np.pi * 697 * t),
    ):
        assert peers.ours(on_the_line(signals.to_linear(samples))) == ""
