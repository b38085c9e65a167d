"""A disk that may lose what was not synced: the recorded log on one side, what a power cut can leave of it on the other.

What POSIX promises and no more: the contents of a file are what its last fsync covered; of what came after, each sector of
each write may be there or not, in any order, and the sector being written may be torn; a name is there once its directory
has been synced, of later changes of names any may have happened. Sizes go with the writes that extend a file. One promise of
real hardware is assumed, as SQLite does ("powersafe overwrite"): bytes outside the written range are never harmed.
"""

from __future__ import annotations

import enum
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

SECTOR = 512
_HEAD = struct.Struct("=cIIQQQ")


@dataclass(frozen=True, slots=True)
class Op:
    """One entry of the log. `op`: c(reate), w(rite), t(runcate), s(ync), d(irectory sync), r(ename), l(ink), u(nlink), m(kdir)."""

    op: str
    path: str
    second: str = ""
    inode: int = 0
    offset: int = 0
    data: bytes = b""


def read_log(path: Path) -> Iterator[Op]:
    """The entries that the shim wrote."""
    data = path.read_bytes()
    at = 0
    while at < len(data):
        op, first, second, inode, offset, length = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        name, at = data[at : at + first].decode(), at + first
        other, at = data[at : at + second].decode(), at + second
        content = b""
        if op == b"w":
            content, at = data[at : at + length], at + length
        yield Op(op.decode(), name, other, inode, offset, content)


class Mode(enum.Enum):
    """What happens to that which was not synced."""

    NOTHING = "nothing of it is there"
    ALL = "all of it is there"
    PREFIX = "what came first is there, the last sector torn"
    SUBSET = "any sectors are there, in any order"


@dataclass(slots=True)
class File:
    """The synced contents of a file, and the changes since: (offset, data) or (size, None)."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        self.durable = self.current()
        self.pending.clear()

    def current(self) -> bytearray:
        content = bytearray(self.durable)
        for offset, data in self.pending:
            _put(content, offset, data)
        return content

    def after_cut(self, mode: Mode, rng: random.Random) -> bytes:
        """One of the many things that the disk may hold."""
        if mode is Mode.ALL or (mode is not Mode.NOTHING and not self.pending):
            return bytes(self.current())
        content = bytearray(self.durable)
        if mode is Mode.PREFIX:
            pieces = list(_sectors(self.pending))
            kept = rng.randint(0, len(pieces))
            for offset, data in pieces[:kept]:
                _put(content, offset, data)
            if kept < len(pieces) and pieces[kept][1] is not None:
                _put(content, pieces[kept][0], _torn(pieces[kept][1] or b"", rng))
        elif mode is Mode.SUBSET:
            share = rng.choice((0.1, 0.5, 0.9))
            for offset, data in _sectors(self.pending):
                if rng.random() < share:
                    _put(content, offset, data)
                elif data is not None and rng.random() < 0.05:
                    _put(content, offset, _torn(data, rng))
        return bytes(content)


class Disk:
    """All files and names, at some moment of the log."""

    def __init__(self) -> None:
        self._files: dict[int, File] = {}
        self._by_inode: dict[int, int] = {}
        self._names: dict[str, int | None] = {}
        self._durable_names: dict[str, int | None] = {}
        self._pending_names: list[Op] = []
        self._serial = 0

    def feed(self, op: Op) -> None:
        """The next entry of the log."""
        if op.op in "wts":
            file = self._files[self._by_inode[op.inode]]
            if op.op == "s":
                file.sync()
            else:
                file.pending.append((op.offset, op.data if op.op == "w" else None))
        elif op.op == "d":
            later = []
            for change in self._pending_names:
                if op.path in _directories(change):
                    self._rename(self._durable_names, change)
                else:
                    later.append(change)
            self._pending_names = later
        else:
            if op.op == "c":
                self._serial += 1
                self._by_inode[op.inode] = self._serial
                self._files[self._serial] = File()
                op = Op("c", op.path, inode=self._serial)
            self._rename(self._names, op)
            self._pending_names.append(op)

    def contents(self) -> dict[str, bytes]:
        """What a running system reads: everything applied."""
        return {path: bytes(self._files[f].current()) for path, f in self._names.items() if f is not None}

    def cut(self, rng: random.Random) -> dict[str, bytes | None]:
        """What is there after a power cut now: path -> contents (None: a directory)."""
        names = dict(self._durable_names)
        mode = rng.choice(list(Mode))
        kept = rng.randint(0, len(self._pending_names)) if mode is Mode.PREFIX else len(self._pending_names)
        for change in self._pending_names[:kept]:
            if mode in (Mode.ALL, Mode.PREFIX) or (mode is Mode.SUBSET and rng.random() < 0.5):
                self._rename(names, change)
        files = {}
        for path, file in names.items():
            mode = rng.choice(list(Mode))
            files[path] = None if file is None else self._files[file].after_cut(mode, rng)
        return {path: data for path, data in files.items() if _parent(path) == "" or _parent(path) in files}

    def _rename(self, names: dict[str, int | None], op: Op) -> None:
        """Apply a change of names as far as it can be applied: its forerunner may have been lost."""
        if op.op == "c":
            names[op.path] = op.inode
        elif op.op == "m":
            names.setdefault(op.path, None)
        elif op.op == "u":
            names.pop(op.path, None)
        elif op.path in names:
            names[op.second] = names[op.path]
            if op.op == "r":
                del names[op.path]


def write_image(files: dict[str, bytes | None], directory: Path) -> None:
    """Put what a cut has left into an empty directory."""
    for path, data in sorted(files.items()):
        if data is None:
            (directory / path).mkdir()
        else:
            (directory / path).write_bytes(data)
            (directory / path).chmod(0o600)


def _put(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        if offset < len(content):
            del content[offset:]
        else:
            content.extend(bytes(offset - len(content)))
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def _sectors(changes: list[tuple[int, bytes | None]]) -> Iterator[tuple[int, bytes | None]]:
    for offset, data in changes:
        if data is None:
            yield offset, None
            continue
        at = 0
        while at < len(data):
            size = min(SECTOR - (offset + at) % SECTOR, len(data) - at)
            yield offset + at, data[at : at + size]
            at += size


def _torn(data: bytes, rng: random.Random) -> bytes:
    """The beginning of a sector as written, or followed by rubbish."""
    kept = data[: rng.randrange(len(data))]
    return kept if rng.random() < 0.5 else kept + rng.randbytes(len(data) - len(kept))


def _directories(change: Op) -> set[str]:
    return {_parent(change.path), _parent(change.second)} if change.second else {_parent(change.path)}


def _parent(path: str) -> str:
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "." else parent
