"""What a SIMCom SIM7600 says of itself and keeps: the tables of the simulated radio modem (3GPP TS 27.007; modems.md 2)."""

from __future__ import annotations

from hal.simulated.causes import Cause

CME_TEXT = {3: "operation not allowed", 10: "SIM not inserted", 11: "SIM PIN required", 14: "SIM busy", 100: "unknown"}
CEER = {  # +CEER: why the last call ended
    Cause.UNALLOCATED: "Unassigned (unobtainable) number",
    Cause.NORMAL_CLEARING: "Normal call clearing",
    Cause.USER_BUSY: "User busy",
    Cause.NO_USER_RESPONDING: "No user responding",
    Cause.NO_ANSWER: "User alerting, no answer",
    Cause.CALL_REJECTED: "Call rejected",
    Cause.NO_CIRCUIT: "No circuit/channel available",
    Cause.SWITCHING_CONGESTION: "Switching equipment congestion",
}
IDENTITY = {
    "+CGMI": "SIMCOM INCORPORATED",
    "+GMI": "SIMCOM INCORPORATED",
    "+CGMM": "SIMCOM_SIM7600E-H",
    "+GMM": "SIMCOM_SIM7600E-H",
    "+CGMR": "+CGMR: LE20B04SIM7600M22",
    "+GMR": "+CGMR: LE20B04SIM7600M22",
    "+CGSN": "861075020000015",
    "+GSN": "861075020000015",
    "+CIMI": "262010000000015",
    "+CICCID": "+ICCID: 89490200000000000015",
    "+CCID": "+CCID: 89490200000000000015",
    "+GCAP": "+GCAP: +CGSM,+FCLASS,+DS",
}
SETTINGS = {  # what is kept and read back; (default, range)
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
    "+DDET": ("0", "(0,1)"),
    "+CPCMFRM": ("0", "(0,1)"),
    "+COUTGAIN": ("4", "(0-7)"),
    "+CMICGAIN": ("4", "(0-8)"),
    "+CECM": ("1", "(0-7)"),
    "+CNSMOD": ("0", "(0,1)"),
    "+AUTOCSQ": ("0,0", "(0,1),(0,1)"),
    "+CLTS": ("0", "(0,1)"),
    "+CTZU": ("0", "(0,1)"),
    "+CTZR": ("0", "(0-2)"),
    "$QCRCIND": ("0", "(0,1)"),
}

ACCEPTED = (
    *("X", "L", "M", "S0", "S3", "S4", "S5", "S7", "&C", "&D", "&W", "&S", "&K", "+IFC", "+IPR", "+CSDVC", "+EXUNSOL"),
    *("+CMMS", "+CSMP", "+CSDH", "+CSAS", "+CGSMS", "+CHLD", "+CMUT", "+CLVL"),
)
"""Commands that are accepted and change nothing that could be noticed from outside."""
