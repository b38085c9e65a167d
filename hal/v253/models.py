"""What is known of each model, as data. A modem that is in no row gets the rules of the standard.

The dialect decides what +VLS=2 means (the line in IS-101, the local handset in V.253), so it is never guessed: it comes
from identification (ATI0, ATI3, +GMI, +GMM), from the configuration, or from the modem's own list of lines
(`hal.v253.lineselect`).
"""

from __future__ import annotations

import re

from hal.v253.codec import PLAY_END, RECORD_END_I4L
from hal.v253.model import Dialect, KeySource, Model, Progress

__all__ = ["GCI", "IS101", "MODELS", "V253", "Dialect", "KeySource", "Model", "Progress", "identify"]

MODELS = (
    Model(
        "isdn4linux",
        re.compile(r"^Linux ISDN", re.M),
        Dialect.IS101,
        "Program: isdn4linux 3a245172, Documentation/isdn/README.audio and drivers/isdn/isdn_tty.c",
        driver="isdn4linux",
        duplex=True,
        keys=KeySource.OWN,
        line="AT+VLS=2",
        dial="ATD{number}",
        compression="{number}",
        adpcm="isdn4linux",
        tone="",
        play_abort=PLAY_END,
        record_end=RECORD_END_I4L,
        duplex_end=RECORD_END_I4L + PLAY_END,
    ),
    Model(
        "conexant",
        re.compile(r"\bCX9[0-9]{4}|\bCX8180|\bCX06833|^CONEXANT", re.M),
        Dialect.V253,
        "Dialogue: AT0myks/pycallblock#3; program: pycallblock 2bc92109 (CX93001: +VTR, 1,8000,0,0); "
        "thess/callattendant cb148752; Conexant 102184B p.5-12, 5-18; "
        "NCID's log of a CX93001 V0.2013 (131 mu-law, 132 A-law); Conexant 100722B p.6-15 (+VRN=0: OK right after dialling)",
        duplex=True,
        progress=Progress.SOFTWARE,
        init=("AT-STE=3",),
    ),
    Model(
        "usr5637",
        re.compile(r"^5601$|U\.?S\.? ?Robotics 56K FAX USB", re.M | re.I),
        Dialect.V253,
        "Dialogue: emxsys/callattendant#139, thess/callattendant#105 (ATI0 5601); NCID's log of +VSM=? (128 linear, 130 "
        "A-law, 132 IMA)",
        keys=KeySource.MODEM,
        compression="{number},8000",
    ),
    Model(
        "si24xx",
        re.compile(r"\bSi24[0-9]{2}", re.I),
        Dialect.V253,
        "Manual: Silicon Labs AN93 rev 1.3: +VSM 4 and 5, DLE ETX before OK; p.176 (+VRN is 0 by default: OK without "
        "waiting for ringing)",
        keys=KeySource.MODEM,
        progress=Progress.SOFTWARE,
        compression="{number},8000",
    ),
    Model(
        "zoom3095",
        re.compile(r"ZOOM.*3095", re.I | re.S),
        Dialect.V253,
        "Dialogue: emxsys/callattendant#94: leaves +VTX and +VRX only after three DLE before the code",
        keys=KeySource.MODEM,
        compression="{number},8000",
        stubborn_end=True,
    ),
    Model(
        "multitech",
        re.compile(r"\bMT(9234|5634|5600)[A-Z]*|MultiModem|MultiMobile|SocketModem", re.I),
        Dialect.V253,
        "Manual: Multi-Tech S000434H (MT9234: +VLS 0 to 7); mgetty, Multitech_5634ZPX.c (+VSM=?, +VLS=?); "
        "emxsys/callattendant#170, #171",
        keys=KeySource.MODEM,
        compression="{number},8000",
        init=("ATM0",),  # its loudspeaker is loud
    ),
    Model(
        "lucent",
        re.compile(r"ZOOM V\.90|^LT V\.9|\bLucent\b|\bAgere\b", re.M | re.I),
        Dialect.V253,
        "Dialogue: mgetty, voice/libvoice/README.lucent (Zoom 56Kx: ATI3, +VSM=?)",
        keys=KeySource.MODEM,
        compression="{number},8000",
    ),
    Model(
        "elsa",
        re.compile(r"\bELSA\b|MicroLink", re.I),
        Dialect.V253,
        "Program: mgetty, voice/libvoice/V253modem.c (56k Fun: 129 IMA ADPCM, 131 mu-law, 132 A-law), ring.c (RING;from;to)",
        keys=KeySource.MODEM,
        compression="{number},8000",
    ),
    Model(
        "zyxel2864",
        re.compile(r"^(1500|288|2864[123]?)$|ZyXEL.*2864|ELITE ?2864", re.M | re.I),
        Dialect.IS101,
        "Program: mgetty, voice/libvoice/ZyXEL_2864.c and IS_101.c (+VSM=n,8000; S48.5; +VLS=2), cnd.c (FM: TO:)",
        keys=KeySource.MODEM,
        line="AT+VLS=2",
        compression="{number},8000",
        adpcm="zyxel",
        before=("ATS48.5=1", "ATS40.3=1 S40.4=1 S40.5=1 S40.6=1"),  # IS-101 instead of ZyXEL's own; distinctive rings
    ),
    Model(
        "zyxel1496",
        re.compile(r"^1496|U-?1496", re.M | re.I),
        Dialect.IS101,
        "Manual: ZyXEL U-1496 p.90 (+VSM=? with 9600 samples a second only, which is refused); mgetty, cnd.c (CALLER NUMBER)",
        keys=KeySource.MODEM,
        line="AT+VLS=2",
        compression="{number}",
        adpcm="zyxel",
    ),
    Model(
        "zyxel-omni",
        re.compile(r"\bOMNI ?(56K|288S|NET)", re.I),
        Dialect.IS101,
        "Program: mgetty, voice/libvoice/ZyXEL_Omni56K.c (ATA answers with VCON; its ADPCM at 9600 is unknown and refused)",
        keys=KeySource.MODEM,
        line="ATA",
        compression="{number},8000",
    ),
    Model(
        "cirrus",
        re.compile(r"\bCL-?MD[0-9]{2}", re.I),
        Dialect.V253,
        "Dialogue: a public log of two modems at a FRITZ!Box (CL-MD56xx: ATI 56000, no +GMI; 0 and 128 8-bit linear, +VLS 1 is T, "
        "no +VRA; takes * only after ATDT); that its linear audio is unsigned like others' is not known",
        keys=KeySource.MODEM,
        compression="{number},8000",
    ),
    Model(
        "conexant56k",
        re.compile(r"^56000$", re.M),
        Dialect.V253,
        "Dialogue: thess/callattendant#2 (Dell RD02-D400: ATI0 56000, nothing else of itself); vgetty takes 56000 for "
        "Rockwell's #V, wrongly",
        keys=KeySource.MODEM,
        init=("AT-STE=3",),
    ),
)
V253 = Model("v253", re.compile(r"(?!)"), Dialect.V253, "Manual: ITU-T V.253", keys=KeySource.MODEM)
"""Any other modem that says it speaks V.253: half duplex, its own key detection, nothing beyond the standard."""
IS101 = Model(
    "is101",
    re.compile(r"(?!)"),
    Dialect.IS101,
    "Manual: TIA IS-101",
    keys=KeySource.MODEM,
    line="AT+VLS=2",
    compression="{number},8000",
)
"""Likewise for IS-101: only by configuration, because nothing that a modem says of itself tells the two apart for certain."""

_BY_NAME = {model.name: model for model in (*MODELS, V253, IS101)}

GCI = {"AT": "0A", "CA": "20", "CH": "A6", "DE": "42", "FR": "3D", "GB": "B4", "NL": "7B", "US": "B5"}
"""ITU-T T.35, annex A: country codes for +GCI, which decides how a modem reads ringing, caller identification and tones."""


def identify(identity: str, hint: str = "") -> Model:
    """The row of a modem that said `identity`. A `hint` from the configuration decides; ValueError where there is no such row."""
    if hint:
        if hint not in _BY_NAME:
            raise ValueError(f"no model {hint!r}; there are {', '.join(sorted(_BY_NAME))}")
        return _BY_NAME[hint]
    return next((model for model in MODELS if model.identity.search(identity)), V253)
