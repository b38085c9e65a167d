"""A call in, from ringing to release."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from hal.errors import HungUp, LineFault
from hal.line import Call, IncomingCall
from ivr import challenge
from ivr.cdr import CallDetail
from ivr.house import House
from ivr.login import in_all_languages, login
from ivr.menu import REPEAT, Choice, Menu, Silent
from ivr.mystate import my_state
from ivr.playback import play_back
from ivr.recording import offer_drafts, record_alert
from ivr.settings import settings
from ivr.visit import Visit
from storage.errors import StorageError

log = logging.getLogger(__name__)

MAIN_MENU = Menu(
    "Main menu",
    (
        Choice("1", "record", "choose_record"),
        Choice("2", "play_back", "choose_play_back"),
        Choice("3", "state", "choose_state"),
        Choice("4", "settings", "choose_settings"),
        Choice("*", REPEAT, "choose_repeat"),
    ),
)
CONVERSATIONS: dict[str, Callable[[Visit], Awaitable[None]]] = {
    "record": record_alert,
    "play_back": play_back,
    "state": my_state,
    "settings": settings,
}
"""What each action of the main menu starts."""
_MOST_FAULTS = 3


async def answer(incoming: IncomingCall, house: House, *, challenged: bool = False) -> None:
    """Hold the whole conversation of a call in, its call detail record included. `challenged`: it begins with a key.

    Whatever goes wrong ends in the record and the log, never in the caller of this coroutine, except cancellation.
    """
    cdr = CallDetail.begin(incoming, house)
    try:
        async with await incoming.answer() as call:
            cdr.answered()
            await _converse(call, cdr, house, challenged)
    except HungUp as error:
        if not cdr.detail:
            cdr.outcome, cdr.detail = "abandoned", str(error)
    except LineFault as error:
        cdr.outcome, cdr.detail = "line-fault", str(error)
    except asyncio.CancelledError:
        cdr.outcome = "interrupted"
        raise
    except Exception as error:
        log.exception("call %d: the conversation failed", cdr.call_id)
        cdr.outcome, cdr.detail = "interrupted", f"internal error: {error!r}"
    finally:
        await cdr.end()


async def _converse(call: Call, cdr: CallDetail, house: House, challenged: bool) -> None:
    try:
        if challenged and not await challenge.passes(call, house):
            cdr.outcome, cdr.detail = "login-failed", "the key that was asked for was not pressed"
            return
        team = await login(call, cdr.call_id, house)
        if team is None:
            cdr.outcome, cdr.detail = "login-failed", "not identified"
            return
        # From here on a hang-up at any moment is an ordinary end.
        cdr.outcome, cdr.detail = "completed", f"team {team.key}, hung up"
        visit = Visit.of(call, cdr.call_id, team, house)
        await visit.talk.say("login_ok", team=list(await visit.name_of(team.key)))
        cdr.detail = f"team {team.key}, {await _visit(visit)}"
    except HungUp:
        raise
    except Exception as error:
        log.exception("call %d: the conversation failed", cdr.call_id)
        cdr.outcome, cdr.detail = "interrupted", f"internal error: {error!r}"
        await call.play(*in_all_languages(house, "fault_goodbye"), interrupt="")


async def _nothing(visit: Visit) -> None:
    """Straight to the main menu."""


async def _visit(visit: Visit) -> str:
    """Drafts first, then the main menu until the caller goes; returns how it ended."""
    faults = 0
    conversation: Callable[[Visit], Awaitable[None]] = offer_drafts
    while faults < _MOST_FAULTS:
        try:
            await conversation(visit)
            conversation = CONVERSATIONS[await visit.talk.ask(MAIN_MENU)]
        except Silent as silent:
            await visit.talk.tell("goodbye")
            return f"pressed no more keys ({silent})"
        except StorageError as error:
            faults += 1
            log.error("call %d: the store failed: %s", visit.call_id, error)
            await visit.talk.tell("memory_fault")
            conversation = _nothing
    await visit.talk.tell("fault_goodbye")
    return "ended: the store cannot be read"
