"""Every code and every sample of the G.711 tables against sox, and the round trips."""

import subprocess

import numpy as np
import pytest

from hal.audio import companding
from hal.audio.sound import Encoding, Sound

ALL_CODES = bytes(range(256))
ALL_SAMPLES = np.arange(-32768, 32768).astype(np.int16)
PLAIN = [encoding for encoding in Encoding if not encoding.adpcm]
SOX = {Encoding.ALAW: "a-law", Encoding.ULAW: "mu-law"}


def sox_decode(data: bytes, encoding: Encoding) -> np.ndarray:
    raw = ["-t", "raw", "-r", "8000", "-c", "1"]
    command = ["sox", "-D", *raw, "-e", SOX[encoding], "-b", "8", "-", *raw, "-e", "signed", "-b", "16", "-"]
    return np.frombuffer(subprocess.run(command, input=data, capture_output=True, check=True).stdout, "<i2")


@pytest.mark.parametrize("encoding", SOX)
def test_every_code_means_what_sox_says(encoding):
    assert companding.decode(ALL_CODES, encoding).tolist() == sox_decode(ALL_CODES, encoding).tolist()


@pytest.mark.parametrize("encoding", SOX)
def test_every_sample_falls_into_the_interval_of_its_code(encoding):
    """The values of neighbouring codes enclose it, and no code's error exceeds half a step."""
    values = np.unique(sox_decode(ALL_CODES, encoding).astype(int))
    samples = ALL_SAMPLES[np.abs(ALL_SAMPLES.astype(int)) <= values[-1]].astype(int)
    got = companding.decode(companding.encode(samples.astype(np.int16), encoding), encoding).astype(int)
    above = values[np.searchsorted(values, samples, side="left")]
    below = values[np.searchsorted(values, samples, side="right") - 1]
    assert ((got == above) | (got == below)).all()


def test_every_sample_encodes_as_audioop_does():
    audioop = pytest.importorskip("audioop", reason="left the standard library in Python 3.13")
    assert companding.encode(ALL_SAMPLES, Encoding.ALAW) == audioop.lin2alaw(ALL_SAMPLES.tobytes(), 2)
    positive = ALL_SAMPLES[ALL_SAMPLES >= 0]
    assert companding.encode(positive, Encoding.ULAW) == audioop.lin2ulaw(positive.tobytes(), 2)


@pytest.mark.parametrize("encoding", [Encoding.ALAW, Encoding.U8, Encoding.S8, Encoding.S16LE])
def test_the_round_trip_is_exact(encoding):
    data = bytes(range(256)) if encoding is not Encoding.S16LE else ALL_SAMPLES.tobytes()
    assert companding.encode(companding.decode(data, encoding), encoding) == data


def test_only_the_second_zero_of_mu_law_comes_back_as_the_first():
    back = companding.encode(companding.decode(ALL_CODES, Encoding.ULAW), Encoding.ULAW)
    assert back == ALL_CODES.replace(b"\x7f", b"\xff")


@pytest.mark.parametrize("encoding", PLAIN)
def test_silence_is_silence(encoding):
    assert np.abs(companding.decode(encoding.silence * 3, encoding)).max() <= 8
    assert Sound.pause(0.02, encoding).to(Encoding.S16LE).samples == 160


def test_u8_rounds_and_does_not_wrap():
    samples = np.array([-32768, -129, -128, 0, 127, 128, 32767], np.int16)
    assert list(companding.encode(samples, Encoding.U8)) == [0, 127, 128, 128, 128, 129, 255]


@pytest.mark.parametrize("encoding", PLAIN)
def test_a_batch_is_its_channels(encoding):
    batch = ALL_SAMPLES[:960].reshape(3, 320)[:, ::2]  # not contiguous: rows of a ring buffer are not, either
    octets = companding.encode_array(batch, encoding)
    assert octets.shape == (3, 160 * encoding.width)
    for row, samples in zip(octets, batch, strict=True):
        assert row.tobytes() == companding.encode(samples, encoding)
    assert companding.decode_array(octets, encoding).shape == (3, 160)
    assert (companding.decode_array(octets, encoding)[1] == companding.decode(octets[1].tobytes(), encoding)).all()


def test_what_is_not_16_bit_is_refused():
    with pytest.raises(TypeError, match="float64"):
        companding.encode(np.zeros(4), Encoding.ALAW)


def test_half_a_sample_is_refused():
    with pytest.raises(ValueError):
        companding.decode(b"abc", Encoding.S16LE)


def test_decoded_samples_can_be_written_to():
    samples = companding.decode(b"ab", Encoding.S16LE)
    samples[0] = 0
    assert samples[0] == 0
