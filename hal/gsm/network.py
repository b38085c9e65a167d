"""What a radio modem knows of its network: registration, signal, operator, the network's time, the own number.

Sources: 3GPP TS 27.007: 7.1 (+CNUM), 7.2 (+CREG), 7.3 (+COPS), 8.5 (+CSQ), 8.15 (+CCLK), 8.69 (+CESQ), 8.71 (+CIREG),
10.1.22 (+CEREG).
"""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta, timezone

from hal.at.interpreter import Interpreter
from hal.gsm.models import Question
from hal.gsm.reports import REGISTERED, Registration, fields, number_of, parse

_STATES = {
    0: "none, not searching",
    1: "home",
    2: "searching",
    3: "denied by the network",
    4: "unknown",
    5: "roaming",
    6: "home, messages only",
    7: "roaming, messages only",
    8: "emergency calls only",
    9: "home, no fallback for calls",
    10: "roaming, no fallback for calls",
}
_ACCESS = {0: "GSM", 1: "GSM", 2: "UMTS", 3: "GSM/EDGE", 4: "UMTS", 5: "UMTS", 6: "UMTS", 7: "LTE"}
_MESSAGES = REGISTERED | {6, 7, 9, 10}
_FIRST_YEAR = 2024
"""A modem that the network has told no time begins in 1970, 1980 or 2004."""


class Network:
    """The state, and the questions that refresh it. All of them raise `ModemSilent` and `Unplugged`."""

    def __init__(self) -> None:
        self.facts: dict[str, str] = {}
        """For the technician's page: registration, operator, access, signal, own number, network time."""
        self.own_number: str | None = None
        """The number on the SIM, where it has one and only one."""
        self._circuit: int | None = None
        self._packet: int | None = None
        self._ims = False
        self._dbm: float | None = None
        self._time: tuple[datetime, float] | None = None

    @property
    def registered(self) -> bool | None:
        """Has a network that carries voice: +CREG 1 or 5, or IMS on LTE. None before it was asked."""
        if self._circuit is None:
            return None
        return self._circuit in REGISTERED or (self._packet in REGISTERED and self._ims)

    @property
    def registration(self) -> str:
        """In words, for people."""
        words = f"{_STATES.get(self._circuit or 0, str(self._circuit))} (+CREG)"
        if self._packet is not None:
            words += f", {_STATES.get(self._packet, str(self._packet))} on LTE (+CEREG)"
        return words + (", voice over LTE" if self._ims else "")

    @property
    def messages(self) -> bool:
        """Has a network that carries short messages."""
        return bool({self._circuit, self._packet} & _MESSAGES)

    @property
    def signal_dbm(self) -> float | None:
        """At the last asking: -113..-51, by +CSQ."""
        return self._dbm

    @property
    def time(self) -> datetime | None:
        """The network's time now, by its word at the last asking; None where it has told none. Anybody with a transmitter can
        forge it: a hint, never the truth."""
        if self._time is None:
            return None
        told, when = self._time
        return told + timedelta(seconds=asyncio.get_running_loop().time() - when)

    def note(self, report: Registration) -> None:
        """The modem has reported a change."""
        if report.packet:
            self._packet = report.state
        else:
            self._circuit = report.state
        self.facts["registration"] = self.registration

    async def ask_registration(self, at: Interpreter, ims: tuple[Question, ...]) -> bool:
        """Whether voice is there. `ims`: what tells of voice over LTE."""
        told = False
        for command in ("+CREG", "+CEREG"):
            reply = await at.command(f"AT{command}?", expect=f"{command}:", check=False)
            for line in reply.lines:
                report = parse(line)
                if isinstance(report, Registration):
                    self.note(report)
                    told = True
        if self._circuit is None or not told:  # what a modem said once that says nothing now is worth nothing
            self._circuit, self._packet = 0, None
        self._ims = False
        if self._circuit not in REGISTERED and self._packet in REGISTERED:
            for question in ims:
                reply = await at.command(f"AT{question.command}", expect=question.expect, check=False)
                if reply.ok and question.read(reply.lines):
                    self._ims = True
                    break
        self.facts["registration"] = self.registration
        return bool(self.registered)

    async def ask_signal(self, at: Interpreter) -> None:
        """Signal and operator."""
        reply = await at.command("AT+CSQ", expect="+CSQ:", check=False)
        match = re.match(r"(\d+)", reply.value("+CSQ:") or "")
        rssi = int(match[1]) if match else 99
        self._dbm = -113.0 + 2 * rssi if rssi <= 31 else None
        words = [f"{self._dbm:.0f} dBm (+CSQ)" if self._dbm is not None else "unknown (+CSQ)"]
        reply = await at.command("AT+CESQ", expect="+CESQ:", check=False)
        lte = _numbers(reply.value("+CESQ:"))[4:6]
        if reply.ok and len(lte) == 2 and lte[1] <= 97:
            words.append(f"LTE reference {lte[1] - 141} dBm (+CESQ)")
        self.facts["signal"] = ", ".join(words)
        reply = await at.command("AT+COPS?", expect="+COPS:", check=False)
        operator = fields(reply.value("+COPS:") or "")
        if len(operator) > 2:
            self.facts["operator"] = operator[2]
            access = operator[3] if len(operator) > 3 else ""
            self.facts["access"] = _ACCESS.get(int(access), access) if access.isdecimal() else "not told"
        else:
            self.facts.pop("operator", None)
            self.facts.pop("access", None)

    async def ask_number(self, at: Interpreter) -> None:
        """The SIM's own number, which many do not know."""
        reply = await at.command("AT+CNUM", expect="+CNUM:", check=False)
        numbers = [number for line in reply.lines if (number := _own(line.removeprefix("+CNUM:")))]
        self.facts["own number"] = ", ".join(numbers) or "not on the SIM"
        self.own_number = numbers[0] if len(numbers) == 1 else None

    async def ask_time(self, at: Interpreter) -> None:
        """The network's time, as the modem keeps it (+CTZU)."""
        reply = await at.command("AT+CCLK?", expect="+CCLK:", check=False)
        told = clock_of(reply.value("+CCLK:") or "")
        self._time = (told, asyncio.get_running_loop().time()) if told else None
        self.facts["network time"] = told.isoformat(sep=" ") if told else "not told"


def clock_of(text: str) -> datetime | None:
    """`"26/11/22,13:01:02+04"`: local time, and its zone in quarters of an hour (27.007, 8.15). None for none, or a clock that
    nobody has set."""
    match = re.fullmatch(r'"?(\d\d)/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)([+-]\d\d)?"?', text.strip(), re.ASCII)
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    try:
        zone = timezone(timedelta(minutes=15 * int(match[7] or 0)))
        told = datetime(2000 + year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
    return told if _FIRST_YEAR <= told.year < 2070 else None  # 70 and 80 mean the last century


def _own(text: str) -> str | None:
    parts = fields(text)
    return number_of(parts[1], parts[2] if len(parts) > 2 else "") if len(parts) > 1 else None


def _numbers(text: str | None) -> list[int]:
    return [int(part) if part.lstrip("-").isdecimal() else 255 for part in fields(text or "")]
