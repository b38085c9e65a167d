"""What the running box knows of its lines: pages, traces, and who has which port. The commands of `alertbox lines` ask here."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.advice import State, next_thing
from appliance.devices import Fitted
from appliance.diagnosis import Rung, Sheet
from appliance.lines import DeviceKeeper
from hal.board.power import under_voltage
from hal.clock import Clock
from hal.errors import LineFault
from hal.line import Line
from hal.recovery import Rung as Kind
from hal.trace import Entry, Trace
from hal.usb import Bus, identify
from hal.usb.names import unstable

WEAK_SUPPLY = "the board's supply is below 4.63 V at this moment: take a stronger one, and a short cable"


def shaky(port: str) -> str:
    """The warning about a port that is named by its number."""
    return f"{port} may be another modem's after a restart; alertbox lines discover shows the port's name by its place"


@dataclass(frozen=True)
class Kept:
    """A device in the box."""

    fitted: Fitted
    keeper: DeviceKeeper


class LineDesk:
    """Over the devices of a running box. Lines are numbered from 1 in the order of the configuration."""

    def __init__(self, kept: Sequence[Kept], bus: Bus, clock: Clock, zone: dt.tzinfo) -> None:
        self.bus = bus
        self._kept = kept
        self._clock = clock
        self._zone = zone

    def names(self) -> list[str]:
        """All lines, in order."""
        return [line.name for each in self._kept for line in each.keeper.device.lines]

    def named(self, word: str) -> str:
        """The name of a line that is called by its number or name. KeyError for none."""
        names = self.names()
        if word.isdecimal() and 1 <= int(word) <= len(names):
            return names[int(word) - 1]
        if word not in names:
            raise KeyError(word)
        return word

    async def sheet(self, name: str) -> Sheet:
        """Everything about one line."""
        kept, line, index = self._find(name)
        keeper, config = kept.keeper, kept.fitted.config
        status = next(each for each in keeper.statuses() if each.name == name)
        mender = keeper.mender
        names = tuple(filter(None, (config.ports[index], config.audio_port)))
        loop = asyncio.get_running_loop()
        nodes, usb = await loop.run_in_executor(None, self._places, names)
        weak = await loop.run_in_executor(None, under_voltage)
        traces = [config.traces.of(port) for port in names]
        last = mender.attempts[-1] if mender.attempts else None
        trouble = "" if status.in_service else status.detail
        return Sheet(
            number=self.names().index(name) + 1,
            name=name,
            device=keeper.device.name,
            driver=keeper.driver,
            direction=line.direction.value,
            state=status.state,
            in_service=status.in_service,
            why=status.detail,
            ports=tuple(zip(names, nodes, strict=True)),
            usb=usb,
            facts=keeper.facts.get(name, {}),
            calls=line.carried,
            faults=keeper.faults[name],
            audio=(
                sum(each.received_bytes for each in traces),
                sum(each.sent_bytes for each in traces),
                sum(each.gaps for each in traces),
            ),
            doing=mender.doing,
            last_fault=keeper.last_fault.get(name, ""),
            recovery=Rung(last.rung.value, self._time(last.wall), last.took_s, last.fault) if last else None,
            tries={rung.value: mender.uses[rung] for rung in Kind if mender.uses[rung]},
            advice=next_thing(
                State(status.in_service, trouble, restarts=mender.gone, waits=status.detail == "not open yet")
            ),
            warnings=[*([WEAK_SUPPLY] if weak else []), *(shaky(port) for port in names if unstable(port))],
        )

    def traces(self, name: str) -> list[tuple[str, Trace]]:
        """The traces of a line: (port, trace), that of the commands first."""
        kept, _, index = self._find(name)
        config = kept.fitted.config
        ports = filter(None, (config.ports[index], config.audio_port))
        return [(port, config.traces.of(port)) for port in ports]

    def wall_of(self, entry: Entry) -> float:
        """When an entry was made (Unix time)."""
        return self._clock.wall() - (asyncio.get_running_loop().time() - entry.at)

    async def used(self) -> dict[str, str]:
        """Port path of each USB device in the configuration -> name of the device."""
        return await asyncio.get_running_loop().run_in_executor(None, self._used)

    def _used(self) -> dict[str, str]:
        found = {}
        for each in self._kept:
            config = each.fitted.config
            for port in (*config.ports, config.audio_port):
                owner = self.bus.owner(port)
                if owner:
                    found[owner] = config.name
        return found

    def _find(self, name: str) -> tuple[Kept, Line, int]:
        for each in self._kept:
            for index, line in enumerate(each.keeper.device.lines):
                if line.name == name:
                    return each, line, index
        raise KeyError(name)

    def _places(self, names: Sequence[str]) -> tuple[list[str], str]:
        """What each port is called today, and the USB device that the first belongs to."""
        nodes = []
        for name in names:
            try:
                nodes.append(self.bus.pcm(name) if name.startswith("alsa:") else Path(self.bus.node(name)).name)
            except (LineFault, ValueError):
                nodes.append("not there")
        owner = self.bus.owner(names[0])
        device = self.bus.device(owner) if owner else None
        if device is None:
            return nodes, f"nothing at {owner}" if owner else ""
        identity = identify(device)
        called = identity.name if identity and identity.vendor else device.name
        return nodes, f"{device.identity} {called} at {device.path}, {device.speed} Mbit/s"

    def _time(self, wall: float) -> str:
        return dt.datetime.fromtimestamp(wall, self._zone).strftime("%m-%d %H:%M:%S")
