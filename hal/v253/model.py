"""What can differ between two modems of the same kind: one row of the table in `hal.v253.models`."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from hal.v253.codec import DUPLEX_END, PLAY_ABORT, PLAY_END, RECORD_END


class Dialect(enum.Enum):
    V253 = "V.253"
    """The line is what +VLS=? calls "T", as a rule 1; +VLS=2 is the local handset."""
    IS101 = "IS-101"
    """+VLS=2 is the line, +VLS=1 the local handset (isdn4linux, ZyXEL)."""


class KeySource(enum.Enum):
    """Whose key detection counts while audio is received."""

    MODEM = "modem"
    OWN = "own"
    BOTH = "both"
    """Either; a key that both report is one key."""


class Progress(enum.Enum):
    """Who says what has become of a call that was dialled."""

    MODEM = "modem"
    """The dial command ends when the modem takes the call for answered; our ear doubts it for two seconds."""
    SOFTWARE = "software"
    """The dial command ends right after the digits (+VRN=0), and our ear decides."""


@dataclass(frozen=True, slots=True)
class Model:
    """A row of the table."""

    name: str
    identity: re.Pattern[str]
    """Searched in the lines of the identification commands, joined by line ends."""
    dialect: Dialect
    source: str
    """Where the row comes from, and how near that is to the modem: `Dialogue:` somebody wrote down what it said, `Program:` the
    source of a program that drives it, `Manual:` what its maker or a standard promises. None of them has been tried here."""
    driver: str = "v253"
    """The key of `hal.registry.DRIVERS` that drives it."""
    duplex: bool = False
    """Plays and listens at once (+VTR; isdn4linux +VTX+VRX)."""
    keys: KeySource = KeySource.BOTH
    deaf_while_playing: bool = False
    """It reports no keys in +VTX: prompts are played in pieces with listening gaps between them."""
    line: str = "AT+VLS=1"
    """Takes the telephone line, where +VLS=? does not say another."""
    dial: str = "ATDT{number}"
    progress: Progress = Progress.MODEM
    compression: str = "{number},8000,0,0"
    """The arguments of +VSM."""
    adpcm: str = ""
    """Whose ADPCM it means by that name alone (`hal.v253.compression`)."""
    tone: str = "{key},{hundredths}"
    """How +VTS takes a DTMF key: inside braces, with its duration in 10 ms."""
    before: tuple[str, ...] = ()
    """Commands of its own before voice mode; one that it refuses is no fault."""
    init: tuple[str, ...] = ()
    """Likewise in voice mode."""
    play_end: bytes = PLAY_END
    play_abort: bytes = PLAY_ABORT
    record_end: bytes = RECORD_END
    duplex_end: bytes = DUPLEX_END
    stubborn_end: bool = False
    """Needs three DLE before a code that ends a data state."""
