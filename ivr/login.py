"""Who calls: UID and PIN as nine digits in one string, three times at most; the answer tells nothing but yes or no."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from hal.audio.sound import Sound
from hal.errors import HungUp
from hal.line import Call
from ivr import backoff
from ivr.house import House
from ivr.menu import Talk
from ivr.prompts.language import Value
from storage.errors import StorageError
from storage.records import AlarmCleared, AlarmRaised, LoginTried

if TYPE_CHECKING:
    from storage.roster import Team

log = logging.getLogger(__name__)

ALARM = "login.guessing"
"""Key of the alarm that somebody seems to be guessing PINs."""
_LONG_WAIT_S = 5.0
_PATIENCE_S = 10.0
"""Seconds of silence while an answer takes longer."""


async def login(call: Call, call_id: int, house: House) -> Team | None:
    """Welcome the caller and find out which team it is; None after a spoken goodbye.

    Raises `HungUp`, and `StorageError` where the credentials cannot be read.
    """
    limits = house.limits
    talk = Talk(call, house.speak(house.languages[0]), limits)
    digits = limits.uid_digits + limits.pin_digits
    prompt = in_all_languages(house, "welcome", "enter_login")
    for attempt in range(1, limits.attempts + 1):
        if not (await _allowance(call, house)).attempts:
            await talk.play(*in_all_languages(house, "login_backoff"), interrupt="")
            return None
        entered = await talk.digits(digits, *prompt)
        if len(entered) == digits:
            answer = "login_refused"
            if team := await _check(talk, call_id, entered, house):
                call.flush_keys()
                return team
        else:
            answer = "login_incomplete"
        call.flush_keys()
        prompt = in_all_languages(house, answer, "enter_login" if attempt < limits.attempts else "login_goodbye")
    await talk.play(*prompt, interrupt="")
    return None


def in_all_languages(house: House, *keys: str, **values: Value) -> list[Sound]:
    """Phrases in each of the box's languages in turn, for someone whose language is not known yet."""
    sounds = []
    for language in house.languages:
        phrases = house.speak(language)
        for key in keys:
            sounds += phrases.say(key, service=list(phrases.service(house.service_name)), **values)
    return sounds


def registered(call: Call, house: House) -> bool:
    """Whether the caller's number, as presented, is one of a team's."""
    return bool(house.logins.numbers(house.store.roster.current()).owners(call.caller))


async def _allowance(call: Call, house: House) -> backoff.Allowance:
    await house.logins.read(house.store, house.clock)
    roster = house.store.roster.current()
    return backoff.allow(house.logins.tried(house.clock, roster), call.caller, registered(call, house), house.limits)


async def _check(talk: Talk, call_id: int, entered: str, house: House) -> Team | None:
    """The team, if these digits are its UID and PIN. Whatever they are, the same work is done and the same time passes."""
    call, limits, roster = talk.call, house.limits, house.store.roster.current()
    uid, pin = entered[: limits.uid_digits], entered[limits.uid_digits :]
    team = roster.by_uid(uid)
    if team is not None and not team.active:
        team = None
    key = team.key if team else None
    allowance = await _allowance(call, house)
    wait_s = allowance.wait_s
    own = key in house.logins.numbers(roster).owners(call.caller)
    history = house.logins.tried(house.clock, roster)
    # Asked again: other calls may have used up what was left when this one's prompt began.
    looked_at = allowance.attempts > 0 and backoff.judge(history, key, own, limits)
    due = house.clock.monotonic() + wait_s + limits.login_reply_s
    with house.logins.entry(due, call.caller, key) as entry:
        if wait_s > _LONG_WAIT_S:
            await _ask_for_patience(talk, due - limits.login_reply_s, house)
        await _linger(call, due - limits.login_reply_s, house)
        # Nobody's PIN costs as much work as somebody's.
        right = await house.store.credentials.verify(key if looked_at else None, pin)
        entry.ok = right and team is not None
        await _remember(LoginTried(call_id, call.caller, key, entry.ok), house)
        await _linger(call, due, house)
    return team if entry.ok else None


async def _ask_for_patience(talk: Talk, until: float, house: House) -> None:
    """Say now and then that it takes longer: a minute of silence sounds like a dead line. Raises `HungUp`."""
    while True:
        await talk.play(*in_all_languages(house, "login_wait"), interrupt="")
        again = house.clock.monotonic() + _PATIENCE_S
        if again > until - _PATIENCE_S:
            return
        await _linger(talk.call, again, house)


async def _linger(call: Call, due: float, house: House) -> None:
    """Wait until the clock says `due`. Raises `HungUp`."""
    try:
        async with asyncio.timeout(max(0.0, due - house.clock.monotonic())):
            await call.wait_hung_up()
    except TimeoutError:
        return
    raise HungUp("the caller hung up while the entry was checked")


async def _remember(tried: LoginTried, house: House) -> None:
    """Keep the fact, and raise or clear the alarm. A full disk keeps nobody out: the history in memory still counts."""
    records: list[LoginTried | AlarmRaised | AlarmCleared] = [tried]
    guessing = backoff.suspicious(house.logins.tried(house.clock, house.store.roster.current()), house.limits)
    raised = house.store.alarms.get(ALARM) is not None
    if guessing and not raised:
        text = (
            "many wrong logins within the last hour: somebody may be guessing PINs; see `alertbox calls`, and give the "
            "teams concerned new PINs"
        )
        records.append(AlarmRaised(ALARM, "major", text))
    elif raised and not guessing:
        records.append(AlarmCleared(ALARM, "an hour with few wrong logins"))
    try:
        await house.store.commit(*records)
    except StorageError as error:
        log.error("a login was not recorded: %s", error)
