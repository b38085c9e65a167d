"""What a simulated analogue line lets its modem hear: the tones of a country while a call is set up, and an echo."""

import asyncio

import numpy as np
import pytest

from hal.simulated import Exchange, g711
from hal.simulated.config import BadConfig, load
from hal.simulated.hybrid import Hybrid
from tests.hal.simulated.terminal import Terminal, shielded, speech, unshielded
from tests.support.virtualtime import run_virtual


async def listening(exchange, dial="ATDT03012345;"):
    """A conexant that has dialled and listens."""
    terminal = Terminal(exchange.directory / "voice")
    for command in ("Z", "E0", "+FCLASS=8", "+VSM=1,8000"):
        await terminal.at(command)
    await terminal.send(f"{dial}\r")
    await terminal.expect("OK\r\n", within=20)
    await terminal.send("AT+VTR\r")
    await terminal.expect("CONNECT\r\n")
    return terminal


async def strengths(terminal, seconds, frequencies=(425, 400, 450, 440, 480)):
    """Level of each frequency in what is heard, in dB below full scale, and the share of time in which anything sounds."""
    audio, _ = unshielded(await terminal.hears_within(seconds))
    wave = (np.frombuffer(audio, np.uint8).astype(float) - 128) * 256
    wave = wave[len(wave) // 8 :]
    t = np.arange(len(wave)) / 8000
    levels = {
        f: 20 * np.log10(max(1.0, 2 * abs(np.mean(wave * np.exp(-2j * np.pi * f * t)))) / 32768) for f in frequencies
    }
    frames = wave[: len(wave) // 160 * 160].reshape(-1, 160)
    return levels, float((frames.std(axis=1) > 500).mean())


@pytest.mark.parametrize("dial", ["ATDT03012345;", "AT+VRN=0;DT03012345"])
def test_the_host_may_listen_while_the_call_is_set_up(tmp_path, dial):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.voice_modem("voice", "4712")
            exchange.phone("03012345").never_answers()
            terminal = await listening(exchange, dial)
            levels, sounding = await strengths(terminal, 21)
            assert levels[425] > -35
            assert 0.15 < sounding < 0.27, "a second in five"

    run_virtual(story())


@pytest.mark.parametrize(("country", "frequencies", "share"), [("GB", (400, 450), 0.27), ("US", (440, 480), 0.33)])
def test_ringing_tones_of_other_countries(tmp_path, country, frequencies, share):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.voice_modem("voice", "4712", country=country)
            exchange.phone("03012345").never_answers()
            levels, sounding = await strengths(await listening(exchange), 26)
            assert sounding == pytest.approx(share, abs=0.06)
            assert min(levels[f] for f in frequencies) > levels[425] + 6

    run_virtual(story())


def test_the_modem_reports_busy_while_the_host_listens(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.voice_modem("voice", "4712")
            exchange.phone("03012345").busy = True
            terminal = await listening(exchange)
            heard = await terminal.hears_within(6)
            assert b"\x10b" in heard

    run_virtual(story())


@pytest.mark.parametrize("loss_db", [6, 20])
def test_what_the_modem_says_comes_back(tmp_path, loss_db):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.voice_modem("voice", "4712", echo_db=loss_db, echo_ms=30)
            answering = asyncio.create_task(await_answer(exchange))
            terminal = await listening(exchange)
            await answering
            await terminal.hears_within(0.5)
            said = speech(1.0).data.translate(g711.ALAW_TO_U8)
            await terminal.send(shielded(said))
            audio, _ = unshielded(await terminal.hears_within(1.5))
            echo = np.frombuffer(audio, np.uint8).astype(float) - 128
            loud = np.frombuffer(said, np.uint8).astype(float) - 128
            found = 10 * np.log10((loud @ loud) / (echo @ echo))
            assert found == pytest.approx(loss_db, abs=3)

    async def await_answer(exchange):
        return await (await exchange.phone("03012345").rings()).answer()

    run_virtual(story())


def test_a_hybrid_delays_and_weakens():
    hybrid = Hybrid(20.0, 10.0)
    click = np.zeros(160, np.int32)
    click[0] = 20000
    silence = g711.encode(np.zeros(160, np.int32))
    hybrid.send(g711.encode(click))
    back = g711.decode(hybrid.receive(silence))
    hybrid.send(silence)
    later = g711.decode(hybrid.receive(silence))
    assert int(np.abs(back).argmax()) in range(80, 84)
    assert np.sqrt((back.astype(float) ** 2).sum()) == pytest.approx(2000, rel=0.1)
    assert np.abs(later).max() < 20


def test_they_are_settings_of_the_exchange(tmp_path):
    (tmp_path / "exchange.toml").write_text('[[voice]]\nname="voice"\nnumber="4712"\ncountry="FR"\necho_db=12\n')
    (tmp_path / "wrong.toml").write_text('[[voice]]\nname="voice"\nnumber="4712"\ncountry="XX"\n')

    async def story():
        with pytest.raises(BadConfig, match="XX"):
            load(tmp_path / "wrong.toml", tmp_path / "wrong")
        async with load(tmp_path / "exchange.toml", tmp_path / "nodes") as exchange:
            modem = exchange.devices["voice"]
            assert modem.country == "FR"
            assert modem.hybrid is not None

    run_virtual(story())
