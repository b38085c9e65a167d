"""Hypothesis strategies: any record, and histories that hang together (more or less)."""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any

from hypothesis import strategies as st

from storage import records as r
from storage.codec import KINDS

KEYS = st.sampled_from(["a", "b", "c"])
SMALL = st.integers(1, 4)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SECONDS = st.floats(0, 1e6, allow_nan=False)

FIELDS = {
    "outcome": st.sampled_from(["reached", "busy", "sent", "failed", "unknown", "completed", "delivered"]),
    "direction": st.sampled_from(["in", "out"]),
    "severity": st.sampled_from(["minor", "major", "critical"]),
    "reason": st.sampled_from(["complete", "all-clear", "three calls"]),
    "how": st.sampled_from(["key", "pin", "playback"]),
    "encoding": st.just("alaw"),
    "digest": st.just("digest"),
    "hash": st.sampled_from(["", "hash-1", "hash-2"]),
    "group": st.sampled_from(["", "g"]),
    "teams": st.just([]),
}


def records() -> st.SearchStrategy[r.Record]:
    """Any record of any kind, from few names and numbers so that they meet."""
    return st.sampled_from(sorted(KINDS)).flatmap(lambda kind: of(KINDS[kind]))


def of(cls: Any) -> st.SearchStrategy[Any]:
    """Instances of a dataclass by its type hints."""
    hints = typing.get_type_hints(cls)
    return st.builds(
        cls, **{f.name: FIELDS[f.name] if f.name in FIELDS else _of(hints[f.name]) for f in dataclasses.fields(cls)}
    )


def _of(hint: Any) -> st.SearchStrategy[Any]:
    if dataclasses.is_dataclass(hint):
        return of(hint)
    if typing.get_origin(hint) is list:
        return st.lists(_of(typing.get_args(hint)[0]), max_size=3)
    if typing.get_origin(hint) is types.UnionType:
        return st.none() | _of(typing.get_args(hint)[0])
    return {str: KEYS | TEXT, int: SMALL, bool: st.booleans(), float: SECONDS}[hint]
