"""Short messages: a queue that survives a restart, sent one at a time, and never in the way of calls.

A message that the network refused is tried again later, on another device first where there is one. One of which nobody
knows whether it went out is never sent again by machine. One that the box was sending when it was killed is sent again: a
notice twice is better than none.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hal.clock import Clock
from hal.errors import HalError, Refused, SmsUnknown
from hal.line import Device
from ivr.dialout.ledger import Ledger
from ivr.trunks import Trunks
from storage import Store
from storage.errors import StorageError
from storage.journal import Envelope
from storage.records import AlarmRaised, SmsQueued, SmsTried
from storage.roster import Team

log = logging.getLogger(__name__)

NOTICE = "eCSIRT.net alert function - a new voice-mail was received."
"""What each team with a mobile number is sent when an alert starts."""
TRIES = 8
"""Tries to send a message before it is given up."""
FIRST_RETRY_S = 15.0
LONGEST_RETRY_S = 900.0
LONGEST_SEND_S = 180.0
"""Seconds after which a device that does not return from sending is taken for one that may have sent."""
ALARM_AGAIN_S = 3600.0
"""Least seconds between two messages about the same alarm."""
_FIRST = ("not-reached", "alarm", "result", "notice")
"""Purposes in the order of sending."""


@dataclass(slots=True)
class _Waiting:
    """A message on its way."""

    sms: int
    purpose: str
    number: str
    text: str
    tries: int = 0
    due: float = 0.0
    failed_on: str = ""
    in_hand: bool = False


class Notices:
    """The queue and what sends it. `run` it beside the dial-out loop."""

    def __init__(
        self,
        store: Store,
        senders: Iterable[Device],
        trunks: Trunks,
        clock: Clock,
        *,
        management: str = "",
        texts: Mapping[str, str] | None = None,
    ) -> None:
        self.management = management
        """Number that gets results, teams not reached and critical alarms; empty for nobody."""
        self.texts = dict(texts or {})
        """Text of the notice by language; the empty language is the default."""
        self.ledger = Ledger(store)
        self._store = store
        self._devices: dict[str, Device] = {}
        self._trunks = trunks
        self._clock = clock
        self._waiting: dict[int, _Waiting] = {}
        self._known: set[int] = set()
        self._alarmed: dict[str, float] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._changed = asyncio.Event()
        for device in senders:
            self.add(device)
        store.subscribe(self._on_envelope)

    # --- devices

    def add(self, device: Device) -> None:
        """A device that can send has come up. Those without SMS are ignored."""
        if device.sms is None:
            return
        self._devices[device.name] = device
        self._start(device)
        self._notify()

    def remove(self, device: Device) -> None:
        """It has gone; a message that it has in hand may still be ending."""
        self._devices.pop(device.name, None)
        self._notify()

    @property
    def waiting(self) -> int:
        """Messages neither sent nor given up."""
        return len(self._waiting)

    # --- what is to be sent

    def compose(
        self, purpose: str, number: str, text: str, *, alert: int | None = None, team: str | None = None
    ) -> SmsQueued:
        """A message as a record; commit it with what it tells of, then `queue` it."""
        return SmsQueued(self._store.new_id("sms"), purpose, alert, team, number, text)

    def announcements(self, alert: int, teams: Iterable[Team], told: Iterable[str | None] = ()) -> list[SmsQueued]:
        """The notice to each team that has a mobile number and is not among the `told`."""
        done = set(told)
        return [
            self.compose("notice", team.mobile, self.notice_text(team.language), alert=alert, team=team.key)
            for team in teams
            if team.mobile and team.key not in done
        ]

    def notice_text(self, language: str) -> str:
        """The notice in that language, where there is one."""
        return self.texts.get(language) or self.texts.get("") or NOTICE

    def queue(self, *records: SmsQueued) -> None:
        """Send these. What is known already is ignored, so that it does no harm to come here twice."""
        for record in records:
            if record.sms not in self._known:
                self._known.add(record.sms)
                self._waiting[record.sms] = _Waiting(record.sms, record.purpose, record.number, record.text)
        self._notify()

    def _on_envelope(self, envelope: Envelope) -> None:
        match envelope.record:
            case SmsQueued() as record:
                self.queue(record)
            case AlarmRaised(key=key, severity="critical", text=text):
                self.tell_management(key, text)
            case _:
                pass

    def tell_management(self, key: str, text: str) -> None:
        """An alarm for the management number, not more than once an hour for each key; stored if it can be."""
        now = self._clock.monotonic()
        if not self.management or now - self._alarmed.get(key, -ALARM_AGAIN_S) < ALARM_AGAIN_S:
            return
        self._alarmed[key] = now
        record = self.compose("alarm", self.management, f"Alert box: {text}")
        if self._tasks is None:
            self.queue(record)
        else:
            self._tasks.create_task(self._store_and_queue(record))

    async def _store_and_queue(self, record: SmsQueued) -> None:
        """In this order: the outcome of a message that the history does not know of could not be kept."""
        await self.ledger.commit(record)
        self.queue(record)

    # --- sending

    async def run(self) -> None:
        """Send, for ever. Takes up what a stop or a crash has left."""
        await self._resume()
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                tasks.create_task(self.ledger.run())
                for device in list(self._devices.values()):
                    self._start(device)
        finally:
            self._tasks = None

    async def _resume(self) -> None:
        try:
            pending = await self._store.sms.pending()
        except StorageError as error:
            log.error("messages that were waiting cannot be read: %s", error)
            return
        for sms in pending:
            if sms.id not in self._known:
                self._known.add(sms.id)
                self._waiting[sms.id] = _Waiting(sms.id, sms.purpose, sms.number, sms.text, sms.tries)

    def _start(self, device: Device) -> None:
        worker = self._workers.get(device.name)
        if self._tasks is not None and (worker is None or worker.done()):
            self._workers[device.name] = self._tasks.create_task(self._work(device), name=f"sms {device.name}")

    def _notify(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _work(self, device: Device) -> None:
        """One device: one message after the other, each in a slot of its own between the calls."""
        while self._devices.get(device.name) is device:
            changed = self._changed
            if self._next(device) is None:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._pause(device)):
                        await changed.wait()
                continue
            try:
                async with self._trunks.sms_slot(device):
                    message = self._next(device)
                    if message is not None:
                        await self._send(device, message)
            except Exception:
                log.exception("sending over %s", device.name)
                await asyncio.sleep(FIRST_RETRY_S)
        del self._workers[device.name]
        if device.name in self._devices:  # it was reopened as another object meanwhile
            self._start(self._devices[device.name])

    def _next(self, device: Device) -> _Waiting | None:
        now = self._clock.monotonic()
        ready = [m for m in self._waiting.values() if not m.in_hand and self._due(m, device) <= now]
        return min(ready, key=lambda m: (_FIRST.index(m.purpose) if m.purpose in _FIRST else 0, m.sms), default=None)

    def _due(self, message: _Waiting, device: Device) -> float:
        """When this device may try it: another device goes before the one that failed."""
        if message.failed_on == device.name and len(self._devices) > 1:
            return message.due + FIRST_RETRY_S * 2
        return message.due

    def _pause(self, device: Device) -> float | None:
        now = self._clock.monotonic()
        return min(
            (max(0.01, self._due(m, device) - now) for m in self._waiting.values() if not m.in_hand), default=None
        )

    async def _send(self, device: Device, message: _Waiting) -> None:
        assert device.sms is not None
        message.in_hand = True
        outcome, detail = "failed", ""
        try:
            async with asyncio.timeout(LONGEST_SEND_S):
                detail = await device.sms.send_sms(message.number, message.text, originator=f"notices:{message.sms}")
            outcome = "sent"
        except SmsUnknown as error:
            outcome, detail = "unknown", str(error) or "no answer"
        except Refused as error:
            outcome, detail = "given-up", str(error)
        except HalError as error:
            detail = str(error) or type(error).__name__
        except TimeoutError:
            outcome, detail = "unknown", f"no answer in {LONGEST_SEND_S:.0f} s"
        finally:
            message.in_hand = False
        await self._note(device, message, outcome, detail)

    async def _note(self, device: Device, message: _Waiting, outcome: str, detail: str) -> None:
        message.tries += 1
        if outcome == "failed" and message.tries >= TRIES:
            outcome = "given-up"
        if outcome == "failed":
            message.failed_on = device.name
            pause = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** (message.tries - 1))
            message.due = self._clock.monotonic() + pause
        else:
            del self._waiting[message.sms]
        tried = SmsTried(message.sms, device.name, outcome, detail)
        if outcome in ("given-up", "unknown"):
            text = f"message {message.sms} ({message.purpose}) to {message.number}: {outcome}, {detail}"
            log.error("%s", text)
            await self.ledger.commit(tried, AlarmRaised("sms.undelivered", "minor", text))
        else:
            await self.ledger.commit(tried)
        self._notify()


def result_text(
    alert: int, exercise: bool, reached: int, asked: int, missing: Sequence[str], ended: str, head: str
) -> str:
    """How an alert ended, for sender and management: short, with the head of the journal as its anchor outside the box."""
    kind = "Exercise" if exercise else "Alert"
    how = "ended early by all-clear" if ended == "all-clear" else "ended"
    shown = ", ".join(missing[:10]) + (f" and {len(missing) - 10} more" if len(missing) > 10 else "")
    lost = f" Not reached: {shown}." if missing else ""
    return f"{kind} {alert} {how}: {reached} of {asked} teams reached.{lost} Journal {head[:16]}"
