"""Records to canonical JSON and back.

Canonical: keys sorted, no spaces, ASCII only, so that equal records have equal bytes and the hash chain has one text to
cover. Every record that is committed goes through both directions first: what tables and subscribers see is what a
replay of the journal would give them.

A record that this program does not know (an unknown kind, a newer version, fields that do not fit) becomes an
`UnknownRecord`: its text stays in the journal, is covered by the chain and is reported; it just changes no table.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from storage import records as _records
from storage.errors import InvalidRecord
from storage.records import Record

KINDS: dict[str, type[Record]] = {
    cls.kind: cls
    for cls in vars(_records).values()
    if isinstance(cls, type) and issubclass(cls, Record) and cls is not Record
}
"""Journal name -> type, for all of `storage.records`."""


@dataclass(frozen=True, slots=True)
class UnknownRecord(Record):
    """A record of the journal that this program cannot read. Never committed, only ever read."""

    kind: ClassVar[str] = "unknown"
    name: str
    """The kind as the journal has it."""
    version: int
    body: str
    """The JSON as the journal has it."""
    why: str


def canonical(record: Record) -> tuple[Record, str]:
    """The record as the journal will give it back, and its canonical JSON.

    Raises `InvalidRecord` where a field does not have the type that its dataclass states (a tuple for a list will do).
    """
    cls = type(record)
    if KINDS.get(cls.kind) is not cls:
        raise InvalidRecord(f"{cls.__name__} is no record of storage.records")
    try:
        normal = read(cls, _dumps(record))
    except (TypeError, ValueError) as error:
        raise InvalidRecord(f"{cls.kind}: {error}") from error
    return normal, _dumps(normal)


def encode(record: Record) -> str:
    """The canonical JSON alone."""
    return canonical(record)[1]


def _dumps(record: Record) -> str:
    return json.dumps(record, default=_fields, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _fields(value: Any) -> dict[str, Any]:
    """Raises TypeError where it is no dataclass."""
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def decode(kind: str, version: int, body: str) -> Record:
    """The record of that journal entry, or an `UnknownRecord` that says why not. Never raises."""
    cls = KINDS.get(kind)
    if cls is None:
        return UnknownRecord(kind, version, body, "unknown kind")
    if version != cls.v:
        return UnknownRecord(kind, version, body, f"version {version}, this program knows {cls.v}")
    try:
        return read(cls, body)
    except (TypeError, ValueError) as error:
        return UnknownRecord(kind, version, body, str(error))


def read(cls: type[Record], body: str) -> Record:
    """A record of that type. Raises TypeError or ValueError where the text does not fit."""
    return cast(Record, _READERS[cls.kind](json.loads(body), cls.kind))


_Reader = Callable[[Any, str], Any]


def _dataclass(cls: Any) -> _Reader:
    hints = typing.get_type_hints(cls)
    readers = {field.name: _reader(hints[field.name]) for field in dataclasses.fields(cls)}
    required = {f.name for f in dataclasses.fields(cls) if f.default is f.default_factory is dataclasses.MISSING}

    def read_fields(value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise TypeError(f"{where}: an object is expected")
        if extra := value.keys() - readers.keys():
            raise ValueError(f"{where}: unknown field {min(extra)}")
        if missing := required - value.keys():
            raise ValueError(f"{where}: no field {min(missing)}")
        return cls(**{name: readers[name](item, f"{where}.{name}") for name, item in value.items()})

    return read_fields


def _reader(hint: Any) -> _Reader:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint):
        return _dataclass(hint)
    if origin is list:
        item = _reader(arguments[0])
        return lambda value, where: [item(v, where) for v in _of(list, value, where)]
    if origin is types.UnionType:
        inner = _reader(next(a for a in arguments if a is not type(None)))
        return lambda value, where: None if value is None else inner(value, where)
    if origin is dict:
        return lambda value, where: _of(dict, value, where)
    if hint is float:
        return lambda value, where: float(_of((int, float), value, where))
    return functools.partial(_scalar, hint)


def _of(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"{where}: {type(value).__name__} does not fit")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{where}: not a finite number")
    return value


def _scalar(kind: type, value: Any, where: str) -> Any:
    value = _of(kind, value, where)
    if kind is int and not -(2**63) <= value < 2**63:
        raise ValueError(f"{where}: more than 64 bits")
    if kind is str:
        value.encode()  # a lone surrogate is no text: UnicodeEncodeError is a ValueError
    return value


_READERS = {kind: _dataclass(cls) for kind, cls in KINDS.items()}
