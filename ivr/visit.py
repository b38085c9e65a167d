"""A team on the telephone: what the conversations after login, and after acknowledgement, have in common."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hal.audio.sound import Sound
from hal.line import Call
from ivr.house import House
from ivr.menu import Talk
from storage.errors import StorageError

if TYPE_CHECKING:
    from storage.roster import Team

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Visit:
    """One team, one call, and the house."""

    call: Call
    call_id: int
    team: Team
    house: House
    talk: Talk

    @classmethod
    def of(cls, call: Call, call_id: int, team: Team, house: House) -> Visit:
        """In the team's own language."""
        return cls(call, call_id, team, house, Talk(call, house.speak(team.language), house.limits))

    def when(self, wall: float) -> dt.datetime:
        """A wall-clock time (Unix seconds) as it is spoken."""
        return dt.datetime.fromtimestamp(wall, self.house.timezone)

    async def name_of(self, key: str) -> list[Sound]:
        """A team's name, best as its people spoke it; a team that has left the roster is known by its key's digits."""
        return await spoken_name(key, self.talk, self.house)


async def spoken_name(key: str, talk: Talk, house: House) -> list[Sound]:
    """A team's name in the language of `talk`: the recorded spoken name wins."""
    team = house.store.roster.current().by_key(key)
    recorded = await _recorded_name(key, house)
    return talk.phrases.name(team.name if team else key, team.uid if team else key, recorded)


async def _recorded_name(key: str, house: House) -> Sound | None:
    try:
        return await house.store.messages.spoken_name(key)
    except StorageError as error:
        log.error("the spoken name of team %s cannot be read: %s", key, error)
        return None
