"""Recording an alert: announcement, beep, message, and nothing is sent without the key that sends."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from hal.audio.sound import Sound
from hal.errors import HungUp
from hal.line import RecordingEnd
from ivr.beep import after_the_beep, seems_silent
from ivr.dialout.targets import targets
from ivr.menu import Choice, Menu, Silent
from ivr.playcopy import playback_copy
from ivr.visit import Visit
from storage.campaigns import Campaign
from storage.errors import StorageError
from storage.records import AlertConfirmed, MessageDiscarded, MessageRecorded, Record

log = logging.getLogger(__name__)

CONFIRM = Menu(
    "After the recording",
    (
        Choice("1", "send", "choose_send"),
        Choice("4", "exercise", "choose_exercise"),
        Choice("2", "listen", "choose_listen"),
        Choice("3", "again", "choose_again"),
        Choice("0", "discard", "choose_discard"),
    ),
)
CONFIRM_ALL_CLEAR = Menu(
    "After the recording of an all-clear",
    (
        Choice("1", "send", "choose_send_all_clear"),
        Choice("2", "listen", "choose_listen"),
        Choice("3", "again", "choose_again"),
        Choice("0", "discard", "choose_discard"),
    ),
)
DRAFT = Menu(
    "A recording that was not sent",
    (
        Choice("1", "send", "choose_send"),
        Choice("4", "exercise", "choose_exercise"),
        Choice("2", "listen", "choose_listen"),
        Choice("0", "discard", "choose_discard"),
        Choice("6", "keep", "choose_keep"),
    ),
)
STORE_AGAIN = Menu(
    "A recording that could not be stored",
    (Choice("1", "again", "choose_store_again"), Choice("0", "discard", "choose_discard")),
)
_TWO_MINUTES = 120.0


@dataclass(frozen=True)
class Take:
    """A stored recording that waits for its caller's decision."""

    message: int
    sound: Sound
    """As received."""
    copy: Sound
    """As it is played."""


@dataclass(frozen=True)
class AllClearOf:
    """The alert that a recorded all-clear belongs to."""

    alert: int
    exercise: bool


async def record_alert(visit: Visit, all_clear_of: AllClearOf | None = None) -> None:
    """Record, store as a draft, and do with it what the caller decides. Raises `HungUp`: the draft then stays."""
    menu = CONFIRM_ALL_CLEAR if all_clear_of else CONFIRM
    with _in_hand(visit) as hold:
        before: Take | None = None
        while True:
            take = await _record(visit, before, hold)
            if take is None or not await _decide(visit, take, menu, (), all_clear_of):
                return
            before = take


async def offer_drafts(visit: Visit) -> None:
    """What earlier calls left unsent, newest first."""
    for draft in reversed(await visit.house.store.messages.drafts(visit.team.key)):
        if draft.id in visit.house.in_hand:
            continue
        intro = visit.talk.phrases.say("draft_found", when=visit.when(draft.recorded_at))
        try:
            sound = await visit.house.store.messages.sound(draft.id)
        except (StorageError, LookupError) as error:
            log.error("draft %d cannot be read: %s", draft.id, error)
            await visit.talk.play(*intro, *visit.talk.phrases.say("cannot_read"))
            continue
        with _in_hand(visit) as hold:
            hold(draft.id)
            await _decide(visit, Take(draft.id, sound, await playback_copy(sound)), DRAFT, intro, None)


@contextmanager
def _in_hand(visit: Visit) -> Iterator[Callable[[int], None]]:
    """What this conversation holds is offered by no other one meanwhile."""
    held: set[int] = set()

    def hold(message: int) -> None:
        held.add(message)
        visit.house.in_hand.add(message)

    try:
        yield hold
    finally:
        visit.house.in_hand -= held


async def _record(visit: Visit, before: Take | None, hold: Callable[[int], None]) -> Take | None:
    """One recording, on the card; None if that failed and the caller gave up. `before` is the take that it replaces."""
    house, talk, limit_s = visit.house, visit.talk, visit.house.limits.recording_s
    if limit_s == _TWO_MINUTES:
        await talk.say("speak_now")
    else:
        await talk.say("speak_now_limit", seconds=round(limit_s))
    recording = await after_the_beep(talk, limit_s)
    sound = recording.sound
    if not sound.samples and recording.ended_by is RecordingEnd.HANG_UP:
        raise HungUp("hung up before anything was recorded")
    message, digest = house.store.new_id("message"), house.store.digest(sound)
    hold(message)
    records: list[Record] = [
        MessageRecorded(message, visit.team.key, visit.call_id, digest, sound.encoding.value, sound.samples)
    ]
    if before:
        records.append(MessageDiscarded(before.message, "recorded again"))
    while True:
        try:
            await talk.wait_for(house.store.commit(*records, audio={digest: sound}))
            break
        except StorageError as error:
            log.error("a recording could not be stored: %s", error)
            if await talk.ask(STORE_AGAIN, *talk.phrases.say("not_stored")) == "discard":
                return None
    if recording.ended_by is RecordingEnd.LIMIT:
        await talk.say("recorded_full")
    return Take(message, sound, await playback_copy(sound))


async def _remarks(visit: Visit, take: Take) -> list[Sound]:
    """What the caller ought to know of the recording; the caller decides."""
    limits, say = visit.house.limits, visit.talk.phrases.say
    remarks = say("seems_short") if take.copy.seconds < limits.short_recording_s else []
    return remarks + (say("seems_silent") if await seems_silent(take.sound, limits.silent_dbm0) else [])


async def _decide(
    visit: Visit, take: Take, menu: Menu, intro: Sequence[Sound], all_clear_of: AllClearOf | None
) -> bool:
    """Ask until the recording is sent, discarded or kept; True if the caller wants to record again."""
    talk = visit.talk
    lead = [*intro, *await _remarks(visit, take)]
    while True:
        try:
            action = await talk.ask(menu, *lead)
        except Silent:
            await talk.tell("kept_as_draft")
            raise
        lead = []
        match action:
            case "send" | "exercise":
                if await _send(visit, take, action == "exercise", all_clear_of):
                    return False
            case "listen":
                await talk.play(take.copy)
            case "again":
                return True
            case "discard":
                await _discard(visit, take)
                return False
            case _:
                return False


async def _send(visit: Visit, take: Take, exercise: bool, all_clear_of: AllClearOf | None) -> bool:
    """Confirm the alert durably, wake the calling, and only then say so. False if it could not be stored."""
    house, talk = visit.house, visit.talk
    earlier = await _called_off(visit, all_clear_of) if all_clear_of else None
    alert = house.store.new_id("alert")
    confirmed = AlertConfirmed(
        alert,
        take.message,
        visit.team.key,
        visit.call_id,
        all_clear_of.exercise if all_clear_of else exercise,
        targets(house.store.roster.current(), visit.team.key, earlier),
        all_clear_of.alert if all_clear_of else None,
    )
    try:
        await talk.wait_for(house.store.commit(confirmed))
    except StorageError as error:
        log.error("alert %d could not be stored: %s", alert, error)
        await talk.tell("not_sent")
        return False
    house.on_alert(alert)
    if all_clear_of:
        await talk.tell("sent_all_clear")
    else:
        await talk.tell("sent_exercise" if exercise else "sent_alert")
    return True


async def _called_off(visit: Visit, all_clear: AllClearOf) -> Campaign | None:
    """The alert that an all-clear ends, whose teams it is for. Cannot be read: None, and it goes to everybody."""
    try:
        return await visit.house.store.campaigns.get(all_clear.alert)
    except StorageError as error:
        log.error("who was told of alert %d cannot be read: %s", all_clear.alert, error)
        return None


async def _discard(visit: Visit, take: Take) -> None:
    """Say what became of it. Where it could not be stored, the recording stays a draft."""
    try:
        discarded = MessageDiscarded(take.message, "discarded by the caller")
        await visit.talk.wait_for(visit.house.store.commit(discarded))
    except StorageError as error:
        log.error("message %d could not be discarded: %s", take.message, error)
        await visit.talk.tell("not_discarded")
    else:
        await visit.talk.tell("discarded")
