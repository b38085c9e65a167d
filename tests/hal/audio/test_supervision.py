"""What has become of a call, by ear alone: each country, each end, in noise, off frequency, with every kind of answer."""

import numpy as np
import pytest

from hal.audio import tones
from hal.audio.supervision import Supervision, Verdict, ringing_pause_s
from hal.audio.tones import Cadence, Signal
from tests.hal.audio.voices import RATE, gain, line, listen, noise, spoken

HELLO = {
    "DE": ("Ja bitte?", "de"),
    "AT": ("Hallo?", "de"),
    "CH": ("Grüezi?", "de"),
    "FR": ("Allô?", "fr"),
    "NL": ("Hallo?", "nl"),
}


COUNTRIES = ("AT", "DE", "FR", "GB", "US")
"""Those whose tones differ in kind; `test_each_tone_decides` and the tests of hang-ups have them all."""


def hello(country):
    text, voice = HELLO.get(country, ("Hello?", "en-gb"))
    return spoken(text, voice)


def verdict(country, *pieces, ring_limit_s=45.0, doubt_s=None, noise_dbm0=-58.0):
    """(verdict, seconds heard until it was certain)."""
    ear = Supervision(country, ring_limit_s, doubt_s=doubt_s)
    for at in listen(ear, line(np.concatenate(pieces), noise_dbm0)):
        if ear.verdict:
            return ear.verdict, at / RATE
    return None, None


def off(cadence, share):
    """The same tone, off its frequency."""
    return Cadence(tuple((tuple(f * (1 + share) for f in mixture), seconds) for mixture, seconds in cadence.steps))


def rings(country, seconds, level=-15.0):
    return tones.cadence(country, Signal.RING_BACK).samples(seconds, level)


@pytest.mark.parametrize("country", tones.COUNTRIES)
@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        (Signal.BUSY, Verdict.BUSY),
        (Signal.CONGESTION, Verdict.CONGESTION),
        (Signal.UNOBTAINABLE, Verdict.UNOBTAINABLE),
        (Signal.DIAL, Verdict.DIAL_TONE),
    ],
)
@pytest.mark.parametrize(("level", "share"), [(-10, 0.0), (-28, 0.01)])
def test_each_tone_decides(country, signal, expected, level, share):
    tone = off(tones.cadence(country, signal), share).samples(9.0, level)
    found, at = verdict(country, tones.silence(2.0), tone)
    assert found is expected
    assert at < 2 + 6.0


@pytest.mark.parametrize("country", COUNTRIES)
def test_busy_after_ringing_is_busy_and_not_an_answer(country):
    """A telephone that is taken off the hook by somebody who dials at that moment; a mobile that rejects."""
    found, _ = verdict(country, rings(country, 11.0), tones.cadence(country, Signal.BUSY).samples(5.0))
    assert found is Verdict.BUSY


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("rang_s", [7.3, 14.1])
def test_a_voice_after_ringing_is_an_answer_within_a_second(country, rang_s):
    word = gain(hello(country), -6)
    found, at = verdict(country, tones.silence(1.0), rings(country, rang_s), tones.silence(0.4), word, tones.silence(1))
    assert found is Verdict.ANSWERED
    assert 0 < at - 1.4 - rang_s < 1.0


@pytest.mark.parametrize("country", COUNTRIES)
def test_whoever_picks_up_and_says_nothing_has_answered_too(country):
    """Known when the next ring stays away."""
    found, at = verdict(country, rings(country, 7.0), tones.silence(12.0))
    assert found is Verdict.ANSWERED
    assert at < 7 + 6.5


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("noise_dbm0", [-65, -48])
def test_ringing_is_not_an_answer_however_long(country, noise_dbm0):
    found, at = verdict(country, rings(country, 50.0, -20), noise_dbm0=noise_dbm0)
    assert found is Verdict.NO_ANSWER
    assert 44 < at < 46.5


@pytest.mark.parametrize(
    ("word", "voice"), [("Yes?", "en-gb"), ("Oui?", "fr"), ("Ja?", "de"), ("Pronto?", "it"), ("Hallo?", "de+f3")]
)
@pytest.mark.parametrize("level", [0, -12])
def test_one_short_word_is_enough(word, voice, level):
    found, at = verdict(
        "DE", rings("DE", 7.0), tones.silence(0.3), gain(spoken(word, voice), level), tones.silence(1.5)
    )
    assert found is Verdict.ANSWERED
    assert at < 9


def test_answered_in_the_first_ring():
    found, at = verdict("DE", tones.silence(1), rings("DE", 0.5), tones.silence(0.5), hello("DE"), tones.silence(1))
    assert found is Verdict.ANSWERED
    assert at < 3.5


def test_answered_at_once_without_a_ring():
    speech = spoken("Good morning, this is the water works, how can I help you?")
    found, at = verdict("GB", tones.silence(2.0), speech)
    assert found is Verdict.ANSWERED
    assert at < 2 + 2.5


def test_a_dead_line_is_no_answer_of_anybody():
    found, at = verdict("DE", tones.silence(30.0))
    assert found is Verdict.NOTHING
    assert at == pytest.approx(20, abs=0.2)


def test_clicks_and_crackle_are_no_voice():
    crackle = tones.silence(40.0).astype(float)
    rng = np.random.default_rng(5)
    for at in rng.integers(0, len(crackle) - 100, 60):
        crackle[at : at + 60] += rng.normal(0, 6000, 60)
    found, _ = verdict("DE", crackle[: 18 * RATE])
    assert found is None


def test_a_noisy_line_is_no_voice():
    for level in (-45, -36):
        found, _ = verdict("DE", rings("DE", 30.0, -14) + noise(30, level))
        assert found is None, level


def test_a_foreign_ringing_tone_is_no_voice_and_in_the_end_no_answer():
    """A call abroad: its tones are not this country's."""
    found, at = verdict("DE", rings("US", 80.0))
    assert found is Verdict.NO_ANSWER
    assert at == pytest.approx(60, abs=1.0)


def test_the_modems_word_is_believed_where_nothing_contradicts():
    found, at = verdict("DE", tones.silence(10), doubt_s=2.0)
    assert found is Verdict.ANSWERED
    assert at <= 2.1


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("begin_s", [0.1, 1.1, 2.3])
def test_the_modems_word_is_not_believed_against_a_ringing_tone(country, begin_s):
    """It said "answered" in the middle of the ringing: the next ring comes within the pause."""
    ringing = rings(country, 60)[int(RATE * begin_s) :]
    found, at = verdict(country, ringing, ring_limit_s=20.0, doubt_s=ringing_pause_s(country) + 0.4)
    assert found is Verdict.NO_ANSWER
    assert 20 < at < 27


@pytest.mark.parametrize(
    ("signal", "expected"),
    [(Signal.BUSY, Verdict.BUSY), (Signal.CONGESTION, Verdict.CONGESTION), (Signal.DIAL, Verdict.DIAL_TONE)],
)
def test_the_modems_word_is_not_believed_against_busy(signal, expected):
    for country in COUNTRIES:
        found, _ = verdict(country, tones.silence(0.5), tones.cadence(country, signal).samples(8.0), doubt_s=2.0)
        assert found is expected, country


@pytest.mark.parametrize(
    ("code", "expected"),
    [("b", Verdict.BUSY), ("K", Verdict.BUSY), ("d", Verdict.DIAL_TONE), ("J", Verdict.UNOBTAINABLE)],
)
def test_what_the_modem_hears_counts_where_we_hear_nothing(code, expected):
    """Tones of a private exchange that no table has."""
    ear = Supervision("DE", 45.0)
    for at in listen(ear, line(tones.tone([600], 10.0))):
        if at == 4 * RATE:
            ear.modem_says(code)
        if ear.verdict:
            break
    assert ear.verdict is expected
    assert 4 * RATE < at <= 6.2 * RATE


def test_our_ear_tells_congestion_where_the_modem_says_busy():
    ear = Supervision("DE", 45.0)
    ear.modem_says("b")
    for _ in listen(ear, line(tones.cadence("DE", Signal.CONGESTION).samples(4.0))):
        if ear.verdict:
            break
    assert ear.verdict is Verdict.CONGESTION


def test_the_modem_hears_ringing_that_we_do_not_know():
    ear = Supervision("DE", 10.0)
    ear.modem_says("r")
    decided = next(at for at in listen(ear, line(rings("US", 40.0))) if ear.verdict)
    assert ear.verdict is Verdict.NO_ANSWER
    assert decided == pytest.approx(10 * RATE, abs=2000)
