"""Every kind of voice modem that the model table knows does a whole conversation."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hal.audio.sound import RATE, Encoding, Sound
from hal.errors import ModemError
from hal.line import LineState, RecordingEnd
from hal.simulated import isdn4linux
from hal.simulated.phonecall import PhoneCall
from hal.v253.halfduplex import HalfDuplexCall
from hal.v253.models import IS101, MODELS, V253
from tests.hal.v253.world import OWN, PHONE, World, isdn, likeness, tune, voice

ROWS = [
    # simulated, row, codec, duplex
    ("conexant", "conexant", Encoding.U8, True),
    ("cx93010", "conexant", Encoding.ALAW, True),
    ("conexant56k", "conexant56k", Encoding.U8, False),
    ("usr5637", "usr5637", Encoding.ALAW, False),
    ("si2493", "si24xx", Encoding.ALAW, False),
    ("zoom3095", "zoom3095", Encoding.U8, False),
    ("multitech", "multitech", Encoding.ALAW, False),
    ("lucent", "lucent", Encoding.ALAW, False),
    ("elsa", "elsa", Encoding.ALAW, False),
    ("cirrus", "cirrus", Encoding.U8, False),
    ("zyxel2864", "zyxel2864", Encoding.ZYXEL_ADPCM_4, False),
    ("v253", "v253", Encoding.U8, False),
    ("ima", "v253", Encoding.IMA_ADPCM, False),
    ("deaf", "v253", Encoding.U8, False),
    ("deaf-player", "v253", Encoding.U8, False),
]
REFUSED = [
    ("zyxel1496", "no codec of 8000 samples a second .*9600"),
    ("rockwell", "Rockwell's old #V commands only .RCV336DPFSP Rev 44BC"),
    ("unknown-is101", "lists are those of IS-101.*name its model"),
]


@pytest.mark.parametrize(("model", "row", "codec", "duplex"), ROWS, ids=[row[0] for row in ROWS])
def test_a_conversation(model: str, row: str, codec: Encoding, duplex: bool, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        facts = w.line.facts
        assert (facts["driver model"], facts["codec"]) == (row, codec.value)
        assert w.line.capabilities.duplex is duplex
        health = await w.line.health()
        assert health.ok
        assert {"model", "dialect", "voice", "duplex", "audio path"} <= health.facts.keys()
        welcome, alert = tune(2.0, 1, "welcome"), tune(3.0, 2)
        w.exchange.captions.learn(welcome)

        calling = asyncio.ensure_future(w.phone.place(OWN, 60))
        incoming = await anext(w.line.incoming())
        assert incoming.caller == PHONE
        assert incoming.called in (OWN, None)
        call = await incoming.answer()
        other = await calling
        assert isinstance(call, HalfDuplexCall) is not duplex
        played = await call.play(welcome)
        assert played.complete
        await other.hears("welcome", whole=True, within=1)
        waiting = asyncio.create_task(call.key(10))
        await other.wait(1)
        await other.press("4")
        assert await waiting == "4"
        recording = asyncio.create_task(call.record(limit_s=30, stop_on="#"))
        await other.wait(0.5)
        await other.speaks(alert)
        await other.press("#")
        recorded = await recording
        assert (recorded.ended_by, recorded.key) == (RecordingEnd.KEY, "#")
        assert recorded.sound.encoding is codec
        assert likeness(recorded.sound, alert) > 0.97
        await call.play(recorded.sound)
        assert likeness(Sound(other.heard[-5 * RATE :]), alert) > 0.95
        await call.send_keys("12#")
        await other.hears_keys("#12#", within=1)  # the first is in the recording
        await other.hang_up()
        async with asyncio.timeout(20):
            await call.wait_hung_up()
        await call.hang_up()
        assert w.line.state is LineState.IDLE

    voice(model, tmp_path, story)


@pytest.mark.parametrize("model", [row[0] for row in ROWS])
def test_a_call_out(model: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        async def pick_up() -> PhoneCall:
            return await (await w.phone.rings()).answer(3)

        person = asyncio.create_task(pick_up())
        async with await w.line.dial(w.request()) as call:
            other = await person
            await call.play(tune(0.5))
            assert not other.hung_up
        assert await other.ends(within=2)
        assert w.line.state is LineState.IDLE

    voice(model, tmp_path, story)


@pytest.mark.parametrize(("model", "why"), REFUSED)
def test_what_cannot_be_driven_is_refused_with_the_reason(model: str, why: str, tmp_path: Path) -> None:
    async def story(w: World) -> None:
        with pytest.raises(ModemError, match=why):
            await w.device.open()

    voice(model, tmp_path, story, open_it=False)


def test_an_unknown_modem_of_is_101_is_driven_when_its_model_is_named(tmp_path: Path) -> None:
    async def story(w: World) -> None:
        with pytest.raises(ModemError, match="no codec"):  # whose ADPCM it has is known only of ZyXEL
            await w.device.open()

    voice("unknown-is101", tmp_path, story, open_it=False, row="is101")

    async def driven(w: World) -> None:
        calling = asyncio.ensure_future(w.phone.place(OWN, 60))
        incoming = await anext(w.line.incoming())
        assert (incoming.caller, incoming.called) == (PHONE, OWN)
        async with await incoming.answer():
            await (await calling).wait(1)

    (tmp_path / "driven").mkdir()
    voice("unknown-is101", tmp_path / "driven", driven, row="zyxel2864")


def test_every_row_is_driven_by_a_test_or_refused_by_one() -> None:
    tested = {row for _, row, _, _ in ROWS} | {"isdn4linux", "zyxel1496"}  # isdn4linux: tests/contract
    untested = {model.name for model in (*MODELS, V253, IS101)} - tested
    assert untested == {"zyxel-omni", "is101"}, "the Omni's ADPCM is unknown; is101 is what unknown ones are called"


@pytest.mark.parametrize("codec", [2, 3, 4])
def test_an_isdn_adapter_without_a_better_codec_is_half_duplex(codec: int, tmp_path: Path, monkeypatch) -> None:
    """ADPCM can only be decoded from the beginning of a stream, so each recording gets a stream of its own."""
    monkeypatch.setattr(isdn4linux, "_VSM", {codec: isdn4linux._VSM[codec]})

    async def story(w: World) -> None:
        assert w.line.facts["codec"] == f"isdn4linux-adpcm-{codec}"
        assert not w.line.capabilities.duplex
        calling = asyncio.ensure_future(w.phone.place("4711", 60))
        call = await (await anext(w.line.incoming())).answer()
        other = await calling
        said = tune(3.0, 4)
        recording = asyncio.create_task(call.record(limit_s=5))
        await other.wait(0.5)
        await other.speaks(said)
        recorded = await recording
        least = 0.93 if codec == 2 else 0.97
        assert likeness(recorded.sound, said) > least
        await call.play(recorded.sound)
        assert likeness(Sound(other.heard[-6 * RATE :]), said) > least - 0.05
        waiting = asyncio.create_task(call.key(5))
        await other.wait(0.5)
        await other.press("7")
        assert await waiting == "7"
        await other.hang_up()
        async with asyncio.timeout(2):
            await call.wait_hung_up()
        await call.hang_up()
        assert w.line.state is LineState.IDLE

    isdn(tmp_path, story)
