"""Every row of the drivers' model tables, with a simulated modem that stands for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hal.gsm import models as radio
from hal.registry import DeviceConfig
from hal.simulated import Exchange, radiomodels
from hal.simulated.radiomodem import RadioModem
from hal.v253 import models as voice
from tests.contract.driver import Driver

VOICE = {
    "conexant": "conexant",
    "usr5637": "usr5637",
    "si24xx": "si2493",
    "zoom3095": "zoom3095",
    "multitech": "multitech",
    "lucent": "lucent",
    "elsa": "elsa",
    "zyxel2864": "zyxel2864",
    "cirrus": "cirrus",
    "conexant56k": "conexant56k",
    "v253": "ima",
}
"""Row of `hal.v253.models` -> model of `hal.simulated.models`."""
EXACT = {"usr5637", "si24xx", "multitech", "lucent", "elsa"}
"""Voice rows whose simulated modem has A-law, bit for bit."""
RADIO = {"sim7600": "sim7600", "a7670": "a7670", "quectel-ec2x": "ec25", "huawei": "e1550"}
"""Row of `hal.gsm.models` -> model of `hal.simulated.radiomodels`."""
WITHOUT = {
    "zyxel1496": "its ADPCM is at 9,600 samples a second: refused (tests/hal/v253/test_rows.py)",
    "zyxel-omni": "its ADPCM is at 9,600 samples a second and its format is unknown: refused",
    "is101": "what an unknown IS-101 modem is called by configuration; refused without a codec that is known",
}
"""Rows that no simulated modem stands for, and why."""

_GENERIC = radiomodels.RadioModel(
    "generic",
    "3GPP TS 27.007 alone",
    {"+CGMI": "Nobody", "+CGMM": "Modem", "+CGMR": "1.0", "+CGSN": "861075020000015", "+CIMI": "262010000000015"},
    ("Modem",),
    ((1.0, "+CPIN: {sim}"),),
)
_OWN = "+4915112345"


def _voice(row: voice.Model, model: str) -> Driver:
    return Driver(
        row.name,
        "4712",
        lambda exchange: exchange.voice_modem("dev", number="4712", model=model),
        lambda directory: DeviceConfig("dev", "v253", (str(directory / "dev"),)),
        exact=row.name in EXACT,
        adpcm=bool(row.adpcm) or model == "ima",
        ringing_known=False,
        congestion_known=row.progress is voice.Progress.SOFTWARE,  # where the modem decides, it says BUSY to both
        settle_s=8.0,
        answer_known_s=12.0,
    )


def _generic(exchange: Exchange) -> RadioModem:
    modem = RadioModem(exchange, "dev", _OWN, _GENERIC)
    exchange._devices["dev"] = modem  # a modem of no maker: the exchange sells none
    exchange.subscribe(_OWN, modem)
    return modem


def _radio(row: radio.Model, plug_in: Callable[[Exchange], Any]) -> Driver:
    def config(directory: Path) -> DeviceConfig:
        return DeviceConfig("dev", "gsm", (str(directory / "dev"),), audio_port=str(directory / "dev.pcm"))

    return Driver(row.name, _OWN, plug_in, config, dial_tone=False)


def _rows() -> list[Driver]:
    rows = [
        Driver(
            "isdn4linux",
            "4711",
            lambda exchange: exchange.isdn_adapter("dev", msns=["4711"]),
            lambda directory: DeviceConfig("dev", "isdn4linux", (str(directory / "dev.1"),), msns=("4711",)),
        )
    ]
    rows += [_voice(row, VOICE[row.name]) for row in (*voice.MODELS, voice.V253) if row.name in VOICE]
    for model in radio.MODELS:
        name = RADIO.get(model.name)
        if name:
            rows.append(_radio(model, lambda exchange, name=name: exchange.gsm_modem("dev", number=_OWN, model=name)))
    return [*rows, _radio(radio.GENERIC, _generic)]


ROWS = {driver.name: driver for driver in _rows()}
"""By the name of the row."""
TABLES = (*voice.MODELS, voice.V253, voice.IS101, *radio.MODELS)
"""All rows that there are."""
