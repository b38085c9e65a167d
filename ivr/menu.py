"""A menu is data: keys, what each does, and the phrase that offers it. `Talk` is one caller's ear and keypad.

The caller guide (`ivr.guide`) is generated from the same menus.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from hal.audio.sound import Sound
from hal.errors import HungUp
from hal.line import ALL_KEYS, Call, Played
from ivr.limits import Limits
from ivr.prompts import Phrases
from ivr.prompts.language import Value

T = TypeVar("T")

REPEAT = "repeat"
"""The action that says the menu again."""
PATIENCE_S = 1.5
"""Seconds of silence while the caller waits for the box, before the box says that it is at work; two are too many."""


class Silent(Exception):
    """The caller has pressed nothing that a menu knows, as often as it was said."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One key of a menu. `phrase` is a phrase with a gap `{key:key}`."""

    key: str
    action: str
    phrase: str


@dataclass(frozen=True, slots=True)
class Menu:
    """What a caller may press at one place."""

    name: str
    """For the caller guide, in English."""
    choices: tuple[Choice, ...]

    def __post_init__(self) -> None:
        keys = [choice.key for choice in self.choices]
        if len(set(keys)) != len(keys) or not ALL_KEYS - {"#"} >= set(keys):
            raise ValueError(f"menu {self.name!r} has a key twice, or one that cannot be offered: {keys}")


class Talk:
    """Speaking to the person on a call in one language. Every method raises `HungUp` when the person has gone."""

    def __init__(self, call: Call, phrases: Phrases, limits: Limits) -> None:
        self.call = call
        self.phrases = phrases
        self.limits = limits

    async def play(self, *sounds: Sound, interrupt: Collection[str] = ALL_KEYS) -> Played:
        """Play sounds; a key of `interrupt` stops them and stays in the queue."""
        return await self.call.play(*sounds, interrupt=interrupt)

    async def say(self, key: str, /, **values: Value) -> Played:
        """Say one phrase; any key stops it and stays in the queue, for whatever comes next."""
        return await self.play(*self.phrases.say(key, **values))

    async def tell(self, key: str, /, **values: Value) -> None:
        """Say one phrase to its end, whatever is pressed: an answer that the caller must not miss. Keys pressed are dropped."""
        await self.play(*self.phrases.say(key, **values), interrupt="")
        self.call.flush_keys()

    async def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something that may take long, such as storing on a slow card, and ask the caller to wait while it does.

        Gives what `work` gives, or raises what it raises: a hang-up meanwhile ends the words, never the work.
        """
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait((task,), timeout=PATIENCE_S))[0]:
                with contextlib.suppress(HungUp):
                    await self.tell("one_moment")
            return task.result()
        finally:
            task.cancel()

    async def ask(self, menu: Menu, *intro: Sound, without: Collection[str] = ()) -> str:
        """Say what `menu` offers (but for the actions in `without`) and return the action that the caller chooses.

        `intro` is said before it, the first time. A key stops the speech. A key without meaning is said to be one, `#` is
        passed over (people end entries with it). Raises `Silent` after `Limits.menu_rounds` rounds that chose nothing.
        """
        choices = {choice.key: choice for choice in menu.choices if choice.action not in without}
        offer = [sound for c in choices.values() for sound in self.phrases.say(c.phrase, key=c.key)]
        speech: Sequence[Sound] = [*intro, *offer]
        rounds = self.limits.menu_rounds
        while rounds:
            await self.play(*speech)
            speech = offer
            key = await self._key(self.limits.menu_wait_s)
            if key in choices:
                action = choices[key].action
                if action != REPEAT:
                    return action
            else:
                rounds -= 1
                if key is not None:
                    speech = [*self.phrases.say("unknown_key"), *offer]
        raise Silent(menu.name)

    async def _key(self, wait_s: float) -> str | None:
        """The next key that is no `#`, or None after `wait_s` seconds without one."""
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_s
        while (key := await self.call.key(max(0.0, until - loop.time()))) == "#":
            pass
        return key

    async def digits(self, count: int, *prompt: Sound) -> str:
        """Say the prompt and collect `count` digits; the first may stop the prompt, `*` starts the entry over.

        Returns fewer than `count`, possibly none, when the caller pauses too long (`first_digit_s`, `next_digit_s`) or
        starts over without end. Other keys mean nothing and buy no time.
        """
        if prompt:
            await self.play(*prompt)
        limits, loop = self.limits, asyncio.get_running_loop()
        at_the_latest = loop.time() + limits.first_digit_s + 2 * count * limits.next_digit_s
        entered, until = "", loop.time() + limits.first_digit_s
        while len(entered) < count:
            key = await self.call.key(max(0.0, min(until, at_the_latest) - loop.time()))
            if key is None:
                break
            if key == "*":
                entered, until = "", loop.time() + limits.first_digit_s
            elif key in "0123456789":
                entered, until = entered + key, loop.time() + limits.next_digit_s
        return entered
