"""A call out, from its answer on: acknowledgement first, then the alert, then what play back offers.

An answering machine must never acknowledge. Nothing counts but the one key, or a whole PIN that is right; what was pressed
before our welcome began is forgotten; anything else leaves the welcome running.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hal.audio.sound import Sound
from hal.errors import HungUp
from hal.line import Call
from ivr.house import House
from ivr.menu import Silent
from ivr.playback import AFTER_ALERT, listen
from ivr.visit import Visit
from storage.errors import StorageError
from storage.records import TeamReached
from storage.roster import Acknowledgement

if TYPE_CHECKING:
    from storage.campaigns import Campaign
    from storage.roster import Team

log = logging.getLogger(__name__)

ACKNOWLEDGE = "1"
"""Simple acknowledgement."""
DECLINE = "9"
"""The team's next number is tried at once."""
_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class OutboundResult:
    """How a call out ended, for `AttemptEnded`."""

    outcome: str
    """`reached`, `unacknowledged`, `wrong-pin`, `declined` or `hung-up`."""
    detail: str = ""
    group: str = ""
    """The user group whose PIN it was, or empty."""


@dataclass(frozen=True, slots=True)
class _Acknowledged:
    how: str
    group: str


async def converse(
    call: Call, call_id: int, team: Team, alerts: Sequence[int], house: House, *, keys: str = ""
) -> OutboundResult:
    """Everything said and heard on a call out that has been answered, up to hanging it up.

    `keys` are pressed first (an extension). Commits `TeamReached` and `MessageHeard` itself. Plays every alert that is
    pending for the team, `alerts` and what came since. Never raises for a hang-up or a failing store.
    """
    visit = Visit.of(call, call_id, team, house)
    async with call:
        try:
            if keys:
                await call.send_keys(keys)
            answer = await _welcome(visit)
        except HungUp:
            return OutboundResult("hung-up", "before acknowledgement")
        if isinstance(answer, OutboundResult):
            return answer
        return await _reached(visit, alerts, answer)


async def _welcome(visit: Visit) -> _Acknowledged | OutboundResult:
    """Repeat the welcome until the team acknowledges, declines, fails with its PIN, or 60 s are over."""
    call, talk, limits = visit.call, visit.talk, visit.house.limits
    loop = asyncio.get_running_loop()
    by_pin = visit.team.acknowledgement is Acknowledgement.PIN
    welcome = await _spoken_welcome(visit, by_pin)
    wrong = 0
    call.flush_keys()
    until = loop.time() + limits.welcome_s
    try:
        async with asyncio.timeout_at(until) as patience:
            while True:
                await talk.play(*welcome, interrupt=_DIGITS if by_pin else ACKNOWLEDGE + DECLINE)
                entered = await (_entry(visit, patience, until) if by_pin else _key(visit))
                if entered == DECLINE:
                    patience.reschedule(None)
                    await _say_last(visit, "declined")
                    return OutboundResult("declined", "pressed 9")
                if not by_pin and entered == ACKNOWLEDGE:
                    return _Acknowledged("key", "")
                if len(entered) < limits.group_pin_digits:
                    continue
                # Whoever enters a PIN is a person: no welcome runs out while one is checked.
                patience.reschedule(None)
                if (group := await visit.house.store.credentials.verify_group(visit.team.key, entered)) is not None:
                    return _Acknowledged("pin", group)
                wrong += 1
                if wrong == limits.attempts:
                    await _say_last(visit, "group_pin_goodbye")
                    return OutboundResult("wrong-pin", f"{wrong} wrong PINs")
                await talk.tell("group_pin_wrong")
                patience.reschedule(max(until, loop.time() + limits.first_digit_s))
    except TimeoutError:
        await _say_last(visit, "goodbye")
        return OutboundResult("unacknowledged", f"nothing pressed that counts, {limits.welcome_s:g} s")
    except StorageError as error:
        log.error("team %s could not be checked: %s", visit.team.key, error)
        await _say_last(visit, "fault_goodbye")
        return OutboundResult("unacknowledged", f"the PIN could not be checked: {error}")


async def _spoken_welcome(visit: Visit, by_pin: bool) -> list[Sound]:
    phrases = visit.talk.phrases
    service = list(phrases.service(visit.house.service_name))
    return [
        *phrases.say("this_is", service=service, team=list(await visit.name_of(visit.team.key))),
        *(phrases.say("acknowledge_by_pin") if by_pin else phrases.say("acknowledge_by_key", key=ACKNOWLEDGE)),
        *phrases.say("acknowledge_decline", key=DECLINE),
    ]


async def _say_last(visit: Visit, key: str) -> None:
    """A last word; whether it is still heard changes nothing."""
    try:
        await visit.talk.tell(key)
    except HungUp:
        pass


async def _key(visit: Visit) -> str:
    """`1` or `9`, whichever comes first before the welcome is due again; else empty. Other keys are passed over."""
    loop = asyncio.get_running_loop()
    until = loop.time() + visit.house.limits.welcome_pause_s
    while (key := await visit.call.key(max(0.0, until - loop.time()))) is not None:
        if key in (ACKNOWLEDGE, DECLINE):
            return key
    return ""


async def _entry(visit: Visit, patience: asyncio.Timeout, due: float) -> str:
    """The digits of a PIN; a lone 9 is a refusal; what is not complete comes to nothing and is no attempt.

    An entry that has begun may be finished though the welcome's time runs out at `due`; but a machine that gives one stray
    digit after the other gets twice that time and no more.
    """
    limits = visit.house.limits
    loop = asyncio.get_running_loop()
    entered, until = "", loop.time() + limits.welcome_pause_s
    while len(entered) < limits.group_pin_digits:
        key = await visit.call.key(max(0.0, until - loop.time()))
        if key is None:
            return entered if entered == DECLINE else ""
        if key == "*":
            entered, until = "", loop.time() + limits.next_digit_s
        elif key in _DIGITS:
            entered, until = entered + key, loop.time() + limits.next_digit_s
            patience.reschedule(min(max(due, until + 1.0), due + limits.welcome_s))
    return entered


async def _reached(visit: Visit, alerts: Sequence[int], answer: _Acknowledged) -> OutboundResult:
    """Commit that the team is reached, say so, and play what it is to hear. A failing store never costs the message."""
    stored, told = False, list(alerts)
    try:
        told += [alert for alert in await _pending(visit) if alert not in told]
        stored = await _commit_reached(visit, told, answer)
        await visit.talk.tell("acknowledged" if stored else "not_acknowledged")
        if campaigns := await _campaigns(visit, told):
            await listen(visit, campaigns, AFTER_ALERT, one_after_other=True)
        await visit.talk.tell("goodbye")
        end = "listened"
    except HungUp:
        end = "hung up"
    except Silent:
        await _say_last(visit, "goodbye")
        end = "listened, pressed no more keys"
    except StorageError as error:
        log.error("team %s could not be told: %s", visit.team.key, error)
        await _say_last(visit, "fault_goodbye")
        end = f"the store failed: {error}"
    if not (stored or await _commit_reached(visit, told, answer)):
        return OutboundResult("unacknowledged", f"acknowledged, but that could not be stored; {end}", answer.group)
    return OutboundResult("reached", end, answer.group)


async def _pending(visit: Visit) -> list[int]:
    """What came for the team since the call began. Cannot be read: then what the call was made for must do."""
    try:
        return await visit.house.pending_alerts(visit.team)
    except StorageError as error:
        log.error("the alerts pending for team %s cannot be read: %s", visit.team.key, error)
        return []


async def _commit_reached(visit: Visit, alerts: Sequence[int], answer: _Acknowledged) -> bool:
    records = [TeamReached(alert, visit.team.key, answer.how, answer.group, visit.call_id) for alert in alerts]
    try:
        await visit.house.store.commit(*records)
    except StorageError as error:
        log.error("that team %s acknowledged could not be stored: %s", visit.team.key, error)
        return False
    return True


async def _campaigns(visit: Visit, alerts: Sequence[int]) -> list[Campaign]:
    found = [await visit.house.store.campaigns.get(alert) for alert in alerts]
    return [campaign for campaign in found if campaign is not None]
