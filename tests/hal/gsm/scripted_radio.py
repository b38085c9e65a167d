"""A radio modem that says what a test tells it, on two real ptys. It knows no protocol beyond lines and the message prompt."""

from __future__ import annotations

import asyncio
import os
import tempfile
import tty
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from hal.audio.pump import AudioPump
from hal.errors import Refused
from hal.gsm.driver import GsmDevice
from hal.line import DialRequest
from hal.registry import DeviceConfig, create

Answer = str | Callable[[str], str | None]

OK = "\r\nOK\r\n"
ERROR = "\r\nERROR\r\n"


def say(*lines: str) -> str:
    """Lines as modems send them."""
    return "".join(f"\r\n{line}\r\n" for line in lines)


IDENTITY = {
    "sim7600": ("SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "LE20B05SIM7600M22"),
    "quectel": ("Quectel", "EC25", "EC25EFAR06A03M4G"),
    "huawei": ("huawei", "E1550", "11.608.13.02.00"),
    "nobody": ("ACME", "Radio 1", "1.0"),
}


class ScriptedRadio:
    """`answers` maps commands to what comes back: text, or a function of the command. Others say OK, as the standard ones do."""

    def __init__(
        self, model: str = "sim7600", *, echo: bool = False, chunk: int = 0, delay: float = 0.0, noise: str = ""
    ) -> None:
        maker, name, firmware = IDENTITY[model]
        self.legs: list[str] = []
        self.answers: dict[str, Answer] = {
            "AT+CGMI": say(maker, "OK"),
            "AT+CGMM": say(name, "OK"),
            "AT+CGMR": say(f"+CGMR: {firmware}", "OK"),
            "AT+CGSN": say("861234567890123", "OK"),
            "AT+CPIN?": say("+CPIN: READY", "OK"),
            "AT+CREG?": say("+CREG: 1,1", "OK"),
            "AT+CEREG?": say("+CEREG: 1,1", "OK"),
            "AT+CSQ": say("+CSQ: 20,99", "OK"),
            "AT+COPS?": say('+COPS: 0,0,"Telekom.de",7', "OK"),
            "AT+CPMS?": say('+CPMS: "SM",0,20,"SM",0,20,"SM",0,20', "OK"),
            "AT+CPMS=": say("+CPMS: 0,20,0,20,0,20", "OK"),
            "AT+CLCC": lambda _: say(*(f"+CLCC: {leg}" for leg in self.legs), "OK"),
            "AT+CHUP": self._hang_up,
            "AT+CPCMREG?": say("+CPCMREG: 0", "OK"),
            "AT+QPCMV?": say("+QPCMV: 0", "OK"),
            "AT^CVOICE?": say("^CVOICE:0,8000,16,20", "OK"),
            "AT+CPINR": ERROR,
            "AT+CIREG?": ERROR,
            "AT+CEER": say("+CEER: No cause information available", "OK"),
        }
        self.commands: list[str] = []
        self.pdus: list[str] = []
        self.on_pdu: Callable[[str], str | None] = lambda _: say("+CMGS: 42", "OK")
        self.prompt = "\r\n> "
        self.silent = False
        self.echo, self.chunk, self.delay, self.noise = echo, chunk, delay, noise
        self.ear = bytearray()
        """What came over the audio port."""
        self._echoing = True
        self._prompted = False
        self._line = bytearray()
        self._out: deque[bytes] = deque()
        self._slaves: list[int] = []
        # Links that go when the modem goes: the number of a closed pty soon belongs to somebody else's.
        self._directory = tempfile.TemporaryDirectory(prefix="radio")
        self.at, self.path = self._pty("at")
        self.pcm, self.audio_path = self._pty("pcm")
        loop = asyncio.get_running_loop()
        loop.add_reader(self.at, self._readable)
        loop.add_reader(self.pcm, self._hear)

    def _pty(self, name: str) -> tuple[int, str]:
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self._slaves.append(slave)  # kept open: a pty whose other end nobody holds is "readable" for ever
        link = Path(self._directory.name) / name
        link.symlink_to(os.ttyname(slave))
        return master, str(link)

    def sent(self, beginning: str) -> list[str]:
        """The commands that begin so."""
        return [command for command in self.commands if command.startswith(beginning)]

    def say(self, *lines: str) -> None:
        """Unsolicited lines."""
        self._write(say(*lines))

    def later(self, delay: float, action: Callable[[], object]) -> None:
        asyncio.get_running_loop().call_later(delay, action)

    def close(self) -> None:
        """Unplug it. More than once is harmless."""
        self._directory.cleanup()
        for fd in (self.at, self.pcm):
            if fd >= 0:
                asyncio.get_running_loop().remove_reader(fd)
        for fd in (self.at, self.pcm, *self._slaves):
            if fd >= 0:
                os.close(fd)
        self.at = self.pcm = -1
        self._slaves.clear()

    def _hang_up(self, _: str) -> str:
        self.legs.clear()
        return OK

    def _readable(self) -> None:
        try:
            data = os.read(self.at, 65536)
        except OSError:
            return  # nobody has the port open
        for byte in data:
            if self.echo and self._echoing:
                self._write(chr(byte))
            if self._prompted:
                self._take_pdu(byte)
            elif byte == 13:
                line = self._line.decode("latin-1").lstrip("\x1b")
                self._line.clear()
                self._command(line)
            else:
                self._line.append(byte)

    def _take_pdu(self, byte: int) -> None:
        if byte == 0x1B:
            self._prompted = False
            self._line.clear()
            self._write(OK)
        elif byte == 0x1A:
            self._prompted = False
            pdu = self._line.decode()
            self._line.clear()
            self.pdus.append(pdu)
            answer = self.on_pdu(pdu)
            if answer:
                self._write(answer)
        else:
            self._line.append(byte)

    def _command(self, line: str) -> None:
        if not line or self.silent:
            return
        self.commands.append(line)
        if line.startswith("ATE0"):
            self._echoing = self.echo and self.noise == "deaf to ATE0"
        if line.startswith("AT+CMGS=") and line not in self.answers:
            self._prompted = bool(self.prompt)
            self._write(self.prompt)
            return
        answer = self.answers.get(line, self.answers.get(line.split("=")[0] + "=", OK))
        if callable(answer):
            answer = answer(line)
        if answer:
            noise = say(self.noise) if self.noise and "deaf" not in self.noise else ""
            self._write(noise + answer)

    def _write(self, text: str) -> None:
        data = text.encode("latin-1")
        if self.at < 0:
            return
        if not self.chunk:
            os.write(self.at, data)
            return
        idle = not self._out
        self._out.extend(data[i : i + self.chunk] for i in range(0, len(data), self.chunk))
        if idle:
            self._drip()

    def _drip(self) -> None:
        if self._out and self.at >= 0:
            os.write(self.at, self._out.popleft())
            asyncio.get_running_loop().call_later(self.delay, self._drip)

    def _hear(self) -> None:
        try:
            self.ear += os.read(self.pcm, 65536)
        except OSError:
            return

    async def speak(self, audio: bytes, *, odd: bool = False) -> None:
        """Audio of the far end, 20 ms at a time; `odd`: in pieces that end inside samples."""
        size = 319 if odd else 320
        for start in range(0, len(audio), size):
            os.write(self.pcm, audio[start : start + size])
            await asyncio.sleep(0.02)

    async def murmur(self) -> None:
        """Silence of the far end, for as long as this task runs."""
        while True:
            os.write(self.pcm, bytes(320))
            await asyncio.sleep(0.02)


class Gate:
    """Lets everything pass but what is in `closed`."""

    def __init__(self, *closed: str) -> None:
        self.closed = closed

    async def allow_call(self, request: DialRequest, line: str) -> None:
        if request.number in self.closed:
            raise Refused("not this number")

    async def allow_sms(self, number: str, originator: str, device: str) -> None:
        if number in self.closed:
            raise Refused("not this number")


def device_on(radio: ScriptedRadio, **more: object) -> GsmDevice:
    """The driver on a scripted modem."""
    config = DeviceConfig("gsm", "gsm", (radio.path,), audio_port=radio.audio_path, **more)
    device = create(config, gate=Gate("666"), pump=AudioPump())
    assert isinstance(device, GsmDevice)
    return device


@asynccontextmanager
async def opened(radio: ScriptedRadio, **more: object) -> AsyncIterator[GsmDevice]:
    """The driver, open and closed again."""
    device = device_on(radio, **more)
    try:
        await device.open()
        radio.commands.clear()
        yield device
    finally:
        await device.close()
        radio.close()


def request(number: str = "03012345", **more: object) -> DialRequest:
    return DialRequest(number, "test", "test", **more)
