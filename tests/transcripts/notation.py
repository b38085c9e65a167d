"""How a dialogue with a real modem is written down, and what is expected of it.

    # header: which modem, where the dialogue was published, what is peculiar; facts only, all numbers replaced
    @ radio                       which vocabulary its unsolicited lines have: radio or voice
    > AT+CSQ                      a command; the CR goes without saying
    >+ 0011...                    the message that is handed over at the prompt of the command above
    < +CSQ: 20,99                 a line from the modem, between CR LF and CR LF
    <= "AT+CSQ\\r\\r\\n"             bytes from the modem, exactly
    ~ 0.5                         seconds pass
    = OK; +CSQ: 20,99             expected of the engine: how a command ended, and the lines of its answer
    = prompt                      ... the message is handed over now
    = Caller +4930                ... what the vocabulary makes of an unsolicited line: a report and what it says
    = line *PSUTTZ: ...           ... a line that means nothing to this house
    = result +CMS ERROR: 38       ... a result code that ends nothing
    = code R                      ... a shielded code
    ! open                        expected of the driver (see `replay`); what stands above it answers the driver's commands

Lines of `<`, `<=` and `>` before `! open` answer the driver whenever it sends the same command; behind it `<` are unsolicited.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).with_name("data")


@dataclass(frozen=True)
class Step:
    """One line of a transcript."""

    mark: str
    """`>`, `>+`, `<`, `~`, `=` or `!`."""
    text: str
    raw: bytes = b""
    """Of `<`: the bytes."""
    line: int = 0
    """Where it stands."""


@dataclass(frozen=True)
class Transcript:
    """A file."""

    name: str
    header: tuple[str, ...]
    vocabulary: str
    steps: tuple[Step, ...]

    @property
    def opens(self) -> int:
        """Where the driver comes in; the number of steps where it does not."""
        return next((at for at, step in enumerate(self.steps) if step.mark == "!"), len(self.steps))


def read(path: Path) -> Transcript:
    """The transcript of a file. ValueError with the line that cannot be understood."""
    header, steps, vocabulary = [], [], ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        mark, _, text = line.partition(" ")
        match mark:
            case "":
                continue
            case "#":
                header.append(text)
            case "@":
                vocabulary = text.strip()
            case "<":
                steps.append(Step("<", text, b"\r\n" + text.encode("latin-1") + b"\r\n", number))
            case "<=":
                steps.append(Step("<", text, ast.literal_eval("b" + text), number))
            case ">" | ">+" | "~" | "=" | "!":
                steps.append(Step(mark, text, line=number))
            case _:
                raise ValueError(f"{path.name}:{number}: {line!r}")
    if vocabulary not in ("radio", "voice"):
        raise ValueError(f"{path.name}: no vocabulary (@ radio, @ voice)")
    return Transcript(path.stem, tuple(header), vocabulary, tuple(steps))


def all_transcripts() -> list[Transcript]:
    """Every file, in order."""
    return [read(path) for path in sorted(DATA.glob("*.txt"))]
