"""Text from elsewhere on a terminal or in a log: what would steer the terminal, or begin a new line of the log, is spelt out.

Callers' numbers, rosters and modems decide what much of our text says. Control characters of ECMA-48 (C0 but for the end of a
line, DEL, C1) and Unicode's marks of direction and surrogates become escapes such as `\\x1b`.
"""

from __future__ import annotations

import logging


def visible(text: str) -> str:
    """The text with everything unprintable but line ends spelt out."""
    return "".join(c if c == "\n" or c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class LogFormatter(logging.Formatter):
    """One message, one line, whatever is in it; only the traceback that may follow has lines of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """As `logging.Formatter`, made visible."""
        return visible(super().formatMessage(record)).replace("\n", "\\n")

    def formatException(self, ei: logging._SysExcInfoType) -> str:
        """As `logging.Formatter`, made visible."""
        return visible(super().formatException(ei))
