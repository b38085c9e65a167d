"""The drivers of the matrix, each with a modem of its kind, simulated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hal.simulated import Exchange

BAD = "bad"
"""Name of the device, and of its only line, that goes wrong."""
WELL = "well"
"""Name of the one that does not."""
WELL_NUMBER = "4711"

WELL_CONFIG = """
[[device]]
name = "well"
driver = "isdn4linux"
[[device.line]]
port = "{directory}/exchange/well.1"
number = "4711"
[lines]
keep_free = 0
stop_s = 30
"""


@dataclass(frozen=True)
class Column:
    """A driver and the modem that it drives here."""

    name: str
    kinds: frozenset[str]
    """What rows may ask for: `wired`, `analogue`, `isdn`, `half duplex`, `radio`, `duplex`, `modem keys` ..."""
    number: str
    driver: str
    plug_in: Callable[[Exchange], Any]
    modem: str
    """The simulated modem, for the legend."""
    more: str = ""
    """Lines of its configuration beside port and number."""
    node: str = BAD

    @property
    def config(self) -> str:
        """Its device in the configuration of the box."""
        return (
            f'[[device]]\nname = "{BAD}"\ndriver = "{self.driver}"\n[[device.line]]\n'
            f'port = "{{directory}}/exchange/{self.node}"\nnumber = "{self.number}"\n{self.more}'
        )

    def __str__(self) -> str:
        return self.name


def _kinds(text: str) -> frozenset[str]:
    return frozenset(each.strip() for each in text.split(","))


def _analogue(name: str, model: str, kinds: str) -> Column:
    return Column(
        name,
        _kinds(f"wired, analogue, {kinds}"),
        "4712",
        "v253",
        lambda exchange: exchange.voice_modem(BAD, number="4712", model=model),
        model,
    )


def _radio(name: str, model: str, kinds: str) -> Column:
    number = "+4915112345"
    return Column(
        name,
        _kinds(f"radio, duplex, {kinds}"),
        number,
        "gsm",
        lambda exchange: exchange.gsm_modem(BAD, number=number, model=model),
        model,
        more=f'audio = "{{directory}}/exchange/{BAD}.pcm"\n',
    )


COLUMNS = (
    Column(
        "isdn4linux",
        _kinds("wired, isdn, duplex"),
        "4721",
        "isdn4linux",
        lambda exchange: exchange.isdn_adapter(BAD, msns=["4721"]),
        "isdn4linux",
        node=f"{BAD}.1",
    ),
    _analogue("ZyXEL IS-101", "zyxel2864", "half duplex"),
    _analogue("V.253 duplex", "conexant", "duplex"),
    _analogue("V.253 half duplex", "usr5637", "half duplex"),
    _radio("GSM SIMCom", "sim7600", "simcom"),
    _radio("GSM Quectel", "ec25", "quectel"),
    _radio("GSM Huawei", "e1550", "huawei"),
)
BY_NAME = {column.name: column for column in COLUMNS}
