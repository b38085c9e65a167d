"""What is known of each model, as data. A modem that is in no row gets the rules of the standard.

The dialect decides what +VLS=2 means (the line in IS-101, the local handset in V.253), so it is never guessed: it comes
from identification (ATI0, ATI3, +GMI, +GMM), or from the configuration.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass


class Dialect(enum.Enum):
    V253 = "V.253"
    """+VLS=1 is the line, results are OK."""
    IS101 = "IS-101"
    """+VLS=2 is the line, results are VCON (isdn4linux, ZyXEL)."""


class KeySource(enum.Enum):
    """Whose key detection counts while audio is received."""

    MODEM = "modem"
    OWN = "own"
    BOTH = "both"
    """Either; a key that both report is one key."""


@dataclass(frozen=True, slots=True)
class Model:
    """A row of the table."""

    name: str
    identity: re.Pattern[str]
    """Searched in the lines of the identification commands, joined by line ends."""
    dialect: Dialect
    source: str
    """Where the row comes from."""
    duplex: bool = False
    """Plays and listens at once (+VTR; isdn4linux +VTX+VRX)."""
    keys: KeySource = KeySource.BOTH
    compression: str = "{number},8000,0,0"
    """The arguments of +VSM."""
    tone: str = "{key},{hundredths}"
    """How +VTS takes a DTMF key: inside braces, with its duration in 10 ms."""
    init: tuple[str, ...] = ()
    """Commands of its own; one that it refuses is no fault."""
    stubborn_end: bool = False
    """Needs three DLE before ETX to leave +VTX."""


MODELS = (
    Model(
        "isdn4linux",
        re.compile(r"^Linux ISDN", re.M),
        Dialect.IS101,
        "isdn4linux 3a245172, Documentation/isdn/README.audio and drivers/isdn/isdn_tty.c",
        duplex=True,
        keys=KeySource.OWN,
        compression="{number}",
    ),
    Model(
        "conexant",
        re.compile(r"\bCX9[0-9]{4}|\bCX8180|\bCX06833|^CONEXANT", re.M),
        Dialect.V253,
        "AT0myks/pycallblock 2bc92109 (CX93001: +VTR, 1,8000,0,0); thess/callattendant cb148752; Conexant 102184B p.5-18",
        duplex=True,
        keys=KeySource.BOTH,
        init=("AT-STE=3",),
    ),
    Model(
        "usr5637",
        re.compile(r"^5601$|U\.?S\.? ?Robotics 56K FAX USB", re.M | re.I),
        Dialect.V253,
        "emxsys/callattendant#139, thess/callattendant#105 (ATI0 5601); emxsys/callattendant: +VSM=128,8000",
        keys=KeySource.MODEM,
        compression="{number},8000",
    ),
    Model(
        "si24xx",
        re.compile(r"\bSi24[0-9]{2}", re.I),
        Dialect.V253,
        "Silicon Labs AN93 rev 1.3: +VSM 4 and 5, DLE ETX before OK",
        keys=KeySource.MODEM,
        compression="{number},8000",
    ),
    Model(
        "zoom3095",
        re.compile(r"ZOOM.*3095", re.I | re.S),
        Dialect.V253,
        "thess/callattendant#94: leaves +VTX only after three DLE before ETX",
        keys=KeySource.MODEM,
        compression="{number},8000",
        stubborn_end=True,
    ),
)
V253 = Model("v253", re.compile(r"(?!)"), Dialect.V253, "ITU-T V.253", keys=KeySource.MODEM)
"""Any other modem that says it speaks V.253: half duplex, its own key detection, nothing beyond the standard."""

_BY_NAME = {model.name: model for model in (*MODELS, V253)}

GCI = {"AT": "0A", "CA": "20", "CH": "A6", "DE": "42", "FR": "3D", "GB": "B4", "NL": "7B", "US": "B5"}
"""ITU-T T.35, annex A: country codes for +GCI, which decides how a modem reads ringing, caller identification and tones."""


def identify(identity: str, hint: str = "") -> Model:
    """The row of a modem that said `identity`. A `hint` from the configuration decides; ValueError where there is no such row."""
    if hint:
        if hint not in _BY_NAME:
            raise ValueError(f"no model {hint!r}; there are {', '.join(sorted(_BY_NAME))}")
        return _BY_NAME[hint]
    return next((model for model in MODELS if model.identity.search(identity)), V253)
