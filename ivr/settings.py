"""A team's own settings: its PIN and its spoken name."""

from __future__ import annotations

import logging
from itertools import pairwise

from ivr.beep import after_the_beep, seems_silent
from ivr.menu import REPEAT, Choice, Menu
from ivr.playcopy import playback_copy
from ivr.visit import Visit
from storage.errors import StorageError
from storage.records import PinSet, SpokenNameRecorded

log = logging.getLogger(__name__)

SETTINGS = Menu(
    "Own settings",
    (
        Choice("1", "pin", "choose_change_pin"),
        Choice("2", "name", "choose_record_name"),
        Choice("0", "leave", "choose_main_menu"),
        Choice("*", REPEAT, "choose_repeat"),
    ),
)
NAME = Menu(
    "After the recording of the spoken name",
    (
        Choice("1", "keep", "choose_keep_name"),
        Choice("3", "again", "choose_name_again"),
        Choice("0", "discard", "choose_discard_name"),
    ),
)


async def settings(visit: Visit) -> None:
    """Until the caller goes back to the main menu. Raises `HungUp`, `Silent`, `StorageError`."""
    while (action := await visit.talk.ask(SETTINGS)) != "leave":
        if action == "pin":
            await change_pin(visit)
        else:
            await record_name(visit)


async def change_pin(visit: Visit) -> None:
    """The present PIN, then the new one twice. Whatever goes wrong, the caller is told which PIN holds."""
    if not await _knows_pin(visit) or (new := await _new_pin(visit)) is None:
        await visit.talk.tell("pin_unchanged")
        return
    credentials = visit.house.store.credentials
    try:
        by = f"team:{visit.team.key}"
        pin_set = PinSet(visit.team.key, "", await visit.talk.wait_for(credentials.hash(new)), by)
        await visit.talk.wait_for(visit.house.store.commit(pin_set))
    except StorageError as error:
        log.error("a new PIN could not be stored: %s", error)
        await visit.talk.tell("setting_failed")
        await visit.talk.tell("pin_unchanged")
    else:
        await visit.talk.tell("pin_changed")


async def _knows_pin(visit: Visit) -> bool:
    """The present PIN, within three attempts: a telephone left alone must not give its team away."""
    talk, limits = visit.talk, visit.house.limits
    for _ in range(limits.attempts):
        entered = await talk.digits(limits.pin_digits, *talk.phrases.say("enter_old_pin"))
        if not entered:
            return False
        if len(entered) < limits.pin_digits:
            await talk.tell("pin_incomplete")
        elif await visit.house.store.credentials.verify(visit.team.key, entered):
            return True
        else:
            await talk.tell("pin_wrong")
    return False


async def _new_pin(visit: Visit) -> str | None:
    talk, limits = visit.talk, visit.house.limits
    for _ in range(limits.attempts):
        new = await talk.digits(limits.pin_digits, *talk.phrases.say("enter_new_pin", n=limits.pin_digits))
        if not new:
            return None
        if len(new) < limits.pin_digits:
            await talk.tell("pin_incomplete")
        elif trivial(new, visit.team.uid):
            await talk.tell("pin_trivial")
        elif await talk.digits(limits.pin_digits, *talk.phrases.say("enter_new_pin_again")) != new:
            await talk.tell("pins_differ")
        elif await visit.house.store.credentials.verify(visit.team.key, new):
            await talk.tell("pin_same")
        else:
            return new
    return None


def trivial(pin: str, uid: str) -> bool:
    """A PIN that is tried first: one digit over and over, digits in a row up or down (9 and 0 are neighbours), or the UID."""
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    return steps <= {0} or steps == {1} or steps == {9} or uid in pin or pin in uid


async def record_name(visit: Visit) -> None:
    """Record the team's name, play it, and keep it if wanted. A hang-up before that keeps the name as it was."""
    talk, store, limits = visit.talk, visit.house.store, visit.house.limits
    while True:
        await talk.say("speak_name")
        recording = await after_the_beep(talk, limits.name_recording_s)
        # Other teams hear the name among prompts: at their level, and without the key's own tone.
        name = await playback_copy(recording.sound)
        lead = [name]
        if await seems_silent(recording.sound, limits.silent_dbm0):
            lead = talk.phrases.say("seems_silent")
        match await talk.ask(NAME, *lead):
            case "keep":
                break
            case "discard":
                await talk.tell("name_not_stored")
                return
    digest = store.digest(name)
    try:
        await talk.wait_for(store.commit(SpokenNameRecorded(visit.team.key, digest), audio={digest: name}))
    except StorageError as error:
        log.error("a spoken name could not be stored: %s", error)
        await talk.tell("setting_failed")
        await talk.tell("name_not_stored")
    else:
        await talk.tell("name_stored")
