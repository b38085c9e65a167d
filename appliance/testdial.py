"""The test call by which a line proves itself."""

from __future__ import annotations

import logging

from hal.clock import Clock
from hal.errors import CallFailed, HalError
from hal.line import DialRequest, Line
from storage import StorageError, Store
from storage.records import CallAnswered, CallEnded, CallStarted

log = logging.getLogger(__name__)

ORIGINATOR = "test:line"
ACCOUNT = "test"


class ProvingCall:
    """Calls the test number on a line, with a call detail record like any other call."""

    def __init__(self, store: Store, clock: Clock, number: str, ring_limit_s: float) -> None:
        self._store = store
        self._clock = clock
        self._number = number
        self._ring_limit_s = ring_limit_s

    async def __call__(self, line: Line) -> bool:
        """The line has carried the call: the number answered, rang, or was busy."""
        call_id = self._store.new_id("call")
        began = self._clock.monotonic()
        request = DialRequest(self._number, ORIGINATOR, ACCOUNT, call_id, self._ring_limit_s)
        started = CallStarted(call_id, "out", line.name, None, self._number, ORIGINATOR, ACCOUNT)
        try:
            await self._store.commit(started)
        except StorageError as error:
            log.error("no test call on %s: %s", line.name, error)
            return False
        answered: list[CallAnswered] = []
        try:
            async with await line.dial(request):
                answered.append(CallAnswered(call_id))
            carried, outcome, detail = True, "completed", "answered"
        except CallFailed as error:
            carried, outcome, detail = True, "no-answer", f"{type(error).__name__}: {error}"
        except HalError as error:
            carried, outcome, detail = False, "line-fault", f"{type(error).__name__}: {error}"
        ended = CallEnded(call_id, outcome, detail, self._clock.monotonic() - began, 0.0)
        try:
            await self._store.commit(*answered, ended)
        except StorageError as error:
            log.error("the end of test call %d was not written: %s", call_id, error)
        return carried
