"""Unlocking the SIM without ever locking it: after one wrong PIN the machine tries no second one, whatever is configured.

Three wrong PINs lock a SIM until someone finds its PUK. A daemon that restarts would use them up in a minute, so a refusal is
remembered in this process, in a file where one is configured, and is read off the SIM's own counter where the modem shows it.
What is remembered is which SIM has refused a PIN, and nothing of the PIN: it has four digits, and any digest of it is guessed
in no time. The memory ends when the SIM is seen unlocked; or when its counter, which was seen to count, is whole again: a
person has been there.
Source: 3GPP TS 27.007, 8.3 (+CPIN), 8.65 (+CPINR); 3GPP TS 31.101, 11.1.9 (three tries).
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from hal.at.engine import Reply
from hal.at.interpreter import CommandError, Interpreter
from hal.errors import NotRegistered
from hal.gsm.causes import cme
from hal.gsm.models import Model

log = logging.getLogger(__name__)

SIM_S = 20.0
"""Seconds for a SIM that is still starting (+CME ERROR 10, 13 or 14)."""
POLL_S = 1.0
PIN_S = 15.0
"""Seconds for a SIM to check a PIN."""
ALL_TRIES = 3
_NOT_YET = ("10", "13", "14")

_refused: dict[str, bool] = {}
_COUNTED = " counted"


class PinMemory:
    """Which SIMs have refused a PIN: in this process, and in `path` across restarts. One SIM a line: its card number, and whether
    its counter was seen to count the refusal."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    @property
    def place(self) -> str:
        """Where it is kept, for people."""
        return str(self._path) if self._path else "this program's memory"

    async def holds(self, card: str) -> bool:
        """This SIM has refused a PIN."""
        return card in await self._all()

    async def counts(self, card: str) -> bool:
        """Its counter of tries is known to count."""
        return (await self._all()).get(card, False)

    async def _all(self) -> dict[str, bool]:
        return await asyncio.get_running_loop().run_in_executor(None, self._read) | _refused

    async def remember(self, card: str, *, counted: bool = False) -> None:
        """A PIN is about to be tried, or was refused; on the disk when it returns."""
        _refused[card] = counted
        await asyncio.get_running_loop().run_in_executor(None, self._write, card, True)

    async def forget(self, card: str) -> None:
        """It has been unlocked."""
        if await self.holds(card):
            _refused.pop(card, None)
            await asyncio.get_running_loop().run_in_executor(None, self._write, card, False)

    def _read(self) -> dict[str, bool]:
        if self._path is None:
            return {}
        with suppress(FileNotFoundError):
            lines = self._path.read_text().splitlines()
            return {line.removesuffix(_COUNTED): line.endswith(_COUNTED) for line in lines}
        return {}

    def _write(self, card: str, refused: bool) -> None:
        if self._path is None:
            return
        cards = self._read()
        cards.pop(card, None)
        if refused:
            cards[card] = _refused.get(card, False)
        fresh = self._path.with_name(self._path.name + ".new")
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write("".join(f"{each}{_COUNTED if counted else ''}\n" for each, counted in cards.items()))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


async def unlock(
    at: Interpreter, pin: str, memory: PinMemory, model: Model, card_number: Callable[[], Awaitable[str]]
) -> str:
    """Wait for the SIM and give it its PIN if it asks; its state, for people. `card_number` is asked when the SIM is there, and
    names the device where the modem does not tell. Raises `NotRegistered` where a person is needed, `ModemSilent`.

    The refusal is written down before the PIN is tried, and struck out when it was right: a power cut in between costs a visit
    by a person, not the SIM.
    """
    status = await _status(at)
    card = await card_number()
    if status == "READY":
        await memory.forget(card)
        return "ready, asks for no PIN"
    if status != "SIM PIN":
        raise NotRegistered(f"the SIM wants {status}: put it into a telephone and unlock it")
    if not re.fullmatch(r"[0-9]{4,8}", pin):
        raise NotRegistered("the SIM wants its PIN, and the configuration has none of 4 to 8 digits")
    tries = await _tries_left(at, model)
    if tries is not None and tries < ALL_TRIES:
        raise NotRegistered(
            f"the SIM has only {tries} PIN tries left: correct the PIN, and unlock the SIM once in a telephone; "
            "the machine does not spend its tries"
        )
    if await memory.holds(card) and not (tries == ALL_TRIES and await memory.counts(card)):
        raise NotRegistered(
            "this SIM has refused a PIN before, and is not tried again: correct the PIN, unlock the SIM once in a telephone, "
            f"and take its line out of {memory.place}"
        )
    await memory.remember(card)
    try:
        await at.command(f'AT+CPIN="{pin}"', expect=(), timeout=PIN_S)
    except CommandError as error:
        tries = await _tries_left(at, model)
        await memory.remember(card, counted=tries is not None and tries < ALL_TRIES)
        raise NotRegistered(
            f"the SIM refuses the configured PIN ({cme(error.reply.detail)}); it is not tried again"
        ) from error
    if await _status(at, unlocking=True) != "READY":
        raise NotRegistered("the SIM took its PIN and is still not ready")
    await memory.forget(card)
    return "unlocked with its PIN"


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


async def _tries_left(at: Interpreter, model: Model) -> int | None:
    """Tries left for the PIN, where the modem can tell."""
    for question in model.pin_tries:
        reply = await at.command(f"AT{question.command}", expect=question.expect, check=False)
        found = question.read(reply.lines)
        if reply.ok and found:
            return int(found[1])
    return None
