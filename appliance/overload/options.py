"""Reads the configuration of monitor and modelled centre from TOML: tables `[overload]`, `[overload.<area>]` and `[centre]`.

The tables follow the dataclasses of `appliance.monitor`, which name range, unit and meaning of every option.
"""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from appliance.monitor.centre.config import CentreConfig
from appliance.monitor.overload.config import AreaConfig, MonitorConfig, SharesConfig
from appliance.monitor.overload.events import DOMAINS
from provisioning import tomlplaces as toml
from provisioning.tomlplaces import Document, Invalid, Kind, Problem, Table

T = TypeVar("T")

AREAS = ("ingress", "queue_pstn", "queue_mobile", "queue_voip", "agents")


@dataclass(frozen=True)
class Options:
    """What the file says."""

    overload: MonitorConfig = dataclasses.field(default_factory=MonitorConfig)
    centre: CentreConfig = dataclasses.field(default_factory=CentreConfig)


def kind_of(each: dataclasses.Field[Any]) -> Kind[Any]:
    """What an option may be, from its default and range."""
    default, bounds = each.default, each.metadata
    if isinstance(default, bool):
        return toml.boolean()
    if isinstance(default, int):
        return toml.integer(int(bounds["low"]), int(bounds["high"]))
    if isinstance(default, float):
        return toml.number(bounds["low"], bounds["high"])
    if isinstance(default, enum.Enum):
        return toml.choice({one.value: one for one in type(default)})
    return toml.listing(toml.choice(toml.words(DOMAINS)))


def _fill(table: Table, default: T) -> T:
    """An object like `default` with what the table says instead."""
    values = {
        each.name: table.take(each.name, kind_of(each), getattr(default, each.name))
        for each in dataclasses.fields(default)  # type: ignore[arg-type]  # one of the dataclasses above
        if "doc" in each.metadata
    }
    return dataclasses.replace(default, **values)  # type: ignore[type-var]  # T is a dataclass, as above


def monitor_of(table: Table) -> MonitorConfig:
    """The monitor's configuration from its table; mistakes are noted in the table's document."""
    config = _fill(table, MonitorConfig())
    areas: dict[str, Any] = {}
    for name in AREAS:
        inner = table.table(name)
        area: AreaConfig = _fill(inner, getattr(config, name))
        if area.occupancy > area.capacity:
            inner.report("occupancy", f"{area.occupancy} is above the capacity of {area.capacity} and never reached")
        inner.close()
        areas[name] = area
    inner = table.table("shares")
    shares: SharesConfig = _fill(inner, config.shares)
    total = shares.pstn + shares.mobile + shares.voip
    if abs(total - 1) > 0.01:
        inner.report("", f"pstn, mobile and voip are {total:g} together; make them 1")
    inner.close()
    table.close()
    return dataclasses.replace(config, **areas, shares=shares)


def parse(text: str, source: str) -> Options:
    """Read a configuration text. Raises `Invalid` with every mistake at its place."""
    document = Document(text, source)
    root = document.root()
    overload = monitor_of(root.table("overload"))
    table = root.table("centre")
    centre = _fill(table, CentreConfig())
    if centre.ring_most_s < centre.ring_least_s:
        table.report("ring_most_s", f"is less than ring_least_s ({centre.ring_least_s:g}); make it larger")
    table.close()
    root.close()
    document.finish()
    return Options(overload, centre)


def load(path: Path) -> Options:
    """Read a configuration file. Raises `Invalid`, also where it cannot be read."""
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid([Problem(str(path), 0, "", f"cannot be read: {error}")]) from None


def render(options: Options) -> str:
    """The options as a TOML text that `parse` reads back, with what each means."""
    lines: list[str] = []
    monitor = options.overload
    _section(lines, "overload", monitor)
    for name in AREAS:
        _section(lines, f"overload.{name}", getattr(monitor, name))
    _section(lines, "overload.shares", monitor.shares)
    _section(lines, "centre", options.centre)
    return "\n".join(lines[1:]) + "\n"


def _section(lines: list[str], name: str, config: Any) -> None:
    lines += ["", f"[{name}]"]
    for each in dataclasses.fields(config):
        if "doc" not in each.metadata:
            continue
        written = f"{each.name} = {_value(getattr(config, each.name))}"
        unit = f" ({each.metadata['unit']})" if each.metadata["unit"] else ""
        lines.append(f"{written:<32}# {each.metadata['doc']}{unit}")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, enum.Enum):
        return f'"{value.value}"'
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{each}"' for each in value) + "]"
    return f"{value:.9g}"
