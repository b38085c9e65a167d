"""Offered calls, and the trace file that holds them: `time_s,domain,hold_s[,patience_s[,origin]]`."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TextIO

from appliance.monitor.overload.events import DOMAINS


class OfferedCall(NamedTuple):
    """A caller's wish."""

    at: float
    """Seconds from the beginning of the trace."""
    domain: str
    hold_s: float
    """Length of the conversation."""
    patience_s: float = math.inf
    """The caller hangs up after waiting so long."""
    genuine: bool = True


class BadTrace(ValueError):
    """A trace with mistakes; `str()` gives one a line, the first twenty of them."""


COLUMNS = ("time_s", "domain", "hold_s", "patience_s", "origin")


def read_trace(file: Iterable[str], source: str) -> list[OfferedCall]:
    """All calls of a trace, in the order of time. Raises `BadTrace` with every mistake (line, value, mend).

    The header line may be left out. A blank patience is endless; `origin` is `genuine` or `attack` and serves only
    the counting of genuine calls.
    """
    calls: list[OfferedCall] = []
    wrong: list[str] = []
    rows = csv.reader(file)
    columns: tuple[str, ...] = COLUMNS
    for row in rows:
        place = f"{source}:{rows.line_num}"
        if not row or row[0].startswith("#"):
            continue
        if not calls and not wrong and row[0].strip() == "time_s":
            columns = tuple(each.strip() for each in row)
            missing = set(COLUMNS[:3]) - set(columns)
            if missing:
                raise BadTrace(f"{place}: the header has no {', '.join(sorted(missing))}")
            continue
        try:
            calls.append(_call(dict(zip(columns, (each.strip() for each in row), strict=False))))
        except ValueError as error:
            wrong.append(f"{place}: {error}")
    if wrong:
        more = [f"{source}: {len(wrong) - 20} more"] if len(wrong) > 20 else []
        raise BadTrace("\n".join(wrong[:20] + more))
    calls.sort(key=lambda call: call.at)
    return calls


def _call(values: dict[str, str]) -> OfferedCall:
    domain = values.get("domain", "").lower()
    if domain not in DOMAINS:
        raise ValueError(f'domain "{domain}" is not known; write one of {", ".join(DOMAINS)}')
    origin = values.get("origin", "") or "genuine"
    if origin not in ("genuine", "attack"):
        raise ValueError(f'origin "{origin}" is not known; write genuine or attack')
    at = _seconds(values, "time_s", negative=True)
    hold = _seconds(values, "hold_s")
    patience = _seconds(values, "patience_s") if values.get("patience_s") else math.inf
    return OfferedCall(at, domain, hold, patience, origin == "genuine")


def _seconds(values: dict[str, str], key: str, negative: bool = False) -> float:
    text = values.get(key, "")
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f'{key} "{text}" is no number of seconds') from None
    if not math.isfinite(value) or (value < 0 and not negative):
        raise ValueError(f'{key} "{text}" is out of range; write {"a" if negative else "0 or more"} finite seconds')
    return value


def write_trace(calls: Iterable[OfferedCall], file: TextIO) -> None:
    """Calls as a trace with header; milliseconds."""
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows(_rows(calls))


def _rows(calls: Iterable[OfferedCall]) -> Iterator[tuple[str, ...]]:
    for call in calls:
        patience = "" if math.isinf(call.patience_s) else f"{call.patience_s:.3f}"
        yield f"{call.at:.3f}", call.domain, f"{call.hold_s:.3f}", patience, "genuine" if call.genuine else "attack"
