"""The simulated exchange from a TOML file: modems, lines and subscribers.

prompts = "build/prompts"              # where rendered prompts lie, for captions; optional

[[isdn]]
name = "isdn"                          # nodes isdn.1, isdn.2 ...
msns = ["4711", "4711"]                # one a line
numbers = ["4712"]                     # further ones, whose calls any line may take; optional

[[voice]]
name = "voice"
number = "4712"
model = "conexant"
echo_db = 18                           # optional: the line echoes, echo_ms later
country = "DE"                         # optional: whose tones the exchange gives

[[gsm]]
name = "gsm"                           # nodes gsm, gsm.pcm
number = "+4915112345"
model = "sim7600"                      # or a7670, ec25, eg25, e1550, e173

[[subscriber]]
number = "03012345"
behaviour = "acknowledges"             # see hal.simulated.behaviours; without one it waits to be driven
key = "1"                              # any field of the behaviour
busy_times = 1                         # any setting of the phone
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from hal.simulated.behaviours import BEHAVIOURS
from hal.simulated.exchange import Exchange

_PHONE = ("busy", "busy_times", "switched_off", "refuse", "present_number")
_EXCHANGE = ("ring_cadence_s", "no_answer_s", "no_response_s")


class BadConfig(ValueError):
    """Says which entry is wrong, and why."""


def load(path: Path, directory: Path) -> Exchange:
    """Build an exchange in the running loop. Raises `BadConfig`, OSError. Relative paths are taken from the file's directory."""
    try:
        config = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{path}: {error}") from None
    makers: dict[str, Callable[..., object]] = {
        "isdn": Exchange.isdn_adapter,
        "voice": Exchange.voice_modem,
        "gsm": Exchange.gsm_modem,
    }
    if unknown := sorted(config.keys() - {"prompts", "subscriber", *_EXCHANGE, *makers}):
        raise BadConfig(f"{path}: unknown: {', '.join(unknown)}")
    prompts = path.parent / config["prompts"] if "prompts" in config else None
    exchange = Exchange(directory, prompts=prompts)
    for name in _EXCHANGE:
        if name in config:
            setattr(exchange, name, float(config[name]))
    for kind, maker in makers.items():
        for position, entry in enumerate(config.get(kind, []), start=1):
            try:
                maker(exchange, **entry)
            except (TypeError, ValueError) as error:
                raise BadConfig(f"{path}: [[{kind}]] number {position}: {error}") from None
    for position, entry in enumerate(config.get("subscriber", []), start=1):
        try:
            _subscribe(exchange, dict(entry), path.parent)
        except (KeyError, TypeError, ValueError) as error:
            raise BadConfig(f"{path}: [[subscriber]] number {position}: {error}") from None
    return exchange


def _subscribe(exchange: Exchange, entry: dict[str, Any], base: Path) -> None:
    phone = exchange.phone(entry.pop("number"), **{name: entry.pop(name) for name in _PHONE if name in entry})
    name = entry.pop("behaviour", None)
    if name is None:
        if entry:
            raise ValueError(f"unknown: {', '.join(entry)}")
        return
    if name not in BEHAVIOURS:
        raise ValueError(f"no behaviour {name!r}; there are {', '.join(BEHAVIOURS)}")
    kind = BEHAVIOURS[name]
    known = {field.name for field in fields(kind)}
    if unknown := sorted(entry.keys() - known):
        raise ValueError(f"{name!r} has no {', '.join(unknown)}")
    if isinstance(entry.get("greeting"), str):
        entry["greeting"] = base / entry["greeting"]
    if "wrong" in entry:
        entry["wrong"] = tuple(entry["wrong"])
    phone.behaviour = kind(**entry)
