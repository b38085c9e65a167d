"""Keys and supervisory tones through the codecs of a telephone's way, sent and read by programs that nobody here wrote.

The table over more keys: `python -m tests.bench.dtmf.paths`.
"""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from hal.audio import tones
from hal.audio.progress import CallProgress
from hal.audio.tones import Signal
from hal.simulated import g711
from tests.bench.dtmf import paths, progress
from tests.bench.dtmf.signals import KEYS
from tests.contract.world import DRIVERS, World, play

PRESSED = paths.keys_to_press(16) + "00"
"""Every key, and one twice running."""
ON_S = 0.1
WORST = "AMR 4.75 (sox)"
"""No receiver here reads it whole: keys are best not sent through it."""
CODECS = [codec for codec in paths.CODECS if codec != WORST]
OURS, THEIRS = ("ours", "simulator"), ("spandsp", "sox")


def whole(codec: str, sender: str, reader: str) -> bool:
    tally = paths.read(codec, sender, PRESSED, ON_S, ON_S, readers=(reader,))[reader]
    return tally == paths.Tally(len(PRESSED), 0, 0, 0)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("sender", OURS)
def test_keys_of_ours_are_read_by_spandsp_and_multimon(codec: str, sender: str):
    assert whole(codec, sender, "spandsp")
    assert whole(codec, sender, "multimon")


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("sender", THEIRS)
def test_keys_of_others_are_read_by_us(codec: str, sender: str):
    assert whole(codec, sender, "ours")


@pytest.mark.parametrize("codec", ["GSM full rate (sox)", "AMR 12.2 (sox)"])
@pytest.mark.parametrize("on_s", [0.15, 0.25])
def test_keys_pressed_for_long_are_not_doubled(codec: str, on_s: float):
    """Speech codecs begin a tone too loud, by up to 14 dB, and settle only while it lasts."""
    pressed = "D9D41C4"
    for sender in ("simulator", "sox"):
        read = paths.read(codec, sender, pressed, on_s, on_s, readers=("ours",))
        assert read["ours"] == paths.Tally(len(pressed), 0, 0, 0), sender


@pytest.mark.parametrize("codec", ["GSM full rate (sox)", "AMR 12.2 (sox)", WORST])
def test_a_key_pressed_again_and_again_is_read_again_and_again(codec: str):
    read = paths.read(codec, "simulator", "5550009996", 0.15, 0.1, readers=("ours",))
    assert read["ours"] == paths.Tally(10, 0, 0, 0)


@pytest.mark.parametrize("sender", [*OURS, *THEIRS])
def test_through_the_worst_codec_none_is_doubled_or_mistaken_and_we_read_no_fewer_than_spandsp(sender: str):
    read = paths.read(WORST, sender, paths.keys_to_press(64), 0.08, 0.08, readers=("ours", "spandsp"))
    assert (read["ours"].doubled, read["ours"].wrong) == (0, 0)
    assert read["ours"].right >= read["spandsp"].right


@pytest.mark.parametrize(
    ("pressed", "heard", "expected"),
    [
        ("1234", "1234", (4, 0, 0, 0)),
        ("1234", "124", (3, 1, 0, 0)),
        ("1234", "12234", (4, 0, 1, 0)),
        ("1234", "12934", (4, 0, 0, 1)),
        ("1234", "1934", (3, 0, 0, 1)),
        ("11", "1", (1, 1, 0, 0)),
    ],
)
def test_the_tally(pressed: str, heard: str, expected: tuple[int, ...]):
    assert paths.tally(pressed, heard) == paths.Tally(*expected)


@pytest.mark.parametrize("codec", [codec for codec in paths.CODECS if "ADPCM" not in codec or "sox" in codec])
@pytest.mark.parametrize("country", ["DE", "GB"])
def test_tones_of_another_generator_are_recognised_through_every_codec(codec: str, country: str):
    noise = np.random.default_rng(3)
    for signal, cadence in tones.cadences(country).items():
        tone = progress.by_sox(cadence, max(6.0, 2.5 * cadence.period_s))
        line = np.concatenate([np.zeros(4000, np.int16), tone]) + noise.normal(0, 20, 4000 + len(tone))
        received = np.ascontiguousarray(paths.CODECS[codec](np.clip(line, -32768, 32767).astype(np.int16)), np.int16)
        assert {heard for heard, _, _ in CallProgress(country).feed(received)} == {signal}


@pytest.mark.parametrize("codec", ["none", "IMA ADPCM (sox)", "GSM full rate (sox)"])
@pytest.mark.parametrize("country", ["DE", "FR", "US"])
def test_our_tones_are_recognised_by_spandsp(codec: str, country: str):
    for signal in Signal:
        cadence = tones.cadence(country, signal)
        tone = np.concatenate(
            [tones.silence(0.5), cadence.samples(max(8.0, 3.2 * cadence.period_s)), tones.silence(0.5)]
        )
        assert progress.heard_by_spandsp(paths.CODECS[codec](tone), country) == {signal}, signal


@pytest.mark.parametrize("name", ["isdn4linux", "conexant", "usr5637"])
def test_keys_that_a_driver_sends_into_a_call_are_read_at_the_other_end(name: str, tmp_path):
    """By the driver's own tones (duplex), or by the modem's: whatever the telephone of the simulated network hears."""

    async def story(w: World) -> None:
        dialling = asyncio.create_task(_dial(w))
        call = await (await anext(w.line.incoming())).answer()
        phone_call = await dialling
        await call.send_keys(KEYS)
        await asyncio.sleep(1.0)
        heard.append(phone_call.heard)
        await call.hang_up()

    async def _dial(w: World):
        return await w.phone.dial(w.driver.number)

    heard: list[bytes] = []
    play(DRIVERS[name], tmp_path, story)
    samples = np.ascontiguousarray(g711.decode(heard[0]), np.int16)
    for reader in ("spandsp", "multimon", "ours"):
        assert paths.READERS[reader](samples) == KEYS, reader
