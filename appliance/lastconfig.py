"""The last good configuration: a slip of the editor must not silence the box at its next restart.

Whenever a box has come up, its configuration file is kept in `paths.state`, as it was. A start with a file that has mistakes
goes on with that copy, raises an alarm that names them, and leaves the file to be mended. Only the copy of the very same
file counts, so that another box's configuration is never taken for it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance import config
from appliance.config import Config, Invalid, Paths
from storage.atomicfile import write_file

log = logging.getLogger(__name__)

COPY = "box.toml.lastgood"
"""Name of the copy in `paths.state`: the SHA-256 (hex) of what follows the first line, the file's path and its text."""


@dataclass(frozen=True)
class Loaded:
    """A configuration that can be run."""

    config: Config
    path: Path
    """The file."""
    text: str
    mistakes: Invalid | None = None
    """What is wrong with the file, where `config` is that of the copy."""

    @property
    def trouble(self) -> str:
        """One sentence for an alarm; empty where the file itself is in use."""
        if self.mistakes is None:
            return ""
        first, *others = self.mistakes.problems
        more = f" (and {len(others)} more: alertbox config check)" if others else ""
        return f"the last good configuration is in use, for the file has mistakes: {first}{more}; mend it, then restart"


def load(path: Path) -> Loaded:
    """The configuration of a file, or its last good copy. Raises `Invalid` where neither can be had."""
    text = ""
    try:
        text = config.read_text(path)
        return Loaded(config.parse(text, str(path)), path, text)
    except Invalid as mistakes:
        for state in _states(text):
            with suppress(OSError, ValueError, Invalid):
                copy = _read(state / COPY, path)
                return Loaded(config.parse(copy, str(path)), path, copy, mistakes)
        raise


def keep(loaded: Loaded) -> None:
    """Keep a configuration with which the box has come up. A disk that does not take it is logged, no more."""
    if loaded.mistakes is not None:
        return
    body = f"{loaded.path.absolute()}\n{loaded.text}".encode()
    data = hashlib.sha256(body).hexdigest().encode() + b"\n" + body
    copy = loaded.config.paths.state / COPY
    try:
        if not copy.exists() or copy.read_bytes() != data:
            write_file(copy, data)
    except OSError as error:
        log.error("the configuration was not kept as the last good one: %s", error)


def _read(copy: Path, path: Path) -> str:
    """The text in a copy of that file. Raises OSError or ValueError."""
    checksum, _, body = copy.read_bytes().partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != checksum:
        raise ValueError(f"{copy} is damaged")
    source, _, text = body.decode().partition("\n")
    if source != str(path.absolute()):
        raise ValueError(f"{copy} is that of {source}")
    return text


def _states(text: str) -> list[Path]:
    """Where the copy may be: where a file with mistakes still says, where systemd says, where it is by default."""
    states = []
    with suppress(tomllib.TOMLDecodeError, KeyError, TypeError):
        states.append(Path(tomllib.loads(text)["paths"]["state"]))
    if "STATE_DIRECTORY" in os.environ:  # systemd.exec(5)
        states.append(Path(os.environ["STATE_DIRECTORY"]))
    return [*states, Paths().state]
