"""A real modem for the contract suite, described by environment variables (docs/modems.md lists them)."""

from __future__ import annotations

import os
from dataclasses import dataclass

from hal.registry import DeviceConfig


def _of(name: str, default: str = "") -> str:
    return os.environ.get(f"ALERTBOX_TEST_{name}", default)


@dataclass(frozen=True)
class RealModem:
    """What is plugged in."""

    config: DeviceConfig
    number: str
    """To call; empty: nobody is called."""
    sms: str
    """To send a message to; empty: none is sent."""
    caller_s: float
    """Seconds in which a person calls the modem; 0: nobody does."""
    may_reset: bool
    """It may be reset, which takes it off the bus for up to a minute."""


def real_modem() -> RealModem | None:
    """The modem of ALERTBOX_TEST_PORT, or None."""
    ports = tuple(port for port in _of("PORT").split(",") if port)
    if not ports:
        return None
    config = DeviceConfig(
        "real",
        _of("DRIVER", "gsm" if _of("AUDIO") else "v253"),
        ports,
        audio_port=_of("AUDIO"),
        model=_of("MODEL"),
        msns=tuple(msn for msn in _of("MSN").split(",") if msn),
        pin=_of("PIN"),
        country=_of("COUNTRY", "DE"),
    )
    return RealModem(config, _of("NUMBER"), _of("SMS"), float(_of("CALLER_S", "0")), _of("RESET") == "1")
