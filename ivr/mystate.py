"""How far my alert is; and ending the calling early, as an all-clear."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hal.audio.sound import Sound
from ivr.menu import REPEAT, Choice, Menu
from ivr.recording import AllClearOf, record_alert
from ivr.visit import Visit
from storage.errors import StorageError
from storage.records import AlertEnded

if TYPE_CHECKING:
    from storage.campaigns import Campaign

log = logging.getLogger(__name__)

STATE = Menu(
    "State of my alert",
    (
        Choice("9", "end", "choose_end_calling"),
        Choice("6", "next", "choose_next_alert"),
        Choice("0", "leave", "choose_main_menu"),
        Choice("*", REPEAT, "choose_repeat"),
    ),
)
ALL_CLEAR = Menu(
    "After the calling was ended early",
    (Choice("1", "record", "choose_record_all_clear"), Choice("0", "leave", "choose_no_message")),
)


async def my_state(visit: Visit) -> None:
    """The team's alerts whose calling goes on, or else the last one that has ended within 72 hours."""
    house = visit.house
    mine = sorted(await house.store.campaigns.by_sender(visit.team.key), key=lambda campaign: campaign.alert)
    since = house.clock.wall() - house.limits.hold_s
    shown = [c for c in mine if c.ended is None] or [c for c in mine[-1:] if c.confirmed_at >= since]
    if not shown:
        await visit.talk.say("no_alert")
        return
    for index, campaign in reversed(list(enumerate(shown))):
        absent = {"next"} if index == 0 else set()
        if campaign.ended is not None:
            await visit.talk.play(*spoken_state(visit, campaign))
            return
        action = await visit.talk.ask(STATE, *spoken_state(visit, campaign), without=absent)
        if action == "end":
            await _end_early(visit, campaign)
        if action != "next":
            return


def spoken_state(visit: Visit, campaign: Campaign) -> list[Sound]:
    """Which alert it is, and how many teams are reached, not reached, not called, still being called."""
    say = visit.talk.phrases.say
    called = {target.team for target in campaign.targets if not target.excluded}
    reached = set(campaign.reached)
    failed = set(campaign.not_reached) - reached
    open_ones = called - reached - failed if campaign.ended is None else set()
    given_up = (called - reached if campaign.ended is not None else failed) & called
    kind = "your_exercise" if campaign.exercise else "your_alert"
    if campaign.all_clear_of is not None:
        kind = "your_all_clear"
    sounds = say(kind, when=visit.when(campaign.confirmed_at))
    sounds += say("teams_reached", n=len(reached))
    sounds += say("teams_not_reached", n=len(given_up))
    if excluded := {target.team for target in campaign.targets if target.excluded} - reached:
        sounds += say("teams_excluded", n=len(excluded))
    if campaign.ended is None:
        return sounds + say("teams_open", n=len(open_ones))
    return sounds + say("calling_ended_early" if campaign.ended == "all-clear" else "calling_complete")


async def _end_early(visit: Visit, campaign: Campaign) -> None:
    """Ended durably, then said, and only then the offer to record an all-clear message for everyone."""
    house, talk = visit.house, visit.talk
    try:
        await talk.wait_for(house.store.commit(AlertEnded(campaign.alert, "all-clear", visit.team.key)))
    except StorageError as error:
        log.error("alert %d could not be ended: %s", campaign.alert, error)
        await talk.tell("not_ended")
        return
    house.on_all_clear(campaign.alert)
    await talk.tell("calling_ended")
    if campaign.all_clear_of is None and await talk.ask(ALL_CLEAR) == "record":
        await record_alert(visit, AllClearOf(campaign.alert, campaign.exercise))
