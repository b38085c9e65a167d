"""The tables, as numbered migrations. A released one is never edited: the next change is the next number.

The journal is the truth. `audio` holds the sounds to which records point by digest. All other tables are projections that
`storage.projections` could make again from the journal.
"""

from __future__ import annotations

from sqlite_utils import Database as Tables
from sqlite_utils import Migrations

APPLICATION_ID = 0x416C6278
"""`PRAGMA application_id`: "Albx"."""

PROJECTIONS = (
    "box", "settings", "alarms", "lines", "roster", "pins", "spoken_names", "calls", "logins", "messages", "heard",
    "campaigns", "targets", "attempts", "attempt_alerts", "reached", "not_reached", "sms", "sms_reports", "received",
    "received_parts", "received_dropped",
)  # fmt: skip
"""Every table that follows from the journal."""

MIGRATIONS = ("0001 the first tables", "0002 received messages and delivery reports")
"""Names in order, as `_sqlite_migrations` keeps them."""

migrations = Migrations("alertbox")


@migrations(name=MIGRATIONS[0])
def first(db: Tables) -> None:
    db.executescript(_FIRST)


@migrations(name=MIGRATIONS[1])
def received(db: Tables) -> None:
    db.executescript(_RECEIVED)


def from_the_future(db: Tables) -> set[str]:
    """Migrations that a newer program has applied to this database."""
    return {applied.name for applied in migrations.applied(db)} - set(MIGRATIONS)


_FIRST = """
create table meta (name text primary key, value text not null) strict, without rowid;

create table journal (
    seq integer primary key, wall real not null, mono real not null, boot text not null, trust text not null,
    kind text not null, v integer not null, body text not null, seal blob not null
) strict;
create trigger journal_keeps_entries before delete on journal
begin select raise(abort, 'the journal is append-only'); end;
create trigger journal_keeps_texts before update on journal
begin select raise(abort, 'the journal is append-only'); end;
create trigger journal_grows_at_its_end before insert on journal
when new.seq <> (select coalesce(max(seq), 0) + 1 from journal)
begin select raise(abort, 'the journal grows at its end only'); end;

create table audio (
    digest text primary key, encoding text not null, caption text not null, samples integer not null,
    stored real not null, data blob not null
) strict;

create table box (
    id integer primary key check (id = 1), started_wall real not null, started_boot text not null, version text not null,
    clean integer not null, stopped_wall real, reason text not null
) strict;
create table settings (name text primary key, value text not null, changed_by text not null, wall real not null)
    strict, without rowid;
create table alarms (
    key text primary key, severity text not null, text text not null, since real not null
) strict, without rowid;
create table lines (
    line text primary key, in_service integer not null, reason text not null, since real not null
) strict, without rowid;

create table roster (
    id integer primary key check (id = 1), digest text not null, source text not null, loaded real not null,
    teams text not null
) strict;
create table pins (
    team text not null, "group" text not null, hash text not null, set_by text not null, wall real not null,
    primary key (team, "group")
) strict, without rowid;
create table spoken_names (team text primary key, digest text not null, wall real not null) strict, without rowid;

create table calls (
    id integer primary key, direction text not null, line text not null, source text, target text,
    originator text not null, account text not null,
    started_wall real not null, started_mono real not null, started_boot text not null,
    answered_wall real, answered_mono real, answered_boot text,
    ended_wall real, ended_mono real, ended_boot text,
    outcome text, detail text not null default '', duration_s real, talk_s real
) strict;
create index calls_unfinished on calls (id) where ended_wall is null;
create table logins (
    seq integer primary key, wall real not null, mono real not null, boot text not null, call integer not null,
    caller text, team text, ok integer not null
) strict;
create index logins_by_time on logins (wall);

create table messages (
    id integer primary key, team text not null, call integer not null, digest text not null, encoding text not null,
    samples integer not null, recorded_at real not null, state text not null, alert integer,
    exercise integer not null default 0, sent_at real, reason text not null default ''
) strict;
create index messages_by_state on messages (state, sent_at);
create table heard (
    message integer not null, team text not null, times integer not null, seconds real not null,
    complete integer not null, call integer not null, wall real not null,
    primary key (message, team)
) strict, without rowid;

create table campaigns (
    alert integer primary key, message integer not null, sender text not null, call integer not null,
    exercise integer not null, confirmed_wall real not null, confirmed_mono real not null, confirmed_boot text not null,
    all_clear_of integer, ended text, ended_by text not null default '', ended_wall real
) strict;
create index campaigns_open on campaigns (alert) where ended is null;
create index campaigns_by_sender on campaigns (sender);
create table targets (
    alert integer not null, position integer not null, team text not null, excluded text not null,
    primary key (alert, position)
) strict, without rowid;
create table attempts (
    call integer primary key, team text not null, alerts text not null, number_index integer not null,
    number text not null, line text not null,
    started_wall real not null, started_mono real not null, started_boot text not null,
    ended_wall real, ended_mono real, ended_boot text,
    outcome text, counted integer not null default 1, detail text not null default ''
) strict;
create table attempt_alerts (
    alert integer not null, call integer not null, primary key (alert, call)
) strict, without rowid;
create table reached (
    alert integer not null, team text not null, how text not null, "group" text not null, call integer not null,
    wall real not null, mono real not null, boot text not null,
    primary key (alert, team)
) strict, without rowid;
create table not_reached (
    alert integer not null, team text not null, reason text not null, wall real not null,
    primary key (alert, team)
) strict, without rowid;

create table sms (
    id integer primary key, purpose text not null, alert integer, team text, number text not null, text text not null,
    queued_wall real not null, queued_mono real not null, queued_boot text not null,
    state text not null, tries integer not null default 0, device text not null default '',
    detail text not null default '', tried_wall real
) strict;
create index sms_pending on sms (id) where state in ('queued', 'failed');
create index sms_by_alert on sms (alert);
"""

_RECEIVED = """
alter table sms add column delivery text not null default '';
create table sms_reports (
    sms integer not null, reference integer not null, status integer not null, outcome text not null, wall real not null,
    primary key (sms, reference)
) strict, without rowid;
create index sms_sent on sms (tried_wall) where state in ('sent', 'unknown');
create table received (
    id integer primary key, device text not null, sender text not null, text text not null, sent_at real,
    parts integer not null, of integer not null, wall real not null
) strict;
create index received_by_time on received (wall);
create table received_parts (
    device text not null, sender text not null, reference integer not null, of integer not null, part integer not null,
    text text not null, sent_at real, wall real not null, mono real not null, boot text not null,
    primary key (device, sender, reference, of, part)
) strict, without rowid;
create table received_dropped (
    seq integer primary key, device text not null, count integer not null, sender text not null, wall real not null
) strict;
"""
