"""The exchange's ADPCM: as other programs code it, in pieces of any size, and through the ISDN adapter's port."""

import asyncio

import numpy as np
import pytest

from hal.audio.sound import Sound
from hal.simulated import Exchange, adpcm, g711
from hal.simulated.voice import CODECS
from tests.hal.simulated.terminal import Terminal, shielded, unshielded
from tests.support.virtualtime import run_virtual

TIME = np.arange(8000) / 8000
CHORD = g711.encode(
    (9000 * np.sin(2 * np.pi * 440 * TIME) * np.minimum(1, TIME * 40) + 4000 * np.sin(2 * np.pi * 1336 * TIME)).astype(
        np.int32
    )
)


def signal_to_noise(heard, spoken):
    """In dB, over what was heard."""
    ear, mouth = (g711.decode(sound[: len(heard)]).astype(float) for sound in (heard, spoken))
    return 10 * np.log10((mouth**2).mean() / ((ear - mouth) ** 2).mean())


# Made from CHORD by pvftormd of mgetty-pvftools 1.2.1 and, for IMA, by Python's audioop, whose codes have the other order.
ELSEWHERE = {
    "zyxel-adpcm2": "14f57f17f53a5ae4ac43803e",
    "zyxel-adpcm3": "0defdb7fc446b121a82a6a09",
    "zyxel-adpcm4": "877dff773ff8448cc8738bc8",
    "ima": "7517ff77d78c34c80b34b00c43c80c32",
}


@pytest.mark.parametrize(("name", "codes"), ELSEWHERE.items())
def test_it_codes_as_other_programs_do(name, codes):
    assert CODECS[name]().encode(CHORD).hex().startswith(codes)


@pytest.mark.parametrize(
    ("name", "decibels"),
    [
        ("ima", 24),
        *((f"{who}-adpcm{bits}", least) for who in ("i4l", "zyxel") for bits, least in ((2, 12), (3, 19), (4, 20))),
    ],
)
def test_what_was_coded_comes_back(name, decibels):
    codes = CODECS[name]().encode(CHORD)
    assert len(codes) == 8000 * CODECS[name]().bits // 8
    assert signal_to_noise(CODECS[name]().decode(codes), CHORD) > decibels


@pytest.mark.parametrize("name", [name for name in CODECS if "adpcm" in name or name == "ima"])
def test_pieces_of_any_size_make_the_same(name):
    encoder, decoder = CODECS[name](), CODECS[name]()
    codes = b"".join(encoder.encode(CHORD[i : i + 77]) for i in range(0, 2464, 77))
    assert codes == CODECS[name]().encode(CHORD[:2464])
    assert b"".join(decoder.decode(codes[i : i + 5]) for i in range(0, len(codes), 5)) == CODECS[name]().decode(codes)


def test_isdn4linux_has_no_leak_in_its_predictor():
    """Else a player that leaks and one that does not would drift apart, which they do in life."""
    loud = g711.encode(np.full(4000, 20000, np.int32))
    assert adpcm.Zyxel(4).encode(loud) != adpcm.Zyxel(4, leak=True).encode(loud)


@pytest.mark.parametrize("bits", [2, 3, 4])
def test_the_isdn_adapter_plays_and_records_adpcm(tmp_path, bits):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.isdn_adapter("isdn", ["4711"])
            terminal = Terminal(tmp_path / "isdn.1")
            for command in ("Z", "E0", "&E4711", "+FCLASS=8", "S18=1", "+VLS=2"):
                await terminal.at(command)
            calling = asyncio.create_task(exchange.phone("03012345").place("4711", 60))
            await terminal.expect("RING\r\n")
            await terminal.at("A", "VCON")
            call = await calling
            await terminal.at(f"+VSM={bits}")
            assert f"<{bits}>".encode() in await terminal.at("+VSM?")
            await terminal.at("+VTX", "CONNECT")
            codes = adpcm.Zyxel(bits).encode(CHORD)
            before = len(call.heard)
            await terminal.send(shielded(codes) + b"\x10\x03")
            await terminal.expect("VCON\r\n")
            expected = adpcm.Zyxel(bits).decode(codes)
            assert expected in call.heard[before:]
            await terminal.at("+VRX", "CONNECT")
            await call.speaks(Sound(CHORD))
            audio, _ = unshielded(await terminal.hears_within(0.3))
            heard = adpcm.Zyxel(bits).decode(audio)
            assert len(heard) > 8000
            near = max(signal_to_noise(heard[i : i + 8000], CHORD) for i in range(len(heard) - 8000))
            assert near > 10

    run_virtual(story())
