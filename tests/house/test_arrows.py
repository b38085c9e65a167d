"""Who may enter whom (docs/architecture.md): the import arrows between the rooms, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("appliance", "hal", "ivr", "provisioning", "storage")

# The room that a file is in (longest prefix wins) -> what it may import of the house, and of the libraries that only
# some rooms may see.  A trailing dot means everything below.
MAY_ENTER = {
    "hal": ("hal.",),
    "hal.simulated": ("hal.simulated.", "hal.audio.sound", "hal.audio.companding", "hal.audio.tones", "hal.clock"),
    "storage": ("storage.", "hal.clock", "hal.audio.sound", "sqlite_utils"),
    "ivr": ("ivr.", "hal.line", "hal.errors", "hal.clock", "hal.audio.", "storage."),
    "provisioning": ("provisioning.", "storage."),
    "appliance": ("appliance.", "hal.", "ivr.", "storage.", "provisioning.", "systemd"),
    "appliance.monitor": ("appliance.monitor.", "storage.records"),
}
LEAVES = {
    "serial": ("hal.serialport", "hal.registry"),
    "alsaaudio": ("hal.audio.alsa",),
    "RPi": ("hal.board",),
    "systemd": ("appliance.health",),
    "sqlite_utils": ("storage",),
    "sqlite3": ("storage",),
}
KNOW_THE_MONITORS = ("appliance.box", "appliance.ami", "appliance.overload", "appliance.overload_commands")
"""The composition root, and those who bring a monitor its events or show it by commands."""
IVR_SEES_NO_DEVICE = ("hal.audio.pump", "hal.audio.alsa")


def modules() -> Iterator[tuple[str, Path]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(module: str, path: Path) -> Iterator[tuple[str, int]]:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(), filename=str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join(
                    [*package.split(".")[: len(package.split(".")) - node.level + 1], *filter(None, [base])]
                )
            for alias in node.names:
                yield f"{base}.{alias.name}", node.lineno


def within(name: str, allowed: str) -> bool:
    prefix = allowed.rstrip(".")
    return name == prefix or name.startswith(prefix + ".")


@pytest.mark.parametrize("room", MAY_ENTER)
def test_a_room_enters_only_the_rooms_it_may(room: str) -> None:
    found = []
    for module, path in modules():
        if max((r for r in MAY_ENTER if within(module, r)), key=len, default=None) != room:
            continue
        for name, line in imports(module, path):
            if name.split(".")[0] in ROOMS and not any(within(name, allowed) for allowed in MAY_ENTER[room]):
                found.append(f"{path.relative_to(ROOT)}:{line}: {module} imports {name}")
            if room == "ivr" and any(within(name, seen) for seen in IVR_SEES_NO_DEVICE):
                found.append(f"{path.relative_to(ROOT)}:{line}: a conversation sees a device: {name}")
    assert not found, "\n".join(found)


def test_hardware_and_sql_are_seen_only_by_their_leaves() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {module} imports {name}"
        for module, path in modules()
        for name, line in imports(module, path)
        if name.split(".")[0] in LEAVES and not any(within(module, leaf) for leaf in LEAVES[name.split(".")[0]])
    ]
    assert not found, "\n".join(found)


def test_few_know_the_monitors() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {module} imports {name}"
        for module, path in modules()
        for name, line in imports(module, path)
        if within(name, "appliance.monitor")
        and not within(module, "appliance.monitor")
        and not any(within(module, known) for known in KNOW_THE_MONITORS)
    ]
    assert not found, "\n".join(found)


def diagram() -> str:
    """The arrows as a Mermaid graph, for docs/architecture.md."""
    lines = ["```mermaid", "graph TD"]
    for room, allowed in MAY_ENTER.items():
        targets = sorted({a.rstrip(".") for a in allowed if not within(a, room)})
        lines += [f"    {room} --> {target}" for target in targets]
    return "\n".join([*lines, "```"])


def test_the_diagram_in_the_docs_is_the_table() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    drawn = page.split("<!-- arrows -->\n")[1].split("\n<!-- /arrows -->")[0]
    assert drawn == diagram(), f"docs/architecture.md: put this between the arrows marks:\n{diagram()}"
