"""The face of the house: devices, lines, calls, SMS, and the gate that every dialled digit passes.

A `Device` is one modem (its ports, its SIM, its recovery). It owns `Line`s, one bearer each: one call at a time. A `Call`
is the same thing to a conversation whatever modem carries it, whether the line is full or half duplex.

Life of a line: CLOSED -> `open()` -> IDLE -> DIALLING or RINGING -> IN_CALL -> IDLE ...; FAULTED when the device says so.
"""

from __future__ import annotations

import asyncio
import enum
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from hal.audio.sound import Sound
from hal.errors import LineFault
from hal.recovery import Rung

ALL_KEYS = frozenset("0123456789*#ABCD")
"""The sixteen DTMF keys (ITU-T Q.23)."""

DIALLABLE = re.compile(r"\+?[0-9*#]{1,32}\Z")
"""What may reach a modem as a number: an optional plus, then digits, star, hash. Nothing else, ever: a comma, semicolon
or letter in a dial string is a command to the modem (3GPP TS 27.007, 6.2)."""


class Direction(enum.Enum):
    """Which calls a line may carry."""

    IN = "in"
    OUT = "out"
    BOTH = "both"

    @property
    def takes_calls(self) -> bool:
        return self is not Direction.OUT

    @property
    def may_dial(self) -> bool:
        return self is not Direction.IN


class LineState(enum.Enum):
    """Where a line is in its life."""

    CLOSED = "closed"
    IDLE = "idle"
    DIALLING = "dialling"
    RINGING = "ringing"
    IN_CALL = "in call"
    FAULTED = "faulted"


@dataclass(frozen=True, slots=True)
class DialRequest:
    """Everything that the gate, the driver and the call detail record need to know of an outgoing call."""

    number: str
    """As it goes to the modem; must match `DIALLABLE`."""
    originator: str
    """Who wants this call, for example `campaign:17` or `technician:anna`."""
    account: str
    """What it is for: `alert`, `referral`, `test`, ... (the account code of the call detail record)."""
    call_id: int = 0
    """The call detail record it belongs to."""
    ring_limit_s: float = 45.0
    """Seconds of ringing after which it is given up as unanswered."""


class DialGate(Protocol):
    """Asked before every call and every message. Raises `hal.errors.Refused`, or returns."""

    async def allow_call(self, request: DialRequest, line: str) -> None: ...

    async def allow_sms(self, number: str, originator: str, device: str) -> None: ...


@dataclass(frozen=True, slots=True)
class LineHealth:
    """The result of a real round trip to the modem."""

    ok: bool
    detail: str
    """One sentence for a technician."""
    registered: bool | None = None
    """Radio lines: has a network that carries voice. None on wired lines."""
    signal_dbm: float | None = None
    """Radio lines: received signal strength, -113..-51 (3GPP TS 27.007 +CSQ)."""
    facts: dict[str, str] = field(default_factory=dict)
    """Manufacturer, model, firmware and the like."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a line can do."""

    duplex: bool
    """Plays and listens at the same time."""
    caller_id: bool
    called_number: bool


class RecordingEnd(enum.Enum):
    """Why a recording ended."""

    KEY = "key"
    LIMIT = "limit"
    HANG_UP = "hang-up"


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording exactly as the line delivered it."""

    sound: Sound
    ended_by: RecordingEnd
    key: str = ""
    """The key that stopped it, if one did."""
    tone_at: int | None = None
    """The sample, to 0.1 s, from which on it holds the tone that the exchange gives after a hang-up; None where none was heard."""


@dataclass(frozen=True, slots=True)
class Played:
    """How far a `Call.play` came."""

    samples: int
    """Samples (8 kHz) that the far end has been sent, over all the sounds of the call to `play`."""
    complete: bool
    key: str = ""
    """The key that interrupted it. It stays in the key queue: `Call.key()` returns it next."""


class Call(ABC):
    """One call that is up. Every method raises `HungUp` once the other side has gone, except `record`.

    Only one of `play`, `record`, `send_keys` runs at a time; a second one at once is a RuntimeError. Keys are queued from
    the moment of answer. `async with call:` hangs up at the end whatever happens.
    """

    line: Line
    caller: str | None
    """Source number as presented by the network (incoming calls), or None."""
    called: str | None
    """Called number as presented (ISDN) or dialled."""
    fault: LineFault | None = None
    """What the line did, where that ended the call: nobody has hung up."""

    @property
    @abstractmethod
    def hung_up(self) -> bool:
        """The call is over, whoever ended it."""

    @abstractmethod
    async def wait_hung_up(self) -> None:
        """Returns when the call is over."""

    @abstractmethod
    async def play(self, *sounds: Sound, interrupt: Collection[str] = ALL_KEYS) -> Played:
        """Play sounds without a gap; return when the last sample has been heard, or a key of `interrupt` comes.

        A key of `interrupt` that is in the queue already stops it before the first sample. Keys not in `interrupt` are
        queued and do not stop it. What the modem still buffers when a key comes is discarded.
        """

    @abstractmethod
    async def record(self, *, limit_s: float, stop_on: Collection[str] = ALL_KEYS) -> Recording:
        """Record what the other side says, as received, until a key of `stop_on`, `limit_s` seconds or a hang-up.

        Never raises `HungUp`: a recording that a hang-up cut short is returned like any other (`RecordingEnd.HANG_UP`).
        The sound of the stopping key may be at its end; it is part of what was received. The stopping key has done its
        work and leaves the queue; one that is queued already stops it before the first sample.
        """

    @abstractmethod
    async def key(self, timeout: float) -> str | None:
        """The next key, or None after `timeout` seconds of silence on the keypad.

        Keys that were pressed before a hang-up are still delivered; `HungUp` comes when there are none left.
        """

    @abstractmethod
    def flush_keys(self) -> None:
        """Forget the keys that are queued."""

    @abstractmethod
    async def send_keys(self, keys: str) -> None:
        """Press keys towards the other side: DTMF, with `,` as a pause of one second. ValueError on anything else."""

    @abstractmethod
    async def hang_up(self) -> None:
        """End the call. Never raises; more than once is harmless."""

    async def __aenter__(self) -> Call:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.hang_up()


class IncomingCall(ABC):
    """A call that rings."""

    line: Line
    caller: str | None
    called: str | None

    @abstractmethod
    async def answer(self) -> Call:
        """Take the call. Raises `HungUp` where the caller has given up, a `LineFault` where the modem cannot."""

    @abstractmethod
    async def reject(self) -> None:
        """Refuse it, or, where the line cannot refuse, let it ring out. Never raises."""


class Line(ABC):
    """One bearer: one call at a time."""

    name: str
    """Unique in the box, as configured: `isdn.1`."""
    device: Device
    direction: Direction
    capabilities: Capabilities
    trouble: str = ""
    """Why it was out of order the last time, in one sentence."""
    carried: int = 0
    """Calls that have come about since the program started."""

    @property
    @abstractmethod
    def state(self) -> LineState: ...

    @abstractmethod
    def incoming(self) -> AsyncIterator[IncomingCall]:
        """Calls as they begin to ring, each once. Ends when the line is closed. One consumer a line."""

    @abstractmethod
    async def dial(self, request: DialRequest) -> Call:
        """Ask the gate, dial, and return the call when the other side has answered.

        Raises `Refused` (nothing was sent), a `CallFailed` (theirs), a `LineFault` (ours; `Glare` where a call came in at
        that moment). Cancelling it releases the line. No gate configured means `Refused`.
        """

    @abstractmethod
    async def health(self) -> LineHealth:
        """A real round trip to the modem, within 10 s. Never raises. While a call is up: what is known without one."""


@dataclass(frozen=True, slots=True)
class SmsPart:
    """Which part of which long message this is (3GPP TS 23.040, 9.2.3.24.1)."""

    reference: int
    """0..65535; the sender's, who may use it again for the next long message."""
    total: int
    number: int
    """From 1."""


@dataclass(frozen=True, slots=True)
class IncomingSms:
    """A message that somebody has sent to this box. It proves nothing about who sent it, and is never a command."""

    sender: str
    """A number, or a name that the network put there; empty where neither can be read."""
    text: str
    """As it came, control characters and all."""
    sent_at: datetime | None = None
    """The network's time, with its offset; None where it gave none."""
    part: SmsPart | None = None
    """Set where the text is a part of a longer one."""


class Delivery(enum.Enum):
    """What became of a message that was sent (TP-ST, 3GPP TS 23.040, 9.2.3.15)."""

    DELIVERED = "delivered"
    TRYING = "trying"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What the network says about a message, or a part of one, that this box has sent."""

    reference: int
    """As `SmsSender.send_sms` returned it, 0..255; it wraps, and begins again with the modem."""
    number: str
    delivery: Delivery
    status: int
    """TP-ST as it came."""
    sent_at: datetime | None = None
    """When the network took the message, by its own time."""


class SmsReceiver(Protocol):
    """Who takes what comes in."""

    async def received(self, device: str, sms: IncomingSms) -> None:
        """A message. When it returns, the message is safe and the modem's copy is deleted; when it raises, the copy is kept and
        offered again."""

    async def reported(self, device: str, report: DeliveryReport) -> None:
        """A delivery report; likewise."""

    def store_full(self, device: str, full: bool) -> None:
        """The SIM, or the modem, has no room for further messages (True), or room again. More than once is harmless."""


class SmsSender(ABC):
    """A device that sends short messages, and receives them."""

    receiver: SmsReceiver | None = None
    """Gets what comes in. Without one it stays where it is."""

    @abstractmethod
    async def send_sms(self, number: str, text: str, *, originator: str) -> str:
        """Send a message; return the network's reference(s), for example `42` or `42,43` for a message in parts.

        Raises `Refused`, `SmsFailed` (certainly not sent), `SmsUnknown` (perhaps sent), or a `LineFault`.
        """


class Device(ABC):
    """One modem: its ports, its SIM, its recovery."""

    name: str
    lines: tuple[Line, ...]
    sms: SmsSender | None
    on_time: Callable[[datetime], None] | None = None
    """Gets the time of day that the radio network tells, now and then. It can be forged: a hint, never the truth."""

    @abstractmethod
    async def open(self) -> None:
        """Open the ports and initialise. Raises a `LineFault`; may be called again after that."""

    @abstractmethod
    async def close(self) -> None:
        """End calls, release ports. Never raises; more than once is harmless."""

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The rungs of the recovery ladder that are the driver's own."""
        return (Rung.INIT, Rung.REOPEN)

    @abstractmethod
    async def recover(self, rung: Rung | None = None) -> None:
        """Bring a device that has gone wrong back by one rung of `rungs`, or by all of them from the bottom up.

        Lines that are well are left alone as far as the rung can. Raises a `LineFault` if it stays dead.
        """

    @property
    @abstractmethod
    def fault(self) -> asyncio.Event:
        """Set when the device has noticed that it no longer works (unplugged, silent); cleared by `open` and `recover`."""
