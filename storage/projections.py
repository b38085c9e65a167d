"""What each kind of record does to the tables: one function a kind, run in the transaction that journals the record.

A function sees only the tables and the envelope, so a replay gives the same tables. Where a record contradicts the history
(an end without a beginning, a message sent twice) it raises `InvalidRecord`, and nothing of its commit is written.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar, cast

from sqlite_utils import Database as Tables

from storage import records as r
from storage.errors import InvalidRecord
from storage.journal import Envelope, replay
from storage.roster import Roster

R = TypeVar("R", bound=r.Record)
_APPLY: dict[str, Callable[[Tables, Envelope, Any], None]] = {}


def _applies(cls: type[R]) -> Callable[[Callable[[Tables, Envelope, R], None]], Callable[[Tables, Envelope, R], None]]:
    def register(function: Callable[[Tables, Envelope, R], None]) -> Callable[[Tables, Envelope, R], None]:
        _APPLY[cls.kind] = function
        return function

    return register


def apply(db: Tables, envelope: Envelope) -> None:
    """Change the tables as the record says. Raises `InvalidRecord`; unknown records change nothing."""
    function = _APPLY.get(envelope.record.kind)
    if function is None:
        return
    try:
        function(db, envelope, envelope.record)
    except (sqlite3.IntegrityError, UnicodeError) as error:
        raise InvalidRecord(f"{envelope.record}: {error}") from error


def rebuild(source: Tables, target: Tables) -> int:
    """Apply the whole journal of `source` to the empty tables of `target`; return the number of records."""
    count = 0
    with target.atomic():
        for count, envelope in enumerate(replay(source), start=1):  # noqa: B007 - the last number is the result
            apply(target, envelope)
    return count


def _one(cursor: sqlite3.Cursor, what: str) -> None:
    if cursor.rowcount == 0:
        raise InvalidRecord(f"{what}: the history knows nothing of it")


# --- the box -----------------------------------------------------------------------------------------------------------


@_applies(r.BoxStarted)
def _box_started(db: Tables, e: Envelope, record: r.BoxStarted) -> None:
    db.execute(
        "insert or replace into box (id, started_wall, started_boot, version, clean, stopped_wall, reason) "
        "values (1, ?, ?, ?, ?, null, '')",
        (e.wall, e.boot, record.version, record.clean),
    )


@_applies(r.BoxStopped)
def _box_stopped(db: Tables, e: Envelope, record: r.BoxStopped) -> None:
    db.execute("update box set stopped_wall = ?, reason = ?", (e.wall, record.reason))


@_applies(r.SettingChanged)
def _setting_changed(db: Tables, e: Envelope, record: r.SettingChanged) -> None:
    db.execute(
        "insert or replace into settings (name, value, changed_by, wall) values (?, ?, ?, ?)",
        (record.name, record.value, record.by, e.wall),
    )


@_applies(r.AlarmRaised)
def _alarm_raised(db: Tables, e: Envelope, record: r.AlarmRaised) -> None:
    db.execute(
        "insert into alarms (key, severity, text, since) values (?, ?, ?, ?) "
        "on conflict (key) do update set severity = excluded.severity, text = excluded.text",
        (record.key, record.severity, record.text, e.wall),
    )


@_applies(r.AlarmCleared)
def _alarm_cleared(db: Tables, e: Envelope, record: r.AlarmCleared) -> None:
    db.execute("delete from alarms where key = ?", (record.key,))


@_applies(r.LineChanged)
def _line_changed(db: Tables, e: Envelope, record: r.LineChanged) -> None:
    db.execute(
        "insert or replace into lines (line, in_service, reason, since) values (?, ?, ?, ?)",
        (record.line, record.in_service, record.reason, e.wall),
    )


# --- roster and credentials ----------------------------------------------------------------------------------------------


@_applies(r.RosterLoaded)
def _roster_loaded(db: Tables, e: Envelope, record: r.RosterLoaded) -> None:
    try:
        teams = Roster.from_json(record.teams).to_json()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidRecord(f"roster.loaded: {type(error).__name__} {error}") from error
    db.execute(
        "insert or replace into roster (id, digest, source, loaded, teams) values (1, ?, ?, ?, ?)",
        (record.digest, record.source, e.wall, json.dumps(teams)),
    )


@_applies(r.PinSet)
def _pin_set(db: Tables, e: Envelope, record: r.PinSet) -> None:
    if not record.hash:
        db.execute('delete from pins where team = ? and "group" = ?', (record.team, record.group))
        return
    db.execute(
        'insert or replace into pins (team, "group", hash, set_by, wall) values (?, ?, ?, ?, ?)',
        (record.team, record.group, record.hash, record.by, e.wall),
    )


@_applies(r.SpokenNameRecorded)
def _spoken_name(db: Tables, e: Envelope, record: r.SpokenNameRecorded) -> None:
    db.execute(
        "insert or replace into spoken_names (team, digest, wall) values (?, ?, ?)",
        (record.team, record.digest, e.wall),
    )


# --- calls ---------------------------------------------------------------------------------------------------------------


@_applies(r.CallStarted)
def _call_started(db: Tables, e: Envelope, record: r.CallStarted) -> None:
    db.execute(
        "insert into calls (id, direction, line, source, target, originator, account, "
        "started_wall, started_mono, started_boot) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.call,
            record.direction,
            record.line,
            record.source,
            record.target,
            record.originator,
            record.account,
            *e.stamp,
        ),
    )


@_applies(r.CallAnswered)
def _call_answered(db: Tables, e: Envelope, record: r.CallAnswered) -> None:
    sql = "update calls set answered_wall = ?, answered_mono = ?, answered_boot = ? where id = ?"
    _one(db.execute(sql, (*e.stamp, record.call)), f"call {record.call}")


@_applies(r.CallEnded)
def _call_ended(db: Tables, e: Envelope, record: r.CallEnded) -> None:
    """A second end of the same call replaces the first: whoever closes calls after a crash knows less, and comes first."""
    sql = (
        "update calls set ended_wall = ?, ended_mono = ?, ended_boot = ?, "
        "outcome = ?, detail = ?, duration_s = ?, talk_s = ? where id = ?"
    )
    values = (*e.stamp, record.outcome, record.detail, record.duration_s, record.talk_s, record.call)
    _one(db.execute(sql, values), f"call {record.call}")


@_applies(r.LoginTried)
def _login_tried(db: Tables, e: Envelope, record: r.LoginTried) -> None:
    db.execute(
        "insert into logins (seq, wall, mono, boot, call, caller, team, ok) values (?, ?, ?, ?, ?, ?, ?, ?)",
        (e.seq, *e.stamp, record.call, record.caller, record.team, record.ok),
    )


# --- messages -----------------------------------------------------------------------------------------------------------


@_applies(r.MessageRecorded)
def _message_recorded(db: Tables, e: Envelope, record: r.MessageRecorded) -> None:
    db.execute(
        "insert into messages (id, team, call, digest, encoding, samples, recorded_at, state) "
        "values (?, ?, ?, ?, ?, ?, ?, 'draft')",
        (record.message, record.team, record.call, record.digest, record.encoding, record.samples, e.wall),
    )


@_applies(r.MessageDiscarded)
def _message_discarded(db: Tables, e: Envelope, record: r.MessageDiscarded) -> None:
    sql = "update messages set state = 'discarded', reason = ? where id = ? and state <> 'sent'"
    _one(db.execute(sql, (record.reason, record.message)), f"draft {record.message}")


@_applies(r.MessageHeard)
def _message_heard(db: Tables, e: Envelope, record: r.MessageHeard) -> None:
    db.execute(
        "insert into heard (message, team, times, seconds, complete, call, wall) values (?, ?, 1, ?, ?, ?, ?) "
        "on conflict (message, team) do update set times = times + 1, seconds = max(seconds, excluded.seconds), "
        "complete = max(complete, excluded.complete), call = excluded.call, wall = excluded.wall",
        (record.message, record.team, record.seconds, record.complete, record.call, e.wall),
    )


# --- campaigns -----------------------------------------------------------------------------------------------------------


@_applies(r.AlertConfirmed)
def _alert_confirmed(db: Tables, e: Envelope, record: r.AlertConfirmed) -> None:
    sql = "update messages set state = 'sent', alert = ?, exercise = ?, sent_at = ? where id = ? and state = 'draft'"
    cursor = db.execute(sql, (record.alert, record.exercise, e.wall, record.message))
    _one(cursor, f"alert {record.alert}: message {record.message} as a draft")
    db.execute(
        "insert into campaigns (alert, message, sender, call, exercise, "
        "confirmed_wall, confirmed_mono, confirmed_boot, all_clear_of) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (record.alert, record.message, record.sender, record.call, record.exercise, *e.stamp, record.all_clear_of),
    )
    db.conn.executemany(
        "insert into targets (alert, position, team, excluded) values (?, ?, ?, ?)",
        [(record.alert, position, t.team, t.excluded) for position, t in enumerate(record.targets)],
    )


@_applies(r.AttemptStarted)
def _attempt_started(db: Tables, e: Envelope, record: r.AttemptStarted) -> None:
    db.execute(
        "insert into attempts (call, team, alerts, number_index, number, line, started_wall, started_mono, started_boot) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.call,
            record.team,
            json.dumps(record.alerts),
            record.number_index,
            record.number,
            record.line,
            *e.stamp,
        ),
    )
    db.conn.executemany(
        "insert into attempt_alerts (alert, call) values (?, ?)", [(alert, record.call) for alert in record.alerts]
    )


@_applies(r.AttemptEnded)
def _attempt_ended(db: Tables, e: Envelope, record: r.AttemptEnded) -> None:
    sql = (
        "update attempts set ended_wall = ?, ended_mono = ?, ended_boot = ?, outcome = ?, counted = ?, detail = ? "
        "where call = ?"
    )
    values = (*e.stamp, record.outcome, record.counted, record.detail, record.call)
    _one(db.execute(sql, values), f"attempt by call {record.call}")


@_applies(r.TeamReached)
def _team_reached(db: Tables, e: Envelope, record: r.TeamReached) -> None:
    """The first time counts; whoever is reached after all is no longer "not reached"."""
    _campaign(db, record.alert)
    db.execute(
        'insert or ignore into reached (alert, team, how, "group", call, wall, mono, boot) values (?, ?, ?, ?, ?, ?, ?, ?)',
        (record.alert, record.team, record.how, record.group, record.call, *e.stamp),
    )
    db.execute("delete from not_reached where alert = ? and team = ?", (record.alert, record.team))


@_applies(r.TeamNotReached)
def _team_not_reached(db: Tables, e: Envelope, record: r.TeamNotReached) -> None:
    _campaign(db, record.alert)
    db.execute(
        "insert or replace into not_reached (alert, team, reason, wall) select ?, ?, ?, ? "
        "where not exists (select 1 from reached where alert = ? and team = ?)",
        (record.alert, record.team, record.reason, e.wall, record.alert, record.team),
    )


@_applies(r.AlertEnded)
def _alert_ended(db: Tables, e: Envelope, record: r.AlertEnded) -> None:
    """The first end counts."""
    _campaign(db, record.alert)
    db.execute(
        "update campaigns set ended = ?, ended_by = ?, ended_wall = ? where alert = ? and ended is null",
        (record.reason, record.by, e.wall, record.alert),
    )


def _campaign(db: Tables, alert: int) -> None:
    if cast(Any, db.execute("select 1 from campaigns where alert = ?", (alert,))).fetchone() is None:
        raise InvalidRecord(f"alert {alert}: the history knows nothing of it")


# --- short messages --------------------------------------------------------------------------------------------------------


@_applies(r.SmsQueued)
def _sms_queued(db: Tables, e: Envelope, record: r.SmsQueued) -> None:
    db.execute(
        "insert into sms (id, purpose, alert, team, number, text, queued_wall, queued_mono, queued_boot, state) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued')",
        (record.sms, record.purpose, record.alert, record.team, record.number, record.text, *e.stamp),
    )


@_applies(r.SmsTried)
def _sms_tried(db: Tables, e: Envelope, record: r.SmsTried) -> None:
    sql = "update sms set state = ?, tries = tries + 1, device = ?, detail = ?, tried_wall = ? where id = ?"
    _one(db.execute(sql, (record.outcome, record.device, record.detail, e.wall, record.sms)), f"sms {record.sms}")


@_applies(r.SmsReported)
def _sms_reported(db: Tables, e: Envelope, record: r.SmsReported) -> None:
    """The last word on each part counts, but nothing takes a delivery back; the message is as its parts are."""
    if record.sms is None:
        return
    row = cast(Any, db.execute("select detail from sms where id = ?", (record.sms,))).fetchone()
    if row is None:
        raise InvalidRecord(f"sms {record.sms}: the history knows nothing of it")
    db.execute(
        "insert into sms_reports (sms, reference, status, outcome, wall) values (?, ?, ?, ?, ?) "
        "on conflict (sms, reference) do update set status = excluded.status, outcome = excluded.outcome, "
        "wall = excluded.wall where sms_reports.outcome <> 'delivered'",
        (record.sms, record.reference, record.status, record.outcome, e.wall),
    )
    told = [row["outcome"] for row in db.query("select outcome from sms_reports where sms = ?", (record.sms,))]
    parts = max(len(told), row[0].count(",") + 1)
    all_there = len(told) == parts and set(told) == {"delivered"}
    delivery = "failed" if "failed" in told else "delivered" if all_there else "trying"
    db.execute("update sms set delivery = ? where id = ?", (delivery, record.sms))


@_applies(r.SmsPartReceived)
def _sms_part_received(db: Tables, e: Envelope, record: r.SmsPartReceived) -> None:
    db.execute(
        "insert or replace into received_parts (device, sender, reference, of, part, text, sent_at, wall, mono, boot) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.device,
            record.sender,
            record.reference,
            record.of,
            record.part,
            record.text,
            record.sent_at,
            *e.stamp,
        ),
    )


@_applies(r.SmsReceived)
def _sms_received(db: Tables, e: Envelope, record: r.SmsReceived) -> None:
    db.execute(
        "insert into received (id, device, sender, text, sent_at, parts, of, wall) values (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.received,
            record.device,
            record.sender,
            record.text,
            record.sent_at,
            record.parts,
            record.of,
            e.wall,
        ),
    )
    if record.reference is not None:
        db.execute(
            "delete from received_parts where device = ? and sender = ? and reference = ? and of = ?",
            (record.device, record.sender, record.reference, record.of),
        )


@_applies(r.SmsDropped)
def _sms_dropped(db: Tables, e: Envelope, record: r.SmsDropped) -> None:
    db.execute(
        "insert into received_dropped (seq, device, count, sender, wall) values (?, ?, ?, ?, ?)",
        (e.seq, record.device, record.count, record.sender, e.wall),
    )
