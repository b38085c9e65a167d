"""The detector's own behaviour; what it makes of spoilt signals is in test_dtmf_limits.py."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.audio import tones
from hal.audio.dtmf import DtmfDetector

ALL = "147*2580369#ABCD"


def digits(keys):
    return "".join(key.digit for key in keys)


def test_all_sixteen_keys():
    assert digits(DtmfDetector().feed(tones.dtmf(ALL))) == ALL


def test_a_key_held_is_one_key():
    assert digits(DtmfDetector().feed(tones.dtmf("5", on_s=3.0))) == "5"


def test_the_same_key_twice_is_two_keys():
    assert digits(DtmfDetector().feed(tones.dtmf("555", on_s=0.04, off_s=0.04))) == "555"


@pytest.mark.parametrize("start", [0, 800, 833, 871, 1601])
def test_it_says_where_a_key_began(start):
    signal = np.concatenate([np.zeros(start, np.int16), tones.dtmf("7", on_s=0.1)])
    (key,) = DtmfDetector().feed(signal)
    assert abs(key.sample - start) <= 40


def test_a_key_is_certain_soon_and_begun_even_sooner():
    detector = DtmfDetector()
    signal = np.concatenate([np.zeros(800, np.int16), tones.dtmf("7", on_s=0.2)])
    begun = certain = None
    for at in range(0, len(signal), 80):
        keys = detector.feed(signal[at : at + 80])
        if detector.begun:
            assert begun is None, "only once"
            assert detector.begun[0].digit == "7"
            begun = at + 80 - 800
        if keys:
            certain = at + 80 - 800
    assert begun <= 0.03 * 8000
    assert certain <= 0.05 * 8000


def test_channels_are_their_own():
    detector = DtmfDetector(channels=3)
    signal = np.stack([tones.dtmf("12"), np.zeros(3200, np.int16), tones.dtmf("98")])
    keys = detector.feed(signal)
    assert sorted((channel, digit) for channel, digit, _ in keys) == [(0, "1"), (0, "2"), (2, "8"), (2, "9")]


def test_channels_need_not_be_in_step():
    """One line delivers 20 ms at a time, another whatever it has; each is counted by itself."""
    detector = DtmfDetector(channels=4)
    one, three = tones.dtmf("123"), np.concatenate([np.zeros(37, np.int16), tones.dtmf("456")])
    keys = detector.feed(one[:2000][None], channels=[1])
    keys += detector.feed(np.stack([three[:1500], one[2000:3500]]), channels=[3, 1])
    keys += detector.feed(three[1500:][None], channels=[3])
    keys += detector.feed(one[3500:][None], channels=[1])
    for channel, signal in ((1, one), (3, three)):
        alone = [(digit, sample) for _, digit, sample in DtmfDetector().feed(signal)]
        assert [(digit, sample) for ch, digit, sample in keys if ch == channel] == alone


def test_reset_forgets_half_a_key():
    detector = DtmfDetector(channels=2)
    half, rest = np.split(np.stack([tones.dtmf("5", on_s=0.04)] * 2), [200], axis=1)
    detector.feed(half)
    detector.reset(0)
    assert [key.channel for key in detector.feed(rest)] == [1]
    detector.reset(1)
    keys = detector.feed(np.stack([tones.dtmf("6")] * 2))
    assert sorted(key[:2] for key in keys) == [(0, "6"), (1, "6")]


def test_nothing_is_no_key():
    detector = DtmfDetector()
    assert detector.feed(np.zeros(0, np.int16)) == []
    assert detector.feed(np.zeros(100_000, np.int16)) == []
    assert detector.feed(np.full(8000, -32768, np.int16)) == []
    assert detector.feed(np.zeros((0, 160), np.int16), channels=[]) == []


@pytest.mark.parametrize(
    "samples",
    [np.zeros(160), np.zeros((2, 160), np.int16), np.zeros((1, 1, 160), np.int16), np.int16(3)],
    ids=["float", "two channels", "three dimensions", "scalar"],
)
def test_what_is_no_signal_is_refused(samples):
    with pytest.raises(ValueError):
        DtmfDetector().feed(samples)


def test_no_channels_make_no_detector():
    with pytest.raises(ValueError):
        DtmfDetector(0)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.data())
def test_the_result_does_not_depend_on_the_pieces(data):
    keys = data.draw(st.text("0123456789*#ABCD", min_size=1, max_size=6))
    seed = data.draw(st.integers(0, 2**16))
    rng = np.random.default_rng(seed)
    signal = tones.dtmf(keys, on_s=data.draw(st.floats(0.03, 0.1)), off_s=data.draw(st.floats(0.02, 0.08)))
    signal = np.clip(signal + rng.normal(0, data.draw(st.sampled_from([0, 500, 3000])), len(signal)), -32768, 32767)
    signal = signal.astype(np.int16)
    whole = DtmfDetector()
    expected, detector, got = whole.feed(signal), DtmfDetector(channels=2), []
    at = 0
    while at < len(signal):
        size = data.draw(st.integers(1, 700))
        got += detector.feed(signal[at : at + size][None], channels=[1])
        if data.draw(st.booleans()):
            detector.feed(rng.integers(-9000, 9000, (1, size)).astype(np.int16), channels=[0])
        at += size
    assert [key[1:] for key in got if key.channel == 1] == [key[1:] for key in expected]


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.binary(max_size=4000))
def test_any_bytes_are_survived(data):
    DtmfDetector().feed(np.frombuffer(data[: len(data) // 2 * 2], np.int16))
