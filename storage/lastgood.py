"""The copy for emergencies: roster, PIN hashes and spoken names, readable without SQLite.

When the database cannot be opened, the box alerts from this:

    copy = LastGood.read(path)                      # path: that of the database
    store = await Store.open(elsewhere, ...)        # a fresh database
    await store.commit(*copy.records(), audio=copy.sounds)

`<database>.lastgood` has two lines: the SHA-256 (hex) of the second, which is JSON. It is replaced atomically after each
commit that changes it. Sounds lie in `<database>.names/`, one file each, named by digest and never changed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlite_utils import Database as Tables

from hal.audio.sound import Encoding, Sound
from storage import audio
from storage.atomicfile import sync_directory, write_file
from storage.errors import StorageError
from storage.records import PinSet, Record, RosterLoaded, SpokenNameRecorded
from storage.roster import Roster

CONCERNS = (RosterLoaded, PinSet, SpokenNameRecorded)
"""The records after which the copy is written anew."""


@dataclass(frozen=True, slots=True)
class LastGood:
    """What the copy holds."""

    roster: Roster
    pins: tuple[PinSet, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    """Team -> digest of its spoken name."""
    sounds: dict[str, Sound] = field(default_factory=dict)
    """Digest -> sound; those that could not be read are missing."""

    @classmethod
    def read(cls, database: Path) -> LastGood:
        """The copy that belongs to the database of that path. Raises `StorageError` where there is none, or a damaged one."""
        path = copy_path(database)
        try:
            checksum, _, body = path.read_bytes().partition(b"\n")
            if hashlib.sha256(body).hexdigest().encode() != checksum:
                raise StorageError(f"{path}: the checksum is wrong; load the roster again")
            data = json.loads(body)
            names = {str(team): str(digest) for team, (digest, _) in data["names"].items()}
            return cls(
                roster=Roster.from_json(data["teams"]),
                pins=tuple(PinSet(**pin) for pin in data["pins"]),
                names=names,
                sounds=dict(_sounds(names_path(database), data["names"])),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(f"{path}: no copy to work from ({error}); load the roster again") from error

    def records(self) -> list[Record]:
        """What to commit to a fresh store to go on with this copy; give it `audio=copy.sounds`."""
        return [
            RosterLoaded(self.roster.digest, "last good copy", self.roster.to_json()),
            *self.pins,
            *(SpokenNameRecorded(team, digest) for team, digest in self.names.items() if digest in self.sounds),
        ]


def copy_path(database: Path) -> Path:
    """Where the copy of that database lies."""
    return database.with_name(database.name + ".lastgood")


def names_path(database: Path) -> Path:
    """Where its spoken names lie."""
    return database.with_name(database.name + ".names")


def write(db: Tables, database: Path) -> None:
    """Write the copy if it differs from the tables (writer thread, after the commit). Raises OSError."""
    rosters = [row["teams"] for row in db.query("select teams from roster")]
    if not rosters:
        return
    names = list(db.query("select team, digest from spoken_names order by team"))
    encodings = {row["digest"]: _write_sound(db, names_path(database), row["digest"]) for row in names}
    pins = db.query('select team, "group", hash, set_by as "by" from pins order by team, "group"')
    body = json.dumps(
        {
            "format": 1,
            "teams": json.loads(rosters[0]),
            "pins": list(pins),
            "names": {row["team"]: [row["digest"], encodings[row["digest"]]] for row in names},
        },
        sort_keys=True,
    ).encode()
    data = hashlib.sha256(body).hexdigest().encode() + b"\n" + body
    path = copy_path(database)
    if not path.exists() or path.read_bytes() != data:
        write_file(path, data)
        _remove_others(names_path(database), {row["digest"] for row in names})


def _write_sound(db: Tables, directory: Path, digest: str) -> str:
    row: dict[str, Any] = next(iter(db.query("select encoding from audio where digest = ?", (digest,))), {})
    path = directory / digest
    if row and not path.exists() and (sound := audio.load(db, digest)) is not None:
        if not directory.exists():
            directory.mkdir(mode=0o700)
            sync_directory(directory.parent)
        write_file(path, sound.data)
    return str(row.get("encoding", Encoding.ALAW.value))


def _sounds(directory: Path, names: dict[str, Any]) -> list[tuple[str, Sound]]:
    found = []
    for digest, encoding in names.values():
        try:
            sound = Sound((directory / digest).read_bytes(), Encoding(encoding))
        except (OSError, ValueError):
            continue
        if audio.digest(sound) == digest:
            found.append((digest, sound))
    return found


def _remove_others(directory: Path, wanted: set[str]) -> None:
    if directory.exists():
        for path in directory.iterdir():
            if path.name not in wanted:
                path.unlink()
