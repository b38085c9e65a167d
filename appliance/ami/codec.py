"""AMI frames from bytes, and actions to bytes. No socket, no clock.

A frame is lines of `Name: value`, each ended by CR LF, up to an empty line. Before the first frame the server sends one
line, its banner (`Asterisk Call Manager/...`), which no empty line follows. (docs.asterisk.org, AMI v2 Specification)
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

LINE_LIMIT = 8192
"""Longest line in bytes, its end included; a longer one is dropped. Asterisk's own lines stay far below."""
FRAME_LIMIT = 256
"""Most lines of a frame; a longer one is dropped. An event of two channels has about 40."""
ONCE = frozenset(("privilege", "channel", "uniqueid", "linkedid", "queue"))
"""Headers that no frame has twice."""
BANNER = b"Asterisk Call Manager"


@dataclass(frozen=True, slots=True)
class Frame:
    """One event or response."""

    kind: str
    """`event` or `response`: whichever header came first (an event may well have a header `Response`)."""
    name: str
    """The event's name, or `Success`, `Error`, `Goodbye` ..."""
    fields: dict[str, str]
    """By name in small letters; of a name that comes again the last value."""

    def get(self, name: str, default: str = "") -> str:
        """The value of a header; `name` in small letters."""
        return self.fields.get(name, default)


class Decoder:
    """Bytes in pieces of any size, whole frames out. Never raises; keeps less than `LINE_LIMIT` + one frame."""

    def __init__(self) -> None:
        self.banner: str | None = None
        """What the server calls itself, once it has."""
        self.broken = 0
        """Frames and lines dropped because they were no AMI: cut, too long, without a colon."""
        self._rest = b""
        self._skipping = False
        """Within a line that is too long."""
        self._frame: dict[str, str] | None = None
        self._kind = ""
        self._name = ""
        self._lines = 0
        self._spoilt = False
        """Something of this frame has been lost: it is dropped at its end."""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that these bytes complete."""
        frames: list[Frame] = []
        *lines, rest = (self._rest + data).split(b"\n") if data else [self._rest]
        for line in lines:
            if self._skipping:
                self._skipping = False
            elif len(line) >= LINE_LIMIT:
                self._spoil()
            else:
                self._line(line, frames)
        if self._skipping or len(rest) >= LINE_LIMIT:
            if not self._skipping:
                self._spoil()
            self._skipping, rest = True, b""
        self._rest = rest
        return frames

    def _spoil(self) -> None:
        if not self._spoilt:
            self.broken += 1
        self._spoilt = True

    def _line(self, line: bytes, frames: list[Frame]) -> None:
        line = line.removesuffix(b"\r")
        if not line:
            self._end(frames)
            return
        if self._frame is None and line.startswith(BANNER):
            self.banner = line.decode("utf-8", "replace")
            return
        raw_name, colon, raw_value = line.partition(b":")
        if not colon:
            self._spoil()
            self._frame = {} if self._frame is None else self._frame
            return
        name = raw_name.decode("utf-8", "replace").strip().lower()
        value = raw_value.decode("utf-8", "replace").strip()
        if name == "event" and self._kind:  # the empty line before it was lost, and who knows what else
            self._spoil()
            self._begin()
        if self._frame is None:
            self._frame = {}
        if not self._kind and name in ("event", "response"):
            self._kind, self._name = name, value
        self._lines += 1
        if self._lines > FRAME_LIMIT:
            self._spoil()
            self._frame.clear()
            return
        if name in ONCE and name in self._frame:  # two frames have run together
            self._spoil()
        self._frame[name] = value

    def _end(self, frames: list[Frame]) -> None:
        if self._frame is not None and not self._spoilt:
            if self._kind:
                frames.append(Frame(self._kind, self._name, self._frame))
            else:
                self.broken += 1
        self._begin()

    def _begin(self) -> None:
        self._frame, self._kind, self._name, self._lines, self._spoilt = None, "", "", 0, False


def encode(action: str, fields: Mapping[str, str], action_id: str) -> bytes:
    """One action as bytes. ValueError where a line end would smuggle in another header."""
    lines = {"Action": action, "ActionID": action_id, **fields}
    for name, value in lines.items():
        if any(mark in part for mark in "\r\n\0" for part in (name, value)):
            raise ValueError(f"a line end in the header {name!r} of {action}")  # not the value: it may be the secret
    return "".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode() + b"\r\n"


def login_key(challenge: str, secret: str) -> str:
    """The answer to a challenge: MD5 over challenge and secret, in hexadecimal (AMI_Actions/Login, AMI_Actions/Challenge)."""
    return hashlib.md5((challenge + secret).encode(), usedforsecurity=False).hexdigest()
