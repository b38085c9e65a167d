"""A transcript through a driver: the modem's side is played on a pty, in virtual time, and the driver is watched.

Verbs behind `!`; `modem` is a key of `scripted_radio.IDENTITY` and stands in where the excerpt does not show its identity.

    open modem|voice|isdn [-> fault]      the driver opens the port
    fact model = Synthetic Device          what the driver then knows
    legs 1,1,4,0,0,"+4930",145             the modem's call list from now on, where the excerpt does not show it; empty for none
    offered +4930 | offered -              a call rings, from there or from nobody known
    answer                                 the box takes it
    rings out                              it rings no more
    ended                                  the call is over, and the box did not end it
    dial 0301234                           the box dials; the lines that follow are the modem's
    -> Busy                                how that ended: an error of `hal.errors`, or `call`
    handed "\\r\\n"                        what the modem will say when it has been handed a message, in bytes
    sms +4917 text                         the box sends a message; `->` then has its reference, or an error
    received +4917 text                    the box gets one, or a report: `report 42 +4917 delivered`; or `full`
    lost                                   the device is out of order
    renumber 9                             the ports vanish; after 9 s they are back under other numbers
    recover                                the box brings the device back
    decodes HEX = kind number text         what the PDU codec makes of octets
    codec 4 ulaw                           which codec was chosen from the modem's list
"""

from __future__ import annotations

import ast
import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from hal.audio.pump import AudioPump
from hal.errors import HalError
from hal.gsm import pdu
from hal.line import DeliveryReport, IncomingSms, LineState
from hal.registry import DeviceConfig, create
from tests.hal.gsm.scripted_radio import OK, Gate, ScriptedRadio, request
from tests.hal.scripted import ScriptedModem
from tests.transcripts.notation import Step, Transcript

PATIENCE_S = 60.0
"""Virtual seconds that anything may take."""
EVERYDAY = {"AT+VSM=?": '128,"8-BIT LINEAR",8,0,8000,0,0'}
"""What a voice modem says where the excerpt says nothing."""


class _Taker:
    """Takes messages and delivery reports."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[str] = asyncio.Queue()

    async def received(self, device: str, sms: IncomingSms) -> None:
        self.told.put_nowait(f"{sms.sender} {sms.text}")

    async def reported(self, device: str, report: DeliveryReport) -> None:
        self.told.put_nowait(f"report {report.reference} {report.number} {report.delivery.value}")

    def store_full(self, device: str, full: bool) -> None:
        if full:
            self.told.put_nowait("full")


class _Answers(dict[str, Any]):
    """Answers of a voice modem: OK to everything that neither the transcript nor the test has another answer for."""

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key, OK.encode())


class Replay:
    """One transcript at one driver."""

    def __init__(self, transcript: Transcript, directory: Path) -> None:
        self._transcript = transcript
        self._directory = directory
        self._answers = _exchanges(transcript.steps[: transcript.opens])
        self._where = ""
        self._modem = ""
        self._device: Any = None
        self._radio: ScriptedRadio | None = None
        self._voice: ScriptedModem | None = None
        self._offered_call: Any = None
        self._call: Any = None
        self._job: asyncio.Task[Any] | None = None
        self._taker = _Taker()

    async def run(self) -> None:
        """Play it. AssertionError where the driver makes something else of it."""
        try:
            steps = self._transcript.steps[self._transcript.opens :]
            for at, step in enumerate(steps):
                self._where = f"{self._transcript.name}:{step.line}"
                match step.mark:
                    case "!":
                        verb, _, rest = step.text.partition(" ")
                        method: Callable[[str], Awaitable[None]] = getattr(self, f"_{verb.replace('->', 'outcome')}")
                        async with asyncio.timeout(PATIENCE_S * 5):
                            await method(rest.strip())
                    case ">":
                        self._learn(_exchanges(steps[at:], first_only=True))
                    case "<" if not _answers_something(steps, at):
                        self._say(step.raw)
                        await asyncio.sleep(0.05)
                    case "~":
                        await asyncio.sleep(float(step.text))
        finally:
            await self._close()

    async def _close(self) -> None:
        if self._job:
            self._job.cancel()
            await asyncio.gather(self._job, return_exceptions=True)
        if self._device:
            await self._device.close()
        for modem in (self._radio, self._voice):
            if modem:
                modem.close()

    # --- the modem's side -----------------------------------------------------------------------------------

    def _say(self, raw: bytes) -> None:
        if self._radio:
            self._radio._write(raw.decode("latin-1"))
        elif self._voice:
            self._voice.say(raw)

    def _learn(self, answers: dict[str, bytes]) -> None:
        if self._radio:
            self._radio.answers |= {command: answer.decode("latin-1") for command, answer in answers.items()}
        elif self._voice:
            self._voice.answers |= answers

    async def _legs(self, text: str) -> None:
        assert self._radio
        self._radio.legs[:] = [text] if text else []

    async def _handed(self, text: str) -> None:
        assert self._radio
        said = ast.literal_eval(text)
        self._radio.on_pdu = lambda _: said

    # --- what the box does ----------------------------------------------------------------------------------

    async def _open(self, text: str) -> None:
        modem, _, fault = (part.strip() for part in text.partition("->"))
        if modem in ("voice", "isdn"):
            everyday = {command: f"\r\n{line}\r\n\r\nOK\r\n".encode() for command, line in EVERYDAY.items()}
            self._voice = ScriptedModem(_Answers(everyday))
            config = DeviceConfig("line", {"voice": "v253", "isdn": "isdn4linux"}[modem], (self._voice.path,))
        else:
            self._plug(modem)
            ports = {name: str(self._directory / name) for name in ("at", "pcm")}
            config = DeviceConfig("line", "gsm", (ports["at"],), audio_port=ports["pcm"])
        self._learn(self._answers)
        self._device = create(config, gate=Gate(), pump=AudioPump())
        if self._radio:
            self._device.sms.receiver = self._taker
        if fault:
            error = await _error(self._device.open())
            assert type(error).__name__ == fault, f"{self._where}: {error!r}"
        else:
            await self._device.open()

    def _plug(self, modem: str) -> None:
        """A radio modem behind links by its place on USB, which stay the same whatever its ports are called."""
        self._modem = modem
        self._radio = ScriptedRadio(modem)
        self._learn(self._answers)
        for name, path in (("at", self._radio.path), ("pcm", self._radio.audio_path)):
            link = self._directory / name
            link.unlink(missing_ok=True)
            link.symlink_to(os.readlink(path))

    @property
    def _line(self) -> Any:
        return self._device.lines[0]

    async def _fact(self, text: str) -> None:
        name, _, wanted = (part.strip() for part in text.partition(" = "))
        health = await self._line.health()
        known = health.facts | {
            "registered": str(health.registered),
            "ok": str(health.ok),
            "dBm": str(health.signal_dbm),
        }
        assert known.get(name) == wanted, f"{self._where}: {name} is {known.get(name)!r}"

    async def _codec(self, text: str) -> None:
        codec = self._line.codec
        assert f"{codec.number} {codec.encoding.value}" == text, f"{self._where}: {codec}"

    async def _offered(self, text: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            self._offered_call = await anext(self._line.incoming())
        assert (self._offered_call.caller or "-") == text, f"{self._where}: from {self._offered_call.caller}"

    async def _answer(self, _: str) -> None:
        self._call = await self._offered_call.answer()

    async def _rings(self, text: str) -> None:
        assert text == "out"
        await _until(lambda: self._line.state is LineState.IDLE, f"{self._where}: still {self._line.state}")

    async def _ended(self, _: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self._call.wait_hung_up()
        await self._call.hang_up()

    async def _dial(self, number: str) -> None:
        self._job = asyncio.create_task(self._line.dial(request(number)))
        await asyncio.sleep(1.0)

    async def _sms(self, text: str) -> None:
        number, _, message = text.partition(" ")
        self._job = asyncio.create_task(self._device.sms.send_sms(number, message, originator="test"))
        await asyncio.sleep(1.0)

    async def _outcome(self, wanted: str) -> None:
        assert self._job
        job, self._job = self._job, None
        error = await _error(job)
        got = type(error).__name__ if error else "call" if hasattr(job.result(), "hang_up") else job.result()
        assert got == wanted, f"{self._where}: {error!r}" if error else f"{self._where}: {got}"
        if got == "call":
            self._call = job.result()

    async def _received(self, text: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            told = await self._taker.told.get()
        assert told == text, f"{self._where}: {told}"

    async def _lost(self, _: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self._device.fault.wait()

    async def _renumber(self, text: str) -> None:
        """USB re-enumeration: the ports vanish, and `text` seconds later come back under other numbers."""
        assert self._radio
        old_numbers = os.readlink(self._radio.path)
        self._radio.close()
        await asyncio.sleep(float(text))
        spare = os.openpty()  # takes the numbers that have just become free
        self._plug(self._modem)
        os.close(spare[0])
        os.close(spare[1])
        assert self._radio
        assert os.readlink(self._radio.path) != old_numbers

    async def _recover(self, _: str) -> None:
        await self._device.recover()

    async def _decodes(self, text: str) -> None:
        octets, _, wanted = (part.strip() for part in text.partition(" = "))
        message = pdu.decode(octets)
        address = {"Deliver": "sender", "Submit": "destination"}[type(message).__name__]
        told = f"{type(message).__name__} {getattr(message, address).text} {message.user_data.text}"
        assert told == wanted, f"{self._where}: {told}"


def _exchanges(steps: tuple[Step, ...], *, first_only: bool = False) -> dict[str, bytes]:
    """What a modem answered to each command; to the same command asked again, what it said last."""
    answers: dict[str, bytes] = {}
    command = ""
    for step in steps:
        if step.mark == ">":
            if first_only and command:
                break
            command = step.text
            answers[command] = b""
        elif step.mark == "<" and command:
            answers[command] += step.raw
        elif step.mark in "~!" or (step.mark == "=" and step.text != "prompt"):
            command = ""
            if first_only:
                break
    return answers


def _answers_something(steps: tuple[Step, ...], at: int) -> bool:
    """A line of the modem behind a command, before it was said how that ended."""
    while at > 0 and (steps[at].mark in ("<", ">+") or steps[at] == Step("=", "prompt", line=steps[at].line)):
        at -= 1
    return steps[at].mark == ">"


async def _error(work: Awaitable[Any]) -> Exception | None:
    try:
        async with asyncio.timeout(PATIENCE_S * 3):
            await work
    except HalError as error:
        return error
    return None


async def _until(condition: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(what) from None
