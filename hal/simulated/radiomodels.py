"""The simulated radio modems as data: what each says of itself, keeps, and sends while it starts.

What they do differently in a call is code, in `simcom`, `quectel` and `huawei`. The facts are those of the project's reference
(modems.md, 2), each row naming where they come from.
"""

from __future__ import annotations

from dataclasses import dataclass, field

CME_TEXT = {
    3: "operation not allowed",
    4: "operation not supported",
    10: "SIM not inserted",
    11: "SIM PIN required",
    12: "SIM PUK required",
    14: "SIM busy",
    16: "incorrect password",
    30: "no network service",
    50: "incorrect parameters",
    100: "unknown",
}
"""Error texts for +CMEE=2 (27.007, 9.2.1)."""

SETTINGS = {
    "+CREG": ("0", "(0-2)"),
    "+CGREG": ("0", "(0-2)"),
    "+CEREG": ("0", "(0-2)"),
    "+CMEE": ("0", "(0-2)"),
    "+CLIP": ("0", "(0,1)"),
    "+CLIR": ("0", "(0-2)"),
    "+COLP": ("0", "(0,1)"),
    "+CDIP": ("0", "(0,1)"),
    "+CNAP": ("0", "(0,1)"),
    "+CRC": ("0", "(0,1)"),
    "+CSSN": ("0,0", "(0,1),(0,1)"),
    "+CCWA": ("0", "(0,1)"),
    "+CSCS": ('"IRA"', '("IRA","GSM","UCS2")'),
    "+CVHU": ("1", "(0,1)"),
    "+VTD": ("1", "(1-255)"),
    "+CTZU": ("0", "(0,1)"),
    "+CTZR": ("0", "(0-2)"),
    "+CSDH": ("0", "(0,1)"),
    "+CUSD": ("0", "(0-2)"),
    "+CMER": ("0,0,0,0,0", "(0-3),(0),(0),(0-1),(0,1)"),
    "+CGEREP": ("0,0", "(0-2),(0,1)"),
    "+CIREG": ("0", "(0-2)"),
}
"""What every one keeps and reads back (27.007, 27.005): (default, range)."""
ACCEPTED = (
    *(
        "X",
        "L",
        "M",
        "&C",
        "&D",
        "&W",
        "&S",
        "&K",
        "+IFC",
        "+IPR",
        "+CMMS",
        "+CSAS",
        "+CGSMS",
        "+CMUT",
        "+CLVL",
    ),
    *("+CMEC", "+CSTA", "+CMOD", "+CGAUTH", "+ICF"),
)
"""Commands that are accepted and change nothing that could be noticed from outside."""


@dataclass(frozen=True, slots=True)
class RadioModel:
    """One model."""

    name: str
    source: str
    identity: dict[str, str]
    """Answer by command; a set of +CGMI, +CGMM, +CGMR and so on."""
    about: tuple[str, ...]
    """The lines of ATI."""
    boot: tuple[tuple[float, str], ...]
    """(seconds after power-up, line); `{sim}` stands for the SIM's state, which is read at the first such line."""
    settings: dict[str, tuple[str, str]] = field(default_factory=dict)
    """More than `SETTINGS`, or other defaults."""
    accepted: tuple[str, ...] = ()
    stores: dict[str, int] = field(default_factory=lambda: {"SM": 20, "ME": 50})
    """Message stores and their places."""
    store_first: str = "SM"
    """The store that is selected at start."""
    full: str = ""
    """What it says when a store is full: `{store}` stands for it. Empty: nothing at all."""
    not_supported: str = ""
    """What it says to a command that it does not know, where that is no ERROR."""
    restarted: str = ""
    """What it says at once when its firmware has started again without leaving the bus; empty: no more than `boot`."""
    lte: bool = True
    """Registers for packets on LTE (+CEREG) beside the circuit side."""
    network_time: bool = True


def _identity(manufacturer: str, model: str, revision: str, iccid: str) -> dict[str, str]:
    return {
        **dict.fromkeys(("+CGMI", "+GMI"), manufacturer),
        **dict.fromkeys(("+CGMM", "+GMM"), model),
        **dict.fromkeys(("+CGMR", "+GMR"), revision),
        **dict.fromkeys(("+CGSN", "+GSN"), "861075020000015"),
        "+CIMI": "262010000000015",
        "+GCAP": "+GCAP: +CGSM,+FCLASS,+DS",
        iccid.split("=")[0]: iccid.split("=")[1],
    }


_SIMCOM_SETTINGS = {
    "+DDET": ("0", "(0,1)"),
    "+CPCMFRM": ("0", "(0,1)"),
    "+COUTGAIN": ("4", "(0-7)"),
    "+CMICGAIN": ("4", "(0-8)"),
    "+CECM": ("1", "(0-7)"),
    "+CNSMOD": ("0", "(0,1)"),
    "+AUTOCSQ": ("0,0", "(0,1),(0,1)"),
    "+CLTS": ("0", "(0,1)"),
    "$QCRCIND": ("0", "(0,1)"),
}

SIM7600 = RadioModel(
    "sim7600",
    "Asterisk's chan_quectel ran whole calls against this behaviour; SIMCom SIM7500/SIM7600 AT manual; callpilot#112, #121",
    _identity(
        "SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "+CGMR: LE20B04SIM7600M22", "+CICCID=+ICCID: 89490200000000000015"
    ),
    (
        "Manufacturer: SIMCOM INCORPORATED",
        "Model: SIMCOM_SIM7600E-H",
        "Revision: SIM7600M22_V2.0",
        "IMEI: 861075020000015",
        "+GCAP: +CGSM",
    ),
    ((1.5, "+CPIN: {sim}"), (2.5, "SMS DONE"), (3.0, "PB DONE")),
    settings=_SIMCOM_SETTINGS,
    accepted=("+CSDVC", "+EXUNSOL"),
    restarted="RDY",
)
A7670 = RadioModel(
    "a7670",
    "LilyGo-Modem-Series#337 for what it says of itself; SIMCom's command list of the A76xx (+CPCMREG, +MORING) and modems.md 2.2 "
    "(*ATREADY) for the rest: no call of a real one was seen",
    _identity("INCORPORATED", "A7670E-FASE", "+CGMR: A011B07A7670M7_F", "+CICCID=+ICCID: 89490200000000000015"),
    (
        "Manufacturer: INCORPORATED",
        "Model: A7670E-FASE",
        "Revision: A011B07A7670M7_F",
        "A7670M7_B07V01_240927",
        "QCN:",
        "IMEI: 861075020000015",
        "MEID:",
        "+GCAP: +CGSM,+FCLASS,+DS",
        "DeviceInfo:",
    ),
    ((0.5, "*ATREADY: 1"), (1.5, "+CPIN: {sim}"), (2.5, "SMS DONE"), (3.0, "PB DONE")),
    settings=_SIMCOM_SETTINGS | {"+MORING": ("0", "(0,1)")},
    accepted=("+CSDVC",),
    stores={"SM": 50, "ME": 180},
)
EC25 = RadioModel(
    "ec25",
    "Quectel EC25&EC21 AT manual V1.3; chan_quectel (RoEdAl 5552c365) for ccinfo, ^DSCI and +QTONEDET; "
    "callpilot c7b45466 for +QPCMV",
    _identity("Quectel", "EC25", "EC25EFAR06A06M4G", "+QCCID=+QCCID: 89490200000000000015"),
    ("Quectel", "EC25", "Revision: EC25EFAR06A06M4G"),
    (
        (0.3, "RDY"),
        (0.5, "+CFUN: 1"),
        (1.5, "+CPIN: {sim}"),
        (1.6, "+QUSIM: 1"),
        (2.5, "+QIND: SMS DONE"),
        (3.0, "+QIND: PB DONE"),
    ),
    settings={"+QTONEDET": ("0", "(0,1)"), "^DSCI": ("0", "(0,1)"), "+CSCS": ('"GSM"', '("GSM","IRA","UCS2")')},
    accepted=("+QAUDMOD", "+QDSIM", "+QMIC", "+QRXGAIN", "+QSIDET", "+QSCLK"),
    stores={"SM": 40, "ME": 23},
    store_first="ME",
    full='+QIND: "smsfull","{store}"',
)
EG25 = RadioModel(
    "eg25",
    EC25.source + "; the EG25-G of the PinePhone (pinephone_modem_sdk#2: reports on one port only)",
    _identity("Quectel", "EG25", "EG25GGBR07A08M2G", "+QCCID=+QCCID: 89490200000000000015"),
    ("Quectel", "EG25", "Revision: EG25GGBR07A08M2G"),
    EC25.boot,
    settings=EC25.settings,
    accepted=EC25.accepted,
    stores=EC25.stores,
    store_first="ME",
    full=EC25.full,
)
_HUAWEI_SETTINGS = {
    "^DDTMFCFG": ("0,0", "(0),(0,1)"),
    "^CURC": ("1", "(0,1)"),
    "+CSCS": ('"IRA"', '("IRA","GSM","UCS2")'),
}
_HUAWEI_BOOT = ((1.0, "^BOOT:20045146,0,0,0,6"), (1.5, "^SIMST:{simst}"), (2.0, "^SRVST:2"), (2.2, "^MODE:5,4"))
E1550 = RadioModel(
    "e1550",
    "chan_dongle 2bd3fc2c (states, traps, initialisation); ModemManager 9a2d5863 for ^DDTMF; wdoekes#82 for ^CEND",
    _identity("huawei", "E1550", "11.608.13.02.00", "^ICCID=^ICCID: 98942000000000000051"),
    (
        "Manufacturer: huawei",
        "Model: E1550",
        "Revision: 11.608.13.02.00",
        "IMEI: 861075020000015",
        "+GCAP: +CGSM,+DS,+ES",
    ),
    _HUAWEI_BOOT,
    settings=_HUAWEI_SETTINGS,
    accepted=("^U2DIAG", "^SYSCFG", "^PORTSEL"),
    stores={"SM": 20, "ME": 255},
    full='^SMMEMFULL:"{store}"',
    not_supported="COMMAND NOT SUPPORT",
    lte=False,
    network_time=False,
)
E173 = RadioModel(
    "e173",
    E1550.source + "; gammu#4 for messages that hang",
    _identity("huawei", "E173", "11.126.85.00.209", "^ICCID=^ICCID: 98942000000000000051"),
    (
        "Manufacturer: huawei",
        "Model: E173",
        "Revision: 11.126.85.00.209",
        "IMEI: 861075020000015",
        "+GCAP: +CGSM,+DS,+ES",
    ),
    _HUAWEI_BOOT,
    settings=_HUAWEI_SETTINGS,
    accepted=E1550.accepted,
    stores={"SM": 20, "ME": 255},
    full=E1550.full,
    not_supported="COMMAND NOT SUPPORT",
    lte=False,
    network_time=False,
)

MODELS = (SIM7600, A7670, EC25, EG25, E1550, E173)
