"""Alarms and changes of lines, on their way into the journal.

Whoever notices something says it here and goes on: nothing that watches over the box waits for the card.
"""

from __future__ import annotations

import asyncio
import logging

from storage import Envelope, StorageError, Store
from storage.records import AlarmCleared, AlarmRaised, LineChanged, Record

log = logging.getLogger(__name__)

REASON_LIMIT = 300
"""Characters of a reason: a modem's own words are in it, and each coming and going of a line is in the journal for good."""
RETRY_S = 10.0
"""Seconds after which a record that could not be written is tried again."""


class Announcer:
    """Writes what it is told, in order."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queue: asyncio.Queue[Record] = asyncio.Queue()
        self._standing = {alarm.key: alarm.text for alarm in store.alarms.active()}
        store.subscribe(self._on_envelope)
        self._service = {line: change.in_service for line, change in store.lines.items()}

    def alarm(self, key: str, severity: str, text: str) -> None:
        """Raise an alarm; one that stands with the same text is left alone."""
        if self._standing.get(key) == text:
            return
        self._standing[key] = text
        log.error("alarm %s (%s): %s", key, severity, text)
        self._queue.put_nowait(AlarmRaised(key, severity, text))

    def clear(self, key: str, text: str = "") -> None:
        """Clear an alarm, if it stands."""
        if self._standing.pop(key, None) is not None:
            log.warning("alarm %s cleared: %s", key, text)
            self._queue.put_nowait(AlarmCleared(key, text))

    def line(self, line: str, in_service: bool, reason: str) -> None:
        """A line went into or out of service; out of service is an alarm."""
        if len(reason) > REASON_LIMIT:
            reason = f"{reason[: REASON_LIMIT - 3]}..."
        if self._service.get(line) != in_service:
            self._service[line] = in_service
            self._queue.put_nowait(LineChanged(line, in_service, reason))
        if in_service:
            self.clear(f"line.{line}", reason)
        else:
            self.alarm(f"line.{line}", "major", f"line {line} is out of service: {reason}")

    def _on_envelope(self, envelope: Envelope) -> None:
        """A person has cleared an alarm: the next time it is raised again."""
        if isinstance(envelope.record, AlarmCleared):
            self._standing.pop(envelope.record.key, None)

    async def run(self) -> None:
        """Write, for ever. What cannot be written is tried again."""
        while True:
            record = await self._queue.get()
            while True:
                try:
                    await self._store.commit(record)
                    break
                except StorageError as error:
                    log.error("%s was not written: %s", record, error)
                    await asyncio.sleep(RETRY_S)

    async def flush(self) -> None:
        """Write what is left, at a stop; gives up at the first failure."""
        try:
            while not self._queue.empty():
                await self._store.commit(self._queue.get_nowait())
        except StorageError as error:
            log.error("not everything was written at the stop: %s", error)
