"""Alarms that are raised once, and cleared when their cause has gone."""

from __future__ import annotations

import logging

from ivr.dialout.ledger import Ledger
from storage.records import AlarmCleared, AlarmRaised, Record

log = logging.getLogger(__name__)
_LEVEL = {"minor": logging.WARNING, "major": logging.ERROR, "critical": logging.CRITICAL}


class AlarmBell:
    """Logs and commits alarms; silent where the same one stands already."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._ringing: dict[str, str] = {}
        """Raised by this process, durable or not yet."""

    def raised(self, key: str, severity: str, text: str) -> list[Record]:
        """The record to commit, none if it stands with these words."""
        stored = self._ledger.store.alarms.get(key)
        if self._ringing.get(key) == text or (stored and (stored.severity, stored.text) == (severity, text)):
            self._ringing[key] = text
            return []
        self._ringing[key] = text
        log.log(_LEVEL[severity], "%s: %s", key, text)
        return [AlarmRaised(key, severity, text)]

    def cleared(self, key: str, text: str = "") -> list[Record]:
        """The record to commit, none if there is no such alarm."""
        known = self._ringing.pop(key, None) is not None
        return [AlarmCleared(key, text)] if known or self._ledger.store.alarms.get(key) else []

    def forget(self, key: str) -> None:
        """It was cleared, perhaps by a person: what causes it still may raise it again, in the same words too."""
        self._ringing.pop(key, None)

    async def ring(self, key: str, severity: str, text: str) -> None:
        """Raise it now."""
        await self._ledger.commit(*self.raised(key, severity, text))

    async def clear(self, key: str, text: str = "") -> None:
        """Its cause has gone."""
        await self._ledger.commit(*self.cleared(key, text))
