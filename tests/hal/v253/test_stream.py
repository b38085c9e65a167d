"""The port of a voice modem in a data state notices when the modem is in none."""

from __future__ import annotations

import pytest

from hal.audio.sound import Encoding
from hal.errors import ModemError
from hal.v253.stream import ShieldedPort

SPEECH = bytes((i * 37 + i // 251 * 11) % 256 for i in range(480))
HEARD = bytes((i * 101 + i // 13 * 7) % 256 for i in range(160))


def port() -> ShieldedPort:
    return ShieldedPort(-1, Encoding.ALAW, receives=True, on_code=lambda _: None, on_end=lambda _: None)


def test_a_modem_that_sends_back_what_it_is_sent_is_in_no_call() -> None:
    it = port()
    sent = it.encode(SPEECH)
    with pytest.raises(ModemError, match="sends back"):
        it.decode(HEARD + sent)


def test_what_the_line_echoes_later_is_none_of_that() -> None:
    it = port()
    sent = it.encode(SPEECH[:160])
    for _ in range(5):
        it.decode(HEARD)
        it.encode(SPEECH[160:320])
    assert it.decode(sent)


def test_silence_and_steady_tones_are_no_sign() -> None:
    it = port()
    for steady in (bytes([0xD5]) * 160, bytes([0xD5, 0x2A, 0xD5, 0xAA]) * 40):
        it.encode(steady)
        assert it.decode(steady) == steady
