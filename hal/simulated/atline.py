"""Reading AT command lines the way modems do (ITU-T V.250, clause 5): the modem's side, no input or output.

Tolerant where real modems are: basic commands without separators (`ATQ0V1E1`), extended ones with `;` or simply one after
the other (`AT+VTX+VRX`), prefixes `+ # * ^ $ - &` and the like, text in quotes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_EXTENDED = re.compile(r"([+#*^$\-][A-Z][A-Z0-9_]*)(=\?|\?|=)?", re.IGNORECASE)
_BASIC = re.compile(r"([&%\\]?[A-Z])(\d*)(=\?|\?|=(\d*))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a line. `op` is `=?` (test), `?` (read), `=` (set) or empty (action)."""

    name: str
    """In capitals with its prefix: `E`, `&F`, `S13`, `D`, `+VSM`."""
    op: str = ""
    arg: str = ""


class BadLine(ValueError):
    """The line cannot be read; a modem says ERROR."""


def _argument(text: str, start: int) -> int:
    """Where the argument that begins at `start` ends: outside quotes at `;`, at the next `+LETTER`, or with the line."""
    quoted = False
    for position in range(start, len(text)):
        if text[position] == '"':
            quoted = not quoted
        elif not quoted and (text[position] == ";" or re.match(r"\+[A-Za-z]", text[position:])):
            return position
    return len(text)


def split(text: str, *, whole_line: str = "", dial_to_semicolon: bool = False) -> list[Command]:
    """The commands of a line, without its `AT`. Raises `BadLine`.

    `whole_line`: basic commands, separated by blanks, whose argument is all the rest (`&L` of isdn4linux takes a list with
    semicolons). D takes the rest of the line, or up to and with the first `;` where `dial_to_semicolon` (27.007, 6.2).
    """
    commands: list[Command] = []
    takes_all = whole_line.split()
    position = 0
    while position < len(text):
        if text[position] in " ;\t":
            position += 1
            continue
        rest = text[position:]
        if rest[0] in "Dd":
            end = rest.find(";") + 1 if dial_to_semicolon and ";" in rest else len(rest)
            commands.append(Command("D", "", rest[1:end].strip()))
            position += end
            continue
        special = next((name for name in takes_all if rest.upper().startswith(name)), None)
        if special:
            commands.append(Command(special, "", rest[len(special) :].strip()))
            break
        if match := _EXTENDED.match(rest):
            name, op = match.group(1).upper(), match.group(2) or ""
            end = _argument(rest, match.end()) if op == "=" else match.end()
            commands.append(Command(name, op, rest[match.end() : end].strip() if op == "=" else ""))
            position += end
            continue
        if match := _BASIC.match(rest):
            name, digits, op, value = match.groups()
            op = "=" if value is not None else op or ""
            if name in "Ss":
                commands.append(Command(f"S{int(digits or 0)}", op, value or ""))
            elif op:
                commands.append(Command(name.upper() + digits, op, value or ""))
            else:
                commands.append(Command(name.upper(), "", digits))
            position += match.end()
            continue
        raise BadLine(rest)
    return commands
