"""What a command can see of the box."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from appliance.config import Config
from hal.clock import Clock
from hal.line import Direction
from storage import Store
from storage.roster import Roster

if TYPE_CHECKING:
    from appliance.linedesk import LineDesk


@dataclass(frozen=True, slots=True)
class LineStatus:
    """One line, as the box sees it now."""

    name: str
    driver: str
    direction: Direction
    state: str
    """`idle`, `in call`, ...: see `hal.line.LineState`."""
    in_service: bool
    detail: str
    """What the modem said last, or why the line is out of service."""
    sms: bool = False
    """Its device sends short messages."""


def _no_lines() -> list[LineStatus]:
    return []


def _no_screens() -> list[tuple[str, str, Any]]:
    return []


@dataclass(frozen=True)
class Site:
    """The stores and the configuration; lines only where the box runs."""

    config: Config
    store: Store
    clock: Clock
    running: bool
    """False: the box is down, and this is its database, read-only."""
    by: str = ""
    """Who asks."""
    lines: Callable[[], list[LineStatus]] = field(default=_no_lines)
    trouble: Callable[[], list[str]] = field(default=list)
    """What is wrong with the box at this moment beside its alarms."""
    overload: Callable[[], list[tuple[str, str, Any]]] = field(default=_no_screens)
    """What is watched for overload: name, screen as text, and the same as data."""
    desk: LineDesk | None = None
    """The lines' pages and traces; None where the box is down."""
    prepare_names: Callable[[Roster], Awaitable[list[str]]] | None = None
    """Renders the names of a roster's teams; returns what could not be spoken properly."""
