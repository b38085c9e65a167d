"""Sounds, kept by the digest of what was received."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sqlite_utils import Database as Tables

from hal.audio.sound import Encoding, Sound
from storage.errors import InvalidRecord, StorageError


def digest(sound: Sound) -> str:
    """SHA-256 (hex) over encoding name, a zero byte, data: the name of a sound in records."""
    return hashlib.sha256(sound.encoding.value.encode() + b"\0" + sound.data).hexdigest()


def save(db: Tables, sounds: Mapping[str, Sound], wall: float) -> None:
    """Keep sounds under their digests (writer thread, inside a transaction). Raises `InvalidRecord` on a wrong digest."""
    for name, sound in sounds.items():
        if digest(sound) != name:
            raise InvalidRecord(f"audio {name[:16]}: the sound has another digest")
        db.execute(
            "insert or ignore into audio (digest, encoding, caption, samples, stored, data) values (?, ?, ?, ?, ?, ?)",
            (name, sound.encoding.value, sound.caption, sound.samples, wall, sound.data),
        )


def has(db: Tables, name: str) -> bool:
    """The sound is there."""
    return db.execute("select 1 from audio where digest = ?", (name,)).fetchone() is not None


def load(db: Tables, name: str) -> Sound | None:
    """A sound by its digest, or None. Raises `StorageError` where the card has damaged it."""
    for row in db.query("select encoding, caption, data from audio where digest = ?", (name,)):
        sound = Sound(row["data"], Encoding(row["encoding"]), row["caption"])
        if digest(sound) != name:
            raise StorageError(f"audio {name[:16]} is damaged on the card; check the card with: alertbox check")
        return sound
    return None


def expire(db: Tables, before_wall: float) -> int:
    """Delete the sounds of discarded drafts and of ended alerts sent before that time; return how many."""
    return db.execute(
        "delete from audio where digest not in (select digest from spoken_names) and digest not in ("
        "select m.digest from messages m left join campaigns c on c.alert = m.alert "
        "where m.state = 'draft' or (m.state = 'sent' and (m.sent_at >= ? or c.ended is null)))",
        (before_wall,),
    ).rowcount
