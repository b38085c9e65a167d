"""Answers on a terminal (rich) and without one (plain text): never wider than 80 columns unless the terminal is."""

from __future__ import annotations

import sys
import textwrap
from dataclasses import replace

import click

from appliance.answers import Answer, Grid
from appliance.console.visible import visible

PLAIN_WIDTH = 80


def show(answer: Answer) -> None:
    """Print an answer to standard output."""
    shown = _visible(answer)
    if sys.stdout.isatty():
        _show_rich(shown)
    else:
        click.echo(plain(shown))


def complain(error: Exception) -> None:
    """Print an error to standard error."""
    click.echo(visible(str(error)), err=True)


def _visible(answer: Answer) -> Answer:
    parts = [
        visible(part)
        if isinstance(part, str)
        else replace(part, rows=[tuple(visible(cell) for cell in row) for row in part.rows])
        for part in answer.parts
    ]
    return replace(answer, parts=parts)


def _show_rich(answer: Answer) -> None:
    from rich.console import Console  # only on a terminal: it costs 60 ms
    from rich.text import Text

    console = Console(highlight=False)
    for part in answer.parts:
        console.print(Text(part) if isinstance(part, str) else rich_table(part))


def rich_table(grid: Grid):  # type: ignore[no-untyped-def]  # rich is imported where it is used
    """A grid as a `rich.table.Table`."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=grid.title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for index, column in enumerate(grid.columns):
        table.add_column(column, justify="right" if index in grid.right else "left", overflow="fold")
    for row in grid.rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def plain(answer: Answer, width: int = PLAIN_WIDTH) -> str:
    """An answer as text of at most `width` columns."""
    return "\n".join(_wrap(part, width) if isinstance(part, str) else _plain_grid(part, width) for part in answer.parts)


def _wrap(text: str, width: int) -> str:
    return "\n".join(
        "\n".join(textwrap.wrap(line, width, subsequent_indent="  ", break_on_hyphens=False))
        for line in text.split("\n")
    )


def column_widths(grid: Grid, width: int) -> list[int]:
    """Widths of the columns so that a row fits into `width`: the widest columns give way first, down to six."""
    widths = [
        max(len(cell) for cell in (column, *(row[i] for row in grid.rows))) for i, column in enumerate(grid.columns)
    ]
    while sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > 6:
        widths[widths.index(max(widths))] -= 1
    return widths


def _plain_grid(grid: Grid, width: int) -> str:
    widths = column_widths(grid, width)
    lines = [grid.title] if grid.title else []
    for row in (grid.columns, tuple("-" * each for each in widths), *grid.rows):
        cells = [textwrap.wrap(cell, size) or [""] for cell, size in zip(row, widths, strict=True)]
        for height in range(max(map(len, cells))):
            pieces = [
                (cell[height] if height < len(cell) else "").rjust(size)
                if index in grid.right
                else (cell[height] if height < len(cell) else "").ljust(size)
                for index, (cell, size) in enumerate(zip(cells, widths, strict=True))
            ]
            lines.append("  ".join(pieces).rstrip())
    return "\n".join(lines)
