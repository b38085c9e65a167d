"""TOML that knows its places: every mistake of a file is found in one reading, each with file, line, value and mend.

The standard `tomllib` gives no line numbers, so `Document.line` finds a statement again when something about it is wrong.
"""

from __future__ import annotations

import datetime
import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")

Path = tuple[str | int, ...]
"""Where a value stands: table names, positions in arrays of tables (from 0), key."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake and its mend."""

    source: str
    line: int
    """From 1; 0 where no line can be named."""
    place: str
    """`[service].name`, `[[team]] 3 (alpha).uid`."""
    text: str

    def __str__(self) -> str:
        where = f"{self.source}:{self.line}" if self.line else self.source
        return f"{where}: {self.place}: {self.text}" if self.place else f"{where}: {self.text}"


class Invalid(ValueError):
    """A file with mistakes: all of them, in `problems`; `str()` gives one a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: p.line))
        super().__init__("\n".join(map(str, self.problems)))


class Document:
    """A parsed TOML text that collects problems. Raises `Invalid` at once if the text is no TOML."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self._text = text
        self._lines: dict[Path, int] | None = None
        try:
            self.data: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"at line (\d+)", str(error))
            line = int(found[1]) if found else len(text.splitlines())
            raise Invalid([Problem(source, line, "", f"this is no TOML: {error}")]) from None

    def line(self, path: Path) -> int:
        """The line (from 1) where the statement of `path` begins, or that of the nearest table around it; 0 for none."""
        if self._lines is None:
            self._lines = _find_lines(self._text)
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return 0

    def report(self, path: Path, place: str, text: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(self.source, self.line(path), place, text))

    def root(self) -> Table:
        """The whole document as a table."""
        return Table(self, (), "", self.data)

    def finish(self) -> None:
        """Raises `Invalid` with everything that was noted."""
        if self.problems:
            raise Invalid(self.problems)


def _find_lines(text: str) -> dict[Path, int]:
    """Line of every table header and every statement of a text that is known to be TOML.

    A statement may span lines; its end is where `tomllib` first accepts what has been gathered.
    """
    found: dict[Path, int] = {}
    arrays: dict[Path, int] = {}
    table: Path = ()
    pending: list[str] = []
    start = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not pending:
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            start = number
        pending.append(line)
        try:
            parsed: Any = tomllib.loads("\n".join(pending))
        except tomllib.TOMLDecodeError:
            continue
        header = pending[0].lstrip().startswith("[")
        pending = []
        keys: list[str] = []
        while isinstance(parsed, dict) and len(parsed) == 1:
            (key,) = parsed
            keys.append(key)
            parsed = parsed[key]
            if header and isinstance(parsed, list):
                parsed = parsed[0]
        if not header:
            for length in range(1, len(keys) + 1):
                found.setdefault((*table, *keys[:length]), start)
            continue
        table = ()
        for position, key in enumerate(keys):
            table = (*table, key)
            last = position == len(keys) - 1
            if last and line.lstrip().startswith("[["):
                arrays[table] = arrays.get(table, -1) + 1
            if table in arrays:
                table = (*table, arrays[table])
        found.setdefault(table, start)
    return found


@dataclass(frozen=True)
class Kind(Generic[T]):
    """What a value may be."""

    name: str
    """For people: `whole number 1..9`."""
    read: Callable[[Any], T]
    """Turns the TOML value into a T; ValueError says what is wrong with it."""
    example: T
    """A value of this kind, which stands in for a wrong one until all problems are known."""
    secret: bool = False
    """The value stands in no message."""


@dataclass
class Table:
    """One table of a document, read key by key; `close` reports the keys that nobody asked for."""

    document: Document
    path: Path
    place: str
    values: Mapping[str, Any]
    _asked: set[str] = field(default_factory=set)

    def where(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def report(self, key: str, text: str) -> None:
        """Note a problem with a key (or with the table itself, where `key` is empty)."""
        path, place = ((*self.path, key), self.where(key)) if key else (self.path, self.place)
        self.document.report(path, place, text)

    def take(self, key: str, kind: Kind[T], default: T) -> T:
        """The value of an optional key."""
        self._asked.add(key)
        return self._read(key, kind, default) if key in self.values else default

    def need(self, key: str, kind: Kind[T]) -> T:
        """The value of a key that must be there."""
        self._asked.add(key)
        if key not in self.values:
            self.report(key, f"is missing; write {key} = ... ({kind.name})")
            return kind.example
        return self._read(key, kind, kind.example)

    def _read(self, key: str, kind: Kind[T], instead: T) -> T:
        try:
            return kind.read(self.values[key])
        except ValueError as error:
            self.report(key, f"{'the value' if kind.secret else show(self.values[key])} {error}")
            return instead

    def table(self, key: str) -> Table:
        """A table inside; an empty one where it is not written."""
        self._asked.add(key)
        values = self.values.get(key, {})
        if not isinstance(values, dict):
            self.report(key, f"{show(values)} is no table; write [{key}]")
            values = {}
        place = f"{self.place}.{key}" if self.place else f"[{key}]"
        return Table(self.document, (*self.path, key), place, values)

    def tables(self, key: str) -> list[Table]:
        """The tables of an array of tables (`[[key]]`)."""
        self._asked.add(key)
        values = self.values.get(key, [])
        if not (isinstance(values, list) and all(isinstance(each, dict) for each in values)):
            self.report(key, f"{show(values)} is no list of tables; write [[{key}]]")
            return []
        found = []
        for index, each in enumerate(values):
            title = each.get("key") or each.get("name")
            place = f"{self.place}.{key} {index + 1}" if self.place else f"[[{key}]] {index + 1}"
            place += f" ({title})" if isinstance(title, str) else ""
            found.append(Table(self.document, (*self.path, key, index), place, each))
        return found

    def close(self, *also: str) -> None:
        """Report every key that was not asked for, with the nearest name that would be known."""
        known = self._asked | set(also)
        for key in self.values:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                mend = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(known))}"
                self.report(key, f"is not known; {mend}")


def show(value: object) -> str:
    """A wrong value for a message: short, and as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def text(pattern: str = r"[^\x00-\x1f\x7f]+", name: str = "text", example: str = "text") -> Kind[str]:
    """A string that matches `pattern` as a whole."""
    compiled = re.compile(pattern)

    def read(value: object) -> str:
        if not isinstance(value, str):
            raise ValueError(f'is no text; write it in quotes ({name}, for example "{example}")')
        if not compiled.fullmatch(value):
            raise ValueError(f'is not {name}; for example "{example}"')
        return value

    return Kind(name, read, example)


def integer(low: int, high: int) -> Kind[int]:
    """A whole number."""

    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"is no whole number; write one from {low} to {high}")
        if not low <= value <= high:
            raise ValueError(f"is out of range; write {low} to {high}")
        return value

    return Kind(f"whole number {low}..{high}", read, low)


def number(low: float, high: float) -> Kind[float]:
    """A number, whole or not."""

    def read(value: object) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise ValueError(f"is no number; write one from {low:.9g} to {high:.9g}")
        if not low <= value <= high:
            raise ValueError(f"is out of range; write {low:.9g} to {high:.9g}")
        return float(value)

    return Kind(f"number {low:.9g}..{high:.9g}", read, float(low))


def boolean() -> Kind[bool]:
    """`true` or `false`."""

    def read(value: object) -> bool:
        if not isinstance(value, bool):
            raise ValueError("is neither true nor false")
        return value

    return Kind("true or false", read, False)


def choice(values: Mapping[str, T]) -> Kind[T]:
    """One of some words."""
    words = ", ".join(values)

    def read(value: object) -> T:
        if not isinstance(value, str) or value not in values:
            raise ValueError(f"is not known; write one of: {words}")
        return values[value]

    return Kind(f"one of: {words}", read, next(iter(values.values())))


def date() -> Kind[datetime.date | None]:
    """A date as TOML writes it, without quotes."""

    def read(value: object) -> datetime.date:
        if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
            raise ValueError("is no date; write year-month-day without quotes, for example 2026-02-28")
        return value

    return Kind("date", read, None)


def listing(kind: Kind[T], *, least: int = 0) -> Kind[tuple[T, ...]]:
    """A list of values of one kind, each at most once."""

    def read(value: object) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise ValueError(f"is no list; write [ ... ] with {kind.name}")
        items: list[T] = []
        for each in value:
            try:
                item = kind.read(each)
            except ValueError as error:
                raise ValueError(f"has {show(each)}, which {error}") from None
            if item in items:
                raise ValueError(f"has {show(each)} twice; take one away")
            items.append(item)
        if len(items) < least:
            raise ValueError(f"has too few entries; write at least {least}")
        return tuple(items)

    return Kind(f"list of {kind.name}", read, (kind.example,) * min(least, 1))


def words(values: Sequence[str]) -> Mapping[str, str]:
    """For `choice`: each word stands for itself."""
    return {value: value for value in values}
