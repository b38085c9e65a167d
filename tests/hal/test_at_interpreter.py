"""The AT dialogue on a pty: order, time limits, late answers, prompts, data streams, loss of the port."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from hal.at import CALL, CommandError, Interpreter, PayloadUnanswered
from hal.at.interpreter import FLOOD
from hal.errors import LineFault, ModemError, ModemSilent, Unplugged
from hal.serialport import SerialPort
from tests.hal.scripted import Answer, ScriptedModem

OK = b"\r\nOK\r\n"


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hal.at.interpreter.RESYNC_S", 0.5)


class Dialogue:
    def __init__(self, modem: ScriptedModem, port: SerialPort) -> None:
        self.modem, self.port = modem, port
        self.lines: list[str] = []
        self.codes: list[int] = []
        self.faults: list[LineFault] = []
        self.at = Interpreter(
            port, on_line=self.lines.append, on_lost=self.faults.append, on_shielded=self.codes.append
        )


def dialogue(
    test: Callable[[Dialogue], Awaitable[None]], answers: dict[str, Answer], *, echo: bool = False, chunk: int = 0
) -> None:
    async def main() -> None:
        modem = ScriptedModem({"AT": OK, **answers}, echo=echo, chunk=chunk)
        port = await SerialPort.open(modem.path)
        try:
            async with asyncio.timeout(60):
                await test(Dialogue(modem, port))
        finally:
            port.close()
            modem.close()

    asyncio.run(main())


@pytest.mark.parametrize("chunk", [0, 1])
@pytest.mark.parametrize("echo", [False, True])
def test_commands_queue_up_and_get_their_own_answers(echo: bool, chunk: int) -> None:
    async def test(d: Dialogue) -> None:
        one, two, three = await asyncio.gather(
            d.at.command("AT+A?", expect="+A:"), d.at.command("AT+B?", expect="+B:"), d.at.command("ATI")
        )
        assert one.lines == ("+A: 1",)
        assert two.value("+B:") == "2"
        assert three.lines == ("Modem", "1.0")
        assert d.lines == ["RING", "^RSSI: 7"]

    answers: dict[str, Answer] = {
        "AT+A?": b"\r\nRING\r\n\r\n+A: 1\r\n" + OK,
        "AT+B?": b"\r\n^RSSI: 7\r\n\r\n+B: 2\r\n" + OK,
        "ATI": b"\r\nModem\r\n1.0\r\n" + OK,
    }
    dialogue(test, answers, echo=echo, chunk=chunk)


def test_a_refused_command_says_what_the_modem_said() -> None:
    async def test(d: Dialogue) -> None:
        with pytest.raises(CommandError, match=r"AT\+X: \+CME ERROR 10") as caught:
            await d.at.command("AT+X")
        assert caught.value.reply.detail == "10"
        assert (await d.at.command("AT+X", check=False)).code == "+CME ERROR"

    dialogue(test, {"AT+X": b"\r\n+CME ERROR: 10\r\n"})


def test_a_late_answer_is_never_taken_for_the_next_one() -> None:
    async def test(d: Dialogue) -> None:
        with pytest.raises(ModemSilent):
            await d.at.command("AT+SLOW?", expect="+SLOW:", timeout=0.05)
        d.modem.later(0.1, b"\r\n+SLOW: 1\r\n" + OK)
        reply = await d.at.command("AT+B?", expect=None)
        assert reply.lines == ("+B: 2",)
        assert d.modem.seen == ["AT+SLOW?", "AT", "AT+B?"]

    dialogue(test, {"AT+SLOW?": b"", "AT+B?": b"\r\n+B: 2\r\n" + OK})


def test_a_cancelled_command_leaves_no_trace() -> None:
    async def test(d: Dialogue) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await d.at.command("AT+SLOW?")
        d.modem.later(0.02, OK)
        assert (await d.at.command("AT+B?")).lines == ("+B: 2",)

    dialogue(test, {"AT+SLOW?": b"", "AT+B?": b"\r\n+B: 2\r\n" + OK})


def test_a_dead_modem_is_silent_within_bounded_time() -> None:
    async def test(d: Dialogue) -> None:
        for _ in range(2):
            with pytest.raises(ModemSilent):
                await d.at.command("AT+A?", timeout=0.05)

    dialogue(test, {"AT": b"", "AT+A?": b""})


def test_a_modem_that_talks_nonsense_all_the_time_is_silent_within_bounded_time() -> None:
    async def test(d: Dialogue) -> None:
        async def noise() -> None:
            while True:
                d.modem.say(bytes(range(256)))
                await asyncio.sleep(0.01)

        generator = asyncio.create_task(noise())
        with pytest.raises(ModemSilent):
            await d.at.command("AT+A?", timeout=0.05)
        with pytest.raises(ModemSilent):
            await d.at.command("AT+A?", timeout=0.05)
        generator.cancel()

    dialogue(test, {"AT": b"", "AT+A?": b""})


def test_dialling_is_given_up_by_a_byte_and_the_modem_confirms() -> None:
    async def test(d: Dialogue) -> None:
        reply = await d.at.command("ATD1", finals=CALL, timeout=0.05, abort=b"\r", check=False)
        assert reply.code == "NO CARRIER"
        assert (await d.at.command("AT+B?")).lines == ("+B: 2",)

    dialogue(test, {"ATD1": b"", "": b"\r\nNO CARRIER\r\n", "AT+B?": b"\r\n+B: 2\r\n" + OK})


def test_an_ok_behind_no_carrier_belongs_to_it() -> None:
    async def test(d: Dialogue) -> None:
        assert (await d.at.command("ATH", finals=CALL, check=False)).code == "NO CARRIER"
        assert (await d.at.command("AT+B?")).lines == ("+B: 2",)

    def hang_up(_line: bytes) -> bytes:
        return b"\r\nNO CARRIER\r\n" + OK

    dialogue(test, {"ATH": hang_up, "AT+B?": b"\r\n+B: 2\r\n" + OK})


def test_a_message_is_handed_over_at_the_prompt() -> None:
    async def test(d: Dialogue) -> None:
        d.modem.answers["00\x1aAT+B?"] = b""
        sending = asyncio.create_task(d.at.command("AT+CMGS=1", expect="+CMGS:", payload=b"00"))
        while not d.modem.written.endswith(b"\x1a"):
            await asyncio.sleep(0.005)
        d.modem.say(b"\r\n+CMGS: 9\r\n" + OK)
        assert (await sending).value("+CMGS:") == "9"

    dialogue(test, {"AT+CMGS=1": b"\r\n> "})


def test_silence_after_the_message_is_not_the_same_as_silence_before_it() -> None:
    async def test(d: Dialogue) -> None:
        with pytest.raises(PayloadUnanswered):
            await d.at.command("AT+CMGS=1", payload=b"00", payload_s=0.05)
        with pytest.raises(ModemSilent) as caught:
            await d.at.command("AT+CMGS=2", payload=b"00", timeout=0.05)
        assert not isinstance(caught.value, PayloadUnanswered)
        assert b"\x1b" in d.modem.written, "a modem at its prompt needs an escape first"

    dialogue(test, {"AT+CMGS=1": b"\r\n> ", "AT+CMGS=2": b"", "00\x1a\x1bAT": OK})


def test_a_data_stream_is_handed_over_whole_and_taken_back() -> None:
    async def test(d: Dialogue) -> None:
        audio = bytes(range(256))
        d.modem.answers["AT+VRX"] = b"\r\nCONNECT\r\n" + audio[:100]
        await d.at.command("AT+VRX", finals=CALL)
        d.modem.say(audio[100:])
        got = d.at.release()
        while len(got) < len(audio):
            got += d.port.read()
            await asyncio.sleep(0.005)
        assert got == audio
        with pytest.raises(RuntimeError, match="data stream"):
            await d.at.command("AT")
        d.at.attach(b"\r\nVCON\r\n\x10d")
        assert d.lines == ["VCON"]
        assert d.codes == [ord("d")]
        assert (await d.at.command("AT")).ok

    dialogue(test, {})


def test_unplugging_ends_the_running_command() -> None:
    async def test(d: Dialogue) -> None:
        running = asyncio.create_task(d.at.command("AT+SLOW?"))
        await asyncio.sleep(0.02)
        d.modem.close()
        with pytest.raises(Unplugged):
            await running
        assert len(d.faults) == 1
        with pytest.raises(Unplugged):
            await d.at.command("AT")

    dialogue(test, {"AT+SLOW?": b""})


@pytest.mark.parametrize("noise", [b"\r\nRING\r\n", b"A", b"\x10X"])
def test_a_modem_that_talks_without_end_is_out_of_order_and_costs_nothing_more(noise: bytes) -> None:
    async def test(d: Dialogue) -> None:
        said = 0
        piece = noise * (2000 // len(noise))

        async def flood() -> None:
            nonlocal said
            while not d.faults:
                with suppress(BlockingIOError):  # the pty is full
                    d.modem.say(piece)
                    said += len(piece)
                await asyncio.sleep(0)

        await flood()
        assert said < FLOOD + 65536  # what a pty holds is on its way
        heard = len(d.lines), len(d.codes)
        for _ in range(3):
            with suppress(OSError):  # nobody takes it any more
                d.modem.say(piece)
            await asyncio.sleep(0.01)
        assert (len(d.lines), len(d.codes)) == heard
        assert [type(fault) for fault in d.faults] == [ModemError]

    dialogue(test, {})
