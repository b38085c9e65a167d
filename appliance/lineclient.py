"""The commands of `alertbox lines` that do more than ask and print: a trace that goes on, and a discovery that writes.

`discover` works before there is a configuration that the box would start with, and while the box is down: it is what a
technician types first.
"""

from __future__ import annotations

import asyncio
import difflib
import json
import os
import time
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from appliance import config, discovery, linepages
from appliance.answers import CommandFailed
from appliance.config import Invalid
from appliance.console import render
from appliance.control import BoxDown, ask
from appliance.discovery import Finding
from hal.usb import Bus
from storage.atomicfile import sync_directory

FOLLOW_S = 1.0
"""Seconds between two looks of `trace --follow`."""


def trace(path: Path, values: dict[str, Any]) -> int:
    """`alertbox lines trace`; the exit status."""
    socket = _Written(path).socket
    with suppress(KeyboardInterrupt):
        while True:
            answer = ask(socket, "lines trace", values)
            if values["json"]:
                for entry in answer.data["entries"]:
                    click.echo(json.dumps(entry))
            elif answer.parts:
                render.show(answer)
            if not values["follow"]:
                break
            values |= {"after": answer.data["last"], "seconds": None}
            time.sleep(FOLLOW_S)
    return 0


def discover(path: Path, values: dict[str, Any]) -> int:
    """`alertbox lines discover`; the exit status."""
    written = _Written(path)
    try:
        answer = ask(written.socket, "lines discover", values)
    except BoxDown:
        found = discovery.discover(written.bus, written.used(), ask=not values["no_ask"])
        answer = linepages.report(asyncio.run(found))
    if values["json"]:
        click.echo(json.dumps(answer.data, indent=2))
    else:
        render.show(answer)
    if values["write"]:
        return _write(written, [Finding.from_data(each) for each in answer.data], yes=values["yes"])
    return answer.status


class _Written:
    """What the configuration file says of devices, whatever else may be wrong with it. Raises `CommandFailed` for no TOML."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = path.read_text(encoding="utf-8") if path.exists() else ""
            self._data = tomllib.loads(self.text)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise CommandFailed(f"{path} cannot be read: {error}") from None

    @property
    def socket(self) -> Path:
        return Path(str(self._table("control").get("socket", config.Control.socket)))

    @property
    def bus(self) -> Bus:
        return Bus(Path(str(self._table("simulation").get("root", "/"))))

    def names(self) -> list[str]:
        """The devices."""
        return [str(each.get("name", "")) for each in self._devices()]

    def used(self) -> dict[str, str]:
        """Port path of each USB device that is configured -> its name."""
        found = {}
        for device in self._devices():
            for line in device.get("line", []):
                for port in filter(None, (line.get("port"), line.get("audio"))):
                    owner = self.bus.owner(str(port))
                    if owner:
                        found[owner] = str(device.get("name", "a device"))
        return found

    def mistakes(self, text: str) -> list[str]:
        """What a box would say of this text."""
        try:
            config.parse(text, str(self.path))
        except Invalid as error:
            return [str(each) for each in error.problems]
        return []

    def _table(self, name: str) -> dict[str, Any]:
        found = self._data.get(name, {})
        return found if isinstance(found, dict) else {}

    def _devices(self) -> list[dict[str, Any]]:
        found = self._data.get("device", [])
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _write(written: _Written, findings: list[Finding], *, yes: bool) -> int:
    """Add what is new at the end of the file; what is there stays as it is."""
    more = discovery.sections(findings, written.names(), written.text)
    if not more:
        click.echo("Nothing to write: what has voice is in the configuration already.")
        return 0
    gap = "" if not written.text else "\n" if written.text.endswith("\n") else "\n\n"
    text = written.text + gap + more
    name = str(written.path)
    click.echo("".join(difflib.unified_diff(written.text.splitlines(True), text.splitlines(True), name, name)))
    before, after = written.mistakes(written.text), written.mistakes(text)
    if any(each not in before for each in after):
        raise CommandFailed("nothing was written; with these lines the file would have mistakes:\n" + "\n".join(after))
    if not yes and not click.confirm("Write this?"):
        click.echo("Nothing was written.")
        return 1
    if _Written(written.path).text != written.text:
        raise CommandFailed(f"nothing was written: {written.path} was changed meanwhile; look at it, and try again")
    try:
        replace(written.path, text)
    except OSError as error:
        raise CommandFailed(f"{written.path} cannot be written: {error.strerror}") from None
    click.echo(f"Written; the file as it was is {backup(written.path)}. Now: systemctl restart alertbox")
    for mistake in after:
        click.echo(f"still to be mended: {mistake}")
    return 0


def backup(path: Path) -> Path:
    """Where the file is kept as it was."""
    path = path.resolve()
    return path.with_name(path.name + ".bak")


def replace(path: Path, text: str) -> None:
    """Replace a file atomically and durably, with the mode and owner that it had; the old one is kept beside it. Where `path` is a
    link, the file that it leads to is replaced."""
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    status = path.stat() if path.exists() else None
    draft = path.with_name(f".{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            if status:
                os.fchmod(file.fileno(), status.st_mode & 0o7777)
                if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
                    os.fchown(file.fileno(), status.st_uid, status.st_gid)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if status:
            backup(path).unlink(missing_ok=True)
            os.link(path, backup(path))
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


Client = Callable[[Path, dict[str, Any]], int]
CLIENTS: dict[str, Client] = {"lines trace": trace, "lines discover": discover}
"""Commands that do their own asking: from the configuration's path and the values given to the exit status."""
