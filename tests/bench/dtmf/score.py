"""From what was pressed and what was heard to a percentage."""

from __future__ import annotations


def distance(pressed: str, heard: str) -> int:
    """Levenshtein's: the fewest keys missed, invented or mistaken that explain the difference."""
    row = list(range(len(heard) + 1))
    for i, p in enumerate(pressed, 1):
        diagonal, row[0] = row[0], i
        for j, h in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (p != h))
    return row[-1]


def correct(pressed: str, heard: str) -> float:
    """Per cent of the keys heard right; one heard twice or out of nothing counts as one wrong."""
    return max(0.0, 100.0 * (1 - distance(pressed, heard) / len(pressed)))


def accepted(pressed: str, heard: str) -> float:
    """Per cent of signals that are no keys and were taken for some; lower is better."""
    return 100.0 * len(heard) / len(pressed)
