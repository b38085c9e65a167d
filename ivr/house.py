"""What every conversation needs, in one object that the composition root makes once."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hal.clock import Clock
from ivr.limits import Limits
from ivr.loginhistory import LoginHistory
from ivr.prompts import Catalogue, Phrases

if TYPE_CHECKING:
    from storage import Store
    from storage.roster import Team


def _nobody_listens(alert: int) -> None:
    """The default of `on_alert` and `on_all_clear`."""


@dataclass
class House:
    """The stores, the phrases, the clock, the limits, and whom to tell."""

    store: Store
    phrases: Catalogue
    clock: Clock
    limits: Limits = field(default_factory=Limits)
    service_name: str = "eCSIRT.net alert function"
    """As it is spoken: see `Catalogue.prepare`."""
    on_alert: Callable[[int], None] = _nobody_listens
    """Called with the alert as soon as it is durably confirmed: wakes the dial-out loop. Must not block or raise."""
    on_all_clear: Callable[[int], None] = _nobody_listens
    """Called with the alert that its sender has ended early, once that is durable. Must not block or raise."""
    languages: tuple[str, ...] = ("en", "de")
    """What callers hear before the box knows who they are, main language first."""
    timezone: dt.tzinfo = dt.UTC
    """In which times of day are spoken. UTC is spoken as such, anything else as local time."""
    in_hand: set[int] = field(default_factory=set)
    """Messages that a running conversation has before it: no second call offers them as drafts meanwhile."""
    draw: random.Random = field(default_factory=random.SystemRandom)
    """Draws the key of a challenge."""
    logins: LoginHistory = field(default_factory=LoginHistory)
    """What the back-off knows."""

    def speak(self, language: str) -> Phrases:
        """The phrases of a language; the box's main language where it has none such."""
        return self.phrases(language if language in self.phrases.languages else self.languages[0])

    async def pending_alerts(self, team: Team | str) -> list[int]:
        """Alerts whose calling goes on and that this team has yet to acknowledge, oldest first."""
        key = team if isinstance(team, str) else team.key
        return [
            campaign.alert
            for campaign in await self.store.campaigns.open()
            if key not in campaign.reached
            and key not in campaign.not_reached
            and any(target.team == key and not target.excluded for target in campaign.targets)
        ]
