"""Short messages that come in, and what the network reports of those that went out: stored, counted, never obeyed.

A sender's number can be forged, so a message changes nothing but the list that a technician sees. A flood of them fills neither
the card nor the SIM: beyond `A_DAY` they are counted and deleted unread.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import re
from collections import deque
from dataclasses import dataclass

from hal.clock import Clock
from hal.line import DeliveryReport, IncomingSms, SmsPart
from ivr.dialout.ledger import Ledger
from storage import Store
from storage.errors import StorageError
from storage.journal import Envelope, Stamp
from storage.records import (
    AlarmCleared,
    AlarmRaised,
    SmsDropped,
    SmsPartReceived,
    SmsReceived,
    SmsReported,
    SmsTried,
)
from storage.sms import Sms

log = logging.getLogger(__name__)

A_DAY = 300
"""Messages and parts that are kept in 24 hours: some 200 KB of journal."""
DAY_S = 24 * 3600.0
PARTS_S = DAY_S
"""Seconds after which a long message is delivered with what has come of it."""
LOOK_S = 600.0
"""Seconds between two looks for long messages that have waited too long."""
REPORTS_S = 4 * DAY_S
"""Seconds for which a report may come: the validity of three days, and one for the report."""
EARLY_S = 120.0
"""Seconds that a report waits for the message that it belongs to: it may come before the sending has been written down."""
EARLY_AGAIN_S = 5.0
UNKNOWN_S = 600.0
"""Seconds between a message of unknown outcome and the network's time of a report that can only be its."""
WORDS = 40
"""Reports of a message beyond which only new ones are written down: a report costs its forger nothing, and us a record."""
FULL_AGAIN_S = 600.0
"""Seconds for which an alarm of a full store that was cleared is not raised again: a store that is full and not full all the time
must not fill the journal."""
ONE_PART = 70
"""Characters that fit into one message whatever they are (3GPP TS 23.038, UCS-2)."""


@dataclass(slots=True)
class _Long:
    """A long message that is not complete."""

    device: str
    sender: str
    total: int
    reference: int
    first: Stamp
    parts: dict[int, str]
    sent_at: float | None


class SmsInbox:
    """Give it to every device that can send (`SmsSender.receiver`), and `run` it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.ledger = Ledger(store)
        self._store = store
        self._clock = clock
        self._lock = asyncio.Lock()
        self._long: dict[tuple[str, str, int, int], _Long] = {}
        self._complete: deque[tuple[tuple[str, str, int, int], int, str]] = deque(maxlen=64)
        """Parts of messages that were completed lately: networks send some twice."""
        self._stored: deque[float] = deque()
        """When the last ones were stored, by the monotonic clock."""
        self._dropped: dict[str, tuple[int, str]] = {}
        self._dropped_at = -DAY_S
        self._early: list[tuple[float, str, DeliveryReport]] = []
        self._said: dict[int, list[tuple[int, int]]] = {}
        """Of each message that was sent: what was reported of which part since this program started."""
        self._full: set[str] = set()
        self._full_at: dict[str, float] = {}
        """When the alarm of each device was raised."""
        self._alarms: set[asyncio.Task[bool]] = set()
        self._known = False
        self._sent = asyncio.Event()
        store.subscribe(self._on_envelope)

    # --- what devices tell

    async def received(self, device: str, sms: IncomingSms) -> None:
        """Store it. Raises `StorageError`: the device keeps its copy."""
        async with self._lock:
            await self._begin()
            if not self._room():
                await self._drop(device, sms.sender)
            elif sms.part:
                await self._take_part(device, sms, sms.part)
            else:
                id_ = self._store.new_id("received")
                await self._store.commit(SmsReceived(id_, device, sms.sender, sms.text, _unix(sms.sent_at)))
                log.info("message %d from %s over %s is stored", id_, sms.sender, device)

    async def reported(self, device: str, report: DeliveryReport) -> None:
        """Find the message it speaks of, and write it down. Raises `StorageError`."""
        async with self._lock:
            if not await self._match(device, report) and len(self._early) < A_DAY:
                self._early.append((self._clock.monotonic(), device, report))
                self._sent.set()

    def store_full(self, device: str, full: bool) -> None:
        """Raise or clear the alarm."""
        now = self._clock.monotonic()
        if full == (device in self._full) or (full and now - self._full_at.get(device, -FULL_AGAIN_S) < FULL_AGAIN_S):
            return
        key = f"sms.store.{device}"
        if full:
            self._full.add(device)
            self._full_at[device] = now
            text = f"{device}: the SIM has no room for further messages; the box is emptying it"
            record: AlarmRaised | AlarmCleared = AlarmRaised(key, "minor", text)
        else:
            self._full.discard(device)
            record = AlarmCleared(key, "there is room for messages again")
        task = asyncio.get_running_loop().create_task(self.ledger.commit(record))
        self._alarms.add(task)
        task.add_done_callback(self._alarms.discard)

    # --- for ever

    async def run(self) -> None:
        """Deliver what stays incomplete, find the messages of early reports, and tell of a flood."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.ledger.run())
            tasks.create_task(self._expire())
            tasks.create_task(self._await_messages())

    async def _expire(self) -> None:
        while True:
            try:
                async with self._lock:
                    await self._begin()
                    for long in [each for each in self._long.values() if self._age(each.first) >= PARTS_S]:
                        await self._deliver(long)
                    await self._tell_of_dropped()
            except StorageError as error:
                log.warning("received messages: %s", error)
            await asyncio.sleep(LOOK_S)

    async def _await_messages(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EARLY_AGAIN_S if self._early else None):
                    await self._sent.wait()
            self._sent.clear()
            async with self._lock:
                try:
                    await self._look_again()
                except StorageError as error:
                    log.warning("delivery reports: %s", error)

    async def _look_again(self) -> None:
        for each in list(self._early):
            since, device, report = each
            if not await self._match(device, report):
                if self._clock.monotonic() - since < EARLY_S:
                    continue
                if self._room():
                    await self._store.commit(_reported(None, device, report))
            self._early.remove(each)

    def _on_envelope(self, envelope: Envelope) -> None:
        if isinstance(envelope.record, SmsTried) and self._early:
            self._sent.set()

    # --- long messages

    async def _begin(self) -> None:
        """What the run before has left. Raises `StorageError`."""
        if self._known:
            return
        for part in await self._store.sms.waiting_parts():
            long = self._long.setdefault(
                (part.device, part.sender, part.reference, part.of),
                _Long(part.device, part.sender, part.of, part.reference, part.stored, {}, part.sent_at),
            )
            long.parts[part.part] = part.text
        now = self._clock.monotonic()
        recent = await self._store.sms.received_since(self._clock.wall() - DAY_S)
        self._stored.extend([now] * min(recent, A_DAY))
        self._known = True

    async def _take_part(self, device: str, sms: IncomingSms, part: SmsPart) -> None:
        key = (device, sms.sender, part.reference, part.total)
        if (key, part.number, sms.text) in self._complete:
            return
        long = self._long.get(key)
        if long and part.number in long.parts:
            if long.parts[part.number] == sms.text:
                return  # sent twice
            await self._deliver(long)  # the sender's reference has come round
            long = None
        parts = {**long.parts, part.number: sms.text} if long else {part.number: sms.text}
        sent_at = long.sent_at if long and long.sent_at is not None else _unix(sms.sent_at)
        first = long.first if long else Stamp(self._clock.wall(), self._clock.monotonic(), self._clock.boot_id)
        grown = _Long(device, sms.sender, part.total, part.reference, first, parts, sent_at)
        if len(parts) == part.total:
            await self._deliver(grown)
            return
        record = SmsPartReceived(
            device, sms.sender, part.reference, part.total, part.number, sms.text, _unix(sms.sent_at)
        )
        await self._store.commit(record)
        self._long[key] = grown

    async def _deliver(self, long: _Long) -> None:
        """Put it together as far as it has come; its parts leave the table in the same commit."""
        text = "".join(long.parts[number] for number in sorted(long.parts))
        id_ = self._store.new_id("received")
        await self._store.commit(
            SmsReceived(id_, long.device, long.sender, text, long.sent_at, len(long.parts), long.total, long.reference)
        )
        key = (long.device, long.sender, long.reference, long.total)
        self._long.pop(key, None)
        self._complete.extend((key, number, part) for number, part in long.parts.items())
        log.info("message %d from %s: %d of %d parts", id_, long.sender, len(long.parts), long.total)

    def _age(self, stamp: Stamp) -> float:
        if stamp.boot == self._clock.boot_id:
            return self._clock.monotonic() - stamp.mono
        return self._clock.wall() - stamp.wall

    # --- floods

    def _room(self) -> bool:
        """Whether one more may be stored today; it then counts."""
        now = self._clock.monotonic()
        while self._stored and now - self._stored[0] >= DAY_S:
            self._stored.popleft()
        if len(self._stored) >= A_DAY:
            return False
        self._stored.append(now)
        return True

    async def _drop(self, device: str, sender: str) -> None:
        count, _ = self._dropped.get(device, (0, ""))
        self._dropped[device] = (count + 1, sender)
        if self._clock.monotonic() - self._dropped_at >= DAY_S:
            await self._tell_of_dropped()

    async def _tell_of_dropped(self) -> None:
        for device, (count, sender) in list(self._dropped.items()):
            text = f"{device}: more than {A_DAY} messages in a day; {count} were deleted unread, the last from {sender}"
            await self._store.commit(SmsDropped(device, count, sender), AlarmRaised("sms.flood", "major", text))
            del self._dropped[device]
            self._dropped_at = self._clock.monotonic()

    # --- delivery reports

    async def _match(self, device: str, report: DeliveryReport) -> bool:
        sent_at = _unix(report.sent_at)
        recent = await self._store.sms.reportable(self._clock.wall() - REPORTS_S)
        found = message_of(device, report, recent, sent_at)
        if found is None:
            return False
        said = self._said.setdefault(found.id, [])
        word = report.reference, report.status
        again = next((each == word for each in reversed(said) if each[0] == word[0]), False)
        if again or (len(said) >= WORDS and word in said):
            return True
        await self._store.commit(_reported(found.id, device, report))
        said.append(word)
        log.info("message %d to %s: %s", found.id, found.number, report.delivery.value)
        return True


def message_of(device: str, report: DeliveryReport, messages: list[Sms], sent_at: float | None) -> Sms | None:
    """The message that a report speaks of, among those handed to the network (oldest first).

    References wrap at 256 and begin again with the modem, so several may have the same: the one whose sending was nearest to the
    network's time of it, or without that the newest. A message of unknown outcome has no reference; a report for its number and
    its time can only be its. Pure.
    """
    same = [sms for sms in messages if sms.device == device and same_number(sms.number, report.number)]
    by_reference = [sms for sms in same if report.reference in sms.references]
    if by_reference:
        return min(reversed(by_reference), key=lambda sms: _distance(sms, sent_at))
    lost = [sms for sms in same if sms.state == "unknown" and len(sms.text) <= ONE_PART and sent_at is not None]
    near = [sms for sms in lost if _distance(sms, sent_at) <= UNKNOWN_S]
    return min(near, key=lambda sms: _distance(sms, sent_at), default=None)


def _distance(sms: Sms, sent_at: float | None) -> float:
    return abs((sms.tried_at or 0.0) - sent_at) if sent_at is not None else 0.0


def same_number(one: str, other: str) -> bool:
    """Whether two ways of writing a number mean the same telephone: `0151999111` as dialled is `+49151999111` to the network."""
    digits = [re.sub(r"\D", "", number).lstrip("0") for number in (one, other)]
    short, long = sorted(digits, key=len)
    return short == long or (len(short) >= 6 and long.endswith(short))


def _reported(sms: int | None, device: str, report: DeliveryReport) -> SmsReported:
    return SmsReported(sms, device, report.reference, report.number, report.delivery.value, report.status)


def _unix(moment: dt.datetime | None) -> float | None:
    return moment.timestamp() if moment else None
