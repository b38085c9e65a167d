"""A call through the simulated exchange, and who may take part in one."""

from __future__ import annotations

import asyncio
import enum
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hal.simulated.causes import Cause

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange


class Phase(enum.Enum):
    """How far a call has come."""

    SETUP = "setup"
    RINGING = "ringing"
    CONNECTED = "connected"
    ENDED = "ended"


class Presence(enum.Enum):
    """What a party is to a call that looks for it."""

    IDLE = "idle"
    BUSY = "busy"
    ABSENT = "absent"
    """Switched off, out of coverage, or nothing that listens to this number."""


class Party(ABC):
    """Whoever can be at one end of a call: a telephone, or a modem on its line."""

    lossy: bool = False
    """What it says may reach the other side with its samples changed a little (eight-bit linear modems)."""
    setup_s: float = 0.5
    """Seconds from the dial command until the other end begins to ring."""

    @abstractmethod
    def presence(self, called_number: str) -> Presence:
        """Whether it can take a call to this number now."""

    def refusal(self) -> Cause | None:
        """Asked once for each call before it rings: the cause with which its exchange turns it away, or None."""
        return None

    @abstractmethod
    def ring(self, circuit: Circuit) -> None:
        """A call begins to ring here. Answer or reject it through the circuit, now or later."""

    def alerting(self, circuit: Circuit) -> None:
        """The call that this party placed rings at the other end."""
        return

    @abstractmethod
    def connected(self, circuit: Circuit) -> None:
        """The call was answered, by either side."""

    @abstractmethod
    def released(self, circuit: Circuit, cause: Cause) -> None:
        """The other side, or the network, has ended the call. Not told to the side that ended it."""

    @abstractmethod
    def speak(self) -> bytes:
        """The next 20 ms towards the other side: 160 bytes of A-law."""

    @abstractmethod
    def hear(self, frame: bytes) -> None:
        """20 ms from the other side: 160 bytes of A-law."""

    def key(self, key: str) -> None:
        """The other side has held a key down for 60 ms. Travels beside the audio, which carries the tone itself."""
        return


@dataclass(frozen=True, slots=True)
class CallLog:
    """What the exchange knows of a call. Times in seconds of the exchange's event loop."""

    caller: str
    called: str
    started: float
    rang: float | None
    answered: float | None
    ended: float | None
    cause: Cause | None
    """Why it ended; None while it is up."""


@dataclass(eq=False)
class Circuit:
    """One call, from the dial command to the release."""

    exchange: Exchange
    caller: Party
    caller_number: str
    """As presented; empty when withheld."""
    called_number: str
    called: Party | None = None
    phase: Phase = Phase.SETUP
    cause: Cause | None = None
    started: float = 0.0
    rang: float | None = None
    answered: float | None = None
    ended: float | None = None
    _timer: asyncio.TimerHandle | None = field(default=None, repr=False)

    def other(self, party: Party) -> Party | None:
        """Who is at the other end."""
        return self.called if party is self.caller else self.caller

    def after(self, seconds: float, step: Callable[[], None] | None) -> None:
        """The exchange's next step in this call, unless it ends first. One at a time."""
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, step) if step else None

    def answer(self) -> None:
        """The called side picks up. Nothing happens when the call no longer rings."""
        if self.phase is Phase.RINGING:
            self.exchange.connect(self)

    def release(self, by: Party | None, cause: Cause = Cause.NORMAL_CLEARING) -> None:
        """End it: by a party, or by the network (None). Harmless when it is over."""
        if self.phase is not Phase.ENDED:
            self.exchange.disconnect(self, by, cause)

    def log(self) -> CallLog:
        return CallLog(
            self.caller_number, self.called_number, self.started, self.rang, self.answered, self.ended, self.cause
        )
