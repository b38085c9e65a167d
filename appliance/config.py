"""The box's configuration: one table of options that is parser, defaults and documentation at once.

An option is a dataclass field that carries its kind (type and range), unit and meaning. `parse` reads a TOML text into a
`Config` or raises `Invalid` with every mistake at its place; `docs/configuration.md` is written from the same fields
(`appliance.docs`), and a test compares the two.
"""

# ruff: noqa: RUF009 -- `option` and `needed` are dataclasses.field with more to say

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from appliance.overload import watchoptions
from appliance.overload.watchoptions import Asterisk, Watching
from hal.line import DIALLABLE, Direction
from hal.registry import DRIVERS
from hal.usb.names import is_audio_port, is_port
from ivr.limits import MAY_BE_ZERO, WHOLE, Limits
from ivr.prompts import available
from provisioning import tomlplaces as toml
from provisioning.roster import LOGIN_DIGITS
from provisioning.tomlplaces import Document, Invalid, Kind, Problem, Table

__all__ = ["Config", "Device", "Invalid", "LineOptions", "Problem", "load", "parse"]

T = TypeVar("T")


def option(default: T, kind: Kind[T], doc: str, unit: str = "") -> Any:
    """A dataclass field that is also a line of the reference page."""
    return field(default=default, metadata={"kind": kind, "doc": doc, "unit": unit})


def needed(kind: Kind[Any], doc: str, unit: str = "") -> Any:
    """An option without a default."""
    return field(metadata={"kind": kind, "doc": doc, "unit": unit, "needed": True})


def _path(example: str) -> Kind[Path]:
    read = toml.text(r"/[^\x00-\x1f]*", "an absolute path", example).read
    return Kind("absolute path", lambda value: Path(read(value)), Path(example))


def _optional_path(example: str) -> Kind[Path | None]:
    kind = _path(example)
    return Kind(kind.name, kind.read, kind.example)


def _port(test: Callable[[str], bool], name: str, example: str) -> Kind[str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or not test(value):
            raise ValueError(f'is not {name}; for example "{example}"')
        return value

    return Kind(name, read, example)


def _audio_port() -> Kind[str]:
    return _port(lambda value: not value or is_audio_port(value), "a port, or a sound card", "usb:1-1.4:4")


def _time_zone() -> Kind[ZoneInfo]:
    def read(value: object) -> ZoneInfo:
        if value not in available_timezones():
            raise ValueError('is no time zone; write a name of the IANA database, for example "Europe/Berlin"')
        return ZoneInfo(str(value))

    return Kind("IANA time zone", read, ZoneInfo("UTC"))


def _number(empty: bool = False) -> Kind[str]:
    pattern = DIALLABLE.pattern.removesuffix(r"\Z")
    return toml.text(f"({pattern})?" if empty else pattern, "a number that can be dialled", "+493012345")


def _mode() -> Kind[int]:
    read_text = toml.text(r"0[0-7]{3}", "a file mode in octal", "0660").read

    def read(value: object) -> int:
        mode = int(read_text(value), 8)
        if mode & 0o007:
            raise ValueError("lets everybody in; the last digit must be 0")
        return mode

    return Kind('file mode, as "0660"', read, 0o660)


NAME = toml.text(r"[a-z][a-z0-9-]{0,15}", "a short name in small letters", "isdn")
DIRECTION = toml.choice({each.value: each for each in Direction})
LANGUAGE = toml.choice({code: code for code in ("en", *available())})


@dataclass(frozen=True)
class Service:
    """What the box calls itself, and how it speaks."""

    name: str = option("eCSIRT.net alert function", toml.text(), "Spoken in every welcome.")
    languages: tuple[str, ...] = option(
        ("en", "de"), toml.listing(LANGUAGE, least=1), "Languages of the phrases; the first is that of unknown callers."
    )
    time_zone: ZoneInfo = option(ZoneInfo("UTC"), _time_zone(), "Spoken and written times are local to it.")


@dataclass(frozen=True)
class Paths:
    """Where things lie."""

    state: Path = option(
        Path("/var/lib/alertbox"), _path("/var/lib/alertbox"), "Database, device keys and the last good copy."
    )
    prompts: Path = option(
        Path("/usr/share/alertbox/prompts"), _path("/usr/share/alertbox/prompts"), "The rendered phrases."
    )


@dataclass(frozen=True)
class Control:
    """The socket by which every `alertbox` command reaches the box."""

    socket: Path = option(
        Path("/run/alertbox/control"), _path("/run/alertbox/control"), "Unix socket; created by the box."
    )
    group: str = option(
        "alertbox",
        toml.text(r"[a-z_][a-z0-9_-]*", "a group name", "alertbox"),
        "Its members may use the socket, as root may.",
    )
    mode: int = option(0o660, _mode(), "Mode of the socket.")


@dataclass(frozen=True)
class Sms:
    """Short messages."""

    notice: str = option(
        "eCSIRT.net alert function - a new voice-mail was received.",
        toml.text(r"[^\x00-\x1f]{1,160}", "a text of 1 to 160 characters", "A new voice-mail was received."),
        "Sent to every team with a mobile number when an alert starts.",
    )
    management_number: str = option(
        "", _number(empty=True), "Is told of alarms and of teams that were not reached; empty: nobody."
    )


@dataclass(frozen=True)
class Lines:
    """How lines are used and watched."""

    keep_free: int = option(
        1, toml.integer(0, 100), "Lines kept from dialling, for calls in, where two or more may take calls.", "lines"
    )
    conversations: int = option(
        30, toml.integer(1, 1000), "Calls in that are served at once; more are refused.", "calls"
    )
    test_number: str = option(
        "", _number(empty=True), "Number that a line calls to prove itself; empty: no test calls."
    )
    health_s: float = option(
        10.0,
        toml.number(5, 3600),
        "Between two round trips to an idle modem; with more than 15 s a dead one is reported later than after 30 s.",
        "s",
    )
    reopen_s: float = option(
        2.0, toml.number(0.1, 600), "Before the first attempt to reopen a device; doubles each time.", "s"
    )
    reopen_limit_s: float = option(120.0, toml.number(1, 3600), "Longest wait between two attempts to reopen.", "s")
    stop_s: float = option(90.0, toml.number(0, 900), "Running conversations may take this long to end at a stop.", "s")


@dataclass(frozen=True)
class Simulation:
    """Only with the simulated exchange."""

    speed: float = option(1.0, toml.number(1, 100), "Times life; must be that of the exchange.")
    root: Path = option(Path("/"), _path("/"), "Directory whose sys/ and dev/ show the USB bus.")


@dataclass(frozen=True)
class LineOptions:
    """One bearer of a device. Lines are named after the device and numbered from 1, as `isdn.1`; a single line has its name."""

    port: str = needed(
        _port(is_port, "the place of a USB port, or an absolute path", "usb:1-1.4:2"),
        "Serial port that takes the commands: by its place, as `alertbox lines discover` says, or a device node.",
    )
    audio: str = option(
        "", _audio_port(), "Port of the audio, where it has its own; `alsa:usb:1-1.4` for a modem's sound card."
    )
    direction: Direction = option(Direction.BOTH, DIRECTION, "Which calls it may carry.")
    number: str = option(
        "",
        _number(empty=True),
        "Its own number: MSN that an ISDN line dials from and takes, subscriber number of others.",
    )
    origin: str = option("", watchoptions.ANY_ORIGIN, "Network from which its calls come, for the overload monitor.")


@dataclass(frozen=True)
class Device:
    """One modem or adapter, with its lines."""

    name: str = needed(NAME, "Unique in the box.")
    driver: str = needed(toml.choice(toml.words(sorted(DRIVERS))), "Which driver speaks to it.")
    model: str = option("", toml.text(r"[a-z0-9_-]*", "a model name", "sim7600"), "Model, where it cannot be asked.")
    sim_pin_file: Path | None = option(
        None, _optional_path("/etc/alertbox/sim-pin"), "File with the PIN of the SIM; readable by its owner only."
    )
    country: str = option(
        "DE", toml.text(r"[A-Z]{2}", "a country code of ISO 3166-1", "DE"), "Whose tones an analogue line is to expect."
    )
    numbers: tuple[str, ...] = option(
        (),
        toml.listing(toml.text(r"[0-9]{1,20}", "a number without a plus", "4712")),
        "ISDN: further own numbers (MSNs), whose calls each of its lines takes; their networks: `[[watch.number]]`.",
    )
    sms: bool = option(True, toml.boolean(), "May send short messages, if it can.")
    power_pin: int = option(
        0,
        toml.integer(0, 27),
        "Pin (BCM number) of a relay that takes its power away when nothing else helps; 0: there is none.",
    )
    power_active_low: bool = option(False, toml.boolean(), "The relay switches at a low level.")
    lines: tuple[LineOptions, ...] = field(default=())


def limit_kind(name: str) -> Kind[Any]:
    """The range of an option of `[limits]`: that of `ivr.limits.Limits`, with a sane upper end."""
    if name.endswith("_digits"):
        return toml.integer(1, 8)
    if name in WHOLE:
        return toml.integer(1, 1000)
    if name == "silent_dbm0":
        return toml.number(-70, 0)
    if name == "recording_s":
        return toml.number(1, 600)
    return toml.number(0 if name in MAY_BE_ZERO else 0.1, 14 * 86400)


@dataclass(frozen=True)
class Config:
    """Everything that can be configured."""

    service: Service = field(default_factory=Service)
    paths: Paths = field(default_factory=Paths)
    control: Control = field(default_factory=Control)
    sms: Sms = field(default_factory=Sms)
    lines: Lines = field(default_factory=Lines)
    limits: Limits = field(default_factory=Limits)
    simulation: Simulation = field(default_factory=Simulation)
    watch: Watching = field(default_factory=Watching)
    asterisk: Asterisk | None = None
    """None: there is none to watch."""
    devices: tuple[Device, ...] = ()


def _section(table: Table, into: type[T], **more: Any) -> T:
    """Read one table by the options of a dataclass."""
    values: dict[str, Any] = dict(more)
    for each in dataclasses.fields(into):  # type: ignore[arg-type]  # T is always one of the dataclasses above
        if "kind" not in each.metadata:
            continue
        kind: Kind[Any] = each.metadata["kind"]
        if each.metadata.get("needed"):
            values[each.name] = table.need(each.name, kind)
        else:
            values[each.name] = table.take(each.name, kind, each.default)
    return into(**values)


def _device(table: Table) -> Device:
    lines = []
    for line in table.tables("line"):
        lines.append(_section(line, LineOptions))
        line.close()
    device = _section(table, Device, lines=tuple(lines))
    table.close()
    if not lines:
        table.report("", "has no line; write [[device.line]] with its port")
    return device


def _limits(table: Table) -> Limits:
    values = {
        each.name: table.take(each.name, limit_kind(each.name), each.default) for each in dataclasses.fields(Limits)
    }
    table.close()
    if values["uid_digits"] + values["pin_digits"] != LOGIN_DIGITS:
        table.report(
            "pin_digits",
            f"and uid_digits are {LOGIN_DIGITS} together, never {values['uid_digits'] + values['pin_digits']}",
        )
        return Limits()
    return Limits(**values)


def parse(text: str, source: str) -> Config:
    """Read a configuration. Raises `Invalid` with every mistake; `source` names the file in it."""
    document = Document(text, source)
    root = document.root()
    sections: dict[str, Any] = {}
    for each in dataclasses.fields(Config):
        if each.name in ("limits", "devices", "watch", "asterisk"):
            continue
        table = root.table(each.name)
        sections[each.name] = _section(table, each.default_factory)  # type: ignore[arg-type]  # the section's class
        table.close()
    limits = _limits(root.table("limits"))
    watch, asterisk = watchoptions.watching(root), watchoptions.asterisk(root)
    tables = root.tables("device")
    devices = tuple(_device(table) for table in tables)
    root.close()
    _check_together(root, tables, devices, sections["lines"])
    document.finish()
    return Config(**sections, limits=limits, watch=watch, asterisk=asterisk, devices=devices)


def _check_together(root: Table, tables: list[Table], devices: tuple[Device, ...], lines: Lines) -> None:
    """What no option can know alone."""
    if not any(line.direction.may_dial for device in devices for line in device.lines):
        root.report("device", "no line may dial, so nobody could be alerted; write [[device]] with a line out or both")
    if lines.reopen_limit_s < lines.reopen_s:
        root.table("lines").report("reopen_limit_s", f"is less than reopen_s ({lines.reopen_s:g}); make it larger")
    names: set[str] = set()
    ports: dict[str, str] = {}
    for table, device in zip(tables, devices, strict=True):
        if device.name in names:
            table.report("name", f'"{device.name}" is the name of an earlier device; take another')
        names.add(device.name)
        for place, line in zip(table.tables("line"), device.lines, strict=True):
            for key, port in (("port", line.port), ("audio", line.audio)):
                if port and port in ports:
                    place.report(key, f'"{port}" is a port of {ports[port]} already; a port serves one line')
                elif port:
                    ports[port] = device.name


def read_text(path: Path) -> str:
    """The text of a configuration file. Raises `Invalid` where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid([Problem(str(path), 0, "", f"cannot be read: {error}")]) from None


def load(path: Path) -> Config:
    """Read the configuration file. Raises `Invalid`, also where the file cannot be read."""
    return parse(read_text(path), str(path))
