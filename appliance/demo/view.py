"""What a visitor of the demonstration sees: a live table on a terminal, plain lines without one."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

import click

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

NEWS = 6
"""Newest events below the live tables."""


class View(Protocol):
    """Shows how the demonstration goes."""

    def say(self, text: str) -> None: ...

    def update(self, lines: list[dict[str, Any]], report: dict[str, Any]) -> None:
        """`lines` and `report` are the data of `alertbox lines` and `alertbox alerts show`."""

    def __enter__(self) -> View: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class PlainView:
    """One line an event, with the seconds since the start."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._results: dict[str, str] = {}

    def say(self, text: str) -> None:
        click.echo(f"{time.monotonic() - self._start:5.1f} s  {text}")

    def update(self, lines: list[dict[str, Any]], report: dict[str, Any]) -> None:
        for team, result in report.get("teams", {}).items():
            if self._results.get(team) != result:
                self._results[team] = result
                self.say(f"{team}: {result}")

    def __enter__(self) -> PlainView:
        return self

    def __exit__(self, *exc: object) -> None:
        sys.stdout.flush()


class LiveView:
    """Tables of lines and teams that follow what happens."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._news: list[str] = []
        self._lines: list[dict[str, Any]] = []
        self._teams: dict[str, str] = {}
        self._live: Live | None = None

    def say(self, text: str) -> None:
        self._news.append(f"{time.monotonic() - self._start:5.1f} s  {text}")
        self._draw()

    def update(self, lines: list[dict[str, Any]], report: dict[str, Any]) -> None:
        self._lines = lines
        self._teams = report.get("teams", {})
        self._draw()

    def __enter__(self) -> LiveView:
        from rich.live import Live

        self._live = Live(self._picture(), refresh_per_second=8)
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.__exit__(kind, error, trace)

    def _draw(self) -> None:
        if self._live is not None:
            self._live.update(self._picture())

    def _picture(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        from appliance.answers import Grid
        from appliance.console.render import rich_table

        lines = [(each["name"], each["state"] if each["in_service"] else "out of service") for each in self._lines]
        parts: list[RenderableType] = [rich_table(Grid("Lines", ("line", "state"), lines))]
        if self._teams:
            parts.append(rich_table(Grid("Teams", ("team", "result"), list(self._teams.items()))))
        parts += [Text(text, style="dim") for text in self._news[-NEWS:]]
        return Group(*parts)


def view() -> View:
    """The one that fits standard output."""
    return LiveView() if sys.stdout.isatty() else PlainView()
