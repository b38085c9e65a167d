"""The echo of a two-wire line, measured while a prompt is played."""

import numpy as np
import pytest

from hal.audio import companding, echo, tones
from hal.audio.sound import FRAME, RATE, Encoding
from hal.simulated.hybrid import Hybrid
from tests.hal.audio.voices import gain, line, noise, spoken

WELCOME = "Welcome to the alert function. Please enter your team number and your personal identification number."


def through(samples, hybrid, far_end=None, noise_dbm0=-58.0):
    """What comes back of samples that are sent over a line with that hybrid."""
    heard = []
    alaw = companding.encode(samples, Encoding.ALAW)
    other = companding.encode(
        (far_end if far_end is not None else np.zeros(len(samples))).astype(np.int16), Encoding.ALAW
    )
    for at in range(0, len(alaw) - FRAME + 1, FRAME):
        hybrid.send(alaw[at : at + FRAME])
        heard.append(hybrid.receive(other[at : at + FRAME]))
    return line(companding.decode(b"".join(heard), Encoding.ALAW), noise_dbm0)


@pytest.mark.parametrize(("loss_db", "delay_ms"), [(6, 12), (14, 85), (18, 12), (26, 240), (32, 60)])
@pytest.mark.parametrize("voice", ["en-gb", "de+f3"])
def test_loss_and_delay_are_measured(loss_db, delay_ms, voice):
    sent = spoken(WELCOME, voice)[: 2 * RATE]
    found = echo.measure(sent, through(sent, Hybrid(loss_db, delay_ms)))
    assert found.loss_db == pytest.approx(loss_db, abs=2.5)
    assert 1000 * found.delay_s == pytest.approx(delay_ms, abs=1.0)


def test_it_says_what_a_technician_wants_to_read():
    assert str(echo.Echo(18.2, 0.0121)) == "-18 dB at 12 ms"


def test_a_caller_who_talks_at_the_same_time_does_not_matter():
    sent = spoken(WELCOME)[: 2 * RATE]
    talking = gain(spoken("Hello? Hello, is anybody there, I want to report an alert.", "de")[: 2 * RATE], -8)
    found = echo.measure(sent, through(sent, Hybrid(14.0, 30.0), np.resize(talking, len(sent))))
    assert found.loss_db == pytest.approx(14, abs=4)
    assert 1000 * found.delay_s == pytest.approx(30, abs=1.0)


@pytest.mark.parametrize(
    "received",
    [np.zeros(2 * RATE), noise(2, -45), spoken("Something else altogether, and for quite some time.")[: 2 * RATE]],
    ids=["nothing", "noise", "somebody else"],
)
def test_where_there_is_none_none_is_found(received):
    sent = spoken(WELCOME)[: 2 * RATE]
    assert echo.measure(sent, line(received.astype(np.int16))) is None


def test_too_little_and_silence_tell_nothing():
    sent = spoken(WELCOME)[: 2 * RATE]
    assert echo.measure(sent[: RATE // 2], through(sent, Hybrid(6, 12))) is None
    assert echo.measure(tones.silence(2.0), tones.silence(2.0)) is None
