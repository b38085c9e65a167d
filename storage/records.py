"""Every fact that the box keeps, one frozen dataclass each.

A record is what the journal holds and what changes the tables: `await store.commit(record, ...)` writes the records and
their effects in one transaction, and returns when they are on the card. Nothing else changes a table; a test rebuilds all
tables from the journal and compares. Audio is no part of a record: records hold SHA-256 digests, the audio goes beside
them (`commit(..., audio={digest: sound})`) so that it can expire while history cannot.

Identifiers are small integers from `store.new_id(kind)`. Teams are known by their roster key, a short string. Times are not
fields: the journal's envelope adds sequence number, wall time, boot identity, monotonic time and clock trust to each.
PINs never stand in a record, only Argon2id hashes; what an unknown caller typed is never kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Record:
    """Base of all records. `kind` is the journal's name of the type, `v` its version."""

    kind: ClassVar[str]
    v: ClassVar[int] = 1


# --- the box -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BoxStarted(Record):
    kind = "box.started"
    version: str
    clean: bool
    """The last stop was an orderly one."""


@dataclass(frozen=True, slots=True)
class BoxStopped(Record):
    kind = "box.stopped"
    reason: str


@dataclass(frozen=True, slots=True)
class AlarmRaised(Record):
    """Something needs a person. Raised again with another text it replaces itself; `key` names it: `line.isdn.1`."""

    kind = "alarm.raised"
    key: str
    severity: str
    """`minor`, `major` or `critical` (ITU-T X.733, perceived severity)."""
    text: str


@dataclass(frozen=True, slots=True)
class AlarmCleared(Record):
    kind = "alarm.cleared"
    key: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class LineChanged(Record):
    """A line went into or out of service."""

    kind = "line.changed"
    line: str
    in_service: bool
    reason: str


@dataclass(frozen=True, slots=True)
class SettingChanged(Record):
    """A setting of the running box, for example one that a technician changed. The newest value of a name counts."""

    kind = "setting.changed"
    name: str
    value: str
    by: str


# --- roster and credentials ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RosterLoaded(Record):
    """The whole roster as accepted, without PINs. The newest one counts."""

    kind = "roster.loaded"
    digest: str
    source: str
    teams: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class PinSet(Record):
    kind = "pin.set"
    team: str
    group: str
    """Empty for the team's own PIN (calls in), else the user group of an authorisation PIN (calls out)."""
    hash: str
    """Argon2id, from `store.credentials.hash`; empty takes the PIN away."""
    by: str


@dataclass(frozen=True, slots=True)
class SpokenNameRecorded(Record):
    kind = "team.name-recorded"
    team: str
    digest: str


# --- calls ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallStarted(Record):
    """Committed before the dial command of an outgoing call, and on seizure of an incoming one."""

    kind = "call.started"
    call: int
    direction: str
    """`in` or `out`."""
    line: str
    source: str | None
    target: str | None
    originator: str
    account: str


@dataclass(frozen=True, slots=True)
class CallAnswered(Record):
    kind = "call.answered"
    call: int


@dataclass(frozen=True, slots=True)
class CallEnded(Record):
    kind = "call.ended"
    call: int
    outcome: str
    """`completed`, `busy`, `no-answer`, `rejected`, `abandoned`, `refused`, `line-fault`, `login-failed`, `interrupted`."""
    detail: str
    duration_s: float
    """Seizure to release."""
    talk_s: float
    """Answer to release, 0 if never answered."""


@dataclass(frozen=True, slots=True)
class LoginTried(Record):
    kind = "login.tried"
    call: int
    caller: str | None
    team: str | None
    """The team whose UID was entered, or None for an unknown UID."""
    ok: bool


# --- messages -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MessageRecorded(Record):
    """A draft. It becomes an alert by `AlertConfirmed`, or ends by `MessageDiscarded`."""

    kind = "message.recorded"
    message: int
    team: str
    call: int
    digest: str
    encoding: str
    samples: int


@dataclass(frozen=True, slots=True)
class MessageDiscarded(Record):
    kind = "message.discarded"
    message: int
    reason: str


@dataclass(frozen=True, slots=True)
class MessageHeard(Record):
    """A team listened to a message (calls in and out)."""

    kind = "message.heard"
    message: int
    team: str
    call: int
    seconds: float
    complete: bool


# --- campaigns -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Target:
    """One team of a campaign, in calling order, as it stood in the roster at confirmation."""

    team: str
    excluded: str = ""
    """Empty, or why the team is not called."""


@dataclass(frozen=True, slots=True)
class AlertConfirmed(Record):
    """The sender has pressed the key that sends: from here on the alert cannot be lost."""

    kind = "alert.confirmed"
    alert: int
    message: int
    sender: str
    call: int
    exercise: bool
    targets: list[Target] = field(default_factory=list)
    all_clear_of: int | None = None
    """This alert is the recorded all-clear of an earlier one."""


@dataclass(frozen=True, slots=True)
class AttemptStarted(Record):
    """Committed together with `CallStarted`, before the dial command. An attempt without an end counts as made."""

    kind = "attempt.started"
    call: int
    team: str
    alerts: list[int]
    """The alerts whose calls this is one of."""
    number_index: int
    number: str
    line: str


@dataclass(frozen=True, slots=True)
class AttemptEnded(Record):
    kind = "attempt.ended"
    call: int
    team: str
    alerts: list[int]
    outcome: str
    """`reached`, `busy`, `no-answer`, `rejected`, `unacknowledged`, `wrong-pin`, `declined`, `hung-up`, `line-fault`, `refused`;
    `interrupted` (cut off by a crash, or by a mistake of this program) and `abandoned` (rung off, nobody needed it any more)."""
    counted: bool
    """False where the line was at fault: it is then none of the team's calls."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TeamReached(Record):
    """Committed before the team is told that its acknowledgement was received."""

    kind = "team.reached"
    alert: int
    team: str
    how: str
    """`key`, `pin`, or `playback` (heard to the end on a call in)."""
    group: str
    """User group of the PIN, or empty."""
    call: int


@dataclass(frozen=True, slots=True)
class TeamNotReached(Record):
    kind = "team.not-reached"
    alert: int
    team: str
    reason: str


@dataclass(frozen=True, slots=True)
class AlertEnded(Record):
    kind = "alert.ended"
    alert: int
    reason: str
    """`complete` or `all-clear`."""
    by: str = ""


# --- short messages --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SmsQueued(Record):
    kind = "sms.queued"
    sms: int
    purpose: str
    """`notice`, `result`, `not-reached`, `alarm`."""
    alert: int | None
    team: str | None
    number: str
    text: str


@dataclass(frozen=True, slots=True)
class SmsTried(Record):
    kind = "sms.tried"
    sms: int
    device: str
    outcome: str
    """`sent`, `failed` (will be tried again), `given-up`, `unknown` (never sent again by machine)."""
    detail: str


@dataclass(frozen=True, slots=True)
class SmsReported(Record):
    """The network tells what became of a message that was sent, or of one part of it (3GPP TS 23.040, 9.2.2.3)."""

    kind = "sms.reported"
    sms: int | None
    """None: it fits no message that is known."""
    device: str
    reference: int
    """TP-MR, 0..255."""
    number: str
    outcome: str
    """`delivered`, `trying` or `failed`."""
    status: int
    """TP-ST as it came (9.2.3.15)."""


@dataclass(frozen=True, slots=True)
class SmsReceived(Record):
    """Somebody has sent this box a message. Sender numbers can be forged: it is kept and shown, never obeyed."""

    kind = "sms.received"
    received: int
    device: str
    sender: str
    text: str
    """As received, control characters and all: whoever shows it makes them visible."""
    sent_at: float | None
    """Unix time, by the network's word; None where it gave none."""
    parts: int = 1
    """Parts that came, of `of`."""
    of: int = 1
    reference: int | None = None
    """The reference that the parts of a long message shared. They leave the parts that wait."""


@dataclass(frozen=True, slots=True)
class SmsPartReceived(Record):
    """A part of a long message, kept here until the others have come, or a day has passed."""

    kind = "sms.part-received"
    device: str
    sender: str
    reference: int
    of: int
    part: int
    """From 1."""
    text: str
    sent_at: float | None


@dataclass(frozen=True, slots=True)
class SmsDropped(Record):
    """More messages came in than are kept in a day: so many were deleted unread."""

    kind = "sms.dropped"
    device: str
    count: int
    sender: str
    """Whose was the last of them."""
