"""Driver name -> module, imported only when a device of that kind is configured.

A driver module has `create(config, gate, pump) -> Device`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from hal.line import Device, DialGate, Direction
from hal.trace import Traces
from hal.usb.names import SYSTEM, Bus

if TYPE_CHECKING:
    from hal.audio.pump import AudioPump
    from hal.serialport import SerialPort

DRIVERS = {
    "isdn4linux": "hal.v253.isdn4linux",
    "v253": "hal.v253.analogue",
    "gsm": "hal.gsm.driver",
}
"""`isdn4linux`: AT-speaking ISDN terminal adapters (IS-101), one port a line. `v253`: analogue voice modems (ITU-T V.253,
TIA IS-101). `gsm`: 3GPP TS 27.007 modems with audio on a second port."""


@dataclass(frozen=True, slots=True)
class DeviceConfig:
    """One device as configured. What a driver has no use for stays at its default."""

    name: str
    """Unique in the box. Its lines are called `name.1`, `name.2`, ...; the only line of a device is called `name`."""
    driver: str
    """A key of `DRIVERS`."""
    ports: tuple[str, ...]
    """Ports for AT commands, one a line: `usb:1-1.4:2` (`hal.usb.names`), or a device node."""
    audio_port: str = ""
    """Radio modems: the port that carries the audio; `alsa:<pcm>` or `alsa:usb:1-1.4` for a sound card."""
    model: str = ""
    """Name of a row of the driver's model table where identification fails; empty: identify."""
    direction: Direction = Direction.BOTH
    """For all its lines."""
    directions: tuple[Direction, ...] = ()
    """One a line, instead of `direction`."""
    msns: tuple[str, ...] = ()
    """ISDN: the numbers to dial from and listen to, one a line or one for all. Radio modems: the SIM's own number."""
    listen: tuple[str, ...] = ()
    """ISDN: further numbers (MSNs) whose calls every line of the device takes, on whichever channel they come."""
    pin: str = field(default="", repr=False)
    """Radio modems: PIN of the SIM card."""
    traces: Traces = field(default_factory=Traces, repr=False, compare=False)
    """What is said on its ports; it outlives every reopening."""
    bus: Bus = field(default=SYSTEM, repr=False, compare=False)
    """Where the names of its ports are looked up."""
    country: str = "DE"
    """ISO 3166-1 code: decides what ringing and tones to expect from an analogue line (ITU-T T.35 country for +GCI)."""

    async def open_port(self, port: str) -> SerialPort:
        """Open a port of this device by its name in the configuration, traced. Raises `hal.errors.Unplugged`."""
        from hal.serialport import SerialPort

        return await SerialPort.open(port, trace=self.traces.of(port), bus=self.bus)

    def line_name(self, index: int) -> str:
        """Name of the line at port `index`."""
        return self.name if len(self.ports) == 1 else f"{self.name}.{index + 1}"

    def line_direction(self, index: int) -> Direction:
        """Direction of the line at port `index`."""
        return self.directions[index] if index < len(self.directions) else self.direction

    def msn(self, index: int) -> str:
        """Own number of the line at port `index`, or empty."""
        if not self.msns:
            return ""
        return self.msns[min(index, len(self.msns) - 1)]


def create(config: DeviceConfig, *, gate: DialGate | None = None, pump: AudioPump | None = None) -> Device:
    """The device, closed. ValueError for a driver that does not exist, or a configuration that it cannot use.

    Without `gate` every call out is refused. `pump` moves the audio of all devices that share it: give the same to all.
    """
    if config.driver not in DRIVERS:
        raise ValueError(f"{config.name}: no driver {config.driver!r}; there are {', '.join(sorted(DRIVERS))}")
    if not config.ports:
        raise ValueError(f"{config.name}: a device needs a port")
    if pump is None:
        from hal.audio.pump import AudioPump

        pump = AudioPump()
    device: Device = import_module(DRIVERS[config.driver]).create(config, gate, pump)
    return device
