"""The diagnosis page of a line: everything that a technician asks first, on one screen of 80 x 24. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

WIDTH = 80
HEIGHT = 24
LABEL = 18
"""Columns of the names at the left."""
ALWAYS = ("registration", "signal", "SIM", "voice", "firmware", "codec", "echo")
"""Facts that stand on the page even where the screen is short, in this order."""


@dataclass(frozen=True)
class Rung:
    """One attempt at recovery."""

    name: str
    when: str
    took_s: float
    fault: str
    """Empty where it helped."""


@dataclass(frozen=True)
class Sheet:
    """One line."""

    number: int
    name: str
    device: str
    driver: str
    direction: str
    state: str
    in_service: bool
    why: str
    """What the modem said last, or why the line is out of service."""
    ports: tuple[tuple[str, str], ...]
    """(name in the configuration, node that it is now)."""
    usb: str
    """Its USB device, or empty."""
    facts: Mapping[str, str]
    """As the driver tells them."""
    calls: int
    faults: int
    audio: tuple[int, int, int]
    """Bytes from and to the modem, and gaps."""
    doing: str
    """What is done to bring it back at this moment."""
    last_fault: str
    recovery: Rung | None
    tries: Mapping[str, int]
    """How often each rung was tried since the box started."""
    advice: str
    warnings: Sequence[str] = field(default_factory=tuple)

    def data(self) -> dict[str, Any]:
        """The same for programs."""
        return asdict(self)


def _rows(name: str, text: str, width: int = WIDTH) -> list[str]:
    lines = textwrap.wrap(text, width - LABEL, break_on_hyphens=False) or [""]
    return [f"{name if n == 0 else '':<{LABEL}}{line}" for n, line in enumerate(lines)]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."


def _facts(facts: Mapping[str, str], room: int) -> list[str]:
    """Facts in two columns where they are short; where the room does not suffice, the less important ones are left out."""
    order = sorted(facts, key=lambda name: ALWAYS.index(name) if name in ALWAYS else len(ALWAYS))
    half = WIDTH // 2
    rows: list[str] = []
    pending = ""
    for name in order:
        cell = f"{_cut(name, LABEL - 1):<{LABEL}}{facts[name]}"
        if len(cell) > half - 1:
            row = _cut(cell, WIDTH)
        elif not pending:
            pending = cell
            continue
        else:
            row, pending = f"{pending:<{half}}{cell}".rstrip(), ""
        rows.append(row)
    if pending:
        rows.append(pending)
    return rows[: max(0, room)]


def page(sheet: Sheet) -> str:
    """The page as text, at most `HEIGHT - 1` lines of `WIDTH` columns: the last line of the screen is the prompt's."""
    service = sheet.state if sheet.in_service else "OUT OF SERVICE"
    head = [_cut(f"Line {sheet.number}: {sheet.name}, calls {sheet.direction}: {service}", WIDTH)]
    head += _rows("", sheet.why)[:2] if sheet.why else []
    for name, node in sheet.ports:
        head.append(_cut(f"{'port':<{LABEL}}{name}" + (f" = {node}" if node not in ("", name) else ""), WIDTH))
    head.append(_cut(f"{'device':<{LABEL}}{sheet.device}, driver {sheet.driver}", WIDTH))
    if sheet.usb:
        head.append(_cut(f"{'USB':<{LABEL}}{sheet.usb}", WIDTH))
    received, sent, gaps = sheet.audio
    tail = _rows(
        "counted",
        f"{sheet.calls} calls, {sheet.faults} faults, audio {received // 1024} KiB in, {sent // 1024} KiB out, {gaps} gaps",
    )
    tail += _rows("last error", sheet.last_fault or "none since the box started")[:2]
    if sheet.recovery:
        how = f"failed: {sheet.recovery.fault}" if sheet.recovery.fault else "it helped"
        tail += _rows(
            "last recovery", f"{sheet.recovery.when} {sheet.recovery.name}, {sheet.recovery.took_s:.0f} s, {how}"
        )[:2]
    if sheet.tries:
        tail += _rows("tried so far", ", ".join(f"{name} {count}" for name, count in sheet.tries.items()))[:2]
    if sheet.doing:
        tail += _rows("at this moment", sheet.doing)[:1]
    for warning in sheet.warnings:
        tail += _rows("mind", warning)[:2]
    tail += _rows("to do next", sheet.advice)
    room = HEIGHT - 1 - len(head) - len(tail)
    return "\n".join([*head, *_facts(sheet.facts, room), *tail])
