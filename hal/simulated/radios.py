"""Which class brings which radio model to life."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hal.simulated import radiomodels
from hal.simulated.huawei import HuaweiModem
from hal.simulated.quectel import QuectelModem
from hal.simulated.radiomodem import RadioModem
from hal.simulated.simcom import SimcomModem

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange

RADIOS: dict[str, tuple[type[RadioModem], radiomodels.RadioModel]] = {
    model.name: (kind, model)
    for kind, models in (
        (SimcomModem, (radiomodels.SIM7600, radiomodels.A7670)),
        (QuectelModem, (radiomodels.EC25, radiomodels.EG25)),
        (HuaweiModem, (radiomodels.E1550, radiomodels.E173)),
    )
    for model in models
}


def radio_modem(exchange: Exchange, name: str, number: str, model: str) -> RadioModem:
    """A radio modem of that model. ValueError for one that there is not."""
    if model not in RADIOS:
        raise ValueError(f"no radio modem {model!r}; there are {', '.join(RADIOS)}")
    kind, row = RADIOS[model]
    return kind(exchange, name, number, row)
