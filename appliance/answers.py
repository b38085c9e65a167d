"""What a command answers: paragraphs and tables of plain text, an exit status, and the same as data for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


class CommandFailed(Exception):
    """A command that could not be carried out; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table. Cells are text; the columns of `right` are aligned to the right."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    right: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a command."""

    parts: list[str | Grid] = field(default_factory=list)
    status: int = 0
    """Exit status of the command: 0 all is well, 1 look at it, 2 it does not work."""
    data: Any = None
    """The facts behind the text, for programs."""

    def to_json(self) -> dict[str, Any]:
        """Plain values for the socket."""
        parts = [
            part
            if isinstance(part, str)
            else {
                "title": part.title,
                "columns": list(part.columns),
                "rows": [list(r) for r in part.rows],
                "right": list(part.right),
            }
            for part in self.parts
        ]
        return {"parts": parts, "status": self.status, "data": self.data}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Answer:
        """The inverse of `to_json`."""
        parts: list[str | Grid] = [
            part
            if isinstance(part, str)
            else Grid(part["title"], tuple(part["columns"]), [tuple(row) for row in part["rows"]], tuple(part["right"]))
            for part in data["parts"]
        ]
        return cls(parts, data["status"], data["data"])
