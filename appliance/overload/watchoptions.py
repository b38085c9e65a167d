"""Options of what is watched for overload: the box's own lines, and a PBX beside it."""

# ruff: noqa: RUF009 -- `_option` is dataclasses.field with more to say

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.monitor.overload.config import MonitorConfig
from appliance.monitor.overload.events import DOMAINS
from appliance.monitor.response.policy import Measure
from appliance.overload.options import monitor_of
from provisioning import tomlplaces as toml
from provisioning.tomlplaces import Kind, Table

__all__ = ["DOMAINS", "Asterisk", "Response", "Watching", "asterisk", "watching"]


class Response(enum.Enum):
    """What becomes of an attack."""

    NONE = "none"
    PROPOSE = "propose"
    ACT = "act"


def _option(default: Any, kind: Kind[Any], doc: str, unit: str = "") -> Any:
    return field(default=default, metadata={"kind": kind, "doc": doc, "unit": unit})


ORIGIN = toml.choice(toml.words(DOMAINS))
ANY_ORIGIN = toml.choice({each or "unknown": each for each in ("", *DOMAINS)})
PATTERN = toml.text(r"[^\x00-\x1f]{1,128}", "a name or a pattern with * and ?", "PJSIP/trunk-voip-*")
PLACE = toml.text(
    r"|[^\x00-\x1f,]{1,79},[^\x00-\x1f,]{1,79},[0-9]{1,5}",
    "a place of the dialplan: context,extension,priority",
    "press-a-key,s,1",
)
COUNTRY = toml.text(r"[A-Z]{2}", "a country code of ISO 3166-1", "DE")
MEASURES = toml.listing(toml.choice({each.value: each for each in (Measure.CAP, Measure.CHALLENGE)}))
RESPONSE = toml.choice({each.value: each for each in Response})


def _file() -> Kind[Path | None]:
    read = toml.text(r"/[^\x00-\x1f]*", "an absolute path", "/etc/alertbox/ami-secret").read
    return Kind("absolute path", lambda value: Path(read(value)), None)


@dataclass(frozen=True)
class Number:
    """Calls to one of the box's numbers come from one network."""

    number: str = _option(
        "", toml.text(r"\+?[0-9]{1,20}", "a number", "4712"), "The called number, as the line tells it."
    )
    origin: str = _option("voip", ORIGIN, "The network.")


@dataclass(frozen=True)
class Watching:
    """Watching for overload. Thresholds for the box's own lines: `[overload]`, see docs/overload.md; without it they follow from
    the number of lines and `lines.conversations`."""

    own_lines: bool = _option(True, toml.boolean(), "Watch the calls in on the box's own lines.")
    by_caller: bool = _option(
        False,
        toml.boolean(),
        "Where neither number nor line says it, tell mobile from fixed by the caller's number. VoIP cannot be told so.",
    )
    country: str = _option("DE", COUNTRY, "Country of callers' numbers without an international prefix.")
    snapshot_s: float = _option(60.0, toml.number(1, 86400), "Between two snapshots of the monitors' memory.", "s")
    response: Response = _option(
        Response.PROPOSE,
        RESPONSE,
        "What becomes of an attack on the own lines: nothing, a proposal, or the measures below.",
    )
    measures: tuple[Measure, ...] = _option(
        (Measure.CAP,),
        MEASURES,
        "Against the attacking network: a cap on its calls, a challenge (its callers must press a key that the box names).",
    )
    cap: int = _option(1, toml.integer(0, 1000), "Calls of the attacking network that are served at once.", "calls")
    numbers: tuple[Number, ...] = ()
    monitor: MonitorConfig | None = None
    """None: by the size of the box."""


@dataclass(frozen=True)
class AsteriskIngress:
    """Which channels of the PBX bring callers; the first table that matches counts."""

    channel: str = _option("*", PATTERN, "Channel name.")
    context: str = _option("*", PATTERN, "Dialplan context at which calls come in.")
    called: str = _option("*", PATTERN, "Called number.")
    origin: str = _option(
        "", ANY_ORIGIN, "Their network; unknown: by the caller's number, if `by_caller` is set, or fixed."
    )


@dataclass(frozen=True)
class AsteriskQueue:
    """A queue to watch. Without any, all are."""

    name: str = _option("", PATTERN, "Name in queues.conf.")
    origin: str = _option("", ANY_ORIGIN, "Network of calls that no `[[asterisk.ingress]]` knows.")


@dataclass(frozen=True)
class Asterisk:
    """An Asterisk beside the box, over its manager interface: docs/overload-sources.md. Its thresholds: `[asterisk.overload]`."""

    host: str = _option("", toml.text(r"[A-Za-z0-9.:-]{1,253}", "a host name or address", "127.0.0.1"), "Needed.")
    port: int = _option(5038, toml.integer(1, 65535), "Port of the manager interface.")
    username: str = _option("alertbox", toml.text(r"[^\x00-\x1f]{1,64}", "a name", "alertbox"), "User in manager.conf.")
    secret_file: Path | None = _option(None, _file(), "Needed. File with the secret, readable by its owner only.")
    md5: bool = _option(True, toml.boolean(), "Answer a challenge instead of sending the secret.")
    filters: tuple[str, ...] = _option((), toml.listing(PATTERN), "Event filters; need the privilege system.")
    direct: bool = _option(False, toml.boolean(), "Count calls that Dial() answers, beside those of queues.")
    refusal_contexts: tuple[str, ...] = _option(
        (), toml.listing(PATTERN), "Dialplan contexts of calls that found no place."
    )
    response: Response = _option(
        Response.PROPOSE, RESPONSE, "What becomes of an attack: nothing, a proposal, or lower queue priorities by AMI."
    )
    challenge: str = _option(
        "",
        PLACE,
        "Where the dialplan asks callers for a key, and queues them again; with response act they are sent there.",
    )
    busy: str = _option(
        "", PLACE, "Where the dialplan refuses callers; with response act those above the cap are sent there."
    )
    cap: int = _option(3, toml.integer(0, 1000), "Calls of the attacking network that the PBX serves at once.", "calls")
    priority: int = _option(-10, toml.integer(-1000, -1), "Queue priority that callers of the attacking network get.")
    usual_priority: int = _option(0, toml.integer(-1000, 1000), "Queue priority that is given back to them afterwards.")
    ingress: tuple[AsteriskIngress, ...] = ()
    queues: tuple[AsteriskQueue, ...] = ()
    monitor: MonitorConfig = field(default_factory=MonitorConfig)


def _fill(table: Table, of: type, **more: Any) -> Any:
    values = {
        each.name: table.take(each.name, each.metadata["kind"], each.default)
        for each in dataclasses.fields(of)
        if "kind" in each.metadata
    }
    table.close()
    return of(**values, **more)


def _all(table: Table, key: str, of: type, needed: str = "") -> tuple[Any, ...]:
    found = []
    for each in table.tables(key):
        if needed and needed not in each.values:
            each.report(needed, f"is missing; write {needed} = ...")
        found.append(_fill(each, of))
    return tuple(found)


def watching(root: Table) -> Watching:
    """`[watch]` and `[overload]` of the configuration; mistakes are noted in the document."""
    table = root.table("watch")
    numbers = _all(table, "number", Number, "number")
    overload = root.table("overload")
    monitor = monitor_of(overload) if overload.values else None
    result: Watching = _fill(table, Watching, numbers=numbers, monitor=monitor)
    return result


def asterisk(root: Table) -> Asterisk | None:
    """`[asterisk]`, where it is written; mistakes are noted in the document."""
    table = root.table("asterisk")
    if not table.values:
        return None
    ingress = _all(table, "ingress", AsteriskIngress)
    queues = _all(table, "queue", AsteriskQueue, "name")
    monitor = monitor_of(table.table("overload"))
    result: Asterisk = _fill(table, Asterisk, ingress=ingress, queues=queues, monitor=monitor)
    for key in ("host", "secret_file"):
        if not getattr(result, key):
            table.report(key, f"is missing; write {key} = ...")
    if not ingress and not any(each.origin for each in queues):
        table.report("ingress", "is missing: no call would be known; write [[asterisk.ingress]] with origin")
    return result
