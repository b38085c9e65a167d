"""What one radio modem does differently from the next, as rows. They come from the project's `modems.md`, 2.1 to 2.7."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """A query, and how its answer is read. Both as the maker's manual has them."""

    command: str
    pattern: str
    """Regular expression, searched in each line of the answer."""

    @property
    def expect(self) -> str:
        """How the lines of the answer begin: some are reports too when nobody has asked."""
        match = re.match(r"[+^*$][A-Z]+", self.command)
        return f"{match[0]}:" if match else ""

    def read(self, lines: tuple[str, ...]) -> re.Match[str] | None:
        """The first line that fits."""
        return next((match for line in lines if (match := re.search(self.pattern, line))), None)


@dataclass(frozen=True, slots=True)
class Model:
    """One family of modems. Commands are without `AT`."""

    name: str
    pattern: str
    """Regular expression over `+CGMI` and `+CGMM` in one line, upper case."""
    source: str
    """Who says so, and how far it is tried."""
    init: tuple[str | tuple[str, ...], ...] = ()
    """After the standard ones: reports of calls and keys, audio path. A modem may refuse any of them. Of a tuple in it the first
    that is accepted counts."""
    voice: Question | None = None
    """A modem or firmware without voice answers with ERROR, or with something else."""
    before_call: tuple[str, ...] = ()
    """Before dialling or answering. May be refused."""
    card: tuple[str, ...] = ()
    """The same where the audio goes over a sound card (USB Audio); empty: this model is none."""
    audio_on: str = ""
    """Once the call is up; repeated until it is accepted."""
    audio_retry_s: float = 12.0
    """Seconds for which `audio_on` is repeated."""
    audio_off: str = ""
    """When the call is over, and at start."""
    key: str = '+VTS="{key}"'
    """Sends one key; `{index}` is the number of the call."""
    sms_in_call: bool = False
    """Sends messages while a call is up."""
    reset: str = "AT+CFUN=1,1"
    """Restarts the modem: it leaves the bus and comes back."""
    ims: tuple[Question, ...] = (Question("+CIREG?", r"\+CIREG:\s*\d+\s*,\s*1\b"),)
    """Tells whether voice goes over LTE (27.007, 8.71), asked where the circuit side is not registered."""
    pin_tries: tuple[Question, ...] = (Question("+CPINR", r"SIM PIN\W+(\d+)"),)
    """How many tries of the PIN are left (27.007, 8.65); the first that answers counts."""
    card_number: tuple[str, ...] = ("+CCID", "+ICCID")
    """Tells the number of the SIM card (ICCID)."""

    def matches(self, identity: str) -> bool:
        """Whether this row is for a modem of that manufacturer and model."""
        return re.search(self.pattern, identity.upper()) is not None


_CPINR = Question("+CPINR", r"SIM PIN\W+(\d+)")
_CIREG = Question("+CIREG?", r"\+CIREG:\s*\d+\s*,\s*1\b")
_SPIC = Question("+SPIC", r"\+SPIC:\s*(\d+)")

SIM7600 = Model(
    "sim7600",
    r"SIMCOM.*SIM7[56]00|SIM7[56]00",
    "Asterisk's chan_quectel ran whole calls with it; callpilot#112: CPCMREG is refused for seconds after ATA; callpilot#121: "
    "after one call only +CRESET brings the audio back",
    init=("+CLCC=1", "+DDET=1", "+CPCMFRM=0"),
    voice=Question("+CPCMREG?", r"\+CPCMREG:\s*[01]"),
    audio_on="+CPCMREG=1",
    audio_off="+CPCMREG=0",
    sms_in_call=True,
    reset="AT+CRESET",
    pin_tries=(_SPIC, _CPINR),
    card_number=("+CICCID", "+CCID"),
)
A7670 = Model(
    "a7670",
    r"\bA76\d\d",
    "LilyGo-Modem-Series#337 (its identity, where the maker is only INCORPORATED); SIMCom's command list of the A76xx for "
    "+CPCMREG, +DDET and +CRESET; its calls are simulated only",
    init=("+CLCC=1", "+DDET=1"),
    voice=Question("+CPCMREG?", r"\+CPCMREG:\s*[01]"),
    audio_on="+CPCMREG=1",
    audio_off="+CPCMREG=0",
    sms_in_call=True,
    reset="AT+CRESET",
    pin_tries=(_SPIC, _CPINR),
    card_number=("+CICCID", "+CCID"),
)
QUECTEL = Model(
    "quectel-ec2x",
    r"QUECTEL",
    "chan_quectel (RoEdAl 5552c365, Ichthys e8ea5155), callpilot c7b45466, pinephone_modem_sdk#2; simulated and scripted only",
    init=(
        (
            '+QURCCFG="urcport","all"',
            '+QURCCFG="urcport","usbat"',
        ),  # reports come on one port: the wrong one is silent for ever
        (
            '+QINDCFG="ccinfo",1,0',
            "^DSCI=1",
        ),  # states as in +CLCC, with the number in quotes; old firmware knows ^DSCI alone
        '+QINDCFG="smsfull",1,0',
        "+QTONEDET=1",
        '+QGPSCFG="outport","none"',  # the audio port is the GNSS port otherwise
        "+QAUDMOD=3",
    ),
    voice=Question("+QPCMV?", r"\+QPCMV:\s*[01]"),
    before_call=("+QPCMV=0", "+QPCMV=1,0"),
    card=("+QPCMV=0", "+QPCMV=1,2"),  # forgotten at each restart of the modem
    audio_off="+QPCMV=0",
    sms_in_call=True,
    ims=(_CIREG, Question('+QCFG="ims"', r'\+QCFG:\s*"ims"\s*,\s*\d+\s*,\s*1\b')),
    pin_tries=(Question('+QPINC="SC"', r'\+QPINC:\s*"SC"\s*,\s*(\d+)'), _CPINR),
    card_number=("+QCCID", "+CCID"),
)
HUAWEI = Model(
    "huawei",
    r"HUAWEI",
    "chan_dongle 2bd3fc2c, ModemManager 9a2d5863; simulated and scripted only, and its 2G/3G networks are going",
    init=("^CURC=1", "^DDTMFCFG=0,1"),
    voice=Question("^CVOICE?", r"\^CVOICE:\s*0\b"),  # 0 is enabled
    audio_on="^DDSETEX=2",
    key="^DTMF={index},{key}",
    pin_tries=(Question("^CPIN?", r"\^CPIN:\s*SIM PIN\s*,\s*(\d+)"), _CPINR),
    card_number=("^ICCID?", "+CCID"),
)
GENERIC = Model("generic", r"", "3GPP TS 27.007 and 27.005 and nothing else; audio, if any, flows by itself")

MODELS = (SIM7600, A7670, QUECTEL, HUAWEI, GENERIC)
"""In order of preference; the last one takes all."""


def model_for(identity: str) -> Model:
    """The row for what `+CGMI` and `+CGMM` said."""
    return next(model for model in MODELS if model.matches(identity))


def model_named(name: str) -> Model:
    """The row of that name, as configured. KeyError for an unknown one."""
    return {model.name: model for model in MODELS}[name]
