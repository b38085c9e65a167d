"""Mistakes that a box could make, to see that the inquest finds each of them. Built into a box by its nursery, never in service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from ivr.dialout import book, resume
from ivr.dialout.attempt import Attempt
from ivr.notices import Notices
from storage import Store
from storage.records import AlertConfirmed, Record, TeamReached


def forget_the_gap() -> None:
    """After a restart everybody is due at once."""
    resume.gap_over = lambda ended, now, gap_s, doubtful=(): now.mono


def forget_cut_off_calls() -> None:
    """What a crash cut off was no call."""

    def progress(attempts: Any, now: Any, gap_s: float, doubtful: Any = ()) -> Any:
        whole = [each for each in attempts if each.outcome != "interrupted"]
        return resume.progress(whole, now, gap_s, doubtful)

    book.progress = progress


def dial_before_writing() -> None:
    """The attempt is written down while it rings already."""
    run = Attempt.run

    async def hasty(self: Attempt) -> Any:
        commit = self._ledger.commit

        async def later(*records: Record) -> bool:
            asyncio.get_running_loop().call_later(3.0, lambda: asyncio.ensure_future(commit(*records)))
            return True

        self._ledger = type("Later", (), {"commit": staticmethod(later)})()
        return await run(self)

    Attempt.run = hasty


def _say_before_writing(kind: type[Record]) -> None:
    """Facts of a kind are taken for durable seconds before they are."""
    commit = Store.commit

    async def hasty(self: Store, *records: Record, **audio: Any) -> Any:
        if not any(isinstance(record, kind) for record in records):
            return await commit(self, *records, **audio)
        loop = asyncio.get_running_loop()
        loop.call_later(8.0, lambda: asyncio.ensure_future(commit(self, *records, **audio)))
        return ()

    Store.commit = hasty


def confirm_before_writing() -> None:
    """ "Your alert is stored" is said before it is."""
    _say_before_writing(AlertConfirmed)


def acknowledge_before_writing() -> None:
    """ "Your acknowledgement is stored" is said before it is."""
    _say_before_writing(TeamReached)


def send_again() -> None:
    """After a restart, messages that were sent are sent again."""

    async def all_of_them(self: Notices) -> None:
        for sms in await self._store.sms.for_alert(1):
            self.queue(_queued(sms))

    Notices._resume = all_of_them


def _queued(sms: Any) -> Any:
    from storage.records import SmsQueued

    return SmsQueued(sms.id, sms.purpose, sms.alert, sms.team, sms.number, sms.text)


SABOTAGES: dict[str, Callable[[], None]] = {
    each.__name__.replace("_", "-"): each
    for each in (
        forget_the_gap,
        forget_cut_off_calls,
        dial_before_writing,
        confirm_before_writing,
        acknowledge_before_writing,
        send_again,
    )
}
"""By name."""
