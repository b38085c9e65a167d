"""What one radio modem does differently from the next, as rows. They come from the project's `modems.md`, 2.1 to 2.4."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Model:
    """One family of modems. Commands are without `AT`."""

    name: str
    pattern: str
    """Regular expression over `+CGMI` and `+CGMM` in one line, upper case."""
    source: str
    """Who says so, and how far it is tried."""
    init: tuple[str, ...] = ()
    """After the standard ones: reports of calls and keys, audio path. A modem may refuse any of them."""
    voice_check: str = ""
    """A query that a modem or firmware without voice answers with ERROR."""
    before_call: tuple[str, ...] = ()
    """Before dialling or answering. May be refused."""
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

    def matches(self, identity: str) -> bool:
        """Whether this row is for a modem of that manufacturer and model."""
        return re.search(self.pattern, identity.upper()) is not None


SIM7600 = Model(
    "sim7600",
    r"SIMCOM.*SIM7[56]00|SIM7[56]00",
    "Asterisk's chan_quectel ran whole calls with it; callpilot#112: CPCMREG is refused for seconds after ATA",
    init=("+CLCC=1", "+DDET=1", "+CPCMFRM=0"),
    voice_check="+CPCMREG?",
    audio_on="+CPCMREG=1",
    audio_off="+CPCMREG=0",
    sms_in_call=True,
)
QUECTEL = Model(
    "quectel-ec2x",
    r"QUECTEL",
    "chan_quectel (RoEdAl 5552c365, Ichthys e8ea5155), callpilot c7b45466; scripted tests only",
    init=(
        '+QURCCFG="urcport","usbat"',  # reports come on one port only; the wrong one is silent for ever
        '+QINDCFG="ccinfo",1,0',
        "+QTONEDET=1",
        '+QGPSCFG="outport","none"',  # the audio port is the GNSS port otherwise
        "+QAUDMOD=3",
    ),
    voice_check="+QPCMV?",
    before_call=("+QPCMV=0", "+QPCMV=1,0"),
    audio_off="+QPCMV=0",
    sms_in_call=True,
)
HUAWEI = Model(
    "huawei",
    r"HUAWEI",
    "chan_dongle 2bd3fc2c, ModemManager 9a2d5863; scripted tests only, and its 2G/3G networks are going",
    init=("^DDTMFCFG=0,1",),
    voice_check="^CVOICE?",
    audio_on="^DDSETEX=2",
    key="^DTMF={index},{key}",
)
GENERIC = Model("generic", r"", "3GPP TS 27.007 and 27.005 and nothing else; audio, if any, flows by itself")

MODELS = (SIM7600, QUECTEL, HUAWEI, GENERIC)
"""In order of preference; the last one takes all."""


def model_for(identity: str) -> Model:
    """The row for what `+CGMI` and `+CGMM` said."""
    return next(model for model in MODELS if model.matches(identity))


def model_named(name: str) -> Model:
    """The row of that name, as configured. KeyError for an unknown one."""
    return {model.name: model for model in MODELS}[name]
