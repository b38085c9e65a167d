"""Unlocking the SIM without ever locking it: a PIN that was refused once is not tried by machine again.

Three wrong PINs lock a SIM until someone finds its PUK. A daemon that restarts would use them up in a minute, so a refusal is
remembered in this process, in a file where one is configured, and is read off the SIM's own counter where the modem shows it.
Source: 3GPP TS 27.007, 8.3 (+CPIN), 8.65 (+CPINR); 3GPP TS 31.101, 11.1.9 (three tries).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import re
from contextlib import suppress
from pathlib import Path

from hal.at.engine import Reply
from hal.at.interpreter import CommandError, Interpreter
from hal.errors import ModemSilent, NotRegistered
from hal.gsm.causes import cme

log = logging.getLogger(__name__)

SIM_S = 20.0
"""Seconds for a SIM that is still starting (+CME ERROR 10, 13 or 14)."""
POLL_S = 1.0
PIN_S = 15.0
"""Seconds for a SIM to check a PIN."""
ALL_TRIES = 3
_NOT_YET = ("10", "13", "14")

_refused: set[str] = set()


class PinMemory:
    """Which PINs have been refused: in this process, and in `path` across restarts."""

    def __init__(self, device: str, path: Path | None = None) -> None:
        self._device = device
        self._path = path

    async def holds(self, pin: str) -> bool:
        """This PIN has been refused before."""
        mark = self._mark(pin)
        return mark in _refused or mark in await asyncio.get_running_loop().run_in_executor(None, self._read)

    async def remember(self, pin: str) -> None:
        """This PIN has just been refused; on the disk when it returns."""
        mark = self._mark(pin)
        _refused.add(mark)
        await asyncio.get_running_loop().run_in_executor(None, self._append, mark)

    def _mark(self, pin: str) -> str:
        return hashlib.sha256(f"{self._device}:{pin}".encode()).hexdigest()

    def _read(self) -> list[str]:
        if self._path is None:
            return []
        with suppress(FileNotFoundError):
            return self._path.read_text().split()
        return []

    def _append(self, mark: str) -> None:
        if self._path is None:
            return
        with self._path.open("a") as file:
            os.chmod(file.fileno(), 0o600)
            file.write(mark + "\n")
            file.flush()
            os.fsync(file.fileno())


async def unlock(at: Interpreter, pin: str, memory: PinMemory) -> None:
    """Wait for the SIM and give it its PIN if it asks. Raises `NotRegistered` where a person is needed, `ModemSilent`."""
    status = await _status(at)
    if status == "READY":
        return
    if status != "SIM PIN":
        raise NotRegistered(f"the SIM wants {status}: put it into a telephone and unlock it")
    if not re.fullmatch(r"[0-9]{4,8}", pin):
        raise NotRegistered("the SIM wants its PIN, and the configuration has none of 4 to 8 digits")
    if await memory.holds(pin):
        raise NotRegistered("the configured SIM PIN has been refused before: correct it; it is not tried again")
    tries = await _tries_left(at)
    if tries is not None and tries < ALL_TRIES:
        raise NotRegistered(
            f"the SIM has only {tries} PIN tries left: unlock it by hand once; the machine does not spend them"
        )
    try:
        await at.command(f'AT+CPIN="{pin}"', expect=(), timeout=PIN_S)
    except CommandError as error:
        await memory.remember(pin)
        raise NotRegistered(
            f"the SIM refuses the configured PIN ({cme(error.reply.detail)}); it is not tried again"
        ) from error
    except ModemSilent:
        await memory.remember(pin)  # it may have been refused: better one visit by a person than a locked SIM
        raise
    if await _status(at, unlocking=True) != "READY":
        raise NotRegistered("the SIM took its PIN and is still not ready")


async def _status(at: Interpreter, *, unlocking: bool = False) -> str:
    """What +CPIN? says, waiting for a SIM that is still starting."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SIM_S
    while True:
        reply = await at.command("AT+CPIN?", expect="+CPIN:", check=False)
        status = reply.value("+CPIN:")
        waiting = _starting(reply) or (unlocking and status == "SIM PIN")
        if loop.time() >= deadline or not waiting:
            break
        await asyncio.sleep(POLL_S)
    if status is None:
        text = cme(reply.detail) if reply.code == "+CME ERROR" else str(reply)
        raise NotRegistered(f"no usable SIM: {text}")
    return status


def _starting(reply: Reply) -> bool:
    return reply.code == "+CME ERROR" and reply.detail in _NOT_YET


async def _tries_left(at: Interpreter) -> int | None:
    """Tries left for the PIN, where the modem can tell."""
    reply = await at.command("AT+CPINR", expect="+CPINR:", check=False)
    for line in reply.lines:
        match = re.search(r"SIM PIN\W+(\d+)", line)
        if match:
            return int(match[1])
    return None
