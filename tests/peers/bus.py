"""A private D-Bus, and somebody on it who calls methods and listens to signals."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from tests.peers.world import Program, program, until

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
  </policy>
</busconfig>
"""


class BusError(Exception):
    """A method refused."""


class Bus:
    """The bus as seen by the test. `signals` is everything that was told so far: dicts of signal, interface, path, args."""

    def __init__(self, address: str, agent: Program) -> None:
        self.address = address
        self._agent = agent
        self._ids = itertools.count(1)
        self._taken: set[int] = set()

    def _said(self) -> list[dict[str, Any]]:
        complete = self._agent.output.rpartition("\n")[0]
        return [json.loads(line) for line in complete.splitlines() if line.startswith("{")]

    @property
    def signals(self) -> list[dict[str, Any]]:
        return [message for message in self._said() if "signal" in message]

    async def call(self, to: str, path: str, interface: str, method: str, *args: Any) -> Any:
        """Call a method. Raises `BusError`."""
        number = next(self._ids)
        request = {"id": number, "to": to, "path": path, "interface": interface, "method": method, "args": args}
        await self._agent.types(json.dumps(request) + "\n")
        found: list[dict[str, Any]] = []

        def answered() -> bool:
            found[:] = [message for message in self._said() if message.get("id") == number]
            return bool(found)

        await until(answered, f"answer to {method}", within=110)
        if "error" in found[0]:
            raise BusError(found[0]["error"])
        return found[0]["value"]

    async def signal(self, name: str, like: Callable[[list[Any]], bool] = bool) -> list[Any]:
        """Wait for a signal whose arguments are as wanted and that was not waited for yet; gives its arguments."""
        found: list[list[Any]] = []

        def told() -> bool:
            for position, message in enumerate(self.signals):
                if message["signal"] == name and like(message["args"]) and position not in self._taken:
                    self._taken.add(position)
                    found.append(message["args"])
                    return True
            return False

        await until(told, f"signal {name}")
        return found[0]


@contextlib.asynccontextmanager
async def private_bus(place: Path) -> AsyncIterator[Bus]:
    """A message bus of its own in directory `place`."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "bus.conf").write_text(CONFIG.format(socket=place / "bus"))
    address = f"unix:path={place / 'bus'}"
    agent = Path(__file__).with_name("dbusagent.py")
    async with program("dbus-daemon", "--nofork", f"--config-file={place / 'bus.conf'}"):
        await until((place / "bus").exists, "message bus")
        async with program("/usr/bin/python3", agent, address) as listener:
            bus = Bus(address, listener)
            await bus.call("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "ListNames")
            yield bus
