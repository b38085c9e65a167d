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
import enum
import logging
import os
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from hal.at.engine import Reply
from hal.at.interpreter import Interpreter
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


class Past(enum.Enum):
    """What is known of a SIM that was given a PIN."""

    TRIED = "tried"
    """Its answer was not seen: the power went, or the modem fell silent."""
    REFUSED = "refused"
    COUNTED = "refused-and-counted"
    """It has refused one, and its counter of tries went down with that: the counter can be believed."""


_known: dict[str, Past] = {}


class PinMemory:
    """What is known of the SIMs: in this process, and in `path` across restarts. One SIM a line: its card number, and a word."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    @property
    def place(self) -> str:
        """Where it is kept, for people."""
        return str(self._path) if self._path else "this program's memory"

    async def past(self, card: str) -> Past | None:
        """What is known of this SIM. None: nothing, or it took its PIN."""
        known = await asyncio.get_running_loop().run_in_executor(None, self._read) | _known
        return known.get(card)

    async def remember(self, card: str, past: Past) -> None:
        """On the disk when it returns. Raises OSError."""
        _known[card] = past
        await asyncio.get_running_loop().run_in_executor(None, self._write, card, past)

    async def forget(self, card: str) -> None:
        """It has been unlocked."""
        if await self.past(card):
            _known.pop(card, None)
            try:
                await asyncio.get_running_loop().run_in_executor(None, self._write, card, None)
            except OSError as error:
                log.warning("%s: %s", self._path, error)

    def _read(self) -> dict[str, Past]:
        if self._path is None:
            return {}
        with suppress(FileNotFoundError):
            lines = [line.split() for line in self._path.read_text().splitlines()]
            words = {past.value: past for past in Past}
            return {line[0]: words.get(line[-1], Past.REFUSED) for line in lines if line}
        return {}

    def _write(self, card: str, past: Past | None) -> None:
        if self._path is None:
            return
        cards = self._read()
        cards.pop(card, None)
        if past:
            cards[card] = past
        fresh = self._path.with_name(self._path.name + ".new")
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write("".join(f"{each} {word.value}\n" for each, word in cards.items()))
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

    That it is tried is written down before it is, and struck out when it was right. Where nobody knows what became of it, it is
    tried again only if the SIM's counter says that it was not refused.
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
    if await memory.past(card) in (Past.REFUSED, *((Past.TRIED, Past.COUNTED) if tries is None else ())):
        raise NotRegistered(
            "this SIM has refused a PIN, or may have, and is not tried again: correct the PIN, unlock the SIM once in a telephone, "
            f"and take its line out of {memory.place}"
        )
    try:
        await memory.remember(card, Past.TRIED)
    except OSError as error:
        raise NotRegistered(f"the SIM's PIN is not tried, as {memory.place} cannot be written: {error}") from error
    reply = await at.command(f'AT+CPIN="{pin}"', expect=(), timeout=PIN_S, check=False)
    if not reply.ok:
        tries = await _tries_left(at, model)
        await memory.remember(card, Past.COUNTED if tries is not None and tries < ALL_TRIES else Past.REFUSED)
        # Its own words may repeat what it was told.
        why = cme(reply.detail) if reply.detail.isdecimal() and len(reply.detail) <= 3 else reply.code
        raise NotRegistered(f"the SIM refuses the configured PIN ({why}); it is not tried again")
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
