"""The pages that come from tables: `python -m appliance.docs` writes them, a test compares them."""

from __future__ import annotations

import ast
import dataclasses
import enum
import inspect
from pathlib import Path
from typing import Any

from appliance import commands, config, modempage
from appliance.config import Config, Device, LineOptions
from appliance.overload import watchoptions
from ivr import limits
from provisioning.tomlplaces import Kind

DOCS = Path(__file__).resolve().parents[1] / "docs"
MADE = "<!-- Written by `make docs` from {source}. Change that, not this. -->"


def _value(value: Any) -> str:
    """A default as it would be written in the file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:.9g}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, enum.Enum):
        value = value.value
    return f'"{value}"' if value not in (None, "") else "empty"


def _row(key: str, kind: Kind[Any], default: str, unit: str, doc: str) -> str:
    return f"| `{key}` | {kind.name} | {default} | {unit} | {doc} |"


HEAD = ("| option | what it may be | default | unit | meaning |", "|---|---|---|---|---|")


def _section(title: str, section: Any) -> list[str]:
    lines = ["", f"## {title}", "", inspect.cleandoc(section.__doc__ or ""), "", *HEAD]
    for each in dataclasses.fields(section):
        if "kind" in each.metadata:
            default = "needed" if each.metadata.get("needed") else f"`{_value(each.default)}`"
            if each.name == "mode":
                default = f'`"{each.default:04o}"`'
            lines.append(_row(each.name, each.metadata["kind"], default, each.metadata["unit"], each.metadata["doc"]))
    return lines


def field_docs(of: type) -> dict[str, str]:
    """The docstrings under the fields of a dataclass, by field."""
    (body,) = (
        node for node in ast.parse(inspect.cleandoc(inspect.getsource(of))).body if isinstance(node, ast.ClassDef)
    )
    found = {}
    for statement, after in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            found[statement.target.id] = " ".join(str(after.value.value).split())
    return found


def configuration() -> str:
    """`docs/configuration.md`."""
    lines = [
        MADE.format(source="appliance/config.py"),
        "",
        "# Configuration",
        "",
        "`/etc/alertbox/box.toml`, or the file that `--config` or `ALERTBOX_CONFIG` names. Everything has a default but the",
        "devices. A mistake is reported with its line and its mend, all mistakes at once: `alertbox config check [FILE]`. A box",
        "whose file has mistakes at a start goes on with the last configuration that it came up with, and raises an alarm.",
    ]
    for each in dataclasses.fields(Config):
        if each.name not in ("limits", "devices", "watch", "asterisk"):
            lines += _section(f"`[{each.name}]`", each.default_factory)
    lines += ["", "## `[limits]`", "", "Every limit of conversations and campaigns.", "", *HEAD]
    docs, defaults = field_docs(limits.Limits), limits.Limits()
    for each in dataclasses.fields(limits.Limits):
        unit = "s" if each.name.endswith("_s") else "dBm0" if each.name.endswith("_dbm0") else ""
        default = f"`{_value(getattr(defaults, each.name))}`"
        lines.append(_row(each.name, config.limit_kind(each.name), default, unit, docs[each.name]))
    lines += _section("`[watch]`", watchoptions.Watching)
    lines += _section("`[[watch.number]]`", watchoptions.Number)
    lines += _section("`[asterisk]`", watchoptions.Asterisk)
    lines += _section("`[[asterisk.ingress]]`", watchoptions.AsteriskIngress)
    lines += _section("`[[asterisk.queue]]`", watchoptions.AsteriskQueue)
    lines += _section("`[[device]]`", Device)
    lines += _section("`[[device.line]]`", LineOptions)
    return "\n".join(lines) + "\n"


def command_page() -> str:
    """`docs/commands.md`."""
    lines = [
        MADE.format(source="appliance/commands.py"),
        "",
        "# Commands",
        "",
        "Every command goes to the running box through its control socket. Where the box is down, those marked *read-only* are",
        "answered from its database, and the answer says so. Exit status: 0 all is well, 1 look at it, 2 it does not work.",
    ]
    for command in commands.COMMANDS:
        usage = " ".join(
            each.name
            if not each.name.startswith("--")
            else f"[{each.name}{'' if each.of is commands.Of.FLAG else ' ' + each.of.name}]"
            for each in command.arguments
        )
        lines += ["", f"## `alertbox {command.name}{' ' + usage if usage else ''}`", "", command.help, ""]
        lines += [f"- `{each.name}`: {each.help}" for each in command.arguments]
        lines += [f"- For {command.privilege.value}{'; read-only without the box' if command.without_box else ''}."]
    return "\n".join(lines) + "\n"


PAGES = {"configuration.md": configuration, "commands.md": command_page, "modems.md": modempage.page}


def main() -> None:
    """Write all pages."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
