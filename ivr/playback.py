"""Playing back: who, when, alert or exercise, the message; and the keys that move from one message to another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hal.audio.sound import RATE, Sound
from hal.errors import HungUp
from ivr.menu import REPEAT, Choice, Menu
from ivr.playcopy import playback_copy
from ivr.visit import Visit
from storage.errors import StorageError
from storage.records import MessageHeard, Record, TeamReached

if TYPE_CHECKING:
    from storage.campaigns import Campaign
    from storage.messages import Message

log = logging.getLogger(__name__)

_PREVIOUS = Choice("4", "previous", "choose_previous")
_REPEAT_MESSAGE = Choice("5", "again", "choose_repeat_message")
_NEXT = Choice("6", "next", "choose_next")
_HELP = Choice("*", REPEAT, "choose_help")

PLAY_BACK = Menu(
    "After a message", (_PREVIOUS, _REPEAT_MESSAGE, _NEXT, Choice("0", "leave", "choose_main_menu"), _HELP)
)
AFTER_ALERT = Menu(
    "After the message of a call out",
    (_PREVIOUS, _REPEAT_MESSAGE, _NEXT, Choice("0", "leave", "choose_end_call"), _HELP),
)
_KEYS = frozenset("4560*")
"""The keys that stop a message; any other leaves it in peace."""


async def play_back(visit: Visit) -> None:
    """The messages of the last 72 hours, from the first that the team has not heard; back to the main menu with 0."""
    house, talk = visit.house, visit.talk
    messages = await house.store.messages.new_for(visit.team.key, house.clock.wall(), house.limits.hold_s)
    campaigns = [await _campaign(visit, message) for message in messages]
    if not campaigns:
        await talk.say("no_new_messages")
        return
    heard = sum(message.heard for message in messages)
    count = talk.phrases.say("new_messages", n=len(campaigns))
    if heard:
        known = talk.phrases.say("heard_the_one") if len(campaigns) == 1 else talk.phrases.say("heard_already", n=heard)
        count = [*count, *known]
    await talk.play(*count)
    first = next((index for index, message in enumerate(messages) if not message.heard), 0)
    await listen(visit, campaigns, PLAY_BACK, first=first)


async def _campaign(visit: Visit, message: Message) -> Campaign:
    campaign = await visit.house.store.campaigns.get(message.alert or 0)
    if campaign is None:
        raise StorageError(f"message {message.id} was sent, and its alert {message.alert} is unknown")
    return campaign


async def listen(
    visit: Visit, campaigns: Sequence[Campaign], menu: Menu, *, first: int = 0, one_after_other: bool = False
) -> None:
    """Play messages and do what the caller's keys say, until `leave`.

    With `one_after_other` the next message follows without a key as long as nothing is pressed. Raises `HungUp`, `Silent`.
    """
    talk, index, last = visit.talk, first, len(campaigns) - 1
    while True:
        complete = await _play(visit, campaigns[index], menu)
        if complete and one_after_other and index < last:
            index += 1
            continue
        one_after_other = False
        lead = talk.phrases.say("end_of_message") if complete else []
        while True:
            action = await talk.ask(menu, *lead)
            if action == "leave":
                return
            target = index + {"previous": -1, "again": 0, "next": 1}[action]
            if 0 <= target <= last:
                index = target
                break
            lead = talk.phrases.say("first_message" if target < 0 else "last_message")


async def _play(visit: Visit, campaign: Campaign, menu: Menu) -> bool:
    """One message with what is said before it; True if it was heard to the end. A key stays in the queue for the menu."""
    call, house, talk = visit.call, visit.house, visit.talk
    intro = await introduction(visit, campaign)
    try:
        message = await playback_copy(await house.store.messages.sound(campaign.message))
    except (StorageError, LookupError) as error:
        log.error("message %d cannot be read: %s", campaign.message, error)
        await talk.play(*intro, *talk.phrases.say("cannot_read"), interrupt=_KEYS)
        return False
    if not (await talk.play(*intro, interrupt=_KEYS)).complete:
        return False
    call.flush_keys()
    began = asyncio.get_running_loop().time()
    try:
        played = await talk.play(message, interrupt=_KEYS)
    except HungUp as hung_up:
        samples = hung_up.samples
        if samples is None:
            samples = min(message.samples, round((asyncio.get_running_loop().time() - began) * RATE))
        await _heard(visit, campaign, samples, complete=samples >= message.samples)
        raise
    await _heard(visit, campaign, played.samples, complete=played.complete)
    return played.complete


async def introduction(visit: Visit, campaign: Campaign) -> list[Sound]:
    """Sender, date and time, alert or exercise or all-clear."""
    say = visit.talk.phrases.say
    kind = "all_clear_from" if campaign.all_clear_of is not None else "alert_from"
    if campaign.exercise:
        kind = "exercise_all_clear_from" if campaign.all_clear_of is not None else "exercise_from"
    sender = list(await visit.name_of(campaign.sender))
    return [*say(kind, team=sender), *say("recorded_at", when=visit.when(campaign.confirmed_at))]


async def _heard(visit: Visit, campaign: Campaign, samples: int, *, complete: bool) -> None:
    """Keep how much was heard. Heard to its end, the team is reached: it is not called for this alert any more."""
    store, team = visit.house.store, visit.team.key
    records: list[Record] = [MessageHeard(campaign.message, team, visit.call_id, samples / RATE, complete)]
    try:
        if complete:
            now = await store.campaigns.get(campaign.alert)
            if now and now.ended is None and team not in now.reached:
                records.append(TeamReached(campaign.alert, team, "playback", "", visit.call_id))
        await store.commit(*records)
    except StorageError as error:
        log.error("what team %s heard of alert %d was not recorded: %s", team, campaign.alert, error)
