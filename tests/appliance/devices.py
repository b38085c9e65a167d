"""A device of paper: what a keeper may meet, without a port."""

from __future__ import annotations

import asyncio

from hal.errors import LineFault, ModemSilent
from hal.line import Capabilities, Device, Direction, Line, LineHealth, LineState, SmsSender


class PaperLine(Line):
    """One line; `calls` is what rings on it."""

    def __init__(self, device, name, direction=Direction.BOTH):
        self.device = device
        self.name = name
        self.direction = direction
        self.capabilities = Capabilities(duplex=True, caller_id=True, called_number=True)
        self.now = LineState.CLOSED
        self.calls = asyncio.Queue()
        self.says = LineHealth(True, "fine")
        self.asked = 0
        self.dead = False

    @property
    def state(self):
        return self.now

    async def incoming(self):
        while True:
            yield await self.calls.get()

    async def dial(self, request):
        raise NotImplementedError

    async def health(self):
        self.asked += 1
        return self.says


class PaperDevice(Device):
    """`opens`: the outcome of each coming `open`, None for success; after them it succeeds. `recovers` likewise."""

    def __init__(self, name="isdn", lines=1, *, opens=(), recovers=(), sms=None):
        self.name = name
        self.lines = tuple(PaperLine(self, f"{name}.{n + 1}") for n in range(lines))
        self.sms = sms
        self.opens = list(opens)
        self.recovers = list(recovers)
        self.history = []
        self._fault = asyncio.Event()

    async def open(self):
        self._come_up("open", self.opens)

    async def recover(self, rung=None):
        self._come_up(rung.name.lower() if rung else "recover", self.recovers)

    def _come_up(self, what, outcomes):
        self.history.append((what, asyncio.get_running_loop().time()))
        self._fault.clear()
        outcome = outcomes.pop(0) if outcomes else None
        if outcome is not None:
            raise outcome
        for line in self.lines:
            line.now = LineState.FAULTED if line.dead else LineState.IDLE
        if any(line.dead for line in self.lines):
            self._fault.set()
            if what != "open" or all(line.dead for line in self.lines):
                raise ModemSilent("no answer to AT")

    async def close(self):
        self.history.append(("close", asyncio.get_running_loop().time()))
        for line in self.lines:
            line.now = LineState.CLOSED

    @property
    def fault(self):
        return self._fault

    def breaks(self):
        """It notices that it no longer works."""
        for line in self.lines:
            line.now = LineState.FAULTED
        self._fault.set()


class PaperSms(SmsSender):
    async def send_sms(self, number, text, *, originator):
        return "1"


DEAD = ModemSilent("no answer to AT")
GONE = LineFault("the port is gone")
