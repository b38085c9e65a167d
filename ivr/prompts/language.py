"""One language as data: its phrases, numbers, dates and times, and how a phrase becomes a row of spoken texts.

A language is one TOML file in this directory; adding a language is adding a file. A phrase is a sentence with gaps:
`{team}` takes a ready sound or a text, `{n:number}` a cardinal number, `{uid:digits}` a string digit by digit, `{key:key}`
the name of a key, `{when:date}` and `{when:time}` a `datetime`. A phrase may be a table of `one` and `other` (and `none`,
where zero has words of its own); its number `n` chooses. What stands between the gaps is spoken as it stands, each stretch by
one clip; the text of a clip is its caption.
"""

from __future__ import annotations

import datetime as dt
import re
import string
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hal.audio.sound import Sound

HERE = Path(__file__).parent

Piece = str | Sound
"""A text to be spoken by its clip, or a sound as it is."""
Value = str | int | dt.datetime | Sound | list[Piece] | list[Sound]
"""What may fill a gap of a phrase."""

_FORMATTER = string.Formatter()
_ONLY_PUNCTUATION = re.compile(r"[\s.,:;!?]*\Z")
_COMMA_S, _STOP_S = 0.12, 0.3
_HIGHEST = 9999


def pause_after(text: str) -> float:
    """Seconds of silence that belong behind a text, by the punctuation at its end."""
    end = text.rstrip()[-1:]
    if end in ".!?":
        return _STOP_S
    return _COMMA_S if end in ",:;" else 0.0


def _stretch(text: str) -> str:
    """What stands between two gaps, as its clip is called: a comma after a gap belongs to what came before."""
    return text.strip().lstrip(".,:;!? ")


@dataclass(frozen=True)
class Language:
    """A language's tables. `code` is its ISO 639-1 code, `voice` and `speed` (words a minute) are for espeak-ng."""

    code: str
    name: str
    voice: str
    speed: int
    say: dict[str, str]
    keys: dict[str, str]
    numbers: dict[str, list[str]]
    dates: dict[str, Any]
    times: dict[str, Any]
    phrases: dict[str, str | dict[str, str]]

    @classmethod
    def parse(cls, text: str) -> Language:
        """Read one TOML file. Raises `ValueError`, `KeyError` or `TypeError` where it is wrong: it is part of the program."""
        data = tomllib.loads(text)
        return cls(
            **data["language"],
            **{table: data[table] for table in ("say", "keys", "numbers", "dates", "times", "phrases")},
        )

    def spoken(self, text: str) -> str:
        """What the voice is told to say for a text as people write it."""
        for written, said in self.say.items():
            text = text.replace(written, said)
        return text

    # --- texts of a phrase

    def pieces(self, key: str, values: dict[str, Value]) -> list[Piece]:
        """The phrase `key` as texts and sounds in order. Raises `KeyError` for an unknown phrase or a gap without a value."""
        phrase = self.phrases[key]
        if isinstance(phrase, dict):
            n = values["n"]
            phrase = phrase["none"] if n == 0 and "none" in phrase else phrase["one" if n == 1 else "other"]
        pieces: list[Piece] = []
        for text, name, kind, _ in _FORMATTER.parse(phrase):
            if _ONLY_PUNCTUATION.match(text):
                if seconds := pause_after(text):
                    pieces.append(Sound.pause(seconds))
            else:
                pieces.append(_stretch(text))
            if name is not None:
                pieces.extend(self._fill(kind or "", values[name]))
        return pieces

    def _fill(self, kind: str, value: Value) -> Iterable[Piece]:
        match kind, value:
            case "number", int():
                return self.number(value)
            case "digits", str():
                return [self.numbers["to_99"][int(digit)] for digit in value]
            case "key", str():
                return [self.keys.get(value) or self.numbers["to_99"][int(value)]]
            case "date", dt.datetime():
                return self.date(value)
            case "time", dt.datetime():
                return self.time(value)
            case "", str() | Sound():
                return [value]
            case "", list():
                return value
        raise ValueError(f"{value!r} cannot be spoken as {kind or 'a text'}")

    def number(self, n: int) -> list[str]:
        """A cardinal number of 0..9999 in clips; greater ones digit by digit. Raises `ValueError` below zero."""
        if n < 0:
            raise ValueError(f"{n} is below zero")
        small = self.numbers["to_99"]
        if n > _HIGHEST:
            return [small[int(digit)] for digit in str(n)]
        words = []
        for unit, table in ((1000, "thousands"), (100, "hundreds")):
            count, n = divmod(n, unit)
            if count:
                words.append(self.numbers[f"{table}_and" if 0 < n < 100 else table][count - 1])
        return words + ([small[n]] if n or not words else [])

    def date(self, when: dt.datetime) -> list[str]:
        """Weekday, day and month of a moment, in its own time zone."""
        return self._in_order(
            self.dates["pattern"],
            weekday=self.dates["weekdays"][when.weekday()],
            day=self.dates["days"][when.day - 1],
            month=self.dates["months"][when.month - 1],
        )

    def time(self, when: dt.datetime) -> list[str]:
        """Hour and minute of a moment in its own time zone, and whether that is UTC or local time."""
        return self._in_order(
            self.times["pattern"],
            hour=self.times["hours"][when.hour],
            minute=self.times["minutes"][when.minute],
            zone=self.times["utc" if when.tzinfo is dt.UTC else "local"],
        )

    @staticmethod
    def _in_order(pattern: str, **parts: str) -> list[str]:
        return [parts[name] for _, name, _, _ in _FORMATTER.parse(pattern) if name and parts[name]]

    # --- all texts

    def texts(self) -> Iterator[str]:
        """Every text that must have a clip, each once."""
        seen = {""}
        for text in self._all_texts():
            if text not in seen:
                seen.add(text)
                yield text

    def _all_texts(self) -> Iterator[str]:
        for phrase in self.phrases.values():
            for form in phrase.values() if isinstance(phrase, dict) else (phrase,):
                yield from (_stretch(t) for t, _, _, _ in _FORMATTER.parse(form) if not _ONLY_PUNCTUATION.match(t))
        yield from self.keys.values()
        for words in self.numbers.values():
            yield from words
        for table in ("weekdays", "days", "months"):
            yield from self.dates[table]
        for table in ("hours", "minutes"):
            yield from self.times[table]
        yield from (self.times["utc"], self.times["local"])


@cache
def load(code: str) -> Language:
    """The language of that ISO 639-1 code. Raises `ValueError` where there is none."""
    if code not in available():
        raise ValueError(f"no phrases for language {code!r}; there are: {', '.join(available())}")
    return Language.parse((HERE / f"{code}.toml").read_text(encoding="utf-8"))


@cache
def available() -> tuple[str, ...]:
    """Codes of all languages that there are phrases for."""
    return tuple(sorted(file.stem for file in HERE.glob("*.toml")))
