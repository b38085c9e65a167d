"""Quiet lines cost little, and what is put off for them changes nothing."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.audio.dtmf_frames import FrameAnalyser
from hal.audio.tones import dtmf, peak

CHANNELS = 3


@settings(deadline=None, max_examples=40, derandomize=True)
@given(data=st.data())
def test_work_put_off_gives_the_same_frames(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    lazy, eager = FrameAnalyser(CHANNELS), FrameAnalyser(CHANNELS)
    for _ in range(data.draw(st.integers(3, 12))):
        channels = data.draw(st.sampled_from([[0], [0, 1, 2], [1, 2], [0, 2]]))
        samples = rng.integers(-8, 9, (len(channels), data.draw(st.integers(1, 400)))).astype(np.int16)
        for row in samples:
            if data.draw(st.booleans()):
                key = dtmf(data.draw(st.sampled_from("159D")), on_s=0.06, low_dbm0=-43.5, high_dbm0=-43.5)
                row += key[: len(row)] if len(key) >= len(row) else np.pad(key, (0, len(row) - len(key)))
        if data.draw(st.booleans()):
            for analyser in (lazy, eager):
                analyser.forget(1)
        needed = data.draw(st.integers(0, 3)) == 0
        found = lazy.feed(samples, channels, all_spectra=needed)
        expected = eager.feed(samples, channels)
        for a, b in zip(found, expected, strict=True):
            assert (a.channels, a.first_samples, a.looks) == (b.channels, b.first_samples, b.looks)
            rows = range(len(a.channels)) if needed else {row for _, row in a.looks}
            assert [a.spectra(row) for row in rows] == [b.spectra(row) for row in rows]


def test_the_quietest_key_that_counts_is_not_taken_for_quiet():
    """Its two tones are at -44 dBm0; together their highest sample is twice that of one."""
    for digit in "1590*#AD":
        signal = dtmf(digit, on_s=0.1, low_dbm0=-43.9, high_dbm0=-43.9)
        assert FrameAnalyser(1).feed(signal[None], [0], all_spectra=False)[0].looks
        assert abs(signal).max() > peak(-44.0) / 2
