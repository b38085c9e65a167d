"""The matrix as a table, with its sources."""

from __future__ import annotations

from collections.abc import Sequence

from tests.faultmatrix.cell import DEAD_S, LIMIT_S, Outcome, Row
from tests.faultmatrix.columns import Column


def _by_cell(outcomes: Sequence[Outcome]) -> dict[tuple[str, str], Outcome]:
    return {(outcome.row, outcome.column): outcome for outcome in outcomes}


def _reasons(outcomes: Sequence[Outcome]) -> list[str]:
    """Why cells are empty, each reason once."""
    return list(dict.fromkeys(outcome.reason for outcome in outcomes if outcome.what == "n/a"))


def _word(outcome: Outcome, reasons: list[str]) -> str:
    return f"– ({reasons.index(outcome.reason) + 1})" if outcome.what == "n/a" else str(outcome)


def text(rows: Sequence[Row], columns: Sequence[Column], outcomes: Sequence[Outcome]) -> str:
    """For a terminal."""
    cells, reasons = _by_cell(outcomes), _reasons(outcomes)
    table = [["behaviour", "when", *(column.name for column in columns)]]
    table += [
        [row.name, row.moment.value, *(_word(cells[row.name, column.name], reasons) for column in columns)]
        for row in rows
    ]
    widths = [max(len(line[index]) for line in table) for index in range(len(table[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table]
    lines += ["", *(f"({number}) {reason}" for number, reason in enumerate(reasons, 1))]
    lines += ["", "Sources (ref: the project's modem reference):", *(f"  {row.name}: {row.source}" for row in rows)]
    return "\n".join(lines)


def markdown(rows: Sequence[Row], columns: Sequence[Column], outcomes: Sequence[Outcome]) -> str:
    """For the documentation."""
    cells, reasons = _by_cell(outcomes), _reasons(outcomes)
    lines = [
        "<!-- Written by `make fault-matrix PAGE=1`. Run that, do not edit this. -->",
        "",
        "# Fault matrix",
        "",
        "What modems are known to do wrong, for each driver, as last run. Every cell is a real box with two lines, one of them on",
        "the simulated modem that goes wrong; an alert goes to two teams at or after the fault. In every cell both teams are",
        "reached, no call of a team is wasted, the other line and the rest of the box are as ever, and once the fault has gone the",
        "line carries calls out and in again. The seconds are the box's own (the clock of the test is virtual), from the fault on:",
        "",
        "- **unaffected**: the line carried its part of the alert, and no alarm was raised;",
        "- **recovered**: the line was idle and well again after so many seconds, while the fault lasted or after it had passed;",
        "- **faulted**: after so many seconds the box listed the line as out of service, and an alarm says so.",
        "",
        "Sources: `ref` and a number is a section of the modem reference that the project works from; a name and a number is an",
        "issue thread of that project (gammu#266, callpilot#121), a name alone its source or its own notes.",
        "",
        f"Limits: {LIMIT_S:.0f} s, for a dead interface {DEAD_S:.0f} s. Modems: "
        + ", ".join(f"{column.name}: `{column.modem}`" for column in columns)
        + ". All are simulated; none of this was seen on real hardware.",
        "",
        "| behaviour | when | " + " | ".join(column.name for column in columns) + " | source |",
        "|---|---" + "|---" * len(columns) + "|---|",
    ]
    for row in rows:
        words = " | ".join(_word(cells[row.name, column.name], reasons) for column in columns)
        lines.append(f"| {row.name} | {row.moment.value} | {words} | {row.source} |")
    lines += ["", "Not applicable:", ""]
    lines += [f"{number}. {reason}" for number, reason in enumerate(reasons, 1)]
    return "\n".join(lines) + "\n"
